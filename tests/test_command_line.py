import json

import pytest
import yaml

from advisor import __main__ as cli
from advisor.report import SCHEMA


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


def test_recommend_answers_in_text(capsys, workload):
    status, out, err = run(capsys, "recommend", workload(languages=["en"]))
    assert (status, err) == (0, "")
    assert out.startswith(
        "Use BGE Large EN v1.5 at DeepInfra: about $34.90 a month ($31.12 to $52.97), and $2.02 once to encode the corpus."
    )
    assert "Also possible as embedder:" in out and "Ruled out (246 of 509 plans):" in out and "Taken for granted:" in out


def test_recommend_answers_in_json_with_the_named_fields(capsys, workload):
    status, out, _ = run(capsys, "recommend", workload(task="rerank"), "--format", "json")
    found = json.loads(out)
    assert status == 0 and found["schema"] == SCHEMA
    assert {"workload", "catalog_version", "evidence", "pick", "alternatives", "rejected", "assumptions"} <= set(found)
    assert set(found["pick"]) == {"embedder", "reranker", "placement", "quality", "shared", "monthly_usd", "one_off_usd", "reasons"}
    assert found["pick"]["embedder"] is None and found["pick"]["placement"]["reranker"]["provider"] == "cloudflare"
    assert set(found["pick"]["monthly_usd"]) == {"low", "base", "high"}
    assert all({"variant", "placement", "rule", "text"} == set(row) for row in found["rejected"])
    assert "plans" not in found


def test_two_steps_answer_with_a_plan_and_a_score_each(capsys, workload):
    _, out, _ = run(capsys, "recommend", workload(task="retrieve-and-rerank", languages=["de"], placement="own"), "--format", "json")
    pick = json.loads(out)["pick"]
    assert (pick["embedder"], pick["reranker"]) == ("bge-m3", "bge-reranker-v2-m3")
    assert set(pick["quality"]) == {"embedder", "reranker"} and all(pick["quality"].values())
    assert {place["type"] for place in pick["placement"].values()} == {"own"}


def test_plans_adds_every_plan_with_its_figures(capsys, workload):
    _, out, _ = run(capsys, "recommend", workload(), "--format", "json", "--plans")
    plans = json.loads(out)["plans"]
    assert len(plans) == 29 + 8 * 60 and all(plan["figures"]["variant"] == plan["variant"] for plan in plans)


def test_nothing_fits_is_an_answer_not_an_error(capsys, workload):
    status, out, _ = run(capsys, "recommend", workload(data_may_leave=False, placement="hosted"), "--format", "json")
    found = json.loads(out)
    assert (
        status == 0 and found["pick"] is None and [row["rule"] for row in found["loosen"]] == ["placement-is-hosted", "data-stays-inside"]
    )


def test_the_answer_is_the_one_of_the_page(capsys, workload, catalog, today):
    from advisor.recommend import recommend
    from advisor.workload import Workload

    _, out, _ = run(capsys, "recommend", workload(languages=["de", "no"]), "--format", "json")
    assert (
        json.loads(out)["pick"]["embedder"] == recommend(catalog, Workload(languages=("de", "no")), today).pick.part("embedder").variant_id
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("task: retreive\n", "task: Input should be 'retrieve'"),
        ("pasages: 3\n", "no field 'pasages'. Did you mean 'passages'?"),
        ("vector_store: pinecone\n", "no store 'pinecone'. Known: ram, none, opensearch-serverless, pgvector"),
        ("- a\n- b\n", "no mapping at the top"),
        ("a: [1\n", "line 2"),
        ("", "no mapping at the top"),
    ],
)
def test_a_bad_workload_is_one_sentence_and_status_two(capsys, tmp_path, text, told):
    path = tmp_path / "workload.yaml"
    path.write_text(text, encoding="utf-8")
    status, out, err = run(capsys, "recommend", str(path))
    assert (status, out) == (2, "")
    assert told in err and "Traceback" not in err


def test_a_workload_file_that_is_not_there_is_told(capsys, tmp_path):
    status, _, err = run(capsys, "recommend", str(tmp_path / "none.yaml"))
    assert status == 2 and "the file is missing" in err


def test_a_family_that_is_not_there_names_the_nearest(capsys):
    status, _, err = run(capsys, "listing", "--family", "bgee")
    assert status == 2 and "Did you mean 'bge'?" in err


def test_a_family_without_a_listing_is_told(capsys):
    status, _, err = run(capsys, "listing", "--family", "aquila-2")
    assert status == 2 and "has no listing" in err


def test_validate_counts_what_it_found(capsys):
    status, out, _ = run(capsys, "validate")
    assert status == 0 and "8 variants" not in out and "17 variants of 2 families, 29 offers by 14 providers, 60 instances, 64 rules" in out


def test_validate_lists_the_faults_of_a_broken_catalog(capsys, copied, monkeypatch, edit):
    edit(copied / "offers/novita-ai.yaml", '"0.01"', "0.01")
    monkeypatch.setenv("ADVISOR_CATALOG", str(copied))
    status, out, err = run(capsys, "validate")
    assert (status, out) == (2, "") and "YAML float" in err


def test_the_editor_schemas_are_written_beside_the_catalog(capsys, copied, monkeypatch):
    monkeypatch.setenv("ADVISOR_CATALOG", str(copied))
    assert run(capsys, "validate", "--write-schema")[0] == 0
    variant = json.loads((copied / "schema/variant.json").read_text(encoding="utf-8"))
    assert variant["properties"]["max_tokens"]["description"].startswith("longest input in tokens")
    assert variant["additionalProperties"] is False


def test_an_unknown_command_is_status_two(capsys):
    with pytest.raises(SystemExit) as error:
        cli.main(["recomend"])
    assert error.value.code == 2
