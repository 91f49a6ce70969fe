"""Pins of what is said: every sentence about a recommendation, and about the family, once."""

from advisor.catalog.schema import Variant
from advisor.explain import (
    break_even,
    formula,
    lifting,
    reasons,
    report,
    sensitivity,
    taken_for_granted,
    what_would_change,
)
from advisor.explain.firm import firm
from advisor.explain.other_plans import alternatives
from advisor.explain.sentences import (
    encoding_sentence,
    left_out,
    plan_sentence,
    price_note,
    score_notes,
    this_machine,
)  # fmt: skip
from advisor.explain.why_not import reasons_against
from advisor.family import facts, faq, listing
from advisor.family.advice import use_when


def sentences(recommendation):
    """What Advise and Cost say of one recommendation; what would change it has a pin of its own."""
    yield report.headline(recommendation)
    yield from this_machine(recommendation)
    yield from formula.latency_formula(recommendation)
    yield from (reason.text for reason in reasons.reasons(recommendation))
    yield from (reason.text for reason in lifting.loosen(recommendation))
    yield firm(recommendation).sentence
    yield reasons.won(recommendation)
    yield from score_notes(recommendation)
    for step in recommendation.steps:
        yield from (alternative.text for alternative in alternatives(recommendation, step.kind))
        yield from step.evidence.unranked.values()
    for part in recommendation.pick.parts if recommendation.pick else ():
        yield from formula.cost_formula(part, recommendation)
        yield price_note(part)
        yield encoding_sentence(recommendation, part)
        for own in break_even.machines_to_compare(recommendation, part.variant_id)[:1]:
            yield from break_even.formula(recommendation, own)
            yield from (
                break_even.sentence(crossing)
                for crossing in break_even.crossings(recommendation, own)
            )
    yield from taken_for_granted.assumptions(recommendation)
    yield from left_out(recommendation)


def test_sentences_of_recommendations(recommendations, new_lines, pinned):
    for key, recommendation in recommendations.items():
        new_lines.add(key, sentences(recommendation))
    assert str(new_lines) == pinned


def test_what_rules_plans_out(recommendations, new_lines, pinned):
    """One sentence of each rule, the first of each way it can be said of the questions."""
    for key, recommendation in recommendations.items():
        first = {}
        for judged in recommendation.rejected:
            for finding in judged.excluded:
                first.setdefault((finding.rule, finding.unknown), finding.text)
        new_lines.add(key, first.values())
    assert str(new_lines) == pinned


def test_what_would_change_it_in_words(catalog, recommendations, new_lines, pinned):
    for key in ("english-search", "multilingual-rag", "rerank-english", "nothing-fits"):
        recommendation = recommendations[key]
        lines = [change.text for change in what_would_change.changes(catalog, recommendation)]
        for volume in (0.1, 10):
            if other := sensitivity.what_if(catalog, recommendation, volume):
                lines.append(sensitivity.what_if_sentence(recommendation, other))
        lines += [
            line
            for judged in recommendation.judged[::60]
            for line in reasons_against(recommendation, judged.id)
        ]
        lines += [
            plan_sentence(recommendation, judged.id) for judged in recommendation.judged[::60]
        ]
        new_lines.add(key, lines)
    assert str(new_lines) == pinned


def test_the_answer_as_text_and_the_decision_as_markdown(catalog, recommendations, pinned):
    recommendation = recommendations["multilingual-rag"]
    texts = {
        "text": report.as_text(recommendation, plans=True),
        "decision": report.as_markdown(catalog, recommendation, plans=True),
        "in a notebook": report.as_short_markdown(recommendation),
    }
    assert {
        name: text.replace(catalog.version, "VERSION") for name, text in texts.items()
    } == pinned


def advice(catalog, key: str, variant: Variant):
    said = use_when(catalog, key)
    yield said.sentence
    yield from (claim.text for claim in (*said.wins, *said.not_when))
    for fact in facts.variant_facts(catalog, key):
        yield f"{fact.label}: {fact.value}" + (
            f" ({fact.correction.why})" if fact.correction else ""
        )


def test_what_is_said_of_the_family(catalog, new_lines, pinned):
    for key, family in catalog.families.items():
        for variant_id, variant in sorted(family.variants.items()):
            new_lines.add(variant.name, advice(catalog, variant_id, variant))
        for view in ("verified", "as-listed"):
            if view == "verified" or family.listing:
                answers = faq.answers(catalog, family, view)
                new_lines.add(
                    f"{key}, {view}",
                    [line for answer in answers for line in (answer.question, answer.answer)],
                )
        if family.listing:
            new_lines.add(
                f"{key}, listed", [row.use_when for row in listing.as_listed(catalog, family).rows]
            )
    assert str(new_lines) == pinned
