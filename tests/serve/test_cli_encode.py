"""The commands embed and rerank: what the engines give, or one sentence and status 2."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from advisor.base.errors import EncodeError
from advisor.encode import dialects, endpoints, fastembed_engine, models, torch_engine
from advisor.serve import cli
from tests.encode import servers

SMALL, M3, RERANKER = "bge-small-en-v1.5", "bge-m3", "bge-reranker-base"
TEXTS = ["A search engine ranks passages.", "", "Die Katze schlief. 🙂 搜索引擎", "The cat slept."]
KEY = "sk_test_5ecret-of-the-operator"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch, catalog) -> None:
    """A machine without models, stand-in, endpoints and torch; the catalog is read once."""
    monkeypatch.setenv("ADVISOR_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("ADVISOR_STANDIN", str(tmp_path / "standin"))
    monkeypatch.delenv("ADVISOR_ENDPOINTS", raising=False)
    monkeypatch.setattr(torch_engine, "find_spec", lambda name: None)
    monkeypatch.setattr(cli.catalog, "load", lambda: catalog)


@pytest.fixture
def run(monkeypatch, capsys):
    """Runs a command on lines of standard input; gives status, standard output and error."""

    def running(*arguments, lines=("a text",)):
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        status = cli.main([str(each) for each in arguments])
        captured = capsys.readouterr()
        return status, [json.loads(line) for line in captured.out.splitlines()], captured.err

    return running


@pytest.fixture
def refused(run):
    """The sentence that a command ends with."""

    def running(*arguments, lines=("a text",)):
        status, out, err = run(*arguments, lines=lines)
        assert (status, out) == (2, []) and err.count("\n") == 1 and "Traceback" not in err
        return err.strip()

    return running


@pytest.fixture
def serve(tmp_path, monkeypatch):
    """Names endpoints at a base address in ADVISOR_ENDPOINTS."""

    def written(base_url, **fields):
        endpoint = {
            "id": "here",
            "name": "Our server",
            "base_url": str(base_url),
            "shape": "tei",
            "model": "BAAI/bge-m3",
            "kind": "embedder",
        }
        (tmp_path / "endpoints.yaml").write_text(json.dumps({"endpoints": [endpoint | fields]}))
        monkeypatch.setenv("ADVISOR_ENDPOINTS", str(tmp_path / "endpoints.yaml"))

    return written


@pytest.fixture(scope="module")
def small(catalog, tiny_embedder):
    return fastembed_engine.load(models.of_variant(catalog, SMALL, tiny_embedder))


def process(*arguments, text=b"", **environment):
    """A command in a process of its own."""
    process = subprocess.run(
        [sys.executable, "-W", "error", "-m", "advisor", *map(str, arguments)],
        input=text,
        capture_output=True,
        cwd=ROOT,
        env=os.environ | environment,
        timeout=60,
    )
    return process.returncode, process.stdout.decode(), process.stderr.decode()


# embed


def test_vectors_are_those_of_the_engine(run, small, tiny_embedder):
    status, out, err = run("embed", "--model", SMALL, "--folder", tiny_embedder, lines=TEXTS)
    assert status == 0 and np.array(out) == pytest.approx(
        small.embed(TEXTS, "passage").dense, abs=1e-6
    )
    assert np.array(out).shape == (4, 32)
    assert err.splitlines() == list(small.about.notes) and any(
        "32" in note and "384" in note for note in small.about.notes
    )


def test_a_query_gets_the_instruction_and_a_passage_none(run, small, tiny_embedder):
    _, query, _ = run(
        "embed", "--model", SMALL, "--folder", tiny_embedder, "--role", "query", lines=["fox"]
    )
    _, passage, _ = run(
        "embed", "--model", SMALL, "--folder", tiny_embedder, "--role", "passage", lines=["fox"]
    )
    assert np.array(query) == pytest.approx(small.embed(["fox"], "query").dense, abs=1e-6)
    assert np.abs(np.array(query) - np.array(passage)).max() > 0.01


@pytest.mark.parametrize("command", ["embed", "rerank"])
def test_no_lines_give_no_lines(run, command, tiny_embedder, tiny_reranker):
    where = {
        "embed": ("--model", SMALL, "--folder", tiny_embedder),
        "rerank": ("--model", RERANKER, "--folder", tiny_reranker, "--query", "q"),
    }
    assert run(command, *where[command], lines=[])[:2] == (0, [])


def test_a_thousand_lines_keep_their_order(run, small, tiny_embedder, monkeypatch):
    blocks = []
    real = fastembed_engine.Local.embed
    monkeypatch.setattr(
        fastembed_engine.Local,
        "embed",
        lambda self, texts, *rest, **more: (
            blocks.append(len(texts)) or real(self, texts, *rest, **more)
        ),
    )
    lines = [f"passage {'x ' * (n % 7)}number {n}" for n in range(1000)]
    _, out, _ = run("embed", "--model", SMALL, "--folder", tiny_embedder, lines=lines)
    assert blocks == [256, 256, 256, 232] and len(out) == 1000
    places = [0, 255, 256, 511, 512, 767, 768, 999]
    assert np.array([out[place] for place in places]) == pytest.approx(
        small.embed([lines[place] for place in places], "passage").dense, abs=1e-5
    )
    assert len({tuple(row) for row in out}) > 990


def test_a_block_is_printed_before_the_next_is_read(tiny_embedder, monkeypatch, capsys):
    seen = []

    class Input:
        def __iter__(self):
            for number in range(257):
                if number == 256:
                    seen.append(capsys.readouterr().out.count("\n"))
                yield f"text {number}\n"

    monkeypatch.setattr(sys, "stdin", Input())
    assert cli.main(["embed", "--model", SMALL, "--folder", str(tiny_embedder)]) == 0
    assert seen == [256] and capsys.readouterr().out.count("\n") == 1


def test_the_stand_in_answers_and_is_labelled(run, standin, monkeypatch):
    monkeypatch.setenv("ADVISOR_STANDIN", str(standin))
    status, out, err = run(
        "embed", "--model", "standin", lines=["a cat sleeps", "a cat naps", "GPU prices"]
    )
    rows = np.array(out)
    assert status == 0 and rows.shape == (3, 384) and rows[0] @ rows[1] > rows[0] @ rows[2] + 0.3
    assert "all-MiniLM-L6-v2" in err.splitlines()[-1]


# rerank


def test_passages_are_sorted_by_their_score_with_the_numbers_of_their_lines(
    run, catalog, tiny_reranker
):
    query = "How do search engines rank?"
    scores = fastembed_engine.load(models.of_variant(catalog, RERANKER, tiny_reranker)).rerank(
        query, TEXTS
    )
    status, out, _ = run(
        "rerank", "--model", RERANKER, "--query", query, "--folder", tiny_reranker, lines=TEXTS
    )
    assert status == 0 and [set(row) for row in out] == [{"line", "score", "sigmoid"}] * 4
    best_first = np.argsort(-scores.raw)
    assert [row["line"] for row in out] == [place + 1 for place in best_first] != [1, 2, 3, 4]
    assert [row["score"] for row in out] == pytest.approx(scores.raw[best_first], abs=1e-5)
    assert [row["sigmoid"] for row in out] == pytest.approx(
        1 / (1 + np.exp(-scores.raw[best_first])), abs=1e-5
    )


def test_passages_with_one_score_keep_their_order(run, tiny_reranker):
    _, out, _ = run(
        "rerank", "--model", RERANKER, "--query", "q", "--folder", tiny_reranker, lines=["same"] * 5
    )
    assert [row["line"] for row in out] == [1, 2, 3, 4, 5] and len(
        {row["score"] for row in out}
    ) == 1


# Processes of their own


def test_bytes_of_several_languages_pass_through_a_pipe(small, tiny_embedder):
    lines = "搜索引擎 🙂\r\nnaïve café\n"
    status, out, err = process(
        "embed", "--model", SMALL, "--folder", tiny_embedder, text=lines.encode()
    )
    assert status == 0, err
    rows = np.array([json.loads(line) for line in out.splitlines()])
    assert rows == pytest.approx(
        small.embed(["搜索引擎 🙂", "naïve café"], "passage").dense, abs=1e-6
    )


@pytest.mark.parametrize(
    "environment",
    [{"LC_ALL": "C"}, {"PYTHONIOENCODING": "utf-8:strict"}],
    ids=["locale C", "UTF-8"],
)
def test_bytes_that_are_no_text_are_told(tiny_embedder, pinned, environment):
    status, out, err = process(
        "embed",
        "--model",
        SMALL,
        "--folder",
        tiny_embedder,
        text="Müller\n".encode("latin-1"),
        **environment,
    )
    assert (status, out) == (2, "") and "UTF-8" in err.splitlines()[-1] and "Traceback" not in err
    assert err.splitlines()[-1] == pinned


# What is not there


@pytest.mark.parametrize("command", [("embed",), ("rerank", "--query", "q")])
@pytest.mark.parametrize("engine", ["local", "torch"])
def test_a_model_that_is_not_known_is_told_with_those_that_are(refused, catalog, command, engine):
    sentence = refused(*command, "--model", "bge-smal", "--engine", engine)
    known = {
        key: variant.kind in ("embedder", "reranker") for key, variant in catalog.variants.items()
    }
    assert "'bge-smal'" in sentence and set(known.values()) == {True, False}
    assert {key: key in re.findall(r"[\w.-]*\w", sentence) for key in known} == known


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        pytest.param(("--model", M3), ["BAAI/bge-m3", "--folder"], id="not fetched"),
        pytest.param(
            ("--model", M3, "--engine", "torch"), [torch_engine.INSTALL_TORCH], id="no torch"
        ),
        pytest.param(
            ("--model", SMALL, "--engine", "torch"),
            [SMALL, torch_engine.INSTALL_TORCH],
            id="no torch, another model",
        ),
        pytest.param(("--model", "standin"), ["standin", "local"], id="no stand-in"),
        pytest.param(
            ("--model", "bge-multilingual-gemma2"), ["BGE Multilingual Gemma2"], id="no ONNX file"
        ),
        pytest.param(
            ("--model", M3, "--engine", "locl"), ["'locl'", "ADVISOR_ENDPOINTS"], id="no endpoint"
        ),
        pytest.param(
            ("--model", M3, "--folder", "/no/such/folder"), ["BAAI/bge-m3"], id="no folder"
        ),
    ],
)
def test_what_is_not_at_hand_is_told_with_the_step_that_brings_it(
    refused, pinned, arguments, names
):
    sentence = refused("embed", *arguments)
    assert all(name in sentence for name in names) and sentence == pinned


def test_a_folder_that_lacks_a_file_says_which(refused, catalog, tiny_embedder, tmp_path):
    folder = shutil.copytree(tiny_embedder, tmp_path / "mine")
    (folder / "tokenizer.json").unlink()
    sentence = refused("embed", "--model", SMALL, "--folder", folder)
    assert "tokenizer.json" in sentence and catalog.variants[SMALL].local_files.repo in sentence


def test_a_file_that_is_cut_short_is_told(refused, catalog, tiny_embedder, tmp_path):
    folder = shutil.copytree(tiny_embedder, tmp_path / "mine")
    (folder / "model_optimized.onnx").write_bytes(b"ONNX")
    with pytest.raises(EncodeError) as caught:
        fastembed_engine.load(models.of_variant(catalog, SMALL, folder))
    assert refused("embed", "--model", SMALL, "--folder", folder) == str(caught.value)


def test_a_model_of_the_other_kind_is_told(run, catalog, small, tiny_embedder, tiny_reranker):
    with pytest.raises(EncodeError) as caught:
        small.rerank("q", ["a text"])
    status, out, err = run("rerank", "--model", SMALL, "--folder", tiny_embedder, "--query", "q")
    assert (status, out) == (2, []) and err.splitlines()[-1] == str(caught.value)
    with pytest.raises(EncodeError) as caught:
        fastembed_engine.load(models.of_variant(catalog, RERANKER, tiny_reranker)).embed(
            ["a text"], "passage"
        )
    status, out, err = run("embed", "--model", RERANKER, "--folder", tiny_reranker)
    assert (status, out) == (2, []) and err.splitlines()[-1] == str(caught.value)


# Endpoints


def test_an_endpoint_of_the_settings_answers(run, serve, catalog):
    lines = ["Cats purr.", "The price of a GPU"]
    with servers.serving("tei") as base_url:
        serve(base_url, variant=M3)
        status, out, err = run("embed", "--model", M3, "--engine", "here", lines=lines)
        assert status == 0 and np.array(out) == pytest.approx(
            np.array([servers.vector(line, 1024) for line in lines]), abs=1e-5
        )
        assert [post.body["inputs"] for post in base_url.posts] == [lines]
    (note,) = dialects.EMBED["tei"].notes
    assert err.splitlines() == [note]  # not that it is a stand-in


def test_a_reranker_behind_an_endpoint_answers(run, serve):
    lines = ["The price of a GPU", "Why cats purr", "cats"]
    with servers.serving("tei") as base_url:
        serve(base_url, kind="reranker", model="BAAI/bge-reranker-v2-m3")
        _, out, _ = run(
            "rerank",
            "--model",
            "BAAI/bge-reranker-v2-m3",
            "--engine",
            "here",
            "--query",
            "Why do cats purr?",
            lines=lines,
        )
    scores = [servers.logit("Why do cats purr?", line) for line in lines]
    assert [row["line"] for row in out] == [2, 3, 1] and [
        row["score"] for row in out
    ] == pytest.approx(sorted(scores, reverse=True))


def test_an_endpoint_gives_a_query_its_variants_instruction(run, serve, catalog):
    with servers.serving("tei", dim=384) as base_url:
        serve(base_url, variant=SMALL, model="BAAI/bge-small-en-v1.5")
        for role in ("passage", "query"):
            assert (
                run("embed", "--model", SMALL, "--engine", "here", "--role", role, lines=["fox"])[0]
                == 0
            )
        assert [post.body["inputs"] for post in base_url.posts] == [
            ["fox"],
            [catalog.variants[SMALL].query_instruction + "fox"],
        ]


def test_an_endpoint_of_another_model_does_not_answer_in_its_place(refused, serve, pinned):
    with servers.serving("tei") as base_url:
        serve(base_url, variant=M3)
        sentence = refused("embed", "--model", SMALL, "--engine", "here")
        assert (
            all(name in sentence for name in ("Our server", M3, SMALL, "--model"))
            and sentence == pinned
        )
        serve(base_url, model="intfloat/e5-large")
        sentence = refused("embed", "--model", M3, "--engine", "here")
        assert all(name in sentence for name in ("Our server", "intfloat/e5-large", M3))
        assert base_url.seen == []


def test_an_endpoint_that_is_not_bge_is_labelled(run, serve, pinned):
    with servers.serving("tei") as base_url:
        serve(base_url, model="intfloat/e5-large")
        status, out, err = run("embed", "--model", "intfloat/e5-large", "--engine", "here")
    (note,) = dialects.EMBED["tei"].notes
    assert status == 0 and len(out) == 1 and err.splitlines()[:-1] == [note]
    assert "intfloat/e5-large" in err.splitlines()[-1] and err.splitlines()[-1] == pinned


def test_a_misspelt_endpoint_names_the_nearest(refused, serve, pinned):
    serve("http://127.0.0.1:9", id="m3-here")
    sentence = refused("embed", "--model", M3, "--engine", "m3-her")
    assert "'m3-her'" in sentence and "'m3-here'" in sentence and sentence == pinned


@pytest.mark.parametrize(
    "content",
    [
        None,
        "endpoints: 3\n",
        "a: [1\n",
        'endpoints:\n  - {id: x, name: X, base_url: "http://h", '
        "shape: nope, model: m, kind: embedder}\n",
    ],
    ids=["missing", "no list", "no YAML", "no such shape"],
)
def test_a_broken_file_of_endpoints_is_told(run, catalog, tmp_path, monkeypatch, content):
    monkeypatch.setenv("ADVISOR_ENDPOINTS", str(tmp_path / "endpoints.yaml"))
    if content is not None:
        (tmp_path / "endpoints.yaml").write_text(content)
    with pytest.raises(endpoints.EndpointsError) as caught:
        endpoints.load(catalog.variants)
    status, out, err = run("embed", "--model", M3, "--engine", "x")
    assert (status, out) == (2, []) and err.strip() == str(caught.value) and "endpoints.yaml" in err


def test_a_broken_file_of_endpoints_does_not_trouble_the_other_engines(
    run, tmp_path, monkeypatch, tiny_embedder
):
    monkeypatch.setenv("ADVISOR_ENDPOINTS", str(tmp_path / "none.yaml"))
    assert run("embed", "--model", SMALL, "--folder", tiny_embedder)[0] == 0


def test_a_key_that_is_refused_is_never_shown(run, serve, monkeypatch, pinned):
    monkeypatch.setenv("OUR_KEY", KEY)
    with servers.serving("tei", key="another") as base_url:
        serve(base_url, variant=M3, key_env="OUR_KEY")
        status, out, err = run("embed", "--model", M3, "--engine", "here")
        assert base_url.posts[0].headers["Authorization"] == f"Bearer {KEY}"
    assert (status, out) == (2, []) and KEY not in err
    sentence = err.splitlines()[-1]
    assert "Our server" in sentence and "401" in sentence and sentence == pinned


def test_a_key_that_is_not_set_is_told_by_the_name_of_its_variable(
    refused, serve, monkeypatch, pinned
):
    monkeypatch.delenv("OUR_KEY", raising=False)
    serve("http://127.0.0.1:9", variant=M3, key_env="OUR_KEY")
    sentence = refused("embed", "--model", M3, "--engine", "here")
    assert "Our server" in sentence and "OUR_KEY" in sentence and sentence == pinned


def test_a_server_that_ends_half_way_keeps_what_was_printed_and_is_told(run, serve, pinned):
    lines = [f"text {number}" for number in range(257)]
    with servers.serving("tei", info={"max_client_batch_size": 256}, takes=256) as base_url:
        serve(base_url, variant=M3)
        lines[256] = " "  # no model reads it
        status, out, err = run("embed", "--model", M3, "--engine", "here", lines=lines)
    assert (status, len(out)) == (2, 256) and err.splitlines()[-1] == pinned


def test_a_reader_who_has_seen_enough_gets_no_trace(standin):
    embed = f"{sys.executable} -m advisor embed --model standin"
    command = f"yes 'a line of text' | head -3000 | {embed} | head -1 | wc -l"
    environment = {**os.environ, "ADVISOR_STANDIN": str(standin)}
    done = subprocess.run(
        command, shell=True, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.stdout.strip() == "1" and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("query", "name"), [("  ", "--query"), ("x\udcff", "UTF-8")], ids=["empty", "no text"]
)
def test_a_query_that_is_none_is_refused(capsys, monkeypatch, tiny_reranker, pinned, query, name):
    monkeypatch.setattr("sys.stdin", io.StringIO("a\n"))
    assert (
        cli.main(
            [
                "rerank",
                "--model",
                "bge-reranker-base",
                "--folder",
                str(tiny_reranker),
                "--query",
                query,
            ]
        )
        == 2
    )
    out = capsys.readouterr()
    assert out.out == "" and name in out.err and out.err.strip() == pinned
