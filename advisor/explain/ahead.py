"""Why one of the models compared is ahead of the next: the first key of the order that differs."""

from __future__ import annotations

import numpy as np

from advisor.base import formatting
from advisor.decide import choosing
from advisor.decide.choosing import BASE, ORDER, PRESUMED, SECOND_HAND_POINTS, Keys
from advisor.decide.evidence import EQUAL_POINTS
from advisor.decide.recommend import JudgedPlan
from advisor.explain.compared import Compared
from advisor.explain.sentences import points_over
from advisor.explain.ways import CENT
from advisor.explain.why_not import DECIDES


def ahead(compared: Compared) -> str:
    """Why the recommended model is ahead of the next, and which is recommended of all models."""
    return " ".join(filter(None, (_of_these(compared), _of_all(compared))))


def _of_these(compared: Compared) -> str:
    options, name = compared.options, compared.recommended
    if name is None or len(compared.ids) < 2:
        return ""
    first, *rest = options.values()
    if not rest:
        return f"Of these {compared.kind}s, only {compared.names[name]} fits your workload."
    if first.variant_id != name:
        return f"{compared.names[name]} makes the best pair with the other step of your task."
    return _first_difference(compared, first, rest[0])


def _of_all(compared: Compared) -> str:
    picked = compared.picked
    if picked is None:
        return ""
    if picked.variant_id in compared.names and len(compared.ids) > 1:
        name = compared.names[picked.variant_id]
        return f"{name} is also the one recommended of all {compared.kind}s."
    return f"Of all {compared.kind}s, {picked.named} is recommended."


def _first_difference(compared: Compared, first: JudgedPlan, other: JudgedPlan) -> str:
    """The first key of the engine's order in which two options differ, in words."""
    recommendation, step = compared.recommendation, compared.step
    workload = recommendation.workload
    rows = np.array([first.row, other.row])
    keys = choosing.keys(recommendation.table, step, workload, BASE).only(rows)
    names = ORDER[workload.priority == "cost"]
    key = next(name for name in names if getattr(keys, name)[0] != getattr(keys, name)[1])
    if key == "shortfall":
        return _shortfall(compared, first, other)
    if key == "counted":
        return _counted(compared, first, other, keys)
    own, theirs = compared.names[first.variant_id], compared.names[other.variant_id]
    gap = float(keys.monthly[1] - keys.monthly[0])
    if key == "monthly" and gap >= CENT:
        lead = "Cost matters most to you: " if workload.priority == "cost" else ""
        return f"{lead}{own} costs {formatting.usd(gap)} less per month than {theirs}."
    lead = f"{own} and {theirs} cost the same"
    if key == "monthly":
        return f"{lead} to the cent; {own} is cheaper by less."
    if gap:
        lead = f"For {own} and {theirs}, cost and score together count the same"
    return f"{lead}; {DECIDES[key]}."


def _shortfall(compared: Compared, first: JudgedPlan, other: JudgedPlan) -> str:
    """That the score of the one, or its lack of one, keeps it back."""
    own, theirs = compared.names[first.variant_id], compared.names[other.variant_id]
    step, workload = compared.step, compared.recommendation.workload
    if other.quality is None:
        if first.quality is not None:
            score = f"a comparable score for this job ({formatting.points(first.quality)})"
            return f"{own} is ahead because it has {score}; {theirs} has none."
        if step.unscored[other.row] == PRESUMED:
            return f"{own} is ahead because only it is known to support your languages."
        return f"{own} is ahead because {theirs} was not tested in your languages at all."
    assert first.quality is not None and step.yardstick is not None and step.best is not None
    balanced = workload.priority == "balanced"
    most = workload.quality_tolerance if balanced else EQUAL_POINTS
    behind = points_over(step.yardstick - other.quality, most)
    every = compared.recommendation.catalog.variants
    best = compared.names.get(step.best) or every[step.best].name
    yardstick = f"{formatting.points(step.yardstick)}, {best}"
    if step.shortfalls(workload)[first.row]:
        gap = points_over(step.yardstick - first.quality, most)
        return f"{own} is {gap} points below the best score ({yardstick}), {theirs} {behind}."
    gap = formatting.points(step.yardstick - first.quality)
    if not balanced:
        lead = f"{own} has the best score ({formatting.points(step.yardstick)})"
        if first.variant_id != step.best:
            lead = f"{own} is {gap} points below the best ({yardstick}), which counts as equal"
        return f"Quality matters most to you: {lead}; {theirs} is {behind} below."
    lead = f"You accept scores up to {most:g} points below the best"
    if not most:
        lead = "You accept no score below the best"
    if first.variant_id == step.best:
        return f"{lead}, {best}'s {formatting.points(step.yardstick)}; {theirs} is {behind} below."
    return f"{lead} ({yardstick}): {own} is {gap} below, {theirs} {behind}."


def _counted(compared: Compared, first: JudgedPlan, other: JudgedPlan, keys: Keys) -> str:
    """What costs, scores and who states a price come to."""
    own, theirs = compared.names[first.variant_id], compared.names[other.variant_id]
    worth = compared.recommendation.workload.material_usd
    gap = float(keys.monthly[1] - keys.monthly[0])
    points = float(keys.worse[1] - keys.worse[0])
    money = formatting.usd(abs(gap)) + (" less" if gap > 0 else " more") + " per month"
    value = f"worth {formatting.usd(worth * abs(points))} to you"
    better = f"{formatting.points(abs(points))} points"
    dear, near = abs(gap) >= CENT, abs(points) < 0.05 or not worth
    if dear and near:
        text = f"{own} costs {money} than {theirs}"
    elif near:
        text = f"{own} and {theirs} cost the same"
    elif points > 0:
        text = f"{own} scores {better} more than {theirs}, {value}"
        text += f", and costs {money}" if dear else ", at the same cost"
    elif dear:
        text = f"{own} costs {money} than {theirs}, whose extra {better} are {value}"
    else:
        text = f"{own} costs the same as {theirs}, whose extra {better} are {value}"
    decided = round(gap + worth * points, 6) > 0
    return f"{text}{'' if decided else _second_hand(compared, first, other, worth)}."


def _second_hand(compared: Compared, first: JudgedPlan, other: JudgedPlan, worth: float) -> str:
    """What else counts: a price that only a third party states, an index at an unknown price."""
    table, theirs = compared.recommendation.table, compared.names[other.variant_id]
    aggregator, unpriced = table.static.order.aggregator, table.unpriced_bytes
    text = ""
    if worth and aggregator[other.row] > aggregator[first.row]:
        dearer = formatting.usd(SECOND_HAND_POINTS * worth)
        text += f"; the price of {theirs} is a third party's alone and counts {dearer} dearer"
    if unpriced[other.row] > unpriced[first.row]:
        text += f"; the vectors of {theirs} take more space, whose price is not known"
    return text
