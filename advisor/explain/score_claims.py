"""What scores and costs say for a model over those that it is compared with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from advisor.ask.labels import language
from advisor.base import formatting
from advisor.catalog.schema import EvidenceSet
from advisor.decide import evidence
from advisor.decide.build import covers
from advisor.decide.evidence import EQUAL_POINTS, ScoresWanted
from advisor.explain.compared import Compared, Finding, each
from advisor.explain.ways import CENT
from advisor.family.comparison import may_decide
from advisor.family.shared_tests import SharedTests, shared_tests


def score(compared: Compared, variant_id: str) -> Iterator[Finding]:
    """That it has the best score of those that do the job, or leads where all were tested."""
    ids, of_job = compared.doing_the_job, compared.step.evidence
    if len(ids) < 2:
        return
    if of_job.set is not None and not of_job.weak and all(key in of_job.scores for key in ids):
        scores = {key: of_job.scores[key] for key in ids}
        if against := _leads(scores, variant_id):
            best = "better" if len(compared.ids) == 2 else "best"
            text = f"you want the {best} score: {against} on {plain(of_job.set)}"
            yield Finding(text, f"for the {best} score")
        return
    if led := _lead(_shared(compared, ids), variant_id):
        name, figures = led
        if len(ids) == 2:
            yield Finding(f"your texts are {name}: {figures}", f"for {name}")
        else:
            yield Finding(f"quality in {name} comes first: {figures}", f"for {name} quality")


def _shared(compared: Compared, ids: tuple[str, ...]) -> SharedTests | None:
    """The tests of one language that all of some models have taken, of those that may decide."""
    recommendation = compared.recommendation
    sets = may_decide(recommendation.asked_of, compared.kind, recommendation.workload)
    return shared_tests(recommendation.asked_of, _of_one_language(sets), ids)


def _of_one_language(sets: Iterable[EvidenceSet]) -> tuple[str, ...]:
    return tuple(chosen.id for chosen in sets if len(chosen.languages or ()) == 1)


def _lead(shared: SharedTests | None, variant_id: str) -> tuple[str, str] | None:
    """`English`, `54.9 against 44.2 on the 5 English tests that both took`: where it leads."""
    against = _leads(shared.means, variant_id) if shared else ""
    if not shared or not against:
        return None
    name = language((shared.set.languages or [""])[0])
    number, who = len(shared.tasks), "both" if len(shared.means) == 2 else "all"
    tests = f"only {name} test" if number == 1 else f"{number} {name} tests"
    return name, f"{against} on the {tests} that {who} took"


def own_language(compared: Compared, variant_id: str) -> Iterator[Finding]:
    """Of a model that lacks a language that is searched: that it leads in its only one."""
    variant = compared.variants[variant_id]
    codes = tuple(variant.languages or ())
    wanted = compared.recommendation.workload.languages
    if len(codes) != 1 or covers(variant, wanted) is not False or variant.replaced_by:
        return
    asked = compared.recommendation.workload.outputs
    if compared.kind == "embedder" and not set(asked) <= set(variant.outputs):
        return
    catalog, name = compared.recommendation.asked_of, language(codes[0])
    sets = evidence.admissible(catalog, ScoresWanted(compared.kind, codes))
    ids = tuple(key for key, other in compared.variants.items() if not other.replaced_by)
    for chosen in sets:
        known = evidence.scores(catalog, chosen.id, codes)
        if all(key in known for key in ids):
            if against := _leads({key: known[key] for key in ids}, variant_id):
                text = f"your texts are {name} only: {against} on {plain(chosen)}"
                yield Finding(text, f"for {name} only")
            return
    if led := _lead(shared_tests(catalog, _of_one_language(sets), ids), variant_id):
        yield Finding(f"your texts are {name} only: {led[1]}", f"for {name} only")


def plain(chosen: EvidenceSet) -> str:
    """`MTEB(eng, v1) retrieval`, `MIRACL`: a set's name without how it is split up."""
    return re.split(r",\s(?![^(]*\))", chosen.name)[0]


def _leads(scores: Mapping[str, float], variant_id: str) -> str:
    """`59.2 against 54.3 and 53.2`, where it leads by what counts as more; else empty."""
    own = scores[variant_id]
    rest = sorted((x for key, x in scores.items() if key != variant_id), reverse=True)
    if not rest or round(own - rest[0], 6) < EQUAL_POINTS:
        return ""
    return f"{formatting.points(own)} against {each([formatting.points(x) for x in rest])}"


def cost(compared: Compared, variant_id: str) -> Iterator[Finding]:
    """That it costs less than all others that fit."""
    costs = {key: judged.cost for key, judged in compared.options.items()}
    own = costs.pop(variant_id, None)
    if own is None or not costs or own.at_least or any(c.at_least for c in costs.values()):
        return
    rest = sorted(cost.base for cost in costs.values())
    amount, amounts = formatting.usd(own.base), [formatting.usd(usd) for usd in rest]
    if float(rest[0] - own.base) >= CENT and amount != amounts[0]:
        lowest = "lower" if len(rest) == 1 else "lowest"
        text = f"you want the {lowest} cost: {amount} per month against {each(amounts)}"
        yield Finding(text, f"for the {lowest} cost")


def value(compared: Compared, variant_id: str) -> Iterator[Finding]:
    """That it is the engine's choice between a better score and a lower cost."""
    recommendation, judged = compared.recommendation, compared.options.get(variant_id)
    workload, step = recommendation.workload, compared.step
    if variant_id != compared.recommended or judged is None or judged.quality is None:
        return
    if workload.priority != "balanced" or step.shortfalls(workload)[judged.row]:
        return
    if step.evidence.weak or judged.cost.at_least or judged.quality == step.yardstick:
        return
    if [*score(compared, variant_id), *cost(compared, variant_id)]:
        return
    if len(compared.options) < 2:
        return
    own, best = formatting.points(judged.quality), formatting.points(step.yardstick)
    near = f"within {workload.quality_tolerance:g} points of the best ({best})"
    amount = formatting.usd(judged.cost.base)
    text = f"you want the best value: it scores {own}, {near}, for {amount} per month"
    yield Finding(text, "for the best value")


def only_score(compared: Compared, variant_id: str) -> Iterator[Finding]:
    """That it alone has a score for the job, and there is no test that all have taken."""
    ids, of_job = compared.doing_the_job, compared.step.evidence
    others = [key for key in ids if key != variant_id]
    own = of_job.scores.get(variant_id)
    if own is None or of_job.set is None or of_job.weak or not others:
        return
    if any(key in of_job.scores or _shared(compared, ids) for key in others):
        return
    have = "has" if len(others) == 1 else "have"
    name = plain(of_job.set)
    text = f"you go by published scores: {formatting.points(own)} on {name}"
    yield Finding(f"{text}; {compared.named(others)} {have} none there", f"for its score on {name}")


def _of_domains(compared: Compared) -> dict[str, list[tuple[EvidenceSet, Mapping[str, float]]]]:
    """The other sets of one domain that hold all of the models, with their scores, by domain."""
    catalog, workload = compared.recommendation.asked_of, compared.recommendation.workload
    wanted = tuple(sorted(set(workload.languages)))
    by_domain: dict[str, list[tuple[EvidenceSet, Mapping[str, float]]]] = {}
    for chosen in sorted(catalog.evidence_sets.values(), key=lambda s: (s.rank, s.id)):
        decides = chosen == compared.step.evidence.set
        if decides or chosen.kind != compared.kind or chosen.domain == "general":
            continue
        if not set(wanted) <= set(chosen.languages or wanted):
            continue
        scores = evidence.scores(catalog, chosen.id, wanted)
        if all(key in scores for key in compared.ids):
            own = {key: scores[key] for key in compared.ids}
            by_domain.setdefault(chosen.domain, []).append((chosen, own))
    return by_domain


def domains(compared: Compared, variant_id: str) -> Iterator[Finding]:
    """That it leads in every set of one domain that holds all of the models."""
    for domain, sets in sorted(_of_domains(compared).items()):
        leads = [_leads(scores, variant_id) for _, scores in sets]
        if domain != evidence.LONG_DOCUMENTS and all(leads):
            text = f"you search {domain} texts: {leads[0]} on {plain(sets[0][0])}"
            yield Finding(text, f"for {domain} texts")


def on_long_documents(compared: Compared, variant_id: str) -> str:
    """`59.5 against 40.1`: its score in a test of long documents where it leads; else empty."""
    means = _of_domains(compared).get(evidence.LONG_DOCUMENTS, [])
    leads = [_leads(scores, variant_id) for _, scores in means]
    return leads[0] if leads and all(leads) else ""
