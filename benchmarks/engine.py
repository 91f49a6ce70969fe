"""Catalog load, plans and rules at the shipped size and ten times it, and one rerun of Advise.

python -m benchmarks.engine
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

from streamlit.testing.v1 import AppTest

from advisor import catalog as catalogs
from advisor.catalog.load import Catalog
from advisor.findings import findings
from advisor.plans import build
from advisor.plans import columns as columns_of
from advisor.recommend import recommend
from advisor.rules.evaluate import evaluate
from advisor.trade_offs import changes
from advisor.workload import Workload

ROOT = Path(__file__).resolve().parents[1]
TODAY = date(2026, 11, 24)


def milliseconds(work: Callable[[], object], times: int = 15) -> float:
    """Median of several runs, after one to warm up."""
    work()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(1000 * (time.perf_counter() - start))
    return statistics.median(taken)


def enlarged(catalog: Catalog, times: int) -> Catalog:
    """The catalog with every offer `times` over, under ids of their own."""
    providers = {
        f"{key}-{n}": provider.model_copy(
            update={"offers": [offer.model_copy(update={"id": f"{offer.id}-{n}"}) for offer in provider.offers]}
        )
        for key, provider in catalog.providers.items()
        for n in range(times)
    }
    return replace(catalog, providers=providers)


def main() -> None:
    catalog = catalogs.load()
    print(f"catalog load: {milliseconds(catalogs.load, 5):.0f} ms")
    base = None
    for times in (1, 10, 100, 1000):
        larger = enlarged(catalog, times)
        plans = build(larger, Workload(), TODAY)
        repeats = 15 if times < 100 else 3
        built = milliseconds(lambda c=larger: build(c, Workload(), TODAY), repeats)
        columns = columns_of(plans)
        evaluated = milliseconds(lambda c=columns, p=plans: [evaluate(rule.when, c, len(p)) for rule in catalog.rules.values()], repeats)
        ruled = milliseconds(lambda c=larger, p=plans: findings(c, p), repeats)
        whole = milliseconds(lambda c=larger: recommend(c, Workload(), TODAY), repeats)
        base = base or whole
        print(
            f"{len(plans):6,} plans: plans {built:.1f} ms, {len(catalog.rules)} rules {evaluated:.1f} ms evaluated, {ruled:.1f} ms with sentences, "
            f"recommendation {whole:.1f} ms ({whole / base:.1f} times the shipped size)"
        )
    found = recommend(catalog, Workload(), TODAY)
    print(f"what would change it, {len(changes(catalog, found))} changes found: {milliseconds(lambda: changes(catalog, found), 7):.0f} ms")
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    at.switch_page("pages/advise.py").run()
    state = [500_000]

    def rerun() -> None:
        state[0] += 1
        at.number_input(key="passages").set_value(state[0]).run()

    print(f"one rerun of Advise, AppTest included: {milliseconds(rerun, 9):.0f} ms")


if __name__ == "__main__":
    main()
