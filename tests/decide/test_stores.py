import pytest

from advisor.ask.workload import Workload
from advisor.decide import stores
from advisor.sizing import storage, tokens


def test_a_disk_by_itself_keeps_no_index(made_up):
    assert (
        list(stores.index_stores(made_up)) == ["drawer", "own-database", "shelf"]
        and "aws-ebs-gp3" in made_up.stores
    )


def test_memory_and_every_store_are_priced_whatever_the_workload_asks_for(made_up):
    variant, ram = made_up.variants["multi"], storage.ram_usd_per_gib_month(made_up)
    sent = tokens.tokens_sent(Workload(), variant, 8000)
    amounts = stores.by_store(made_up, Workload(vector_store="none"), variant, sent, ram)
    assert list(amounts) == ["ram", "drawer", "own-database", "shelf"]
    assert amounts["drawer"].base == 300, "its floor"
    missing = {key: amount.not_known for key, amount in amounts.items() if amount.at_least}
    assert missing == {"drawer": ("index_storage", "index_queries")}
    for key, amount in amounts.items():
        asked = Workload(vector_store=key)
        size, written = (
            storage.index_size(variant, sent, asked),
            storage.written_bytes(variant, sent, asked),
        )
        assert amount == storage.index_usd_per_month(made_up, asked, size, ram, written), key


def test_an_index_is_priced_by_the_sources_of_its_store_and_of_its_machines(
    made_up,
):
    machines = set(stores.ram_sources(made_up))
    assert (
        machines
        and stores.sources(made_up, "none") == ()
        and stores.sources(made_up, "shelf") == ("acme-prices",)
    )
    assert machines < set(stores.sources(made_up, "ram")) and machines <= set(
        stores.sources(made_up, "own-database")
    )


@pytest.mark.parametrize("key", ["shelf", "drawer", "own-database"])
def test_a_store_goes_by_its_name(made_up, key):
    assert (
        stores.name(made_up, key)
        == made_up.stores[key].name
        not in (stores.name(made_up, "ram"), stores.name(made_up, "none"))
    )


def test_the_columns_of_a_store_are_worked_out_once_for_a_catalog(made_up):
    assert stores.store_columns(made_up) is stores.store_columns(made_up)
    columns = stores.store_columns(made_up)["shelf", "float32"]
    assert all(len(values.values) == 1 for values in columns.values())
    assert columns["managed_store"].values[0] and columns["store_price_known"].values[0]
    assert not stores.store_columns(made_up)["drawer", "int8"]["store_price_known"].values[0]
    for key in ("ram", "none"):
        memory = stores.store_columns(made_up)[key, "float32"]
        assert not memory["managed_store"].values[0]
        assert not memory["store_max_dims"].known[0] and not memory["store_takes_type"].known[0]
