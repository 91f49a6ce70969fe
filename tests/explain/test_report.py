from advisor import catalog as catalogs
from advisor.ask.workload import Workload
from advisor.base import formatting
from advisor.decide.recommend import recommend
from advisor.explain import sentences


def test_ties_are_named_and_a_rounded_figure_is_no_tie(made_up, made_up_copy, today, edit, pinned):
    german = Workload(languages=("de",), vector_store="none")
    edit(made_up_copy / "offers/gamma.yaml", '"0.40"', '"0.50"')
    found = recommend(catalogs.load(made_up_copy), german, today)
    tied = sentences.cheapest_sentence(found, "embedder")
    assert "$18.00 " in tied  # 2,000,000 x (16 + 2) x 0.50 / 1e6
    assert all(name in tied for name in ("Multi", "Alpha Router", "Beta Cloud", "Gamma Models"))
    edit(made_up_copy / "offers/gamma.yaml", '"0.50"', '"0.5001"')
    near = recommend(catalogs.load(made_up_copy), german, today)
    assert next(formatting.usd(j.monthly) for j in near.judged if j.id == "gamma-multi") == "$18.00", "rounded it is the same"
    told = sentences.cheapest_sentence(near, "embedder")
    assert "Gamma Models" not in told and "Beta Cloud" in told
    assert sentences.cheapest_sentence(recommend(made_up, Workload(data_may_leave=False, placement="hosted"), today), "embedder") == ""
    assert tied == pinned
