"""Live: encode with BGE here or at an endpoint, see what it does, measure it, and try it on data of one's own."""

from collections.abc import Callable

import streamlit as st

from advisor.base.errors import CatalogError
from advisor.encode.available_models import ModelChoice
from advisor.encode.engine import LONGEST_CHARACTERS, About, Output, Scores, Vectors
from advisor.encode.pool import OnStatus
from advisor.live import charts, results, sample_corpus
from advisor.live.judged import JudgedData
from advisor.live.results import Hit, Likeness, Three
from pages.parts import engines, figures, markdown, own_data, session, speed

session.routed()
catalog = session.the_catalog()
TOP = 10
Answer = tuple[
    list[Hit], About, Vectors
]  # passages found for a query, who answered, and the query's vectors
SENTENCES = (
    "How do I change my password?",
    "I have forgotten my login details.",
    "Where can I see my invoices?",
    "The bank of the river is steep.",
    "She opened an account at the bank.",
)


@st.cache_resource(max_entries=2, show_spinner="Reading the sample passages")
def _sample(mark: str) -> JudgedData:
    """The sample corpus, read once for the catalog's files."""
    return sample_corpus.load()


def sample(languages: str) -> JudgedData:
    """The sample's passages, queries and judgements: the English part, or all of it."""
    whole = _sample(catalog.version)
    return whole.part(sample_corpus.ENGLISH) if languages == "english" else whole


def passages_of(chosen: ModelChoice, judged: JudgedData, told: OnStatus) -> Vectors:
    """Vectors of the sample's passages: kept for all visitors where a model of this machine made them."""
    texts = tuple(judged.passages.values())
    return engines.SHELF.vectors(
        chosen.model, texts, lambda: engines.engine(chosen, told).embed(texts, "passage")
    )


def ask_query(key: str, judged: JudgedData) -> str:
    """A query of the sample, or one that the visitor types."""
    queries = list(judged.queries.values())
    typed = st.selectbox(
        "Query",
        queries,
        key=f"{key}_query",
        accept_new_options=True,
        persist_state="session",
        help="Choose one of the sample, or type your own and press Enter.",
    )
    return (typed or "").strip()


def ask_languages(key: str) -> str:
    """Which part of the sample is searched."""
    return st.segmented_control(
        "Passages", ["english", "all-languages"], default="english", required=True, key=key, bind="query-params",
        help="The sample that ships with this app: short passages written for it. It shows what a model does; it is no benchmark.",
    )  # fmt: skip


def grades_of(judged: JudgedData, query: str) -> dict[str, int]:
    """The judgements of a query of the sample; none for one that the visitor typed."""
    return next(
        (dict(judged.judgements[key]) for key, text in judged.queries.items() if text == query), {}
    )


def found_by(
    chosen: ModelChoice, judged: JudgedData, query: str, told: OnStatus, instruct: bool = True
) -> Answer:
    """The nearest passages of the sample, who answered, and the seconds for the query."""
    made = passages_of(chosen, judged, told)
    engine = engines.engine(chosen, told)
    asked = engine.embed([query], "query", instruct=instruct)
    return (
        results.search(asked.dense[0], made.dense, judged.passages, grades_of(judged, query), TOP),
        engine.about,
        asked,
    )


def show_search(embedder: ModelChoice) -> None:
    """Search over the sample corpus."""
    st.header("Which passages does it find?")
    judged = sample(ask_languages("search_in"))
    query = ask_query("search", judged)
    got = engines.once(
        "search",
        (embedder, query, len(judged.passages)),
        "Search",
        lambda told: found_by(embedder, judged, query, told),
        not query,
    )
    if got:
        hits, about, asked = got
        grades = grades_of(judged, query)
        st.markdown(markdown.plain(results.found_sentence(hits, grades)))
        figures.table(
            [figures.plain_row(row) for row in results.hit_rows(hits, bool(grades))],
            "The passages found, nearest first",
        )
        engines.answered(about, asked.seconds, asked.counted, asked.counted_in)


def show_rerank(embedder: ModelChoice, reranker: ModelChoice | None) -> None:
    """Search, and the hits again in a reranker's order."""
    st.header("What does a reranker change?")
    if reranker is None or reranker.missing:
        st.info("Choose a reranker that is at hand, on the left.")
        return
    judged = sample(ask_languages("rerank_in"))
    query = ask_query("rerank", judged)

    def work(told: OnStatus) -> tuple[list[Hit], About, Vectors, Scores, About]:
        hits, about, asked = found_by(embedder, judged, query, told)
        engine = engines.engine(reranker, told)
        scores = engine.rerank(query, [hit.text for hit in hits])
        return hits, about, asked, scores, engine.about

    got = engines.once(
        "rerank",
        (embedder, reranker, query, len(judged.passages)),
        "Search and rerank",
        work,
        not query,
    )
    if got:
        hits, about, asked, scores, second = got
        moves = results.reranked(hits, scores)
        figures.show_chart(charts.slope(moves, figures.theme()), "slope")
        figures.table(
            [figures.plain_row(row) for row in results.move_rows(moves, scores.scale)],
            "Each passage before and after reranking",
        )
        engines.answered(about, asked.seconds, asked.counted, asked.counted_in)
        engines.answered(second, scores.seconds, scores.counted, scores.counted_in)


def show_likeness(embedder: ModelChoice) -> None:
    """How like sentences are."""
    st.header("Which sentences mean the same?")
    typed = st.text_area(
        "Sentences, one a line",
        value="\n".join(SENTENCES),
        key="sentences",
        height=160,
        max_chars=LONGEST_CHARACTERS,
        persist_state="session",
    )
    texts = tuple(dict.fromkeys(line.strip() for line in typed.splitlines() if line.strip()))[
        : results.MOST_SENTENCES
    ]
    st.caption(f"{len(texts)} sentences; at most {results.MOST_SENTENCES} are compared.")

    def work(told: OnStatus) -> tuple[Likeness, About, Vectors]:
        engine = engines.engine(embedder, told)
        made = engine.embed(texts, "passage")
        return results.likeness(texts, made.dense), engine.about, made

    got = engines.once("likeness", (embedder, texts), "Compare them", work, not texts)
    if got:
        found, about, made = got
        figures.show_chart(charts.heatmap(found, figures.theme()), "heatmap")
        st.markdown(
            "\n".join(f"{n}. {markdown.plain(text)}" for n, text in enumerate(found.texts, 1))
        )
        figures.table(
            [{key: markdown.plain(cell) for key, cell in row.items()} for row in found.rows()],
            "Cosine of every two sentences",
        )
        st.caption(
            "A cosine of 1 is the same direction. How high unrelated sentences come differs by model: compare, do not take a threshold from elsewhere."
        )
        engines.answered(about, made.seconds, made.counted, made.counted_in)


def show_three() -> None:
    """Dense, sparse and multi-vector output of M3, and the tokens that carried the weight."""
    st.header("M3's three outputs: dense, sparse and multi-vector")
    chosen = engines.choose(
        found, "embedder", "Model with these outputs", "three", outputs="multi_vector"
    )
    if chosen is None or chosen.missing:
        if chosen is not None:
            engines.get(chosen)
        return
    query = st.text_input(
        "Query",
        value="What does renting a graphics card cost?",
        key="three_query",
        max_chars=LONGEST_CHARACTERS,
        persist_state="session",
    )
    typed = st.text_area(
        "Passages, one a line",
        value="A GPU server is billed by the hour, between one and four dollars.\nGraphics cards draw a lot of power.\nThe rent for the flat is due on the first.",
        key="three_passages",
        max_chars=LONGEST_CHARACTERS,
        persist_state="session",
    )
    texts = [line.strip() for line in typed.splitlines() if line.strip()][: results.MOST_SENTENCES]

    def work(told: OnStatus) -> tuple[Three, Vectors, About]:
        engine = engines.engine(chosen, told)
        wanted: tuple[Output, ...] = ("dense", "sparse", "multi_vector")
        made = engine.embed(texts, "passage", outputs=wanted)
        return (
            results.three(engine.embed([query], "query", outputs=wanted), made, texts),
            made,
            engine.about,
        )

    got = engines.once(
        "three", (chosen, query, tuple(texts)), "Encode", work, not (query and texts)
    )
    if got:
        told, made, about = got
        st.markdown(markdown.plain(told.sentence))
        figures.table(
            [figures.plain_row(row) for row in told.rows],
            "Dense, sparse and multi-vector score of each passage",
        )
        for text, shared_tokens, matches in told.details:
            with st.expander(markdown.plain(results.short(text)), icon=":material/token:"):
                figures.figures_table(
                    shared_tokens, "Tokens that query and passage share, with their weights"
                )
                figures.figures_table(
                    matches, "Each token of the query with the passage's token nearest to it"
                )
        st.caption(
            "Dense: one vector a text. Sparse: a weight for each token, and the score is the sum over shared ones. Multi-vector: one vector a token, and the "
            "score is the mean over the query's tokens of the nearest in the passage. ▁ marks the beginning of a word."
        )
        engines.answered(about, made.seconds, made.counted, made.counted_in)


def show_cut(embedder: ModelChoice) -> None:
    """What a limit in tokens cuts, on the text."""
    st.header("What does a token limit cut off?")
    tokenizer = results.tokenizer(catalog, embedder)
    if tokenizer is None:
        st.info(
            f"The tokenizer of {markdown.plain(embedder.label)} is not at hand. Choose an English model, or fetch the model's files."
        )
        return
    text = st.text_area(
        "Text",
        value=results.longest(sample("english").passages),
        key="cut_text",
        height=200,
        max_chars=LONGEST_CHARACTERS,
        persist_state="session",
    )
    limit = st.number_input(
        "Limit in tokens",
        min_value=4,
        max_value=8192,
        value=512,
        step=64,
        key="limit",
        bind="query-params",
    )
    if not text.strip():
        return
    parts = results.cut(text, tokenizer, limit)
    st.markdown(f"**{markdown.plain(parts.sentence)}**")
    st.markdown("Read")
    with st.container(border=True):
        st.markdown(markdown.plain(parts.read))
    if parts.lost:
        st.markdown("Lost: no query finds what stands here")
        with st.container(border=True):
            st.markdown(markdown.plain(parts.lost))
    st.caption(
        "Counted with the model's own tokenizer, special tokens included. Nothing was encoded."
    )


def show_instruction(embedder: ModelChoice) -> None:
    """What the query instruction changes."""
    st.header("What does the query instruction change?")
    judged = sample("english")
    query = ask_query("instruction", judged)

    def work(told: OnStatus) -> tuple[Answer, list[Hit]]:
        with_it = found_by(embedder, judged, query, told)
        return with_it, found_by(embedder, judged, query, told, instruct=False)[0]

    got = engines.once(
        "instruction", (embedder, query), "Search with and without it", work, not query
    )
    if got:
        (hits, about, asked), bare = got
        told = results.instruction_sentence(
            about, embedder.query_instruction, hits, bare, grades_of(judged, query)
        )
        st.markdown(markdown.plain(told))
        found_both = results.beside(hits, bare, ("With", "Without"))
        figures.table(
            [figures.plain_row(row) for row in found_both.rows],
            "Place of each passage with and without the instruction",
        )
        engines.answered(about, asked.seconds, asked.counted, asked.counted_in)


def show_beside(embedder: ModelChoice) -> None:
    """Two engines on one query."""
    st.header("Do two models find the same?")
    other = engines.choose(found, "embedder", "The other embedder", "other", avoid=embedder.id)
    if other is None or other.missing:
        if other is not None:
            engines.get(other)
        return
    judged = sample(ask_languages("beside_in"))
    query = ask_query("beside", judged)

    def work(told: OnStatus) -> tuple[Answer, Answer]:
        return found_by(embedder, judged, query, told), found_by(other, judged, query, told)

    got = engines.once(
        "beside",
        (embedder, other, query, len(judged.passages)),
        "Search with both",
        work,
        not query,
    )
    if got:
        (one, first, asked), (two, second, asked_too) = got
        names = results.named(first, second)
        both = results.beside(one, two, names)
        st.markdown(f"**{markdown.plain(results.beside_sentence(both, TOP, names))}**")
        figures.table(
            [figures.plain_row(row) for row in both.rows], "Place of each passage with either model"
        )
        engines.answered(first, asked.seconds, asked.counted, asked.counted_in)
        engines.answered(second, asked_too.seconds, asked_too.counted, asked_too.counted_in)


def show_part(label: str, embedder: ModelChoice, reranker: ModelChoice | None) -> None:
    """What a tab holds; only the open one runs. Files of the catalog that it reads now may have broken since the rest was read."""
    try:
        open_part(label, embedder, reranker)
    except CatalogError as error:
        st.warning(markdown.plain(str(error)))


def open_part(label: str, embedder: ModelChoice, reranker: ModelChoice | None) -> None:
    """What a tab holds."""
    if label == "Your data":
        own_data.show(found, embedder, reranker)
    elif label == "M3 outputs":
        show_three()
    elif label == "Long texts":
        show_cut(embedder)
    elif embedder.missing:
        st.info(
            f"{markdown.plain(embedder.label)} is not at hand: fetch it on the left, or choose another model."
        )
    elif label == "Speed":
        speed.show(embedder, reranker)
    elif label == "Rerank":
        show_rerank(embedder, reranker)
    else:
        parts: dict[str, Callable[[ModelChoice], None]] = {
            "Search": show_search,
            "Similarity": show_likeness,
            "Instruction": show_instruction,
            "Two models": show_beside,
        }
        parts[label](embedder)


st.title("See BGE at work")
st.markdown(
    "Encode texts here, find passages, rerank them, measure the speed, and try your own data. What you type stays in this visit."
)
found = engines.all_choices()
left, right = st.columns([1, 3], gap="medium")
with left:
    with st.container():  # so that what stands below keeps its place, and an open box stays open
        embedder = engines.choose(found, "embedder", "Embedder", "embedder")
        if embedder is None:
            engines.ask_endpoint()
            st.info(
                "No embedder can run here. Set up an endpoint, or add `local_files` to an embedder in the catalog."
            )
            st.stop()
        if embedder.missing:
            engines.get(embedder)
        reranker = engines.choose(found, "reranker", "Reranker", "reranker")
        if reranker is not None and reranker.missing:
            engines.get(reranker)
    engines.ask_endpoint()
with right:
    labels = [
        "Search",
        "Rerank",
        "Similarity",
        "Long texts",
        "Instruction",
        "Two models",
        "M3 outputs",
        "Speed",
        "Your data",
    ]
    for label, tab in zip(labels, st.tabs(labels, key="part", bind="query-params"), strict=True):
        if tab.open:
            with tab:
                show_part(label, embedder, reranker)
