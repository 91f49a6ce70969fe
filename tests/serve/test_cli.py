import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import advisor
from advisor import catalog as catalogs
from advisor.ask.workload import Workload
from advisor.base import installed
from advisor.catalog import schema
from advisor.decide.recommend import recommend
from advisor.explain import record, report
from advisor.serve import cli
from tests.asking import ask
from tests.withdrawing import DAY, REASON, withdraw

BEFORE_PARTS = Path(__file__).parent.parent / "explain/record_before_parts.json"


def run(capsys, *arguments):
    status = cli.main(list(arguments))
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.fixture
def workload(tmp_path):
    def written(**stated):
        path = tmp_path / "workload.yaml"
        path.write_text(yaml.safe_dump(stated), encoding="utf-8")
        return str(path)

    return written


@pytest.fixture
def small(made_up, monkeypatch):
    """The made-up catalog, which the commands read then."""
    monkeypatch.setenv("ADVISOR_CATALOG", str(made_up.folder))
    return made_up


def test_recommend_answers_in_text(capsys, small, workload):
    status, out, err = run(capsys, "recommend", workload(languages=["fr"]))
    assert (status, err) == (0, "")
    assert out == report.as_text(recommend(small, Workload(languages=("fr",)), catalogs.today()))


def test_recommend_answers_in_json_with_the_named_fields(capsys, small, workload):
    status, out, _ = run(capsys, "recommend", workload(task="rerank"), "--format", "json")
    decision = json.loads(out)
    assert status == 0 and decision["schema"] == "bge-advisor/recommendation@1"
    assert {
        "workload",
        "catalog_version",
        "evidence",
        "pick",
        "alternatives",
        "assumptions",
        "prices",
        "rules",
    } <= set(decision)
    assert set(decision["pick"]) == {
        "embedder",
        "reranker",
        "placement",
        "quality",
        "monthly_tokens",
        "estimated_tokens",
        "vectors_per_passage",
        "shared",
        "monthly_usd",
        "one_off_usd",
        "reasons",
    }
    assert (
        decision["pick"]["embedder"] is None
        and decision["pick"]["placement"]["reranker"]["provider"] == "beta"
    )
    assert set(decision["pick"]["monthly_usd"]) == {
        "low",
        "base",
        "high",
        "at_least",
        "not_known",
    }
    assert not {"rejected", "plans"} & set(decision)


def test_two_steps_answer_with_a_plan_and_a_score_each(capsys, small, workload):
    _, out, _ = run(
        capsys,
        "recommend",
        workload(task="retrieve-and-rerank", languages=["de"], placement="own"),
        "--format",
        "json",
    )
    pick = json.loads(out)["pick"]
    assert (pick["embedder"], pick["reranker"]) == ("multi", "rank-big")
    assert set(pick["quality"]) == {"embedder", "reranker"} and all(pick["quality"].values())
    assert {place["type"] for place in pick["placement"].values()} == {"own"}


def test_plans_adds_every_plan_with_its_figures(capsys, small, workload):
    _, out, _ = run(capsys, "recommend", workload(), "--format", "json", "--plans")
    decision = json.loads(out)
    plans = decision["plans"]
    assert all({"variant", "placement", "rule", "text"} == set(row) for row in decision["rejected"])
    assert len(plans) == len(list(small.offers())) + len(small.variants) * len(small.instances)
    assert all(plan["figures"]["variant"] == plan["variant"] for plan in plans)


def test_nothing_fits_is_an_answer_not_an_error(capsys, small, workload):
    status, out, _ = run(
        capsys, "recommend", workload(data_may_leave=False, placement="hosted"), "--format", "json"
    )
    decision = json.loads(out)
    assert status == 0 and decision["pick"] is None
    assert {row["rule"] for row in decision["loosen"]} == {
        "placement-is-hosted",
        "data-stays-inside",
    }


def test_the_answer_is_the_one_of_the_page(capsys, workload, catalog, today):
    _, out, _ = run(capsys, "recommend", workload(languages=["de", "no"]), "--format", "json")
    assert (
        json.loads(out)["pick"]["embedder"]
        == recommend(catalog, Workload(languages=("de", "no")), today)
        .pick.part("embedder")
        .variant_id
    )


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("task: retreive\n", ["task", "'retrieve'"]),
        ("pasages: 3\n", ["'pasages'", "'passages'"]),
        (
            "vector_store: pinecone\n",
            ["vector_store", "'pinecone'", "ram", "none", "shelf", "own-database"],
        ),
        ("split_long_passages: maybe\n", ["split_long_passages", "'maybe'", "chunk_tokens"]),
        (
            "split_long_passages: true\nchunk_tokens: 300\n",
            ["split_long_passages", "chunk_tokens"],
        ),
        (
            "chunk_tokens: 300\nchunk_overlap_tokens: 200\n",
            ["chunk_overlap_tokens (200)", "chunk_tokens (300)", "150"],
        ),
        ("- a\n- b\n", ["workload.yaml"]),
        ("a: [1\n", ["workload.yaml", "line 2"]),
        ("", ["workload.yaml"]),
    ],
    ids=[
        "no choice",
        "no field",
        "no store",
        "an old name",
        "an old name and the new",
        "overlap",
        "a list",
        "no YAML",
        "nothing",
    ],
)
def test_a_bad_workload_is_one_sentence_and_status_two(
    capsys, small, tmp_path, text, names, pinned
):
    path = tmp_path / "workload.yaml"
    path.write_text(text, encoding="utf-8")
    status, out, err = run(capsys, "recommend", str(path))
    assert (status, out) == (2, "")
    assert all(name in err for name in names) and "Traceback" not in err
    assert err.replace(str(path), "workload.yaml") == pinned


@pytest.mark.parametrize(
    ("text", "chunk_tokens"),
    [
        ("chunk_tokens: none\n", None),
        ("chunk_tokens: null\n", None),
        ("chunk_tokens:\n", None),
        ("split_long_passages: false\n", None),
        ("split_long_passages: true\n", 400),
        ('{"chunk_tokens": null}', None),
    ],
)
def test_a_workload_says_how_passages_are_cut_by_the_new_name_or_the_old(
    capsys, small, tmp_path, text, chunk_tokens
):
    path = tmp_path / "workload.yaml"
    path.write_text(text, encoding="utf-8")
    status, out, err = run(capsys, "recommend", str(path), "--format", "json")
    assert (status, err) == (0, "")
    asked = json.loads(out)["workload"]
    assert asked == Workload(chunk_tokens=chunk_tokens).model_dump(mode="json")


def test_a_workload_file_that_is_not_there_is_told(capsys, tmp_path, pinned):
    path = str(tmp_path / "none.yaml")
    status, _, err = run(capsys, "recommend", path)
    assert status == 2 and path in err
    assert err.replace(path, "none.yaml") == pinned


def test_a_family_that_is_not_there_names_the_nearest(capsys, pinned):
    status, _, err = run(capsys, "listing", "--family", "bgee")
    assert status == 2 and "'bgee'" in err and "'bge'" in err
    assert err == pinned


def test_a_family_without_a_listing_is_told(capsys, small, pinned):
    status, _, err = run(capsys, "listing", "--family", "acme")
    assert status == 2 and "acme" in err
    assert err == pinned


def test_validate_counts_what_it_found(capsys, small):
    status, out, _ = run(capsys, "validate")
    assert status == 0 and small.version in out
    counts = [
        small.variants,
        small.families,
        list(small.offers()),
        small.providers,
        [],  # none is withdrawn
        small.instances,
        small.rules,
        small.sources,
    ]
    assert re.findall(r"\d+", out.replace(small.version, "")) == [str(len(each)) for each in counts]


def test_validate_counts_withdrawn_offers_apart(capsys, made_up_copy, monkeypatch):
    gone = withdraw(made_up_copy)
    monkeypatch.setenv("ADVISOR_CATALOG", str(made_up_copy))
    _, out, _ = run(capsys, "validate")
    standing = len(list(gone.standing_offers()))
    assert f" {standing} offers by 3 providers, 1 withdrawn offer, " in out


def test_a_record_of_a_withdrawn_offer_is_replayed_with_the_reason(
    capsys, made_up, made_up_copy, monkeypatch, tmp_path
):
    file = tmp_path / "decision.json"
    file.write_text(json.dumps(record.as_json(made_up, ask(made_up))), encoding="utf-8")
    withdraw(made_up_copy)
    monkeypatch.setenv("ADVISOR_CATALOG", str(made_up_copy))
    status, out, _ = run(capsys, "recommend", "--record", str(file))
    assert status == 0 and f"- Big EN at Beta Cloud was withdrawn on {DAY}: {REASON}" in out


def test_a_record_from_before_the_parts_is_replayed(capsys, small):
    status, out, err = run(capsys, "recommend", "--record", str(BEFORE_PARTS))
    assert (status, err) == (0, "")
    assert "\n- Since 2026-11-30 passages are cut into parts of 400 tokens (chunk_tokens), " in out


def test_validate_lists_the_faults_of_a_broken_catalog(
    capsys, made_up_copy, monkeypatch, edit, pinned
):
    edit(made_up_copy / "offers/alpha.yaml", '"0.20"', "0.20")
    edit(made_up_copy / "offers/beta.yaml", "variant: tiny-en", "variant: tiny")
    monkeypatch.setenv("ADVISOR_CATALOG", str(made_up_copy))
    status, out, err = run(capsys, "validate")
    assert (status, out) == (2, "")
    assert "alpha.yaml" in err and "alpha-big-en" in err and "usd_per_1m_input" in err
    assert err.replace(str(made_up_copy), "catalog") == pinned


def test_the_editor_schemas_are_written_beside_the_catalog(capsys, copied, monkeypatch):
    monkeypatch.setenv("ADVISOR_CATALOG", str(copied))
    assert run(capsys, "validate", "--write-schema")[0] == 0
    variant = json.loads((copied / "schema/variant.json").read_text(encoding="utf-8"))
    assert (
        variant["properties"]["max_tokens"]["description"]
        == schema.Variant.model_fields["max_tokens"].description
    )
    assert variant["additionalProperties"] is False


def test_an_unknown_command_names_the_nearest(capsys):
    assert run(capsys, "recomend") == (2, "", "No command 'recomend'. Did you mean 'recommend'?\n")


def test_without_a_command_the_help_is_shown(capsys):
    status, out, err = run(capsys)
    assert (status, out) == (2, "") and all(f"\n    {command}" in err for command in cli.COMMANDS)


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_a_command_helps_with_examples(capsys, command):
    with pytest.raises(SystemExit) as end:
        cli.main([command, "--help"])
    _, examples = capsys.readouterr().out.split("examples:\n")
    assert end.value.code == 0 and f"bge-advisor {command}" in examples


def test_the_version_is_that_of_the_package(capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(["--version"])
    assert (end.value.code, capsys.readouterr().out) == (0, f"bge-advisor {advisor.__version__}\n")


@pytest.mark.parametrize("port", ["0", "65536", "-1", "web", "8501.5"])
def test_a_port_that_is_none_is_refused(capsys, port):
    with pytest.raises(SystemExit) as end:
        cli.main(["serve", f"--port={port}"])
    assert end.value.code == 2 and "Write 1 to 65535." in capsys.readouterr().err


def test_a_command_whose_package_is_not_installed_says_what_brings_it(capsys, monkeypatch):
    monkeypatch.setattr(installed, "find_spec", lambda name: None)
    for from_a_wheel, serve, encode in (
        (False, "make install", "make install"),
        (True, "pip install 'bge-advisor[app]'", "pip install 'bge-advisor[bulk]'"),
    ):
        monkeypatch.setattr(installed, "FROM_A_WHEEL", from_a_wheel)
        needs = "needs {}, which is not installed. Run: {}\n".format
        assert run(capsys, "serve") == (2, "", f"serve {needs('streamlit', serve)}")
        assert run(capsys, "encode", "x") == (2, "", f"encode {needs('pyarrow', encode)}")


def test_what_the_command_line_prints_can_be_replayed(capsys, tmp_path, pinned):
    (tmp_path / "workload.yaml").write_text("languages: [de]\n", encoding="utf-8")
    assert cli.main(["recommend", str(tmp_path / "workload.yaml"), "--format", "json"]) == 0
    (tmp_path / "decision.json").write_text(capsys.readouterr().out, encoding="utf-8")
    assert cli.main(["recommend", str(tmp_path / "workload.yaml")]) == 0
    answer = capsys.readouterr().out
    assert cli.main(["recommend", "--record", str(tmp_path / "decision.json")]) == 0
    changed, _, again = capsys.readouterr().out.partition("\n\n")
    assert again == answer
    first, *lines = changed.splitlines()
    assert (
        record.read(str(tmp_path / "decision.json")).date.isoformat() in first and lines == pinned
    )


@pytest.mark.parametrize(
    "text",
    ["not json", "[]", "{}", "[" * 100_000],
    ids=["no json", "a list", "an empty mapping", "too deep"],
)
def test_what_is_no_record_is_told_in_a_sentence(capsys, tmp_path, text, pinned):
    path = tmp_path / "bad.json"
    path.write_text(text, encoding="utf-8")
    assert cli.main(["recommend", "--record", str(path)]) == 2
    sentence = capsys.readouterr().err
    assert sentence.startswith(str(path)) and sentence.count("\n") == 1
    assert sentence.replace(str(path), "bad.json") == pinned


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_who_reads_no_further_is_no_fault(unbuffered):
    """As `recommend workload.yaml | head -1` on a long answer."""
    command = [sys.executable, "-m", "advisor", "listing"]
    environment = {"PYTHONPATH": ".", "PYTHONUNBUFFERED": unbuffered}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    ) as program:
        program.stdout.close()
        assert (program.stderr.read(), program.wait(timeout=30)) == (b"", 1)


def test_a_record_without_a_name_is_told(capsys, small):
    """As `--record "$FILE"` where FILE is not set."""
    status, out, err = run(capsys, "recommend", "--record", "")
    assert (status, out) == (2, "") and "Give the JSON record" in err
