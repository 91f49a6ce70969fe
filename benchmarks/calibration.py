"""How well the published speeds foretell a runtime or a machine that is not among them: each is left out in turn.

python -m benchmarks.calibration

The rest calibrates, as advisor.sizing.throughput does it; then it is counted how many of the left-out points lie inside its low and high.
"""

from dataclasses import dataclass, replace

import pandas as pd

from advisor import catalog as catalogs
from advisor.catalog import Catalog
from advisor.sizing.throughput import LEAST_POINTS, Calibration, HardwareClass, calibrations

PRECISIONS = ("default", "int8")


@dataclass(frozen=True)
class Left:
    """What the rest says of the points of one runtime or machine."""

    kind: HardwareClass
    precision: str
    axis: str
    name: str
    shares: tuple[float, ...]
    rest: Calibration | None

    @property
    def inside(self) -> int | None:
        """Points between low and high; None where the rest is too few to calibrate."""
        return (
            None
            if self.rest is None
            else sum(self.rest.mfu.low <= share <= self.rest.mfu.high for share in self.shares)
        )


def calibrated(
    catalog: Catalog, rows: pd.DataFrame, precision: str
) -> dict[HardwareClass, Calibration]:
    return calibrations(replace(catalog, throughput=rows), precision)


def shares(catalog: Catalog, precision: str) -> dict[HardwareClass, pd.Series]:
    """Each calibrating row's share of its peak (MFU), by class of hardware: what the row repeated would calibrate by itself."""
    found: dict[HardwareClass, dict[int, float]] = {"gpu": {}, "cpu": {}}
    for place in range(len(catalog.throughput)):
        alone = catalog.throughput.iloc[[place] * LEAST_POINTS]
        for kind, calibration in calibrated(catalog, alone, precision).items():
            found[kind][place] = calibration.mfu.base
    return {kind: pd.Series(each, dtype=float) for kind, each in found.items() if each}


def left_out(catalog: Catalog, precision: str, axis: str) -> list[Left]:
    """One entry for each runtime, or machine, of each class of hardware."""
    results = []
    for kind, points in shares(catalog, precision).items():
        table = catalog.throughput.iloc[points.index]
        for name in sorted(table[axis].unique()):
            apart = (table[axis] == name).to_numpy()
            rest = calibrated(catalog, table[~apart], precision).get(kind)
            results.append(Left(kind, precision, axis, name, tuple(points[apart]), rest))
    return results


def line(left: Left) -> str:
    spread = f"{min(left.shares):.1%} to {max(left.shares):.1%}"
    head = f"  {left.name[:44]:44}  {len(left.shares):3}  {spread:>16}"
    if left.rest is None:
        return f"{head}  the rest has fewer than {LEAST_POINTS} points"
    low, base, high = left.rest.mfu
    inside = f"{left.inside} of {len(left.shares)} ({(left.inside or 0) / len(left.shares):.0%})"
    return f"{head}  {low:6.1%} {base:6.1%} {high:6.1%}  {high / low:8.2f}  {inside}"


def total(found: list[Left]) -> str:
    tried = [left for left in found if left.rest is not None]
    points = sum(len(left.shares) for left in tried)
    untried = sum(len(left.shares) for left in found) - points
    inside = sum(left.inside or 0 for left in tried)
    said = (
        f"{inside} of {points} left-out points inside ({inside / points:.0%})"
        if points
        else "no point could be tried"
    )
    return f"{said}; {untried} more without a calibration from the rest"


def main() -> None:
    catalog = catalogs.load()
    everything: dict[str, list[Left]] = {"runtime": [], "machine": []}
    for precision in PRECISIONS:
        whole = calibrations(catalog, precision)
        for axis, gathered in everything.items():
            found = left_out(catalog, precision, axis)
            gathered += found
            for kind in dict.fromkeys(left.kind for left in found):
                mfu = whole[kind].mfu if kind in whole else None
                said = (
                    f"all together {mfu.low:.1%} to {mfu.high:.1%}, high/low {mfu.high / mfu.low:.2f}"
                    if mfu
                    else "too few to calibrate"
                )
                print(f"{kind}, {precision} precision, one {axis} left out ({said})")
                print(
                    f"  {'left out':44}  {'n':>3}  {'its shares':>16}  {'low':>6} {'base':>6} {'high':>6}  high/low  inside"
                )
                mine = [left for left in found if left.kind == kind]
                print("\n".join(map(line, mine)), f"  {total(mine)}", sep="\n", end="\n\n")
    for axis, found in everything.items():
        print(f"One {axis} left out, all classes: {total(found)}.")


if __name__ == "__main__":
    main()
