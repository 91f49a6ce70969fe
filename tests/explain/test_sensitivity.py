"""Which figures move the cost most, and what another volume would cost."""

import pytest

from advisor.ask.workload import Workload
from advisor.explain import sensitivity
from advisor.show import charts, tables
from tests.asking import ask


def test_the_widest_swing_comes_first_and_each_is_what_the_engine_gives(made_up, pinned):
    stated = {"task": "retrieve-and-rerank", "languages": ["de"]}
    found = ask(made_up, **stated, queries_per_month=500_000)
    rows = sensitivity.swings(made_up, found)
    queries = Workload.model_fields["queries_per_month"].title
    assert [row.width for row in rows] == sorted(
        (row.width for row in rows), reverse=True
    ) and rows[0].name == queries
    doubled = ask(made_up, **stated, queries_per_month=1_000_000)
    assert doubled.answer == found.answer and rows[0].second_usd == pytest.approx(doubled.monthly)
    chart = charts.tornado(rows)
    assert queries.lower() in chart.title.lower() and len(tables.swing_rows(rows)) == len(rows)
    assert sensitivity.swings(made_up, ask(made_up, placement="hosted", data_may_leave=False)) == []
    assert {"title": chart.title, "alt": chart.alt} == pinned


def test_another_volume_keeps_the_workload_and_says_what_it_would_cost(made_up, pinned):
    found = ask(made_up, task="rerank")
    told = {volume: sensitivity.what_if(made_up, found, volume) for volume in (10, 1)}
    assert (
        told[10].workload.queries_per_month == 20_000_000
        and found.workload.queries_per_month == 2_000_000
    )
    assert (told[10].now_usd, told[10].then_usd, told[1].then_usd) == pytest.approx(
        (440, 4400, 440)
    )  # 22 billion tokens x 0.02
    sentences = {
        f"{volume} times": sensitivity.what_if_sentence(found, asked)
        for volume, asked in told.items()
    }
    assert all(figure in sentences["10 times"] for figure in ("20,000,000 ", "$4,400 ", "$3,960 "))
    assert (
        told[10].other.answer != found.answer and told[10].other.pick.named in sentences["10 times"]
    )
    assert "$440 " in sentences["1 times"] and told[1].other.pick.named not in sentences["1 times"]
    assert sentences == pinned


def test_a_total_that_leaves_out_the_index_stays_a_lower_bound_at_another_volume(made_up):
    # 36 million tokens at 0.50, five times as many, beside Drawer's floor of 300
    found = ask(made_up, languages=["fr"], vector_store="drawer")
    missing = ("index_storage", "index_queries")
    rows = sensitivity.swings(made_up, found)
    assert rows and {row.not_known for row in rows} == {missing}
    sentence = sensitivity.what_if_sentence(found, sensitivity.what_if(made_up, found, 5))
    assert (
        "the same option costs at least $390 per month, $72.00 more for what is known "
        "(not known: vector storage and vector store queries)." in sentence
    )
