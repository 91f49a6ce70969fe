"""Compare: two to four variants side by side, by the scores that decide on Advise."""

from collections.abc import Iterable
from dataclasses import replace

import streamlit as st

from advisor import catalog as catalogs
from advisor.ask.assumptions import Assumptions
from advisor.ask.labels import language
from advisor.ask.workload import Workload
from advisor.base import formatting
from advisor.decide import query
from advisor.decide.query import AdviceQuestion, QuestionError
from advisor.family import comparison, published_scores
from advisor.family.comparison import Deciding, SharedSet
from pages.parts import address, figures, form_fields, links, session
from pages.parts.form_faults import Entries
from pages.parts.inputs import some_of, yes
from pages.parts.markdown import bullets, plain

CHOOSE = (
    "Choose two to four, and the languages of your texts. ≠ marks what differs; other published "
    "scores stand side by side only where one benchmark holds all of the models."
)
GENERATES_TEXT = (
    "A language model generates text: it makes no vectors and scores no passages, so the other "
    "models cannot take its place, nor it theirs."
)
DIFFERENT_JOBS = (
    "These do different jobs: an embedder finds passages, a reranker orders what was found. "
    "One does not take the place of the other."
)
UNREADABLE = (
    "This link could not be read in full. Its languages are used; everything else is as you last "
    "asked, or the default."
)
NO_OTHER_SET = "No other benchmark in these languages has tested all of these models."
NOT_CHOSEN = (
    "Sets of one domain, of many languages or of only some of these, and sets on whose own data "
    "one of the models was trained. None of them is used by itself."
)
FIRST = ("bge-m3", "bge-large-en-v1.5")


def question() -> AdviceQuestion:
    """What the address asks of Advise, in the languages chosen here; other pages go on from it."""
    params = address.stated()
    stated = {n: v for n, v in params.items() if n in session.STATED and n != "languages"}
    try:
        whole = query.of_params(catalog, stated)
    except QuestionError:
        st.warning(UNREADABLE)
        whole = session.last_question() or AdviceQuestion(Workload(), Assumptions())
    workload = whole.workload.model_copy(update={"languages": tuple(languages)})
    here = replace(whole, workload=workload)
    st.session_state[session.STORED] = links.question_params(catalog, here)
    return here


def show_rows(
    title: str, rows: Iterable[dict[str, str]], label: str = "Fact", about: str = ""
) -> None:
    """Rows of the comparison under their title, or those that differ alone."""
    st.header(title)
    if about:
        st.markdown(about)
    shown = [
        {"≠": row["differs"], label: plain(row["label"])}
        | {plain(name): plain(row[name]) for name in names}
        for row in rows
        if row["differs"] or not only_differing
    ]
    if shown:
        figures.table(shown, alt=f"{title}: {', '.join(names)}")
    else:
        st.markdown("Nothing differs.")


def show_deciding(deciding: Deciding) -> None:
    """The scores that rank one kind on Advise, and what to mind of them."""
    whose = f"of {deciding.kind}s " if several_kinds else ""
    st.subheader(f"The scores {whose}that decide for {spoken}")
    st.markdown(f"**{plain(deciding.evidence.title)}**")
    rows = comparison.standing_rows(catalog, deciding)
    figures.models_table(rows, alt=f"The scores {whose}that decide for {spoken}")
    st.markdown(bullets(deciding.notes))


def show_sets(title: str, sets: list[SharedSet], about: str = "") -> None:
    """Other sets that hold all of the models, each with what to mind of it below."""
    if not sets:
        return
    show_rows(title, (row for shared in sets for row in shared.rows), "Benchmark", about)
    st.markdown(bullets(shared.note for shared in sets if shared.note))


session.routed()
catalog = session.the_catalog()
st.title("Compare models")
st.markdown(CHOOSE)
options = sorted(catalog.variants, key=lambda key: (catalog.family_of(key).id != "bge", key))
default = [key for key in FIRST if key in options] or options[:2]
left, right = st.columns([2, 1])
names_by_id = {key: catalog.variants[key].name for key in options}
with left:
    chosen = some_of("Models", names_by_id, default, "variants", max_selections=4, select_all=False)
with right:
    spoken_here = Entries(Workload)
    spoken_here.add({"languages": form_fields.ask_languages()})
if len(chosen) < 2:
    st.info("Choose one more model to compare." if chosen else "Choose two models to compare.")
    st.stop()
if spoken_here.faults:
    st.stop()
languages = spoken_here.values["languages"]
only_differing = yes("Show only what differs", "differing")
kinds = {catalog.variants[key].kind for key in chosen}
several_kinds = len(kinds) > 1
if several_kinds:
    st.warning(GENERATES_TEXT if "language-model" in kinds else DIFFERENT_JOBS)
names = [catalog.variants[key].name for key in chosen]
spoken = formatting.listed([language(code) for code in languages])
advice = question()
rows = comparison.side_by_side(catalog, chosen, catalogs.today())
show_rows("Hosted price", (row for row in rows if row["part"] == "Price"))
st.header("Published scores (points of 100)")
scores_that_decide = comparison.deciding_scores(catalog, chosen, advice, catalogs.today())
for deciding in scores_that_decide:
    show_deciding(deciding)
sets = comparison.shared_sets(catalog, chosen, advice.workload, scores_that_decide)
show_sets("Other published scores", [shared for shared in sets if shared.may_decide])
others = [shared for shared in sets if not shared.may_decide]
show_sets(f"Not used for {spoken}", others, NOT_CHOSEN)
st.caption(plain(published_scores.metric_meanings(catalog)) if sets else NO_OTHER_SET)
show_rows("Facts", (row for row in rows if row["part"] == "Fact"))
st.markdown("The source of each figure stands on the model's own page:")
links.variant_pages(dict(zip(chosen, names, strict=True)))
