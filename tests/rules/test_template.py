import pytest

from advisor.rules.columns import COLUMNS
from advisor.rules.syntax import RuleError
from advisor.rules.template import fill, listed, names_in, words


def test_the_figures_take_their_places():
    assert (
        fill("{a} exceeds {b}; {{not this}}.", {"a": "902", "b": "512"})
        == "902 exceeds 512; {not this}."
    )


def test_names_are_given_once_in_order():
    assert names_in("{b} and {a} and {b}") == ("b", "a")


@pytest.mark.parametrize(
    "template", ["{}", "{a.b}", "{a[0]}", "{a!r}", "{a:>10}", "{", "}", "{a} }", "{1}"]
)
def test_a_place_that_is_no_plain_name_is_refused(template):
    with pytest.raises(RuleError):
        names_in(template)


def test_a_figure_that_is_missing_is_an_error():
    with pytest.raises(KeyError, match="b"):
        fill("{a} {b}", {"a": "1"})


def test_a_figure_with_braces_is_not_read_again():
    assert fill("{a}", {"a": "{b}"}) == "{b}"


@pytest.mark.parametrize(
    ("template", "place"),
    [
        ("{a.b}", "{a.b}"),
        ("{", "{"),
        ("}", "}"),
        ("{a} }", "}"),
        ("{" + "x y" * 20 + "}", "{" + ("x y" * 20)[:39]),
        ("{a}{1b}{2}", "{1b}"),
    ],
)
def test_a_place_that_is_refused_is_shown_with_what_to_write(template, place, pinned):
    with pytest.raises(RuleError) as error:
        names_in(template)
    assert f"'{place}'" in str(error.value)
    assert str(error.value) == pinned


def test_braces_beside_a_place_are_kept_and_names_after_them_are_found():
    template = "{{{a}}} {{b}} {c_1}"
    assert names_in(template) == ("a", "c_1")
    assert fill(template, {"a": "1", "c_1": "2"}) == "{1} {b} 2"
    assert names_in("no place") == () and fill("no place", {}) == "no place"


@pytest.mark.parametrize(
    ("column", "figure", "text"),
    [
        ("budget_usd_per_month", 1234.5, "$1,234"),
        ("budget_usd_per_month", None, "not known"),
        ("memory_bytes", 2**31, "2 GiB"),
        ("latency_ms", 9.96, "10"),
        ("latency_ms", 4.26, "4.3"),
        ("latency_ms", 12.6, "13"),
        ("passages", 1_000_000.0, "1,000,000"),
        ("kind", "embedder", "embedder"),
    ],
)
def test_a_figure_is_written_with_the_unit_of_its_column(column, figure, text):
    assert words(COLUMNS[column], figure) == text


def test_the_entries_of_a_list_are_joined_as_its_column_says():
    assert listed(COLUMNS["outputs_asked"], ("dense", "multi_vector")) == "dense and multi-vector"
    assert listed(COLUMNS["runtimes_for_outputs"], ("TEI", "vLLM")) == "TEI or vLLM"
    assert listed(COLUMNS["store_left_out"], ()) == ""
