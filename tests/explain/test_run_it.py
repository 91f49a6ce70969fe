"""The code to copy, run against servers that answer as the real ones do."""

import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from pydantic import ValidationError

from advisor.catalog.schema import ProviderApi
from advisor.encode.dialects import EMBED, RERANK, EndpointRequest
from advisor.explain.run_it import snippets, starting_code, variant_snippets
from tests.answering_server import Handler, Server, send
from tests.asking import ask

KEY = "a-key-of-the-tests"
EN = "Represent this sentence for searching relevant passages: your query"
GEMMA = "<instruct>Given a question, retrieve passages that answer it\n<query>your query"
PASSAGES = ["a passage", "another passage"]
CLOUDFLARE = "/client/v4/accounts/my-account/ai/run/@cf/baai/"
HOSTED = {  # plan: path, shape, model, query as it is sent
    "novita-ai-bge-m3": ("/openai/v1/embeddings", "novita", "baai/bge-m3", "your query"),
    "deepinfra-bge-base-en-v1.5": ("/v1/openai/embeddings", "openai", "BAAI/bge-base-en-v1.5", EN),
    "venice-text-embedding-bge-m3": (
        "/api/v1/embeddings", "openai", "text-embedding-bge-m3", "your query",
    ),
    "siliconflow-bge-large-en-v1.5": ("/v1/embeddings", "openai", "BAAI/bge-large-en-v1.5", EN),
    "cloudflare-bge-small-en-v1.5": (
        CLOUDFLARE + "bge-small-en-v1.5", "cloudflare", "@cf/baai/bge-small-en-v1.5", EN,
    ),
    "cloudflare-bge-m3": (
        CLOUDFLARE + "bge-m3", "cloudflare", "@cf/baai/bge-m3", "your query",
    ),
    "novita-ai-bge-reranker-v2-m3": (
        "/openai/v1/rerank", "novita", "baai/bge-reranker-v2-m3", "your query",
    ),
    "cloudflare-bge-reranker-base": (
        CLOUDFLARE + "bge-reranker-base", "cloudflare", "@cf/baai/bge-reranker-base", "your query",
    ),
}  # fmt: skip
SERVED = {  # plan on a machine: path, query as it is sent
    "bge-base-en-v1.5@aws-g6.xlarge": ("/embed", EN),
    "bge-m3@aws-c7i.xlarge": ("/embed", "your query"),
    "bge-reranker-base@aws-c8g.2xlarge": ("/rerank", "your query"),
}
TWO_STEPS = {"task": "retrieve-and-rerank"}
VECTORS = [[3.0, 4.0, 0.0], [6.0, 8.0, 0.0], [0.0, 0.0, 2.0]]
"""Of the query, a passage in its direction and one across it, none of unit length."""


class Api(Handler):
    """Keeps each request whole, refuses one without the key, and answers in the shape of its body."""

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        authorised = self.headers["Authorization"] == f"Bearer {KEY}"
        assert self.headers["Content-Type"].split(";")[0] == "application/json"
        self.server.seen.append((self.path, body))
        if not authorised and self.path not in ("/embed", "/rerank"):
            return send(self, 401, b'{"error": "no key"}')
        return send(self, 200, json.dumps(reply(self.path, body)).encode())


def reply(path, body):
    if path == "/embed":
        return [[0.6, 0.8, 0.0], [0.6, 0.8, 0.0], [0.0, 0.0, 1.0]]
    if path == "/rerank":
        return [{"index": 1, "score": 0.75}, {"index": 0, "score": 0.25}]
    if "input" in body:
        rows = [{"object": "embedding", "index": n, "embedding": v} for n, v in enumerate(VECTORS)]
        usage = {"prompt_tokens": 9, "total_tokens": 9}
        return {"object": "list", "data": rows, "model": body["model"], "usage": usage}
    if "text" in body:
        return {"result": {"shape": [3, 3], "data": VECTORS}, "success": True}
    if "contexts" in body:
        rows = [{"id": 1, "score": 0.75}, {"id": 0, "score": 0.25}]
        return {"result": {"response": rows}, "success": True}
    rows = [{"index": 1, "relevance_score": 0.75}, {"index": 0, "relevance_score": 0.25}]
    return {"id": "1", "results": rows}


def body_of(shape, model, query):
    """What this app itself sends such a server."""
    dialects, texts = (RERANK, PASSAGES) if "reranker" in model else (EMBED, [query, *PASSAGES])
    return dialects[shape].body(EndpointRequest(model, texts, query=query))


@pytest.fixture(scope="module")
def asked(catalog):
    """Every plan of both kinds, and a workload with passages over 400 tokens."""
    return ask(catalog, **TWO_STEPS, passage_tokens=300, passage_tokens_p95=900)


@pytest.fixture(scope="module")
def every(asked):
    """The snippets of every plan, by its id."""
    return {judged.id: snippets(asked, judged) for judged in asked.judged}


def of(snippets, kind):
    return next(snippet for snippet in snippets if snippet.id == kind)


def parts(code):
    """The address, headers and body of the one curl of a shell snippet."""
    words = shlex.split(code[code.index("curl ") :].replace("\\\n", " "))
    headers = [value for flag, value in pairwise(words) if flag == "-H"]
    return words[1], headers, json.loads(words[words.index("-d") + 1])


def python_of(snippets):
    return next(s for s in snippets if s.id in ("hosted-openai", "hosted-requests"))


ENVIRONMENT = {
    **os.environ,
    "CLOUDFLARE_ACCOUNT_ID": "my-account",
    **{
        f"{name}_API_KEY": KEY for name in ("NOVITA", "DEEPINFRA", "VENICE", "SILICONFLOW")
    },
    "CLOUDFLARE_API_TOKEN": KEY,
    "NO_PROXY": "127.0.0.1",
}  # fmt: skip


def run(language, code, **environment):
    program = ["bash"] if language == "bash" else [sys.executable]
    return subprocess.run(
        [*program, "-c", code],
        env=ENVIRONMENT | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture(scope="module")
def answered(every):
    """What each hosted snippet, run as it stands but for the host, sent and printed."""
    outcomes = {}
    with Server(Api).running() as server:
        for plan in HOSTED:
            for snippet in (of(every[plan], "hosted-curl"), python_of(every[plan])):
                host = snippet.code[snippet.code.index("https://") :].split("/")[2]
                code = snippet.code.replace(f"https://{host}", server.base)
                before = len(server.seen)
                done = run(snippet.language, code)
                outcomes[plan, snippet.language] = (server.seen[before:], done)
    return outcomes


@pytest.mark.parametrize("language", ["bash", "python"])
@pytest.mark.parametrize("plan", HOSTED)
def test_code_for_a_hosted_plan_asks_for_that_model_there(answered, plan, language):
    path, shape, model, query = HOSTED[plan]
    requests, done = answered[plan, language]
    assert done.returncode == 0, done.stderr
    assert requests == [(path, body_of(shape, model, query))]
    if language == "bash":
        assert json.loads(done.stdout) == reply(*requests[0])
    elif "reranker" in model:
        assert done.stdout.splitlines() == ["1 0.75", "0 0.25"]
    else:
        assert [float(line) for line in done.stdout.splitlines()] == pytest.approx([1, 0])


@pytest.mark.parametrize("plan", SERVED)
def test_the_call_to_tei_sends_what_this_app_sends(every, plan):
    path, query = SERVED[plan]
    code = of(every[plan], "tei").code
    _, call = code.split("in another terminal:\n")
    port = 8081 if "reranker" in plan else 8080
    with Server(Api).running() as server:
        call = call.replace(f"http://127.0.0.1:{port}", server.base)
        done = run("bash", call)
    assert done.returncode == 0, done.stderr
    ((asked_path, body),) = server.seen
    # the app maps logits itself; a reader of a terminal wants scores between 0 and 1
    expected = body_of("tei", "reranker" if path == "/rerank" else "embedder", query)
    assert (asked_path, body) == (
        path,
        expected | ({"raw_scores": False} if "texts" in body else {}),
    )
    assert json.loads(done.stdout) == reply(path, body)
    assert f"-p {port}:80 " in code


HOSTILE = """it's "so" $HOME `date` \\ {x} %s $(false): """


@pytest.mark.parametrize("instruction", [HOSTILE, "<instruct>{task}\n<query>{query}"])
@pytest.mark.parametrize("shape", ["novita-ai", "cloudflare"])
def test_an_instruction_arrives_whole_whatever_is_in_it(catalog, instruction, shape):
    api = catalog.providers[shape].api
    provider = catalog.providers["scaleway"].model_copy(update={"api": api})
    before = catalog.families["bge"]
    variant = before.variants["bge-multilingual-gemma2"].model_copy(
        update={"query_instruction": instruction}
    )
    family = replace(before, variants=before.variants | {"bge-multilingual-gemma2": variant})
    changed = replace(
        catalog,
        providers=catalog.providers | {"scaleway": provider},
        families=catalog.families | {"bge": family},
    )
    asked = ask(changed)
    judged = next(j for j in asked.judged if j.id == "scaleway-bge-multilingual-gemma2")
    hosted = snippets(asked, judged)[:2]
    local = next(s for s in snippets(asked, judged) if s.id == "FlagEmbedding")
    compile(local.code, "FlagEmbedding", "exec")
    with Server(Api).running() as server:
        for snippet in hosted:
            host = snippet.code[snippet.code.index("https://") :].split("/")[2]
            done = run(snippet.language, snippet.code.replace(f"https://{host}", server.base))
            assert done.returncode == 0, done.stderr
    expected = GEMMA if "{query}" in instruction else HOSTILE + "your query"
    sent = [body.get("input", body.get("text"))[0] for _, body in server.seen]
    assert sent == [expected, expected]


def test_an_address_with_an_account_needs_its_variable(catalog):
    api = catalog.providers["cloudflare"].api.model_dump() | {"account_env": None}
    with pytest.raises(ValidationError, match="account_env"):
        ProviderApi.model_validate(api)


def test_a_refused_key_is_told_by_the_openai_client(every):
    code = python_of(every["novita-ai-bge-m3"]).code
    with Server(Api).running() as server:
        code = code.replace("https://api.novita.ai", server.base)
        done = run("python", code, NOVITA_API_KEY="wrong")
    assert done.returncode and "AuthenticationError" in done.stderr


def test_every_snippet_of_every_plan_can_be_read_by_its_language(every):
    codes = {(s.language, s.code) for plan in every.values() for s in plan}
    shell = [code for language, code in codes if language == "bash"]
    checked = subprocess.run(["bash", "-n"], input="\n".join(shell), text=True, capture_output=True)
    assert checked.returncode == 0, checked.stderr
    assert all(parts(code)[2] for code in shell)
    for language, code in codes:
        if language == "python":
            compile(code, "snippet", "exec")
    assert len(shell) > 20 and len(codes) - len(shell) > 30


def test_every_plan_has_code_or_says_why_not(every):
    for plan in every.values():
        assert plan and all(bool(s.code) == bool(s.language) and s.notes for s in plan)
        assert len({s.id for s in plan}) == len(plan)


def test_what_runs_at_the_place_of_the_plan_stands_first(every, asked):
    for judged in asked.judged:
        first = every[judged.id][0].id
        assert first.startswith("hosted") if judged.hosted else not first.startswith("hosted")
        assert judged.hosted or not any(s.id.startswith("hosted") for s in every[judged.id])


def test_hosted_code_stands_only_where_an_address_was_read(every, asked):
    for judged in asked.judged:
        plan = judged.plan
        if plan.hosted:
            api, hosted = plan.provider.api, every[judged.id][0]
            known = api and (api.rerank if judged.kind == "reranker" else api.embeddings)
            assert bool(hosted.code) == bool(known), judged.id
            if hosted.code:
                url, headers, body = parts(hosted.code)
                assert url.split("/")[2] == known.split("/")[2]
                assert body.get("model", plan.offer.model) == plan.offer.model
                assert headers[0] == f"Authorization: Bearer ${api.key_env}"
    (reason,) = every["openrouter-bge-m3"][0].notes
    assert "OpenRouter" in reason and "https://openrouter.ai/baai/bge-m3/api" in reason


def test_no_code_for_a_runtime_that_does_not_name_the_variant(every, asked):
    names = {"tei": "TEI", "sentence-transformers": "sentence-transformers"}
    for judged in asked.judged:
        runtimes = judged.plan.variant.runtimes
        for snippet in every[judged.id]:
            if snippet.code and not snippet.id.startswith("hosted"):
                support = runtimes[names.get(snippet.id, "FlagEmbedding")].support
                assert support in ("listed", "partial"), (judged.id, snippet.id)
    local = {s.id for s in every["bge-large-en-v1.5@aws-g6.xlarge"]}
    assert local == {"sentence-transformers", "FlagEmbedding"}, "of TEI only its architecture is"
    assert {s.id for s in every["bge-reranker-large@aws-g6.xlarge"]} == {"tei", "FlagEmbedding"}


def test_the_instruction_is_before_the_query_and_never_before_a_passage(every):
    for plan, code in ((key, s.code) for key in every for s in every[key] if s.code):
        for passage in PASSAGES:
            assert f'"{passage}"' in code, plan
        assert code.count("Represent this sentence") <= 1
        if "-en-v1.5" in plan:
            assert "Represent this sentence for searching relevant passages: " in code
    gemma = every["bge-multilingual-gemma2@aws-g6e.xlarge"]
    assert json.dumps(GEMMA) in of(gemma, "sentence-transformers").code
    flag = of(gemma, "FlagEmbedding").code
    assert "FlagLLMModel(" in flag
    assert 'query_instruction_format="<instruct>{}\\n<query>{}"' in flag
    assert any("never before passages" in note for note in of(gemma, "FlagEmbedding").notes)


@pytest.mark.parametrize(
    ("variant", "python_class", "length"),
    [
        ("bge-small-en-v1.5", "FlagModel", 512),
        ("bge-m3", "BGEM3FlagModel", 8192),
        ("bge-multilingual-gemma2", "FlagLLMModel", 8192),
        ("bge-reranker-v2-m3", "FlagReranker", 8192),
    ],
)
def test_flagembedding_is_told_class_and_length(catalog, variant, python_class, length):
    snippet = of(variant_snippets(catalog, catalog.variants[variant]), "FlagEmbedding")
    assert f"model = {python_class}(" in snippet.code and f"max_length={length}" in snippet.code
    assert ("cuts at 512 tokens" in " ".join(snippet.notes)) == (length > 512)


def test_the_image_and_the_precision_are_those_of_the_machine(every):
    gpu = of(every["bge-base-en-v1.5@aws-g6.xlarge"], "tei").code
    assert "--gpus all" in gpu and ":cuda-1.9" in gpu and "--dtype float16" in gpu
    cpu = of(every["bge-m3@aws-c7i.xlarge"], "tei").code
    assert "--gpus" not in cpu and ":cpu-1.9" in cpu and "--dtype float32" in cpu
    assert ":cpu-arm64-1.9" in of(every["bge-reranker-base@aws-c8g.2xlarge"], "tei").code
    assert "--pooling cls" in cpu
    flag = of(every["bge-m3@aws-c7i.xlarge"], "FlagEmbedding").code
    assert "use_fp16=False" in flag
    assert 'devices=["cuda:0"]' in of(every["bge-m3@aws-p4d.24xlarge"], "FlagEmbedding").code
    inferentia = every["bge-m3@aws-inf2.xlarge"]
    assert [s.code for s in inferentia] == [""] and "Inferentia2" in inferentia[0].notes[0]


def test_int8_is_said_not_to_be_loaded(catalog):
    asked = ask(catalog, {"precision": "int8"})
    judged = next(j for j in asked.judged if j.id == "bge-base-en-v1.5@aws-c7i.xlarge")
    assert all(any("int8" in note for note in s.notes) for s in snippets(asked, judged))


def test_half_precision_on_a_cpu_is_said_not_to_be_run(catalog):
    asked = ask(catalog, {"precision": "fp16"}, **TWO_STEPS)
    judged = {j.id: j for j in asked.judged}
    for key in ("bge-base-en-v1.5@aws-c7i.xlarge", "bge-reranker-base@aws-c8g.2xlarge"):
        tei = of(snippets(asked, judged[key]), "tei")
        assert "--dtype" not in tei.code
        assert "TEI's CPU image runs float32; the cost is for fp16." in tei.notes
        flag = of(snippets(asked, judged[key]), "FlagEmbedding")
        assert "FlagEmbedding runs float32 on a CPU; the cost is for fp16." in flag.notes
    gpu = of(snippets(asked, judged["bge-base-en-v1.5@aws-g6.xlarge"]), "tei")
    assert "--dtype float16" in gpu.code and not any("fp16" in note for note in gpu.notes)


def test_outputs_decide_what_is_asked_for_and_which_runtimes_do(catalog):
    asked = ask(catalog, outputs=["dense", "sparse"])
    judged = {j.id: j for j in asked.judged}
    (only,) = snippets(asked, judged["bge-m3@aws-c7i.xlarge"])
    assert only.id == "FlagEmbedding"
    assert "return_sparse=True" in only.code and "return_colbert_vecs=False" in only.code
    hosted = snippets(asked, judged["deepinfra-bge-m3-multi"])[0]
    assert any("dense vectors" in note for note in hosted.notes)


def test_a_model_that_runs_but_not_with_the_outputs_wanted_is_said_so(catalog):
    asked = ask(catalog, outputs=["dense", "sparse"])
    judged = next(j for j in asked.judged if j.id == "bge-base-en-v1.5@aws-c7i.xlarge")
    (none,) = snippets(asked, judged)
    reason = (
        "No library or server that we have code for is documented to give dense and sparse vectors "
        "with BGE Base EN v1.5."
    )
    assert none.notes == (reason,) and starting_code(catalog, judged) == f"# {reason}\n"


def test_a_length_of_parts_is_told_only_where_passages_are_cut(catalog, every):
    cut = "Cut long passages into parts of 400 tokens, 50 of them shared, as the cost assumes."
    assert cut in of(every["novita-ai-bge-m3"], "hosted-curl").notes
    whole = ask(catalog, passage_tokens=300, passage_tokens_p95=350)
    judged = next(j for j in whole.judged if j.id == "novita-ai-bge-m3")
    assert not any(note.startswith("Cut ") for s in snippets(whole, judged) for note in s.notes)


def test_weights_that_are_nowhere_are_said_so(catalog, asked):
    lost = catalog.variants["bge-m3"].model_copy(update={"hub_id": None})
    assert [s.code for s in variant_snippets(catalog, lost)] == [""]
    assert [s.code for s in variant_snippets(catalog, catalog.variants["aquila2-7b"])] == [""]


def test_a_catalog_from_before_has_no_code_for_what_it_does_not_know(catalog, asked):
    before = replace(catalog, runtimes={})
    (none,) = variant_snippets(before, catalog.variants["bge-m3"])
    assert not none.code and "BGE M3" in none.notes[0]


@pytest.mark.parametrize("key", ["bge-base-en-v1.5", "bge-m3", "bge-reranker-large"])
def test_the_record_starts_with_python_for_its_variant(catalog, asked, key):
    judged = next(j for j in asked.judged if j.id == f"{key}@aws-g6.xlarge")
    code = starting_code(catalog, judged)
    compile(code, key, "exec")
    assert f'"BAAI/{key}"' in code and "# pip install" in code and code.startswith("# ")


def test_the_versions_said_to_be_tried_are_those_that_make_snippets_installs(catalog):
    makefile = (Path(__file__).parents[2] / "Makefile").read_text(encoding="utf-8")
    stated = [runtime.tried for runtime in catalog.runtimes.values() if runtime.tried]
    pairs = re.findall(r"([A-Za-z-]+) ([0-9.]+[0-9])", " ".join(stated))
    assert len(pairs) == 6 and all(f" {name}=={version}" in makefile for name, version in pairs)


def test_the_words_of_the_notes(every, pinned):
    notes = {
        note: None for snippets in every.values() for snippet in snippets for note in snippet.notes
    }
    assert "\n".join(notes) == pinned
