"""Catalog load, plans, rules and recommendation at the shipped size, ten and fifty times it, what would change it, and one rerun of Advise.

python -m benchmarks.engine
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.testing.v1 import AppTest

from advisor import catalog as catalogs
from advisor.ask.workload import Workload
from advisor.catalog import Catalog
from advisor.decide.build import build_plans
from advisor.decide.recommend import recommend
from advisor.decide.rule_results import RuleResults
from advisor.explain import reasons, record
from advisor.explain.record import AnswerRecord
from advisor.explain.what_would_change import changes

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
    """The catalog with every offer and every machine `times` over, under ids of their own."""
    providers = {
        f"{key}-{n}": provider.model_copy(
            update={
                "offers": [
                    offer.model_copy(update={"id": f"{offer.id}-{n}"}) for offer in provider.offers
                ]
            }
        )
        for key, provider in catalog.providers.items()
        for n in range(times)
    }
    instances = {
        f"{key}-{n}": i.model_copy(update={"id": f"{key}-{n}"})
        for key, i in catalog.instances.items()
        for n in range(times)
    }
    return replace(catalog, providers=providers, instances=instances)


def main() -> None:
    catalog = catalogs.load()
    print(f"catalog load: {milliseconds(catalogs.load, 5):.0f} ms")
    for task in ("retrieve", "retrieve-and-rerank"):
        workload, base = Workload(task=task), None
        print(f"{task}:")
        for times in (1, 10, 50):
            larger = enlarged(catalog, times)
            table = build_plans(larger, workload, TODAY)
            repeats = 15 if times == 1 else 5
            built = milliseconds(lambda c=larger, w=workload: build_plans(c, w, TODAY), repeats)
            ruled = milliseconds(lambda c=larger, t=table: RuleResults(c, t).excluded, repeats)
            whole = milliseconds(
                lambda c=larger, w=workload: recommend(c, w, TODAY).answer, repeats
            )
            told = milliseconds(
                lambda c=larger, w=workload: reasons.reasons(recommend(c, w, TODAY)), repeats
            )
            base = base or whole
            print(
                f"  {len(table):6,} plans: built {built:.1f} ms, {len(catalog.rules)} rules {ruled:.1f} ms, recommendation {whole:.1f} ms "
                f"({whole / base:.1f} times the shipped size), with its reasons {told:.1f} ms"
            )
    for name, preset in catalog.shown_presets.items():
        found = recommend(catalog, Workload.of(preset.workload), TODAY)
        print(
            f"what would change {name}, {len(changes(catalog, found))} changes: {milliseconds(lambda f=found: changes(catalog, f), 3):.0f} ms"
        )
    found = recommend(catalog, Workload(), TODAY)
    answer = milliseconds(lambda: AnswerRecord.of(found).model_dump_json(by_alias=True), 3)
    for name, plans in (("the record", False), ("the record with every plan", True)):
        whole = milliseconds(lambda p=plans: record.as_json(catalog, found, p), 3)
        print(f"{name}: {whole:.0f} ms, {whole / answer:.0f} times the answer ({answer:.1f} ms)")
    for page in ("advise", "cost"):
        print(
            f"one rerun of {page}: {rerun(page):.0f} ms of Python, the charts' specifications included"
        )


def rerun(page: str) -> float:
    """Milliseconds of the script for one changed figure on a page: app.py and the page, without AppTest's own work."""
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    at.switch_page(f"pages/{page}.py").run()
    run_script, taken = ScriptRunner._run_script, []

    def timed(self: ScriptRunner, *arguments: object) -> None:
        start = time.perf_counter()
        run_script(self, *arguments)
        taken.append(1000 * (time.perf_counter() - start))

    ScriptRunner._run_script = timed
    try:
        for passages in range(500_001, 500_012):
            at.number_input(key="passages").set_value(passages).run()
    finally:
        ScriptRunner._run_script = run_script
    return statistics.median(taken[2:])


if __name__ == "__main__":
    main()
