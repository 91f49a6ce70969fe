from advisor.family import comparison


def test_a_comparison_marks_what_differs(made_up, today):
    rows = comparison.side_by_side(made_up, ["tiny-en", "big-en"], today)
    assert all(bool(row["differs"]) == (row["Tiny EN"] != row["Big EN"]) for row in rows)
    shown = {(row["Tiny EN"], row["Big EN"]): row for row in rows}
    limit = next(values for values in shown if all(value.startswith("500 ") for value in values))
    assert not shown[limit]["differs"] and shown["100", "400"]["differs"]
    assert ("50.0", "55.0") in shown and ("20.0", "30.0") in shown
    assert not any("40.0" in scores for scores in shown), "Tiny EN has no score on the Long Test"
