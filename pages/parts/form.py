"""The question of a page: its form, what of a link it cannot take, and today's answer."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from advisor import catalog as catalogs
from advisor import telemetry
from advisor.ask.assumptions import PRECISIONS, Assumptions
from advisor.ask.workload import Workload
from advisor.base import formatting
from advisor.base.errors import WorkloadError
from advisor.catalog import Catalog
from advisor.decide import build, query, recommend
from advisor.decide.build import KINDS_FOR_TASK
from advisor.decide.priced import priced
from advisor.decide.query import SCORES, VIEW, AdviceQuestion, QuestionError
from advisor.decide.recommend import Recommendation
from advisor.explain import sentences
from advisor.family.price_list import gone_plans
from pages.parts import address, answer, form_fields, frame, links, old_links, session
from pages.parts.form_faults import Entries
from pages.parts.markdown import bullets, plain

IGNORED = "Parts of this link were ignored. Defaults are used instead:"
WAITS = "Fix the field marked in red to see a recommendation."
MOST_DIFFERENCES = 3  # that the mark of an old answer names


@dataclass(frozen=True)
class Asked:
    """The answer to what the form says; to what it said before, where it has faults."""

    recommendation: Recommendation
    share: DeltaGenerator  # the place beside the title for what can be done with it


def ask(title: str, *, by_volume: bool = False) -> Asked:
    """The title and the form below it; stops where there has been no answer in this visit.

    The form begins with the job, or with the volumes that drive the cost.

    Shown within another page there is no form: the address alone says what is asked.
    """
    if st.context.is_embedded:
        return Asked(_recommendation(stated_question()), st.container())
    share = frame.head(title)
    show_ignored()
    before, examples = session.last_question(), st.container()
    address.hold(session.STATED)
    with st.container(border=True, key="form"):
        needs, beside_tolerance, sets = form_fields.ask_workload(by_volume=by_volume)
        assumed = form_fields.ask_assumptions()
        echo = st.empty()
    notice = st.empty()  # always there, so that what follows is redrawn where it stands
    workload, assumptions = needs.whole(), assumed.whole()
    with examples:
        _ask_preset(session.the_catalog(), workload)
    if workload is not None and assumptions is not None:
        recommendation = _recommendation(AdviceQuestion(workload, assumptions, tuple(sets)))
        params = links.params(recommendation)
        st.session_state[session.STORED] = params
        address.says_together(params)
        beside_tolerance.caption(plain(" ".join(sentences.yardsticks(recommendation))))
        echo.caption(plain(f"{sentences.volumes(workload)}."))
        return Asked(recommendation, share)
    if before is None:
        notice.info(WAITS)
        st.stop()
    notice.warning(plain(_not_updated(needs, assumed, before)))
    return Asked(_recommendation(before), share)


def _not_updated(
    needs: Entries[Workload], assumed: Entries[Assumptions], before: AdviceQuestion
) -> str:
    """Says what the last answer is for, where the form says something else."""
    figures = needs.differences(before.workload) + assumed.differences(before.assumptions)
    few = 0 < len(figures) <= MOST_DIFFERENCES
    what = f"with {formatting.listed(figures)}" if few else "for the figures before"
    return f"{answer.NOT_UPDATED} this is the answer {what}. Fix the field marked in red."


def _recommendation(question: AdviceQuestion) -> Recommendation:
    """Today's recommendation for a question."""
    catalog, today = session.the_catalog(), catalogs.today()
    with telemetry.RECOMMEND_SECONDS.labels("page").time():
        return recommend.recommend(
            catalog, question.workload, today, question.asked_sets, question.assumptions
        )


def stated_question() -> AdviceQuestion:
    """What the address asks; where it cannot be read it says why, and stops."""
    stated = {n: values for n, values in address.stated().items() if n in session.STATED}
    try:
        return query.of_params(session.the_catalog(), stated)
    except QuestionError as error:
        st.error(bullets(str(fault) for fault in error.faults))
        st.stop()


def show_ignored() -> None:
    """Says what of the address could not be taken, as the page was entered."""
    if session.IGNORED not in st.session_state:
        params = {name: st.query_params.get_all(name) for name in st.query_params}
        st.session_state[session.IGNORED] = _ignored(params)
    if lines := st.session_state[session.IGNORED]:
        st.warning(f"{IGNORED}\n{bullets(lines)}")


def _ignored(params: dict[str, list[str]]) -> list[str]:
    """What of an address cannot be taken, a sentence for each."""
    catalog, models = session.the_catalog(), (Workload, Assumptions)
    # What is no language is a fault of its field, with what fixes it.
    others = {n: values for n, values in params.items() if n != old_links.LANGUAGES}
    lines = query.ignored(others, _choices(catalog), VIEW, models, gone_plans(catalog))
    return [*lines, *old_links.stated_twice(params)]


def _choices(catalog: Catalog) -> dict[str, list[str]]:
    """The values that the lists of the form offer, by parameter."""
    plans = build.plan_ids(priced(catalog, _assumed()))
    models = list(form_fields.encoders(catalog))
    sets = catalog.evidence_sets
    scores = {SCORES[kind]: [key for key in sets if sets[key].kind == kind] for kind in SCORES}
    return scores | {
        "task": list(KINDS_FOR_TASK),
        "vector_store": list(form_fields.stores(catalog)),
        "your_price_variant": models,
        "measured_variant": models,
        "measured_precision": list(PRECISIONS),
        "plan": plans,
        "offer": plans,
    }


def _assumed() -> Assumptions:
    """The assumptions that the address states; the defaults where they do not go together."""
    stated = {n: values[-1] for n, values in address.stated().items() if n in session.ASSUMED}
    try:
        return Assumptions.of({name: value for name, value in stated.items() if value})
    except WorkloadError:
        return Assumptions()


def _ask_preset(catalog: Catalog, workload: Workload | None) -> None:
    """The cases to start from; shows the one that the form holds."""
    presets = catalog.shown_presets
    same = [key for key, preset in presets.items() if workload == Workload.of(preset.workload)]
    st.session_state["preset"] = same[0] if same else None
    st.pills(
        "Examples",
        list(presets),
        key="preset",
        format_func=lambda key: plain(presets[key].name),
        on_change=_preset_chosen,
        help="A typical case, put into the form below.",
        label_visibility="collapsed",
        wrap=False,
    )


def _preset_chosen() -> None:
    """Puts the chosen preset's figures into the form."""
    presets, key = session.the_catalog().shown_presets, st.session_state.get("preset")
    if key in presets:
        form_fields.put(Workload.of(presets[key].workload))
