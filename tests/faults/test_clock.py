"""The wall clock is set forward and back, by a year and while something runs: no time-out ends early or never, and no age is negative."""

import itertools
import json
import re
import time
from datetime import date, timedelta
from pathlib import Path

import pytest

from advisor.ask.workload import Workload
from advisor.base.errors import EncodeError
from advisor.catalog import price_sources
from advisor.decide import recommend
from advisor.encode import models
from advisor.encode.downloads import Download, Files, Patience
from advisor.explain import record, report
from advisor.family import comparison, price_list
from advisor.net import client
from tests.encode import hub

ROOT = Path(__file__).resolve().parents[2]
YEAR_S = 366 * 86_400
FILES = Files("BAAI/bge-m3", "onnx/model.onnx", ("onnx/model.onnx_data",))

JUMPING = f"""
import itertools, time
_real, _by = time.time, itertools.cycle((-{YEAR_S}, {YEAR_S}))
time.time = lambda: _real() + next(_by)
"""


@pytest.fixture
def jumping(monkeypatch, tmp_path):
    """A wall clock that is a year behind and a year ahead by turns, in this process and those that it starts."""
    real, by = time.time, itertools.cycle((-YEAR_S, YEAR_S))
    monkeypatch.setattr(time, "time", lambda: real() + next(by))
    (tmp_path / "clock").mkdir()
    (tmp_path / "clock/sitecustomize.py").write_text(JUMPING, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "clock"))
    assert abs(time.time() - time.time()) > YEAR_S


def test_the_wall_clock_is_read_for_dates_alone():
    """Who needs a date is listed here; how long something took, or may take, is measured with a clock that is never set."""
    wall = re.compile(
        r"time\.time\(|time\.time_ns\(|datetime\.now\(|utcnow\(|date\.today\(|fromtimestamp\("
    )
    found = {
        path.relative_to(ROOT).as_posix(): len(wall.findall(text))
        for folder in ("advisor", "pages")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if wall.search(text := path.read_text(encoding="utf-8"))
    }
    assert found == {
        "advisor/bulk/folder.py": 1,  # when a block was written
        "advisor/catalog/reloading.py": 1,  # since when the files are broken
        "advisor/catalog/load.py": 1,  # today
        "advisor/net/client.py": 1,  # a Retry-After that is a date
        "advisor/live/speed.py": 2,  # the day of a measurement
        "advisor/catalog/price_sources.py": 1,  # when to come back
    }


def test_a_download_ends_as_it_would_have(jumping, repo, tmp_path):
    with hub.serving({FILES.repo: repo}, drip=(200_000, 0.1)) as base:
        assert (
            Download(FILES, tmp_path / "models", hub=base, patience=Patience(ask_s=60)).wait(60)
            == "done"
        )
    with hub.serving({FILES.repo: repo}, pause_after=0) as base:
        got = Download(
            FILES, tmp_path / "other", hub=base, patience=Patience(ask_s=60, stall_s=0.6)
        )
        assert (
            got.wait(60) == "failed" and "127.0.0.1" in got.problem and got.total_bytes
        )  # the hub had said how many, and then no more


def test_a_model_is_asked_as_it_would_have_been(jumping, pooled, catalog, tiny_embedder):
    small = models.of_variant(catalog, "bge-small-en-v1.5", tiny_embedder)
    pool = pooled(time_out_s=0.5)
    engine = pool.engine(small)
    assert engine.about.kind == "embedder" and pool.resident() == [small]
    with pytest.raises(EncodeError) as error:
        engine.embed(["word " * 600] * 128, "passage")
    assert small.name in str(error.value) and re.search(
        r"\b0\b", str(error.value)
    )  # half a second, rounded


def test_a_retry_after_that_is_a_date_never_makes_anyone_wait_long(monkeypatch):
    """Where this clock is wrong, the wait comes out as nothing or as a year; one is over, the other is told and not waited for."""
    for years in (-1, 1):
        real = client.datetime

        class Moved(real):
            @classmethod
            def now(cls, tz=None, real=real, years=years):
                return real.now(tz) + timedelta(days=366 * years)

        monkeypatch.setattr(client, "datetime", Moved)
        stated = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 2))
        got = client.wait_s(stated)
        monkeypatch.undo()
        assert got == 0 if years == 1 else got > price_sources.LIMITS.longest_wait_s


@pytest.mark.parametrize("years", [-30, -1, 1, 30])
def test_ages_are_counted_from_no_day_to_come(catalog, years):
    day = date(2026 + years, 11, 26)
    found = recommend.recommend(catalog, Workload(), day)
    told = "\n".join(
        [
            report.as_text(found),
            json.dumps(record.as_json(catalog, found, plans=False)),
            *(str(row) for row in price_list.price_rows(catalog, catalog.variants, day)),
            *(str(row) for row in price_list.stale(catalog, day)),
            *(
                str(row)
                for row in comparison.side_by_side(catalog, list(catalog.variants)[:4], day)
            ),
            *(finding.text for judged in found.judged for finding in judged.findings),
        ]
    )
    assert found.pick is not None
    ages = {
        (day - offer.as_of).days
        for _, _, offer in catalog.offers()
        if offer.as_of and offer.type != "trial"
    }
    told_ages = {age for age in ages if re.search(rf"(?<![\w-])(?:{age}|{age:,})\b", told)}
    assert told_ages == {age for age in ages if age > price_list.STALE_DAYS}
    of_dated = {
        (f.rule, f.effect)
        for j in found.judged
        if j.plan.as_of
        for f in j.findings
        if f.rule in ("price-is-recent", "price-is-dated")
    }
    assert of_dated == {("price-is-dated", "warn") if years < 0 else ("price-is-recent", "warn")}
