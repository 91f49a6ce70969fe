from datetime import date

from advisor.family import price_list
from tests.withdrawing import DAY, REASON, SOURCE, withdraw


def test_the_stale_and_the_undated_are_listed(made_up, pinned):
    gamma = {"gamma-tiny-en", "gamma-big-en", "gamma-multi", "gamma-giant"}  # of 2026-07-01
    undated = {"alpha-big-en", "alpha-multi", "alpha-rank-big"}
    for day, old in ((date(2026, 9, 29), set()), (date(2026, 9, 30), gamma)):
        assert {row["offer"] for row in price_list.stale(made_up, day)} == undated | old
    told = {row["offer"]: row["Remark"] for row in price_list.stale(made_up, date(2026, 9, 30))}
    assert "91" in told["gamma-giant"]
    assert {"stale": told["gamma-giant"], "undated": told["alpha-multi"]} == pinned


def test_a_withdrawn_offer_is_shown_last_and_as_withdrawn(made_up, made_up_copy):
    today = date(2026, 11, 24)
    before = price_list.price_rows(made_up, ["big-en"], today)
    assert before[0]["offer"] == "beta-big-en" and "withdrawn" not in str(before)
    *others, last = price_list.price_rows(withdraw(made_up_copy), ["big-en"], today)
    assert last["offer"] == "beta-big-en" and "withdrawn" not in str(others)
    assert last["Input, per 1M tokens"] == "withdrawn"
    assert last["Remark"] == f"withdrawn on {DAY}: {REASON}"


def test_a_withdrawn_offer_has_no_price_and_no_age(made_up, made_up_copy):
    today = date(2026, 11, 24)
    assert price_list.lowest_price(made_up, "big-en", today) == "$0.10 / 1M at Beta Cloud"
    after = withdraw(made_up_copy)
    assert price_list.lowest_price(after, "big-en", today) == "$0.20 / 1M at Alpha Router"
    for catalog, ids in (
        (made_up, ["beta-big-en"]),
        (after, ["beta-tiny-en", "alpha-big-en"]),
    ):
        least = price_list.lowest(catalog, catalog.families["acme"], "embedder")
        assert [offer.id for _, _, offer in least.offers] == ids
    years_on = date(2029, 1, 1)
    assert "beta-big-en" in {row["offer"] for row in price_list.stale(made_up, years_on)}
    assert "beta-big-en" not in {row["offer"] for row in price_list.stale(after, years_on)}


def test_a_provider_is_counted_for_offers_that_stand(made_up, made_up_copy):
    assert "Beta Cloud" in price_list.providers_of(made_up, ["rank-small"])
    assert price_list.withdrawn_offers(made_up, made_up.variants) == []
    after = withdraw(made_up_copy, "rank-small")
    assert price_list.providers_of(after, ["rank-small"]) == []
    assert "Beta Cloud" in price_list.providers_of(after, after.variants)
    (gone,) = price_list.withdrawn_offers(after, ["rank-small", "big-en"])
    assert gone.text == f"Rank Small at Beta Cloud was withdrawn on {DAY}: {REASON}"
    assert gone.sources == (SOURCE,)
