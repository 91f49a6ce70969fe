import gc
import weakref

from advisor.ask.assumptions import Assumptions
from advisor.ask.workload import Workload
from advisor.decide.recommend import recommend
from advisor.live import as_evidence
from pages.parts import presets, session
from tests.live.runs import BASE, SMALL, result


def test_nothing_of_yours_outlives_the_visit(catalog, today, monkeypatch):
    monkeypatch.setattr(session.st, "session_state", state := {session.READING: catalog})
    state[session.YOURS] = session.VisitEvidence(
        (result([0.9] * 40), result([0.5] * 40, BASE)), ("en",)
    )
    mine = session.the_catalog()
    assert mine is not catalog and session.the_catalog() is mine
    for precision in ("default", "int8"):
        stated = Assumptions(
            your_price_usd_per_1m=0.001, your_price_variant=SMALL, precision=precision
        )
        recommendation = recommend(mine, Workload(), today, ["your-data"], stated)
        assert recommendation.steps[0].evidence.set.id == as_evidence.EMBEDDERS
    assert presets.won(next(iter(catalog.presets))) and presets.preset_picks()
    left = [
        weakref.ref(each)
        for each in (
            mine,
            recommendation.catalog,
            state[session.YOURS],
            recommendation.steps[0].evidence,
        )
    ]
    del state[session.YOURS], mine, recommendation
    assert session.the_catalog() is catalog
    gc.collect()
    assert [each() for each in left] == [None] * 4
