"""Rules of a visitor's own catalog that name a column by what its field was once called."""

import pytest

from advisor import catalog as catalogs
from tests.asking import ask, plan

RULES = """
- id: mine-kept-whole
  when: kind == "embedder" and not split_long_passages and limit_tokens < 1_000
  effect: exclude
  because: "At {limit_tokens} tokens it is too short for us."
  sources: [acme-facts]
  example:
    matches: {kind: embedder, split_long_passages: false, limit_tokens: 500}
    spares: {kind: embedder, split_long_passages: true, limit_tokens: 500}
- id: mine-cut
  when: kind == "embedder" and split_long_passages
  effect: note
  because: "Long passages are cut."
  sources: [acme-facts]
  example:
    matches: {kind: embedder, split_long_passages: true}
    spares: {kind: embedder, split_long_passages: false}
"""


@pytest.fixture
def own(made_up_copy):
    with (made_up_copy / "rules/fit.yaml").open("a", encoding="utf-8") as file:
        file.write(RULES)
    return catalogs.load(made_up_copy)


@pytest.mark.parametrize(
    ("stated", "rule"),
    [
        ({}, "mine-cut"),
        ({"chunk_tokens": 200}, "mine-cut"),
        ({"split_long_passages": True}, "mine-cut"),
        ({"chunk_tokens": None}, "mine-kept-whole"),
        ({"split_long_passages": False}, "mine-kept-whole"),
    ],
    ids=str,
)
def test_a_rule_that_names_split_long_passages_holds_as_before(own, stated, rule):
    big = plan(ask(own, **stated), "beta-big-en")
    results = (*big.excluded, *big.remarks)
    assert [each.rule for each in results if each.rule.startswith("mine-")] == [rule]
