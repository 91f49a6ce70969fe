"""Speed measured on this machine, against cases worked by hand. No test times anything."""

import csv
import io
import platform
import re
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from advisor import catalog as catalogs
from advisor.ask.assumptions import Assumptions
from advisor.ask.workload import Workload
from advisor.base import formatting
from advisor.base.errors import CatalogError, EncodeError, WorkloadError
from advisor.catalog.tables import THROUGHPUT_COLUMNS
from advisor.decide.query import ignored
from advisor.encode.engine import About, Scores, Vectors
from advisor.live import speed
from advisor.live.speed import Machine, Peak
from advisor.sizing import throughput
from tests.decide.measured import FLOPS_SMALL, STATED
from tests.live.measurement import SMALL, SPEED

TODAY = date(2026, 11, 24)


HERE = Machine("AMD EPYC", 2)


RERANKER = About(
    "bge-reranker-base",
    "BAAI/bge-reranker-base",
    "reranker",
    "local",
    "this machine",
    "fp32",
    max_tokens=512,
)


class Fake:
    """An engine that counts a token a word and two special ones.

    It says that its calls take the stated seconds in turn, the last one for ever.
    """

    def __init__(self, about=SMALL, seconds=(0.5,), counts=True):
        self.about, self.seconds, self.counts, self.calls = about, list(seconds), counts, []

    def taken(self, texts):
        self.calls.append(list(texts))
        if len(self.calls) == 1:
            return 7.0  # the two short texts that are counted
        return self.seconds.pop(0) if len(self.seconds) > 1 else self.seconds[0]

    def embed(self, texts, role, *, instruct=True, outputs=("dense",)):
        assert self.about.kind == "embedder" and role == "passage"
        counted = tuple(len(text.split()) + 2 for text in texts) if self.counts else None
        return Vectors(np.zeros((len(texts), 3), np.float32), self.taken(texts), counted)

    def rerank(self, query, passages):
        assert self.about.kind == "reranker"
        counted = tuple(len(query.split()) + len(text.split()) + 4 for text in passages)
        return Scores(np.zeros(len(passages), np.float32), "logit", self.taken(passages), counted)


def one(engine, length=128, batch=8, seconds_each=2.0, **given):
    (found,) = speed.run(engine, [length], [batch], seconds_each=seconds_each, **given)
    return found


@pytest.mark.parametrize("about", [SMALL, RERANKER], ids=["a text", "a pair"])
@pytest.mark.parametrize(
    ("asked", "encoded"),
    [(32, 32), (128, 128), (512, 512), (2000, 512)],
    ids=["short", "usual", "at the limit", "cut at the limit"],
)
def test_texts_come_out_at_the_length_that_the_engine_counts(about, asked, encoded):
    assert one(Fake(about), asked).tokens == encoded


def test_a_text_is_made_of_real_words_and_no_two_of_a_batch_are_alike():
    engine = Fake()
    one(engine, 64, 32)
    texts = engine.calls[-1]
    assert (
        len(set(texts)) == 32
        and set(texts[0].split()) <= set(speed.WORDS)
        and all(word.isalpha() for word in speed.WORDS)
    )


def test_the_warm_up_is_told_apart_and_counts_in_no_figure():
    found = one(Fake(seconds=(9.0, 0.5)))
    assert (found.warm_up_s, found.median_s, found.p95_s) == (9.0, 0.5, 0.5)
    assert (found.tokens_per_second, found.passages_per_second) == (8 * 128 / 0.5, 8 / 0.5)


@pytest.mark.parametrize(
    ("seconds", "runs"),
    [
        pytest.param(0.25, 8, id="until the time is over"),
        pytest.param(1.0, 3, id="three at least"),
        pytest.param(3.0, 2, id="but not beyond three times the time"),
        pytest.param(60.0, 1, id="one at least"),
        pytest.param(0.001, speed.MOST_RUNS, id="two hundred at most"),
    ],
)
def test_calls_end_by_time_or_count(seconds, runs):
    assert one(Fake(seconds=(seconds,))).runs == runs


def test_the_95th_percentile_is_the_nearest_rank_and_few_runs_are_told(pinned):
    slow = [0.1] * 18 + [0.7, 0.9]
    many = one(Fake(seconds=(0.1, *slow)), seconds_each=sum(slow))
    assert (many.runs, many.median_s, many.p95_s, many.few) == (20, 0.1, 0.7, "")
    few = one(Fake(seconds=(0.1, 0.1, 0.1, 0.9)), seconds_each=1.05)
    single = one(Fake(seconds=(60,)))
    assert (few.runs, few.p95_s) == (3, 0.9) and "3" in few.few and "1" in single.few
    assert f"900 ms{few.few}" in speed.rows([few])[0].values()
    assert [few.few, single.few] == pinned


def test_operations_are_those_of_the_model_at_that_length_and_their_share_is_of_the_peak(
    pinned, catalog
):
    found = one(Fake(), catalog=catalog, peak=Peak(190.0, 2, 1024))
    assert found.flops_per_second == 2048 * FLOPS_SMALL and found.share_of_peak == pytest.approx(
        2048 * FLOPS_SMALL / 190e9
    )
    (row,) = speed.rows([found])
    assert list(row.values()) == [
        "128",
        "8",
        "2,048",
        "16",
        "500 ms",
        f"500 ms{found.few}",
        "93.5",
        "49%",
        "500 ms",
    ]
    assert row == pinned


@pytest.mark.parametrize(
    "about",
    [
        About(None, "tiny", "embedder", "local", "this machine", "fp32"),
        About(
            "bge-small-en-v1.5", "MiniLM", "embedder", "local", "this machine", "fp32", standin=True
        ),
        About("no-such-model", "tiny", "embedder", "local", "this machine", "fp32"),
    ],
    ids=["no model of the catalog", "a stand-in", "not in this catalog"],
)
def test_operations_of_an_unknown_model_are_not_known(catalog, about):
    found = one(Fake(about), catalog=catalog, peak=Peak(190.0, 2, 1024))
    assert (
        found.tokens_per_second == 2048
        and found.flops_per_second is None
        and found.share_of_peak is None
    )
    assert (
        list(speed.rows([found])[0].values()).count(formatting.NOT_KNOWN) == 2
    )  # the operations and their share


def test_an_endpoint_takes_no_share_of_this_machines_peak(catalog):
    found = one(
        Fake(About("bge-m3", "bge-m3", "embedder", "remote", "Novita AI", "fp16")),
        catalog=catalog,
        peak=Peak(190.0, 2, 1024),
    )
    assert found.flops_per_second is not None and found.share_of_peak is None


def test_an_engine_that_counts_no_tokens_has_passages_a_second_only(pinned, catalog):
    found = one(Fake(counts=False), catalog=catalog)
    assert (
        found.tokens,
        found.tokens_per_second,
        found.flops_per_second,
        found.passages_per_second,
    ) == (None, None, None, 16.0)
    assert SMALL.model in speed.reason_unusable(SMALL, found)
    assert speed.reason_unusable(SMALL, found) == pinned


def test_every_length_meets_every_batch_size_and_progress_is_told(pinned):
    told = []
    found = speed.run(
        Fake(RERANKER), [32, 128], [1, 8], lambda what, share: told.append((what, share))
    )
    assert [(m.tokens, m.batch) for m in found] == [(32, 1), (32, 8), (128, 1), (128, 8)]
    assert [(re.findall(r"\d+", what), share) for what, share in told] == [
        (["1", "32"], 0),
        (["8", "32"], 0.25),
        (["1", "128"], 0.5),
        (["8", "128"], 0.75),
        ([], 1.0),
    ]
    assert [what for what, _ in told] == pinned


def test_what_an_engine_cannot_do_comes_through_as_it_says_it():
    class Broken(Fake):
        def embed(self, texts, role, **_):
            raise EncodeError("The queue is full. Try again in a minute.")

    with pytest.raises(EncodeError, match="The queue is full"):
        one(Broken())


def test_the_peak_says_of_which_product_and_how_many_threads(pinned, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    peak = speed.peak_gflops(0.05)
    assert peak.gflops > 0 and peak.threads == 1 and peak.size in speed.PEAK_SIZES
    text = speed.peak_sentence(Peak(190.4, 2, 2048), HERE)
    assert (
        all(fact in text for fact in ("AMD EPYC", "190 GFLOP/s", "fp32", "numpy", "2,048"))
        and len(re.findall(r"\b2 ", text)) == 2
    )
    assert text == pinned


def test_the_peak_stops_where_a_larger_product_would_take_too_long():
    ticks = iter(range(10**6))
    assert speed.peak_gflops(5.0, lambda: next(ticks)).size == 256, (
        "each product takes a second of this clock"
    )


UNUSABLE = {
    "a stand-in": About(
        None, "all-MiniLM-L6-v2", "embedder", "local", "this machine", "fp32", standin=True
    ),
    "a stand-in for a model": About(
        "bge-small-en-v1.5", "MiniLM", "embedder", "local", "this machine", "fp32", standin=True
    ),
    "not in the catalog": About(
        None, "/srv/models/tiny-bge", "embedder", "local", "this machine", "fp32"
    ),
    "elsewhere": About("bge-m3", "bge-m3", "embedder", "remote", "Novita AI", "fp16"),
    "no precision": About("bge-m3", "bge-m3", "embedder", "local", "this machine"),
    "on a card": About(
        "bge-m3",
        "bge-m3",
        "embedder",
        "torch",
        "this machine",
        "fp32",
        notes=("Computed by torch 2.9 on cuda.",),
    ),
}


def test_what_may_price_nothing_says_why(pinned):
    assert speed.reason_unusable(SMALL, SPEED) is None
    told = {name: speed.reason_unusable(about, SPEED) for name, about in UNUSABLE.items()}
    assert (
        all(about.model.rpartition("/")[2] in told[name] for name, about in UNUSABLE.items())
        and "/srv" not in told["not in the catalog"]
    )
    assert "Novita AI" in told["elsewhere"]
    assert told == pinned


def test_a_model_without_known_operations_prices_nothing(pinned):
    told = speed.reason_unusable(SMALL, replace(SPEED, flops_per_second=None, share_of_peak=None))
    assert "FLOPs" in told and SMALL.model in told
    assert told == pinned


@pytest.mark.parametrize(
    ("share", "precision", "doubted"),
    [(0.92, "fp32", False), (1.4, "fp32", True), (1.4, "int8", False), (None, "fp32", False)],
)
def test_a_model_faster_than_the_peak_shows_that_the_machine_was_busy(share, precision, doubted):
    found = replace(SPEED, share_of_peak=share)
    told = speed.doubt([SPEED, found], replace(SMALL, precision=precision))
    assert (told is not None) == doubted


def test_who_doubts_a_measurement_says_what_to_do(pinned):
    assert speed.doubt([replace(SPEED, share_of_peak=1.4)], SMALL) == pinned


def test_the_fastest_is_the_one_with_the_most_tokens_a_second():
    slow, fast, uncounted = (
        replace(SPEED, tokens_per_second=rate) for rate in (100.0, 300.0, None)
    )
    assert speed.fastest([slow, uncounted, fast, replace(fast, batch=1)]) is fast
    first, other = (
        replace(uncounted, passages_per_second=1.0),
        replace(uncounted, passages_per_second=2.0),
    )
    assert speed.fastest([first, other]) is first


def test_what_the_timed_calls_took_is_the_median_of_each_times_its_runs():
    assert (
        speed.seconds_taken(
            [replace(SPEED, runs=20, median_s=0.25), replace(SPEED, runs=4, median_s=0.5)]
        )
        == 7.0
    )
    assert speed.seconds_taken([]) == 0


def test_the_measurement_that_is_taken_is_told_with_its_length_and_batch(pinned):
    told = speed.use_sentence(SMALL, SPEED)
    slow = speed.use_sentence(
        replace(SMALL, model="/srv/models/tiny-bge"),
        replace(SPEED, tokens=1023.6, tokens_per_second=12.345),
    )
    assert all(fact in told for fact in ("3,848", "BAAI/bge-small-en-v1.5", "128", "8"))
    assert all(fact in slow for fact in ("12.3 ", "tiny-bge", "1,024")) and "/srv" not in slow
    assert told == pinned


# As CSV


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_a_row_of_the_csv_loads_in_the_catalog_and_calibrates_nothing(catalog, copied):
    text = speed.as_csv([SPEED], SMALL, HERE, catalog, Peak(190.0, 2, 1024), TODAY)
    head, line = text.splitlines()
    path = copied / "evidence/throughput.csv"
    assert path.read_text(encoding="utf-8").splitlines()[0] == head == ",".join(THROUGHPUT_COLUMNS)
    path.write_text(path.read_text(encoding="utf-8") + line + "\n", encoding="utf-8")
    loaded = catalogs.load(copied)
    row = loaded.throughput.to_dict("records")[-1]
    assert (
        row["variant"],
        row["tokens_per_s"],
        row["seq_len"],
        row["docs_per_s"],
        row["vcpus"],
    ) == (
        "bge-small-en-v1.5",
        3848,
        128,
        30.06,
        2,
    )
    assert (row["precision"], row["batch"], row["grade"], row["parameters"]) == (
        "fp32",
        "8",
        "A",
        "33.4M",
    )
    assert (
        "AMD EPYC" in row["hardware"]
        and "2026-11-24" in row["note"]
        and "190 GFLOP/s" in row["note"]
    )
    assert "fastembed" in row["runtime"] and "onnxruntime" in row["runtime"]
    assert throughput.calibrations(loaded) == throughput.calibrations(catalog)


def test_a_row_of_a_model_that_is_not_in_the_catalog_does_not_load(catalog, copied):
    about = About(
        "bge-small-en-v1.5", "MiniLM", "embedder", "local", "this machine", "fp32", standin=True
    )
    line = speed.as_csv([SPEED], about, HERE, catalog, None, TODAY).splitlines()[1]
    assert (
        rows_of(speed.as_csv([SPEED], about, HERE, catalog, None, TODAY))[0]["variant"] == ""
        and "MiniLM" in line
    )
    path = copied / "evidence/throughput.csv"
    path.write_text(path.read_text(encoding="utf-8") + line + "\n", encoding="utf-8")
    with pytest.raises(CatalogError) as error:
        catalogs.load(copied)
    assert [
        fault.file.endswith("throughput.csv") and "''" in fault.problem
        for fault in error.value.faults
    ] == [True]


def test_the_csv_names_neither_host_nor_folder_and_starts_no_formula(catalog):
    about = About(None, "/home/someone/models/tiny-bge", "embedder", "local", "this machine")
    text = speed.as_csv([SPEED], about, speed.machine(), catalog, None, TODAY)
    assert "/home" not in text and "someone" not in text and "tiny-bge" in text
    assert platform.node() not in text.replace("numpy", "") or len(platform.node()) < 4
    windows = About(None, r"C:\Users\someone\tiny", "embedder", "local", "this machine")
    assert "someone" not in speed.as_csv([SPEED], windows, HERE, catalog, None, TODAY)
    (row,) = rows_of(
        speed.as_csv(
            [SPEED],
            About(None, "x", "embedder", "remote", "=1+1", "fp32"),
            HERE,
            catalog,
            None,
            TODAY,
        )
    )
    assert (
        row["hardware"] == row["runtime"]
        and HERE.name not in "".join(row.values())
        and "=1+1" not in "".join(row.values())
    )


def test_this_machine_is_its_processor():
    found = speed.machine()
    assert found.name and found.vcpus >= 1 and found.name != platform.node()
    assert speed.memory_gib() is None or speed.memory_gib() > 0


def test_the_button_gives_an_address_that_brings_the_same_assumptions():
    given = speed.params(SMALL, SPEED, 0.1, 8, TODAY)
    assert given == {key: str(value) for key, value in STATED.items()}
    assert Assumptions.of(given) == Assumptions.of(STATED)
    assert (
        ignored({key: [value] for key, value in given.items()}, {}, (), (Workload, Assumptions))
        == []
    )
    assert speed.params(SMALL, SPEED, 0.1, 8)["measured_on"] == date.today().isoformat()


def test_an_unusable_measurement_has_no_address():
    with pytest.raises(WorkloadError, match="measured_variant"):
        speed.params(
            About(None, "tiny", "embedder", "local", "this machine", "fp32"), SPEED, 0.1, 8
        )
