"""The routes for programs, asked of the real server."""

import concurrent.futures
import gzip
import json
import subprocess
import sys
from urllib.parse import urlencode

import pytest
import requests
from starlette.applications import Starlette

from advisor import catalog, telemetry
from advisor.ask.assumptions import Assumptions
from advisor.ask.workload import Workload
from advisor.explain.record import AnswerRecord
from advisor.serve import openapi, routes, schemas
from tests import asgi

LOADED = catalog.load()
PRESETS = {key: Workload.of(preset.workload) for key, preset in LOADED.presets.items()}


def ask(server, path, **named):
    return requests.get(f"{server}/api/v1/{path}", timeout=60, **named)


def test_a_recommendation_is_what_the_command_line_prints(server, tmp_path):
    stated = {
        "languages": ["de", "en"],
        "passages": 20_000,
        "task": "retrieve-and-rerank",
        "budget_usd_per_month": 300,
    }
    file = tmp_path / "workload.json"
    file.write_text(json.dumps(stated))
    command = [
        sys.executable,
        "-m",
        "advisor",
        "recommend",
        str(file),
        "--format",
        "json",
        "--plans",
    ]
    printed = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    posted = requests.post(f"{server}/api/v1/recommend?plans=true", json=stated, timeout=60)
    got = ask(server, "recommend", params=stated | {"plans": "true"})
    assert posted.status_code == got.status_code == 200
    assert posted.json() == got.json() == printed


@pytest.mark.parametrize("preset", PRESETS)
def test_the_parameters_of_a_pages_link_ask_the_same_as_the_workload(server, preset):
    workload, assumed = PRESETS[preset], Assumptions(speed_percent=80)
    link = urlencode(
        workload.params() | assumed.params() | {"part": "Index", "volume": "200"}, doseq=True
    )
    got = ask(server, f"recommend?{link}")
    posted = requests.post(
        f"{server}/api/v1/recommend",
        json=workload.model_dump(mode="json") | assumed.model_dump(mode="json"),
        timeout=60,
    )
    assert got.json() == posted.json()
    answer = AnswerRecord.model_validate_json(got.content)
    assert json.dumps(answer.model_dump(mode="json", by_alias=True)) == json.dumps(got.json())
    assert len(got.content) < 18_000  # and not some hundreds for each of 509 plans
    assert answer.workload == workload.model_dump(mode="json")
    assert answer.assumed == {"speed_percent": 80.0}


@pytest.mark.parametrize(
    ("query", "body", "chunk_tokens"),
    [
        ("split_long_passages=false", {"split_long_passages": False}, None),
        ("split_long_passages=true", {"split_long_passages": True}, 400),
        ("chunk_tokens=none", {"chunk_tokens": None}, None),
        ("chunk_tokens=", {}, 400),
        ("chunk_tokens=60", {"chunk_tokens": 60.0}, 60),
    ],
)
def test_how_passages_are_cut_is_asked_by_the_new_name_and_by_the_old(
    server, query, body, chunk_tokens
):
    got = ask(server, f"recommend?passage_tokens_p95=900&{query}")
    posted = requests.post(
        f"{server}/api/v1/recommend", json={"passage_tokens_p95": 900} | body, timeout=60
    )
    assert got.status_code == posted.status_code == 200 and got.json() == posted.json()
    workload = got.json()["workload"]
    assert workload["chunk_tokens"] == chunk_tokens and "split_long_passages" not in workload
    assert workload["chunk_overlap_tokens"] == (30 if chunk_tokens == 60 else 50)


def test_scores_that_are_asked_for_rank(server):
    preferred = ask(server, "recommend").json()["evidence"]["embedder"]["set"]
    other = next(
        key
        for key, s in LOADED.evidence_sets.items()
        if s.kind == "embedder" and key != preferred and "eng" in key
    )
    assert ask(server, f"recommend?scores={other}").json()["evidence"]["embedder"]["set"] == other


WRONG = [
    ("passages=-5", "passages", "1"),
    ("passages=many", "passages", "'many'"),
    ("passages=1&passages=2", "passages", "2"),
    ("pasages=5", "pasages", "'passages'"),
    ("redundancy=yes", "redundancy", "true"),
    ("plans=1", "plans", "true"),
    ("vector_store=pgvektor", "vector_store", "'pgvector'"),
    ("measured_variant=bge", "measured_variant", "'bge-m3'"),
    ("scores=best", "scores", "mteb-eng-v1-retrieval"),
    ("languages=Englich", "languages.0", "'Englich'"),
    ("passage_tokens=600", "", "600"),
    ("measured_variant=bge-m3", "measured_variant", "measured_tokens_per_second"),
    ("budget_usd_per_month=1e999", "budget_usd_per_month", "1e999"),
    ("split_long_passages=maybe", "split_long_passages", "chunk_tokens"),
    ("split_long_passages=true&chunk_tokens=none", "split_long_passages", "chunk_tokens"),
    ("chunk_tokens=null", "chunk_tokens", "none"),
    ("chunk_tokens=60&chunk_overlap_tokens=50", "", "30"),
    ("%ff%fe=1", "��", ""),
]


@pytest.mark.parametrize(("query", "field", "named"), WRONG)
def test_a_wrong_address_is_refused_with_its_field_and_the_remedy(server, query, field, named):
    refused = ask(server, f"recommend?{query}")
    assert refused.status_code == 422
    (fault,) = schemas.Refusal.model_validate_json(refused.content, strict=True).faults
    assert fault.field == field and fault.problem
    assert named in f"{fault.problem} {fault.remedy}"


def test_what_a_refused_address_is_told(server, pinned):
    refused = {
        query: ask(server, f"recommend?{query}").json()["faults"][0] for query, _, _ in WRONG
    }
    assert {query: fault["field"] for query, fault in refused.items()} == {
        query: field for query, field, _ in WRONG
    }
    assert {
        query: f"{fault['problem']} {fault['remedy']}".strip() for query, fault in refused.items()
    } == pinned


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", ""),
        (b"{", ""),
        (b"[]", ""),
        (b'"x"', ""),
        (b"\xff", ""),
        (b"[" * 50_000, ""),
        (b'{"passages": ' + b"9" * 5_000 + b"}", ""),
        (b'{"passages": NaN}', "passages"),
        (b'{"budget_usd_per_month": Infinity}', "budget_usd_per_month"),
        (b'{"languages": "en"}', "languages"),
        (b'{"languages": ["\\ud800"]}', "languages.0"),
        (b'{"\\ud800": 1}', "\ud800"),
        (b'{"scores": ["x"]}', "scores"),
        (b'{"vector_store": {"a": 1}}', "vector_store"),
        (b'{"task": "dance"}', "task"),
        (b'{"passages": "5"}', "passages"),
        (b'{"passages": true}', "passages"),
        (b'{"redundancy": 1}', "redundancy"),
        (b'{"chunk_tokens": "none"}', "chunk_tokens"),
        (b'{"chunk_tokens": "400"}', "chunk_tokens"),
        (b'{"split_long_passages": "false"}', "split_long_passages"),
        (b'{"split_long_passages": 0}', "split_long_passages"),
        (b'{"split_long_passages": null}', "split_long_passages"),
        (b'{"split_long_passages": false, "chunk_tokens": 400}', "split_long_passages"),
        (
            b'{"your_price_usd_per_1m": false, "your_price_variant": "bge-m3"}',
            "your_price_usd_per_1m",
        ),
        (b'{"hosted_discount_percent": "5"}', "hosted_discount_percent"),
    ],
)
def test_a_wrong_workload_is_refused_with_its_field(server, body, field):
    refused = requests.post(
        f"{server}/api/v1/recommend",
        data=body,
        headers={"Content-Type": "application/json"},
        timeout=60,
    )
    assert refused.status_code == 422
    faults = refused.json()["faults"]
    assert field in [fault["field"] for fault in faults]
    assert all(fault["problem"] and (fault["remedy"] or not fault["field"]) for fault in faults)


def test_a_whole_number_may_be_written_with_a_point(server):
    response = requests.post(
        f"{server}/api/v1/recommend", json={"passages": 2e6, "speed_percent": 50}, timeout=60
    )
    assert response.json()["workload"]["passages"] == 2_000_000


@pytest.mark.parametrize(
    ("stated", "fields", "figure"),
    [
        ({f"measured_tokens_{number}": 1 for number in range(2_000)}, 20, "1,980"),
        ({"languages": ["xx1"] * 9_000}, 0, "9,000"),
        ({"languages": ["xx1"] * 50}, 20, "30"),
        ({f"{'x' * 9}{number}": [[]] * 300 for number in range(20)}, 20, ""),
    ],
)
def test_the_first_faults_of_many_are_told_and_the_rest_counted(server, stated, fields, figure):
    refused = requests.post(f"{server}/api/v1/recommend", json=stated, timeout=60)
    assert refused.status_code == 422
    first, rest = refused.json()["faults"][:fields], refused.json()["faults"][fields:]
    assert len({fault["field"] for fault in first}) == fields and all(
        fault["problem"] for fault in first
    )
    assert len(rest) == bool(figure) and all(figure in fault["problem"] for fault in rest)


def test_a_failure_of_the_server_is_told_in_json_counted_and_logged(caplog):
    async def fails(request):
        raise ZeroDivisionError

    status, content = asgi.ask(
        Starlette(routes=[routes._route("/failing", GET=fails)]), "GET", "/failing"
    )
    assert status == 500
    assert "log" in schemas.Refusal.model_validate_json(content).error
    assert (
        'advisor_requests_total{method="GET",route="/failing",status="500"} 1.0'
        in telemetry.text().decode()
    )
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize(
    "path", ["nothing", "v1/recommend/", "v1/variants/a%0Ab.json", "v1/variants/a/b.json", "%0A"]
)
def test_an_address_that_is_not_there_is_told_in_json(server, path):
    refused = requests.get(f"{server}/api/{path}", timeout=60)
    assert refused.status_code == 404
    assert schemas.Refusal.model_validate_json(refused.content).error.endswith((".", "?"))


@pytest.mark.parametrize("path", ["v1/variants/%00.json", "v1/variants/%2F..%2F.json"])
def test_an_address_that_leads_elsewhere_is_refused_as_described(server, path):
    refused = requests.get(f"{server}/api/{path}", timeout=60)
    assert refused.status_code == 400
    assert "400" in openapi.document()["paths"]["/api/v1/variants/{id}.json"]["get"]["responses"]


def test_what_is_too_large_or_of_another_kind_is_refused_before_it_is_read(server):
    address = f"{server}/api/v1/recommend"
    refused = {
        414: ask(server, f"recommend?languages={'e' * 9_000}"),
        413: requests.post(
            address, data=b" " * 70_000, headers={"Content-Type": "application/json"}, timeout=60
        ),
        415: requests.post(
            address, data="passages: 5", headers={"Content-Type": "application/yaml"}, timeout=60
        ),
        405: requests.delete(address, timeout=60),
        404: ask(server, "nothing"),
    }
    assert {status: response.status_code for status, response in refused.items()} == {
        status: status for status in refused
    }
    for response in refused.values():
        assert schemas.Refusal.model_validate_json(response.content).error.endswith(".")
    assert refused[405].headers["Allow"] == "GET, POST"


def test_the_catalog_and_each_variant_come_whole_and_with_their_sources(server):
    whole = schemas.CatalogAnswer.model_validate_json(ask(server, "catalog.json").content)
    assert whole.version == LOADED.version
    assert whole.variants.keys() == LOADED.variants.keys()
    assert len(whole.quality) == len(LOADED.quality)
    for key, facts in LOADED.variants.items():
        answer = schemas.VariantAnswer.model_validate_json(
            ask(server, f"variants/{key}.json").content
        )
        assert answer.facts == facts
        assert {o.offer.id for o in answer.offers} == {
            o.id for _, _, o in LOADED.offers() if o.variant == key
        }
        assert {source for _, source in facts.all_source_ids()} <= answer.sources.keys()


def test_a_variant_that_is_not_there_is_told_with_the_nearest(server):
    refused = ask(server, "variants/bge-m4.json")
    assert refused.status_code == 404
    assert "'bge-m4'" in refused.json()["error"] and "'bge-m3'" in refused.json()["error"]


def test_an_answer_is_packed_and_known_again_by_its_mark(server):
    plain = ask(server, "catalog.json", headers={"Accept-Encoding": "identity"})
    packed = requests.get(
        f"{server}/api/v1/catalog.json",
        headers={"Accept-Encoding": "gzip"},
        stream=True,
        timeout=60,
    )
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(packed.raw.read(decode_content=False)) == plain.content
    again = ask(server, "catalog.json", headers={"If-None-Match": plain.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_more_questions_than_are_taken_on_are_told_when_to_ask_again_and_the_rest_are_answered(
    server,
):
    def ask_number(number):
        return ask(server, f"recommend?passages={1_000 + number}")

    with concurrent.futures.ThreadPoolExecutor(60) as threads:
        responses = list(threads.map(ask_number, range(60)))
        health = requests.get(f"{server}/healthz", timeout=10)
    assert health.status_code == 200
    statuses = {response.status_code for response in responses}
    assert statuses == {200, 429}
    assert all(
        int(r.headers["Retry-After"]) >= 1 and r.json()["error"]
        for r in responses
        if r.status_code == 429
    )
    assert sum(r.status_code == 200 for r in responses) >= 17
    assert ask(server, "recommend?passages=7").status_code == 200


def test_the_metrics_count_requests_times_and_queues_and_hold_nothing_that_was_asked(server):
    ask(server, "recommend?secretword=verysecret")
    metrics = requests.get(f"{server}/metrics", timeout=60).text
    assert 'advisor_requests_total{method="GET",route="/api/v1/recommend",status="422"}' in metrics
    assert 'advisor_waiting{queue="recommend"} 0.0' in metrics
    assert 'advisor_recommend_seconds_count{asked_by="program"}' in metrics
    assert "advisor_resident_models 0.0" in metrics
    assert "process_resident_memory_bytes" in metrics
    assert "secret" not in metrics


def test_a_page_beside_the_routes_is_still_the_app(server):
    assert "<title>Streamlit</title>" in requests.get(f"{server}/advise", timeout=60).text
    assert requests.get(f"{server}/_stcore/health", timeout=60).text == "ok"


def test_a_withdrawn_offer_is_published_as_withdrawn(server):
    key, gone = next((key, offer) for key, _, offer in LOADED.offers() if offer.withdrawn)
    stated = gone.withdrawn.model_dump(mode="json")
    variant = ask(server, f"variants/{gone.variant}.json").json()
    published = {offer["offer"]["id"]: offer["offer"] for offer in variant["offers"]}
    assert published[gone.id]["withdrawn"] == stated
    assert [id_ for id_, offer in published.items() if offer["withdrawn"]] == [gone.id]
    assert set(gone.withdrawn.sources) <= variant["sources"].keys()
    whole = ask(server, "catalog.json").json()
    (offer,) = [o for o in whole["providers"][key]["offers"] if o["id"] == gone.id]
    assert offer["withdrawn"] == stated
    plans = requests.post(f"{server}/api/v1/recommend?plans=true", json={}, timeout=60).json()
    assert f"Offer {gone.id}" not in plans["prices"]
    assert gone.id not in json.dumps(plans)
