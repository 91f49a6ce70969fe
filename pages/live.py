"""Live: encode with BGE here or at an endpoint, see what it does, measure it, try own data."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from advisor.encode.available_models import ModelChoice
from advisor.encode.engine import LONGEST_CHARACTERS, About, Output, Scores, Vectors
from advisor.encode.pool import OnStatus
from advisor.live import charts, results
from advisor.live.results import Likeness, Three
from pages.parts import engines, figures, own_data, sample_search, session, speed, tabs
from pages.parts.inputs import amount, ask_text
from pages.parts.markdown import numbered, plain
from pages.parts.sample_search import SampleSearch, ask_query, ask_sample, grades_of, sample, search

SENTENCES = (
    "How do I change my password?",
    "I have forgotten my login details.",
    "Where can I see my invoices?",
    "The bank of the river is steep.",
    "She opened an account at the bank.",
)
RENT_QUERY = "What does renting a graphics card cost?"
RENT_PASSAGES = (
    "A GPU server is billed by the hour, between one and four dollars.",
    "Graphics cards draw a lot of power.",
    "The rent for the flat is due on the first.",
)
M3_OUTPUTS: tuple[Output, ...] = ("dense", "sparse", "multi_vector")
INTRODUCTION = (
    "Encode texts here, find passages, rerank them, measure the speed, and try your own data. "
    "What you type stays in this visit."
)
NO_EMBEDDER = (
    "No embedder can run here. Set up an endpoint, or add `local_files` to an embedder "
    "in the catalog."
)
NO_RERANKER = "Choose a reranker that is at hand, on the left."
COSINE = (
    "A cosine of 1 is the same direction. How high unrelated sentences come differs by model: "
    "compare, do not take a threshold from elsewhere."
)
OUTPUTS = (
    "Dense: one vector a text. Sparse: a weight for each token, and the score is the sum over "
    "shared ones. Multi-vector: one vector a token, and the score is the mean over the query's "
    "tokens of the nearest in the passage. ▁ marks the beginning of a word."
)
SHARED_TOKENS = "Tokens that query and passage share, with their weights"
NEAREST_TOKENS = "Each token of the query with the passage's token nearest to it"
CUT = "Counted with the model's own tokenizer, special tokens included. Nothing was encoded."


def ask_lines(label: str, default: tuple[str, ...], key: str) -> tuple[str, ...]:
    """The lines that the visitor types, each once; no more than are compared."""
    text = ask_text(f"{label}, one a line", "\n".join(default), key, 160, LONGEST_CHARACTERS)
    lines = dict.fromkeys(line.strip() for line in text.splitlines() if line.strip())
    return tuple(lines)[: results.MOST_SENTENCES]


def show_search(embedder: ModelChoice) -> None:
    """Search over the sample corpus."""
    st.header("Which passages does it find?")
    judged = ask_sample("search_in")
    query = ask_query("search_query", judged)
    work = partial(search, embedder, judged, query)
    inputs = (embedder, query, len(judged.passages))
    outcome = engines.result_on_click("search", inputs, "Search", work, not query)
    if outcome:
        grades = grades_of(judged, query)
        st.markdown(plain(results.hits_sentence(outcome.hits, grades)))
        rows = results.hit_rows(outcome.hits, bool(grades))
        figures.figures_table(rows, "The passages found, nearest first")
        engines.show_answerer(outcome.about, outcome.query)


def show_rerank(embedder: ModelChoice, reranker: ModelChoice | None) -> None:
    """Search, and the hits again in a reranker's order."""
    st.header("What does a reranker change?")
    if reranker is None or reranker.missing:
        st.info(NO_RERANKER)
        return
    judged = ask_sample("rerank_in")
    query = ask_query("rerank_query", judged)

    def work(on_status: OnStatus) -> tuple[SampleSearch, Scores, About]:
        search_result = search(embedder, judged, query, on_status)
        engine = engines.engine(reranker, on_status)
        scores = engine.rerank(query, [hit.text for hit in search_result.hits])
        return search_result, scores, engine.about

    inputs = (embedder, reranker, query, len(judged.passages))
    both = engines.result_on_click("rerank", inputs, "Search and rerank", work, not query)
    if both:
        first, scores, about = both
        moves = results.reranked(first.hits, scores)
        figures.show_chart(charts.slope(moves), "slope")
        rows = results.move_rows(moves, scores.scale)
        figures.figures_table(rows, "Each passage before and after reranking")
        engines.show_answerer(first.about, first.query)
        engines.show_answerer(about, scores)


def show_likeness(embedder: ModelChoice) -> None:
    """How like sentences are."""
    st.header("Which sentences mean the same?")
    texts = ask_lines("Sentences", SENTENCES, "sentences")
    st.caption(f"{len(texts)} sentences; at most {results.MOST_SENTENCES} are compared.")

    def work(on_status: OnStatus) -> tuple[Likeness, About, Vectors]:
        engine = engines.engine(embedder, on_status)
        vectors = engine.embed(texts, "passage")
        return results.likeness(texts, vectors.dense), engine.about, vectors

    inputs = (embedder, texts)
    compared = engines.result_on_click("likeness", inputs, "Compare them", work, not texts)
    if compared:
        likeness, about, vectors = compared
        figures.show_chart(charts.heatmap(likeness), "heatmap")
        st.markdown(numbered(likeness.texts))
        figures.figures_table(likeness.rows(), "Cosine of every two sentences")
        st.caption(COSINE)
        engines.show_answerer(about, vectors)


def show_three() -> None:
    """Dense, sparse and multi-vector output of M3, and the tokens that carried the weight."""
    st.header("M3's three outputs: dense, sparse and multi-vector")
    label = "Model with these outputs"
    chosen = engines.choose(choices, "embedder", label, "three", outputs="multi_vector")
    if chosen is None or chosen.missing:
        return
    key = "three_query"
    query = st.text_input("Query", RENT_QUERY, LONGEST_CHARACTERS, key, persist_state="session")
    texts = ask_lines("Passages", RENT_PASSAGES, "three_passages")

    def work(on_status: OnStatus) -> tuple[Three, Vectors, About]:
        engine = engines.engine(chosen, on_status)
        passages = engine.embed(texts, "passage", outputs=M3_OUTPUTS)
        queries = engine.embed([query], "query", outputs=M3_OUTPUTS)
        return results.three(queries, passages, texts), passages, engine.about

    inputs = (chosen, query, texts)
    encoded = engines.result_on_click("three", inputs, "Encode", work, not (query and texts))
    if encoded:
        three, passages, about = encoded
        st.markdown(plain(three.sentence))
        figures.figures_table(three.rows, "Dense, sparse and multi-vector score of each passage")
        for text, shared_tokens, matches in three.details:
            with st.expander(plain(results.short(text)), icon=":material/token:"):
                figures.figures_table(shared_tokens, SHARED_TOKENS)
                figures.figures_table(matches, NEAREST_TOKENS)
        st.caption(OUTPUTS)
        engines.show_answerer(about, passages)


def show_cut(embedder: ModelChoice) -> None:
    """What a limit in tokens cuts, on the text."""
    st.header("What does a token limit cut off?")
    tokenizer = results.tokenizer(session.the_catalog(), embedder)
    if tokenizer is None:
        missing = f"The tokenizer of {plain(embedder.label)} is not at hand"
        st.info(f"{missing}. Choose an English model, or fetch the model's files.")
        return
    passage = results.longest(sample().passages)
    text = ask_text("Text", passage, "cut_text", 200, LONGEST_CHARACTERS)
    limit = amount("Limit in tokens", "limit", 512, (4, 8192), step=64)
    if not text.strip():
        return
    parts = results.cut(text, tokenizer, limit)
    st.markdown(f"**{plain(parts.sentence)}**")
    st.markdown("Read")
    with st.container(border=True):
        st.markdown(plain(parts.read))
    if parts.lost:
        st.markdown("Lost: no query finds what stands here")
        with st.container(border=True):
            st.markdown(plain(parts.lost))
    st.caption(CUT)


def show_instruction(embedder: ModelChoice) -> None:
    """What the query instruction changes."""
    st.header("What does the query instruction change?")
    judged = sample()
    query = ask_query("instruction_query", judged)

    def work(on_status: OnStatus) -> tuple[SampleSearch, SampleSearch]:
        instructed = search(embedder, judged, query, on_status)
        return instructed, search(embedder, judged, query, on_status, instruct=False)

    label = "Search with and without it"
    both = engines.result_on_click("instruction", (embedder, query), label, work, not query)
    if both:
        (hits, about, vectors), (bare, *_) = both
        instruction, grades = embedder.query_instruction, grades_of(judged, query)
        sentence = results.instruction_sentence(about, instruction, hits, bare, grades)
        st.markdown(plain(sentence))
        rows = results.beside(hits, bare, ("With", "Without")).rows
        figures.figures_table(rows, "Place of each passage with and without the instruction")
        engines.show_answerer(about, vectors)


def show_beside(embedder: ModelChoice) -> None:
    """Two engines on one query."""
    st.header("Do two models find the same?")
    other = engines.choose(choices, "embedder", "The other embedder", "other", avoid=embedder.id)
    if other is None or other.missing:
        return
    judged = ask_sample("beside_in")
    query = ask_query("beside_query", judged)

    def work(on_status: OnStatus) -> tuple[SampleSearch, SampleSearch]:
        first = search(embedder, judged, query, on_status)
        return first, search(other, judged, query, on_status)

    inputs = (embedder, other, query, len(judged.passages))
    both = engines.result_on_click("beside", inputs, "Search with both", work, not query)
    if both:
        first, second = both
        names = results.named(first.about, second.about)
        beside = results.beside(first.hits, second.hits, names)
        st.markdown(f"**{plain(results.beside_sentence(beside, sample_search.TOP, names))}**")
        figures.figures_table(beside.rows, "Place of each passage with either model")
        engines.show_answerer(first.about, first.query)
        engines.show_answerer(second.about, second.query)


def show_at_hand(show_part: Callable[[ModelChoice], None]) -> None:
    """A part that encodes with the embedder, where that is at hand."""
    assert embedder is not None
    if embedder.missing:
        label = plain(embedder.label)
        st.info(f"{label} is not at hand: fetch it on the left, or choose another model.")
    else:
        show_part(embedder)


session.routed()
st.title("See BGE at work")
st.markdown(INTRODUCTION)
choices = engines.all_choices()
left, right = st.columns([1, 3], gap="medium")
with left:
    with st.container():  # so that what stands below keeps its place, and an open box stays open
        embedder = engines.choose(choices, "embedder", "Embedder", "embedder")
        if embedder is None:
            engines.ask_endpoint()
            st.info(NO_EMBEDDER)
            st.stop()
        reranker = engines.choose(choices, "reranker", "Reranker", "reranker")
    engines.ask_endpoint()
with right:
    tabs.show(
        {
            "Search": partial(show_at_hand, show_search),
            "Rerank": partial(show_at_hand, partial(show_rerank, reranker=reranker)),
            "Similarity": partial(show_at_hand, show_likeness),
            "Long texts": partial(show_cut, embedder),
            "Instruction": partial(show_at_hand, show_instruction),
            "Two models": partial(show_at_hand, show_beside),
            "M3 outputs": show_three,
            "Speed": partial(show_at_hand, partial(speed.show, reranker=reranker)),
            "Your data": partial(own_data.show, choices, embedder, reranker),
        }
    )
