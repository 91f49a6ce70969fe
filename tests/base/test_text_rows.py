import pytest

from advisor.base.text_rows import TextRows, decoded, without_lone_surrogates


@pytest.fixture
def faults():
    return []


@pytest.fixture
def rows(faults):
    def of(text, longest_line=1_000):
        return TextRows(text, lambda *fault: faults.append(fault), longest_line)

    return of


@pytest.mark.parametrize(
    ("content", "text", "line", "word"),
    [
        (b"\xef\xbb\xbfa\r\nb\rc", "a\nb\nc", None, None),
        (b"a\n\xff", None, 2, "UTF-8"),
        (b"\xef\xbb\xbfa\n\xff", None, 2, "UTF-8"),
        ("a".encode("utf-16"), None, 1, "UTF-16"),
        (b"a" * 11, None, 0, "11"),
        (b"", "", None, None),
    ],
)
def test_what_is_no_text_is_a_fault_with_its_line(faults, content, text, line, word):
    assert decoded(content, lambda *fault: faults.append(fault), largest_bytes=10) == text
    assert [number for number, *_ in faults] == ([] if line is None else [line])
    assert all(word in problem and remedy for _, problem, remedy in faults)


def test_a_row_of_a_table_has_the_line_on_which_it_begins(rows, faults):
    header, values = rows('\nid,text\n1,"a\nb"\n , \n2,c,d\n3,e\n').table(",")
    assert header == ["id", "text"]
    assert list(values) == [(3, ["1", "a\nb"]), (7, ["3", "e"])]
    assert [line for line, *_ in faults] == [6] and "3 values" in faults[0][1]


def test_a_table_ends_where_it_cannot_be_read(rows, faults):
    _, values = rows('id\n1\n"2" b\n3\n').table(",")
    assert list(values) == [(2, ["1"])] and [line for line, *_ in faults] == [3]


def test_objects_are_read_around_a_line_that_is_none(rows, faults):
    objects = rows('{"a": 1}\n\n[2]\n{"a": 3}').objects("thing", "{}")
    assert list(objects) == [(1, {"a": 1}), (4, {"a": 3})]
    assert faults == [(3, "no JSON object.", "Write each thing on a line of its own, as {}.")]


def test_nothing_is_read_after_a_line_that_is_too_long(rows, faults):
    assert list(rows("ab\nabcd\nab", longest_line=3).lines()) == [(1, "ab")]
    assert faults[0][0] == 2 and "4" in faults[0][1] and "3" in faults[0][1]


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [("a;b;c,d\n,,,", ";"), ("\n\na\tb", "\t"), ("a", ","), ("", ",")],
)
def test_the_delimiter_is_what_the_first_line_has_most_of(rows, text, delimiter):
    assert rows(text).delimiter() == delimiter


def test_a_lone_surrogate_becomes_a_question_mark():
    assert without_lone_surrogates("a \ud800 b \U0001f600") == "a ? b \U0001f600"
