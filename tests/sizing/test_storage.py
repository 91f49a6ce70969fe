from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.ask.workload import Workload
from advisor.base.units import GIB
from advisor.sizing import storage, tokens
from advisor.sizing.ranges import ZERO, Range
from advisor.sizing.tokens import tokens_sent
from tests.asking import UNCUT


@pytest.mark.parametrize(
    ("dimensions", "kind", "size"),
    [
        (1024, "float32", 6_144_000_000),
        (384, "float32", 2_304_000_000),
        (3584, "float32", 21_504_000_000),
        (1024, "float16", 3_072_000_000),
        (1024, "binary", 192_000_000),
    ],
)
def test_a_million_vectors_take_what_the_capacity_formula_says(dimensions, kind, size):
    assert storage.index_bytes(1_000_000, dimensions, kind) == size


def test_memory_costs_what_the_machines_that_have_most_of_it_ask(made_up):
    # low and base: 73 and 36.5 GiB for 0.20 an hour; high: the general machine, 14.6 GiB for 0.10
    assert storage.ram_usd_per_gib_month(made_up) == (2, 4, 5)


def index_usd(catalog, store, variant="multi", **stated):
    workload = Workload(vector_store=store, **UNCUT | stated)
    sent = tokens_sent(workload, catalog.variants[variant], 8000)
    size = storage.index_size(catalog.variants[variant], sent, workload)
    rate = Range(Decimal(5), Decimal(6), Decimal(9))
    return storage.index_usd_per_month(
        catalog,
        workload,
        size,
        rate,
        storage.written_bytes(catalog.variants[variant], sent, workload),
    )


def test_a_gib_in_memory_costs_its_rate(made_up):
    *amounts, not_known = index_usd(
        made_up, "ram", passages=2 * GIB // 3000
    )  # 3,000 bytes a vector of 500 dimensions
    assert [round(float(amount), 4) for amount in amounts] == [10, 12, 18] and not_known == ()
    assert index_usd(made_up, "none") == (*ZERO, ())


# A vector of 500 dimensions is 2,000 bytes. Shelf asks 0.50 a GB, 1 a GB written, 1 a PB queried,
# and 10 at least.
@pytest.mark.parametrize(
    ("other", "stated", "usd"),
    [
        pytest.param({}, {}, 10,
                     id="2 GB at 50 cents and 2 million queries are under the minimum"),
        pytest.param({}, {"passages": 100_000_000, "queries_per_month": 0}, 200 * 0.5,
                     id="200 GB are not"),
        pytest.param({"usd_per_gb_month": None, "usd_per_gib_month": Decimal("0.50")},
                     {"passages": 100_000_000, "queries_per_month": 0}, 200e9 / 2**30 * 0.5,
                      id="priced by the GiB"),
        pytest.param({"write_usd_per_gb": None}, {"passages": 100_000_000, "queries_per_month": 0,
                     "new_passages_per_month": 1_000_000}, 200 * 0.5, id="writing is free"),
        pytest.param({}, {"passages": 100_000_000, "queries_per_month": 0,
                     "new_passages_per_month": 1_000_000}, 200 * 0.5 + 2 * 1,
                     id="writing is charged"),
        pytest.param({}, {"passages": 20_000_000, "queries_per_month": 10_000_000},
                     40 * 0.5 + 10 * (32 + 8 * 0.2), id="80 per cent off above 32 GB"),
        pytest.param({}, {"passages": 100_000_000, "queries_per_month": 1_000_000},
                     200 * 0.5 + 32 + 96 * 0.2 + 72 * 0.04, id="96 per cent off above 128 GB"),
        pytest.param({"query_minimum_gb": Decimal("1.5")}, {"passages": 1000,
                     "queries_per_month": 100_000_000}, 0.002 * 0.5 + 100 * 1.5,
                     id="a query counts 1.5 GB at least"),
        pytest.param({}, {"vector_type": "int8", "queries_per_month": 0,
                     "new_passages_per_month": 20_000_000}, 0.5 * 0.5 + 20 * 2 * 1,
                     id="4 bytes a value are written of any type"),
    ],
)  # fmt: skip
def test_a_store_charges_by_its_list_and_not_less_than_its_minimum(made_up, other, stated, usd):
    stores = made_up.stores | {"shelf": made_up.stores["shelf"].model_copy(update=other)}
    assert float(
        index_usd(replace(made_up, stores=stores), "shelf", **stated).base
    ) == pytest.approx(usd)


@given(st.integers(1, 10**10), st.integers(0, 10**9), st.integers(0, 10**8))
def test_a_minimum_charge_always_wins(made_up, passages, queries, new):
    amount = index_usd(
        made_up, "shelf", passages=passages, queries_per_month=queries, new_passages_per_month=new
    )
    assert amount.base >= made_up.stores["shelf"].minimum_usd_per_month


def test_a_database_of_ones_own_takes_memory_for_vectors_and_links_and_disk_for_both(made_up):
    held = 1_000_000 * (500 * 4 + 8 + 320)
    assert float(index_usd(made_up, "own-database").base) == pytest.approx(
        6 * held / GIB + 2 * held / 1e9 * 0.10
    )


@pytest.mark.parametrize(
    ("stated", "not_known"),
    [
        ({}, ("index_storage", "index_queries")),
        ({"queries_per_month": 0}, ("index_storage",)),
        (
            {"new_passages_per_month": 10},
            ("index_storage", "index_queries", "index_writes"),
        ),
    ],
    ids=["queried", "never queried", "written to"],
)
def test_a_store_without_a_price_costs_its_floor_at_least(made_up, stated, not_known):
    assert index_usd(made_up, "drawer", **stated) == (300, 300, 300, not_known)


def test_a_store_with_a_part_of_its_prices_costs_that_at_least(catalog):
    written = {"queries_per_month": 0, "new_passages_per_month": 10}
    amounts = {
        "pinecone-standard": (50, ("index_queries",), ("index_writes",)),
        "weaviate-cloud-flex": (45, ("index_queries",), ()),
        "turbopuffer-launch": (16, ("index_queries",), ()),
    }
    for store, (usd, queried, only_written) in amounts.items():
        cost = index_usd(catalog, store, "bge-small-en-v1.5", passages=10)
        assert cost == (usd, usd, usd, queried)
        cost = index_usd(catalog, store, "bge-small-en-v1.5", passages=10, **written)
        assert cost.not_known == only_written


def test_writing_an_index_for_the_first_time_costs_where_a_store_charges_for_it(made_up):
    stores = {"ram": (), "none": (), "own-database": ()} | dict.fromkeys(
        ("shelf", "drawer"), ("index_writes",)
    )
    for store, missing in stores.items():
        assert storage.first_writes_not_priced(made_up, Workload(vector_store=store)) == missing


def test_sparse_and_multi_vector_output_take_their_room(made_up):
    variant = made_up.variants["multi"]
    sizes = {}
    for outputs in (("dense",), ("dense", "sparse"), ("dense", "multi_vector")):
        workload = Workload(outputs=outputs, passages=10, passage_tokens=98, passage_tokens_p95=98)
        sizes[outputs[-1]] = storage.index_size(
            variant, tokens_sent(workload, variant, 8000), workload
        ).values_bytes
    assert sizes == {
        "dense": 20_000,
        "sparse": 20_000 + 1000 * 8,
        "multi_vector": 20_000 + 1000 * 500 * 4,
    }


@pytest.mark.parametrize(
    ("variant", "raw", "ram", "indexed_as_float32"),
    [
        ("tiny-en", 400_000_000, 600_000_000, True),
        ("big-en", 1_600_000_000, 2_400_000_000, True),
        ("multi", 2_000_000_000, 3_000_000_000, True),
        ("giant", 8_000_000_000, 12_000_000_000, False),
    ],
)
def test_the_bytes_of_an_index_are_those_of_its_values_and_half_as_much_again_in_memory(
    made_up, variant, raw, ram, indexed_as_float32
):
    workload, entry = Workload(**UNCUT), made_up.variants[variant]
    size = storage.index_size(entry, tokens.tokens_sent(workload, entry, 8000), workload)
    assert (size.values_bytes, size.ram_bytes) == (raw, ram)
    database = made_up.stores["own-database"]  # 1,000 dimensions as float32, 2,000 as float16
    assert (
        entry.embedding_dim <= storage.most_dimensions(database, "float32")
    ) is indexed_as_float32
    assert entry.embedding_dim <= storage.most_dimensions(database, "float16")
    assert storage.most_dimensions(made_up.stores["shelf"], "float16") == 1000, (
        "one limit for every type"
    )
    halves = storage.index_size(
        entry, tokens.tokens_sent(workload, entry, 8000), Workload(vector_type="float16")
    )
    assert (halves.values_bytes, halves.ram_bytes) == (raw / 2, ram / 2)


def test_a_sum_under_the_minimum_of_a_store_is_charged_the_minimum(made_up):
    workload = Workload(
        vector_store="shelf",
        passages=1_000_000,
        new_passages_per_month=600_000,
        queries_per_month=1_000_000,
        **UNCUT,
    )
    entry = made_up.variants["big-en"]
    size = storage.index_size(entry, tokens.tokens_sent(workload, entry, 500), workload)
    gb = Decimal("1.6")
    summed = (
        gb * Decimal("0.50") + Decimal("0.6") * gb + gb
    )  # storage, writes, a million queries over 1.6 GB at a dollar a PB
    assert summed < 10
    assert storage.index_usd_per_month(made_up, workload, size, None, Decimal(1600)).base == 10
    more = workload.model_copy(update={"queries_per_month": 10_000_000})
    assert (
        storage.index_usd_per_month(made_up, more, size, None, Decimal(1600)).base
        == summed + 9 * gb
    )
