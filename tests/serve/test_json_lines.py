import io
import json
import subprocess
import sys

import pytest

from advisor import catalog as catalogs
from advisor.ask.workload import Workload
from advisor.base.errors import WorkloadError
from advisor.catalog import files
from advisor.decide.recommend import recommend
from advisor.explain import report
from advisor.explain.record import Record
from advisor.serve import answers, cli

COST = {"low", "base", "high", "at_least", "not_known"}
FRENCH = b'{"languages": ["fr"]}'


@pytest.fixture
def asked(capsysbinary, monkeypatch, made_up):
    """Asks the command with bytes on standard input; gives its status, its lines and stderr."""
    monkeypatch.setenv("ADVISOR_CATALOG", str(made_up.folder))

    def ask(given, *options):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
        status = cli.main(["recommend", "-", *options])
        out, err = capsysbinary.readouterr()
        return status, out.decode().splitlines(), err.decode()

    return ask


def test_each_line_has_its_answer_in_order(asked):
    stated = [{"languages": ["fr"]}, {"task": "rerank"}, {"passages": 7, "placement": "own"}]
    status, lines, err = asked("\n".join(map(json.dumps, stated)).encode())
    answered = [json.loads(line) for line in lines]
    assert (status, err, len(answered)) == (0, "", 3)
    for answer, workload in zip(answered, stated, strict=True):
        assert answer["workload"].items() >= workload.items()
        assert {"pick", "alternatives", "firmness"} <= answer.keys()
        assert {"embedder", "reranker", "placement", "quality", "reasons"} <= answer["pick"].keys()
        assert answer["pick"]["monthly_usd"].keys() == COST
        assert answer["pick"]["one_off_usd"].keys() == COST
        assert not {"rejected", "plans", "prices"} & answer.keys()


FAULTY = {
    "broken": (b'{"languages": ["en"', ""),
    "no object": (b"[1]", ""),
    "no JSON at all": (b"nonsense", ""),
    "a wrong field": (b'{"pasages": 5}', "pasages"),
    "a wrong value": (b'{"passages": -5}', "passages"),
    "an old name and the new": (
        b'{"split_long_passages": true, "chunk_tokens": 400}',
        "split_long_passages",
    ),
    "a word for null": (b'{"chunk_tokens": "none"}', "chunk_tokens"),
    "over 64 KB": (b'{"languages": ["' + b"x" * 70_000 + b'"]}', ""),
    "many times 64 KB": (b'{"languages": ["' + b"x" * 300_000 + b'"]}', ""),
    "no UTF-8": (b'{"task": "\xff"}', ""),
    "half a character": (b'{"task": "\\ud800"}', "task"),
    "nested too deeply": (b"[" * 30_000, ""),
}


@pytest.mark.parametrize(("line", "field"), FAULTY.values(), ids=FAULTY)
def test_a_faulty_line_is_told_and_the_rest_is_answered(asked, line, field):
    status, lines, err = asked(FRENCH + b"\n\n \r\n" + line + b"\r\n" + FRENCH)
    before, refused, after = map(json.loads, lines)
    assert (status, err) == (2, "") and before == after and before["pick"]
    assert refused["line"] == 4 and refused["error"]
    assert [fault["field"] for fault in refused["faults"]] == [field]
    assert all(fault["problem"] and fault["remedy"] for fault in refused["faults"])


def test_a_line_says_how_passages_are_cut_by_the_new_name_or_the_old(asked):
    stated = [{"chunk_tokens": None}, {"split_long_passages": False}, {"split_long_passages": True}]
    status, lines, _ = asked("\n".join(map(json.dumps, stated)).encode())
    answered = [json.loads(line) for line in lines]
    assert (status, answered[0]) == (0, answered[1])
    assert [answer["workload"]["chunk_tokens"] for answer in answered] == [None, None, 400]


def test_what_a_faulty_line_is_told(asked, pinned):
    refusals = {
        name: json.loads(asked(FRENCH + b"\n" + line)[1][1]) for name, (line, _) in FAULTY.items()
    }
    assert refusals == pinned


def test_a_faulty_line_may_be_the_first(asked):
    for line, _ in FAULTY.values():
        status, (refused, answer), _ = asked(line + b"\n" + FRENCH + b"\n")
        assert status == 2 and json.loads(refused)["line"] == 1 and json.loads(answer)["pick"]


def test_a_line_of_64_kb_is_read(asked):
    line = FRENCH[:-1] + b" " * (answers.LARGEST_QUESTION - len(FRENCH)) + b"}"
    assert len(line) == 65_536 and asked(line)[0] == 0
    assert asked(line.replace(b" }", b"  }"))[0] == 2


def test_nothing_is_answered_with_nothing(asked):
    assert asked(b"") == asked(b"\n \n\n") == (0, [], "")


def test_a_byte_order_mark_is_no_fault(asked):
    assert asked(b"\xef\xbb\xbf" + FRENCH) == asked(FRENCH)


@pytest.mark.parametrize(
    "given",
    [
        b"languages: [fr]\n",
        b"# mine\n\nlanguages:\n  - fr\n",
        b'{"languages":\n["fr"]}',
        b"{languages: [fr]}",
    ],
    ids=["yaml", "yaml with a comment", "json on several lines", "yaml on one line"],
)
def test_one_workload_over_several_lines_is_answered_as_before(asked, given, made_up):
    """`-` took one workload in YAML or JSON, and answered in text, before it took JSON Lines."""
    text = report.as_text(recommend(made_up, Workload(languages=("fr",)), catalogs.today()))
    assert asked(given) == (0, text.splitlines(), "")
    assert asked(given, "--format", "text") == (0, text.splitlines(), "")


def test_plans_gives_the_whole_record_on_each_line(asked):
    _, (line,), _ = asked(FRENCH, "--plans")
    decision = Record.model_validate_json(line)
    assert decision.plans and decision.rejected and decision.prices


def test_a_hundred_questions_share_one_reading_of_the_catalog(asked, monkeypatch):
    readings, load = [], catalogs.load
    monkeypatch.setattr(catalogs, "load", lambda: readings.append(1) or load())
    questions = [b'{"languages": ["fr"], "passages": %d}' % n for n in range(1, 101)]
    status, lines, _ = asked(b"\n".join(questions))
    assert (status, len(lines), len(readings)) == (0, 100, 1)
    assert [json.loads(line)["workload"]["passages"] for line in lines] == [*range(1, 101)]


def test_an_answer_comes_before_the_next_question_is_asked(made_up):
    """Another program asks line by line, and waits for each answer."""
    command = [sys.executable, "-m", "advisor", "recommend", "-"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env={"ADVISOR_CATALOG": str(made_up.folder), "PYTHONPATH": "."},
    ) as program:  # fmt: skip
        for passages in (5, 6):
            program.stdin.write(b'{"passages": %d}\n' % passages)
            program.stdin.flush()
            assert json.loads(program.stdout.readline())["workload"]["passages"] == passages
        program.stdin.close()
        assert program.wait(timeout=30) == 0


@pytest.mark.parametrize(
    "given",
    [b"languages: [fr]\npassages: 5\npassages: 6\n", b"task: rerank\n\tpassages: 5\n"],
    ids=["a key twice", "a tab"],
)
def test_a_fault_of_a_workload_in_yaml_is_told_as_that_of_a_file(asked, given):
    with pytest.raises(WorkloadError) as told:
        cli._workload(files.parse_mapping(given.decode(), "standard input"))
    assert asked(given) == (2, [], f"{told.value}\n")


def test_a_first_line_that_is_no_json_is_told_among_others_that_are(asked):
    status, (refused, answer), err = asked(b"fr\n" + FRENCH)
    assert (status, err) == (2, "") and json.loads(answer)["pick"]
    assert json.loads(refused)["line"] == 1
