"""Code to copy that runs the very model of a plan at its very place, and a variant anywhere."""

from __future__ import annotations

from advisor.base import formatting
from advisor.catalog import Catalog
from advisor.catalog.schema import Variant
from advisor.decide.recommend import JudgedPlan, Recommendation
from advisor.explain.hosted_snippets import hosted_snippets
from advisor.explain.local_snippets import local_snippets
from advisor.explain.snippet import Snippet
from advisor.explain.snippet_target import Target

NO_WEIGHTS = "Where its weights are published is not known."


def snippets(recommendation: Recommendation, judged: JudgedPlan) -> list[Snippet]:
    """Code for one step: at its place first, then to try a hosted model on one's own machine.

    A place without code has one entry whose `code` is empty and whose notes say why.
    """
    plan, catalog, workload = judged.plan, recommendation.catalog, recommendation.workload
    outputs = () if plan.variant.kind == "reranker" else tuple(workload.outputs)
    if plan.hosted:
        hosted = hosted_snippets(catalog, plan.place, workload)
        if plan.variant.hub_id is None:
            return hosted
        target = Target(catalog, plan.variant, plan.variant.hub_id, outputs, workload=workload)
        return [*hosted, *local_snippets(target)]
    if plan.variant.hub_id is None:
        return [_none(NO_WEIGHTS)]
    instance, precision = plan.instance, plan.figure("precision")
    chip = catalog.accelerators.get((instance and instance.accelerator) or "")
    if chip and chip.compute_capability is None:
        return [_none(f"How to run {plan.variant.name} on {chip.name} is not known here.")]
    target = Target(
        catalog, plan.variant, plan.variant.hub_id, outputs, instance, precision, workload
    )
    return local_snippets(target) or [_none(_no_runtime(target))]


def variant_snippets(catalog: Catalog, variant: Variant) -> list[Snippet]:
    """Code for a variant on any machine, with all that each runtime returns."""
    if variant.kind == "language-model":
        return [_none(f"{variant.name} makes no embeddings and no scores.")]
    if variant.hub_id is None:
        return [_none(NO_WEIGHTS)]
    target = Target(catalog, variant, variant.hub_id)
    return local_snippets(target) or [_none(_no_runtime(target))]


def starting_code(catalog: Catalog, judged: JudgedPlan) -> str:
    """Python that tries the variant of a plan on one's own machine, notes as comments first."""
    variant, workload = judged.plan.variant, judged.plan.table.workload
    if variant.hub_id is None:
        return f"# {NO_WEIGHTS}\n"
    outputs = () if variant.kind == "reranker" else tuple(workload.outputs)
    target = Target(catalog, variant, variant.hub_id, outputs, workload=workload)
    code = next((s for s in local_snippets(target) if s.language == "python"), None)
    if code is None:
        return f"# {_no_runtime(target)}\n"
    return "".join(f"# {note}\n" for note in code.notes) + code.code


def _none(reason: str) -> Snippet:
    return Snippet("own-machine", "Your own machine", "", "", (reason,))


def _no_runtime(target: Target) -> str:
    what = f"run {target.variant.name}"
    if target.outputs and target.outputs != ("dense",):
        outputs = formatting.listed([output.replace("_", "-") for output in target.outputs])
        what = f"give {outputs} vectors with {target.variant.name}"
    return f"No library or server that we have code for is documented to {what}."
