from advisor.ask.workload import Workload
from advisor.decide.recommend import recommend
from advisor.explain import report
from tests.asking import ask


def test_the_record_states_the_rent_that_was_counted(made_up):
    found = ask(made_up, {"machine_prices": "spot"}, placement="own")
    assert found.answer == ("big-en@acme-cpu",)
    assert report.as_json(found)["pick"]["placement"]["embedder"]["usd_per_hour"] == "0.05"


def test_the_text_of_an_answer(made_up, today, pinned):
    found = recommend(made_up, Workload(languages=("fr",)), today)
    assert (
        found.answer == ("beta-multi",)
        and found.rejected
        and len(found.judged) > len(found.rejected)
    )
    told = report.as_text(found)
    assert f"{len(found.rejected)} of {len(found.judged)} " in told
    assert (
        "$29.18 " in told and "$101 " in told
    )  # 36 million x 0.50 + 2.794 GiB x 4, and 202 million x 0.50
    assert told.replace(found.catalog.version, "VERSION") == pinned
