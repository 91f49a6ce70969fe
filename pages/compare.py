"""Compare: which of two to four models to choose and when, by the same findings as Find a model."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from advisor import catalog as catalogs
from advisor.ask.assumptions import Assumptions
from advisor.ask.labels import language
from advisor.ask.workload import Workload
from advisor.base import formatting
from advisor.base.errors import did_you_mean
from advisor.catalog.schema import EvidenceSet
from advisor.decide import query
from advisor.decide.query import AdviceQuestion, QuestionError
from advisor.explain import card as cards
from advisor.explain.verdict import Card, Verdict, verdict
from advisor.family import comparison, score_rows
from advisor.show import comparison_files, dumbbell
from pages.parts import address, figures, form, form_fields, frame, links, session
from pages.parts.form_faults import Entries
from pages.parts.inputs import one_of, some_of, yes
from pages.parts.markdown import bullets, plain, small

UNREADABLE = (
    "This link could not be read in full. Its languages are used; everything else is as you last "
    "asked, or the default."
)
UNKNOWN = "These models of the link are not known:"
IN_ADDRESS = "The address has to name two to four models, each as variants=, by its id."
NOTHING_FOR_IT = "Nothing here speaks for it over the others."
UNITS = "Benchmark scores from 0 to 100; higher is better."
PARTIAL = "Hollow: only the tests that all of them took."
NO_SCORES = "No benchmark has tested all of these {kind}s."


def ask_models() -> list[str]:
    """Two to four models, and pairs that are often compared."""
    weighed = sorted(catalog.variants, key=lambda key: not catalog.family_of(key).facts.comparisons)
    names = {key: catalog.variants[key].name for key in weighed}
    pairs, default = often_compared, models_of([])
    label = "Models (two to four)"
    ids = some_of(label, names, default, "variants", max_selections=4, select_all=False)
    if pairs:
        st.session_state["pair"] = tuple(ids) if tuple(ids) in pairs else None
        st.pills(
            "Often compared",
            list(pairs),
            key="pair",
            format_func=lambda pair: plain(pairs[pair]),
            on_change=take_pair,
            label_visibility="collapsed",
            wrap=False,
        )
    return ids


def models_of(stated: list[str]) -> list[str]:
    """The models that a link names; the first that are often compared where it names none."""
    known = [key for key in dict.fromkeys(stated) if key in catalog.variants][:4]
    return known or list(next(iter(often_compared), tuple(catalog.variants)[:2]))


def take_pair() -> None:
    """Puts the chosen pair into the list of models."""
    if pair := st.session_state["pair"]:
        st.session_state["variants"] = list(pair)


def ask_question() -> AdviceQuestion | None:
    """What the address asks of Find a model, in the languages chosen here; other pages go on from
    it. None where what was typed is no language."""
    spoken = Entries(Workload)
    spoken.add({"languages": form_fields.ask_languages()})
    if spoken.faults:
        return None
    params = address.stated()
    stated = {n: v for n, v in params.items() if n in session.STATED and n != "languages"}
    try:
        whole = query.of_params(catalog, stated)
    except QuestionError:
        st.warning(UNREADABLE)
        whole = session.last_question() or AdviceQuestion(Workload(), Assumptions())
    languages = tuple(spoken.values["languages"])
    here = replace(whole, workload=whole.workload.model_copy(update={"languages": languages}))
    st.session_state[session.STORED] = links.question_params(catalog, here)
    return here


def show_verdict(decided: Verdict) -> None:
    """Which to choose when, a card for each model, and what all have alike."""
    st.header(plain(decided.title), anchor=False)
    if decided.reason:
        st.markdown(plain(decided.reason))
    marks = signs([card.short for card in decided.cards])
    columns = st.columns(len(decided.cards), gap="medium")
    for place, card, mark in zip(columns, decided.cards, marks, strict=True):
        with place.container(border=True, height="stretch", key=f"card-{card.variant_id}"):
            show_card(card, mark)
    with st.container(horizontal=True, vertical_alignment="center"):
        if decided.same:
            st.markdown(plain(decided.same))
        st.markdown(plain(cards.basis(catalog, chosen, asked.workload)))
        label = "Change the workload"
        links.page("advise", label, "tune", links.question_params(catalog, asked))


def show_card(card: Card, mark: str) -> None:
    """A model's cost, length and memory, and when to choose it."""
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.markdown(f"### {mark} {plain(card.name)}", width="content")
        if card.recommended and len(of_kind(catalog.variants[card.variant_id].kind)) > 1:
            st.badge("Better fit", icon=":material/star:", color="blue")
    with st.grid(3, min_column_width=110):
        for label, value, note in cards.figures(catalog, card):
            st.metric(label, plain(value), plain(note) or None, "off", delta_arrow="off")
    if card.why_not:
        st.markdown(f":material/block: {plain(card.why_not)}")
    if card.choose_if:
        st.markdown(f"**{card.lead}**\n{bullets(card.choose_if)}")
    elif not card.why_not:
        st.markdown(NOTHING_FOR_IT)
    links.variant_page(card.variant_id, f"{card.short} details")


def show_scores(deciding: comparison.Deciding, ids: list[str]) -> None:
    """What benchmarks say of models of one kind, and in which languages."""
    kind, names = deciding.kind, [card.short for card in decided.cards if card.variant_id in ids]
    benchmarks = score_rows.benchmark_rows(catalog, ids, deciding.evidence.set)
    by_language = score_rows.language_rows(catalog, ids)
    if not benchmarks and by_language is None:
        st.markdown(NO_SCORES.format(kind=kind))
        return
    left, right = st.columns(2, gap="large")
    pairs = zip(signs(names), names, strict=True)
    key = "  ".join(f"{sign} {plain(name)}".replace(" ", "\u00a0") for sign, name in pairs)
    with left:
        partial = f" {PARTIAL}" if any(row.partial for row in benchmarks) else ""
        show_rows(benchmarks, names, f"scores-{kind}", f"{UNITS}{partial}", key)
        show_notes(deciding, benchmarks, names)
    if by_language is not None:
        with right:
            show_languages(*by_language, names, key)


def show_rows(
    rows: list[score_rows.ScoreRow],
    names: list[str],
    chart: str,
    units: str,
    key: str,
    title: str = "",
) -> None:
    """A chart of scores under what to see in it."""
    drawn = dumbbell.chart(rows, names, title)
    if drawn is None:
        return
    st.markdown(f"### {plain(drawn.title)}")
    small(f":gray[{plain(units)}]  {key}")
    figures.draw(drawn, chart)


def show_languages(
    chosen_set: EvidenceSet, rows: list[score_rows.ScoreRow], names: list[str], key: str
) -> None:
    """The same test in each language that all of them took it in."""
    place, few = st.container(), score_rows.fewer(rows, asked.workload.languages)
    title = dumbbell.takeaway(rows, names)
    if len(few) < len(rows):
        choices = {"few": "Largest differences", "all": f"All {len(rows)} languages"}
        if one_of("Languages shown", choices, f"{chosen_set.kind}_languages") == "few":
            rows = few
    with place:
        decides = "" if chosen_set.selects else " It never decides here."
        about = f"{chosen_set.name}.{decides} {chosen_set.caveat or ''}"
        show_rows(rows, names, f"languages-{chosen_set.kind}", about, key, title)
        links.sources(score_rows.sources(catalog, rows))


def show_notes(
    deciding: comparison.Deciding, rows: list[score_rows.ScoreRow], names: list[str]
) -> None:
    """The scores as a table, which of them decide, and what to know of all."""
    with st.expander("The scores as a table, and which decide", icon=":material/table:"):
        st.markdown(f"For {plain(spoken)} this decides: **{plain(deciding.evidence.title)}**")
        st.markdown(bullets(deciding.notes))
        alt = f"Scores of {formatting.listed(names)}"
        figures.numbers_table(dumbbell.table_rows(rows, names), alt, number="%.1f")
        st.markdown(bullets(dict.fromkeys(row.note for row in rows if row.note)))
        links.sources([*deciding.evidence.source_ids, *score_rows.sources(catalog, rows)])


def of_kind(kind: str) -> list[str]:
    """The models of a kind that are compared."""
    return [key for key in chosen if catalog.variants[key].kind == kind]


def signs(names: list[str]) -> list[str]:
    """The mark of each model on the charts, in its colour."""
    return [f":{colour}[{sign}]" if colour else sign for colour, sign, _ in dumbbell.key(names)]


def show_facts() -> None:
    """Facts and prices side by side; those that differ, unless all are asked for."""
    rows = comparison.side_by_side(catalog, chosen, catalogs.today())
    differing = [row for row in rows if row["differs"]]
    alike = [row for row in rows if not row["differs"]]
    verb = "is" if len(alike) == 1 else "are"
    same = f", {len(alike)} {verb} the same" if alike else ""
    st.header(f"Facts: {len(differing)} differ{same}", anchor=False)
    only = yes("Show only what differs", "differing", default=True)
    names = [catalog.variants[key].name for key in chosen]
    shown = [
        {"Fact": plain(row["label"])} | {plain(name): plain(row[name]) for name in names}
        for row in (differing if only else rows)
    ]
    if shown:
        figures.table(shown, alt=f"Facts of {formatting.listed(names)}")


def choose() -> tuple[list[str], AdviceQuestion | None]:
    """The models and the question; shown within another page, those of the address."""
    if st.context.is_embedded:
        return models_of(address.stated().get("variants", [])), form.stated_question()
    left, right = st.columns([2, 1])
    with left:
        ids = ask_models()
    with right:
        return ids, ask_question()


def show_unknown() -> None:
    """Says which models of a link the catalog does not have."""
    stated = address.stated().get("variants", [])
    unknown = [key for key in dict.fromkeys(stated) if key and key not in catalog.variants]
    if unknown:
        lines = (
            f"'{key[:60]}' is none. {did_you_mean(key, catalog.variants)}" for key in unknown[:4]
        )
        st.warning(f"{UNKNOWN}\n{bullets(lines)}")


session.routed()
catalog = session.the_catalog()
often_compared = cards.often_compared(catalog)
share = st.container() if st.context.is_embedded else frame.head("Compare models")
show_unknown()
chosen, question = choose()
if len(chosen) < 2:
    too_few = "Choose one more model to compare." if chosen else "Choose two models to compare."
    st.info(IN_ADDRESS if st.context.is_embedded else too_few)
    st.stop()
if question is None:
    st.stop()
asked: AdviceQuestion = question
spoken = formatting.listed([language(code) for code in asked.workload.languages])
today = catalogs.today()
decided = verdict(catalog, chosen, asked, today)
show_verdict(decided)
if st.context.is_embedded:
    st.stop()
with links.share(share, "compare", links.question_params(catalog, asked) | {"variants": chosen}):
    for name, mime, make in comparison_files.files(catalog, chosen, asked, today):
        figures.download(name, make, mime)
for deciding in comparison.deciding_scores(catalog, chosen, asked, today):
    if len(of_kind(deciding.kind)) > 1:
        st.space("small")
        show_scores(deciding, of_kind(deciding.kind))
show_facts()
