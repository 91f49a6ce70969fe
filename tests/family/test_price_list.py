from datetime import date

from advisor.family import price_list


def test_the_stale_and_the_undated_are_listed(made_up, pinned):
    gamma = {"gamma-tiny-en", "gamma-big-en", "gamma-multi", "gamma-giant"}  # of 2026-07-01
    undated = {"alpha-big-en", "alpha-multi", "alpha-rank-big"}
    for day, old in ((date(2026, 9, 29), set()), (date(2026, 9, 30), gamma)):
        assert {row["offer"] for row in price_list.stale(made_up, day)} == undated | old
    told = {row["offer"]: row["Remark"] for row in price_list.stale(made_up, date(2026, 9, 30))}
    assert "91" in told["gamma-giant"]
    assert {"stale": told["gamma-giant"], "undated": told["alpha-multi"]} == pinned
