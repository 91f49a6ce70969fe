"""The operator's endpoints: every fault of the file in one report, and no key in any of it."""

import os

import pytest

from advisor.encode import endpoints
from advisor.encode.engine import EncodeError

SECRET = "sk-5ecret/of+the=operator"
GOOD = """\
  - id: m3-here
    name: "BGE M3 on our GPU"
    base_url: "http://10.0.0.7:8080"
    shape: tei
    model: "BAAI/bge-m3"
    variant: bge-m3
    kind: embedder
"""


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """Writes the settings and names them in the environment; gives what they load as."""
    path = tmp_path / "endpoints.yaml"
    monkeypatch.setenv("ADVISOR_ENDPOINTS", str(path))

    def written(text):
        path.write_text(text, encoding="utf-8")
        return path

    return written


@pytest.fixture
def typing(monkeypatch):
    monkeypatch.setenv("ADVISOR_TYPED_ENDPOINTS", "1")


def faults(catalog):
    with pytest.raises(endpoints.EndpointsError) as caught:
        endpoints.load(catalog.variants)
    assert SECRET not in str(caught.value) + repr(caught.value)
    return [str(fault) for fault in caught.value.faults]


def refused(catalog, **changes):
    fields = {"base_url": "http://127.0.0.1:8080", "shape": "tei", "model": "BAAI/bge-m3", "kind": "embedder"}
    with pytest.raises(EncodeError) as caught:
        endpoints.typed(catalog.variants, **fields | changes)
    assert SECRET not in str(caught.value) and "\n" not in str(caught.value) and caught.value.__context__ is None
    return str(caught.value)


def test_the_example_of_the_docstring_loads(settings, catalog):
    settings("\n".join(line for line in endpoints.__doc__.splitlines() if line.startswith("    ")))
    found = endpoints.load(catalog.variants)
    assert list(found) == ["m3-here", "reranker-novita"]
    here, novita = found.values()
    assert (here.shape, here.variant, here.key_env, here.max_batch) == ("tei", "bge-m3", None, None)
    assert (novita.model, novita.key_env, novita.max_batch) == ("baai/bge-reranker-v2-m3", "NOVITA_API_KEY", 32)


def test_without_settings_there_are_no_endpoints(monkeypatch, catalog):
    monkeypatch.delenv("ADVISOR_ENDPOINTS", raising=False)
    assert endpoints.load(catalog.variants) == {}
    monkeypatch.setenv("ADVISOR_ENDPOINTS", "")
    assert endpoints.load(catalog.variants) == {}


def test_the_order_of_the_file_is_kept(settings, catalog):
    settings("endpoints:\n" + GOOD + GOOD.replace("m3-here", "a-second"))
    assert list(endpoints.load(catalog.variants)) == ["m3-here", "a-second"]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("shape: tei", "shape: grpc", "endpoint m3-here, shape: input should be 'openai', 'tei', 'ollama',"),
        ("kind: embedder", "kind: reranker", "endpoint m3-here, kind: BGE M3 is no reranker."),
        ("variant: bge-m3", "variant: bge-m33", "endpoint m3-here, variant: no variant 'bge-m33'.\n  Did you mean 'bge-m3'?"),
        ("variant: bge-m3", "variant: aquila2-7b", "endpoint m3-here, kind: Aquila2-7B is no embedder."),
        ("http://10.0.0.7:8080", f"http://me:{SECRET}@10.0.0.7", "endpoint m3-here, base_url: The base address is none that can be used"),
        ("http://10.0.0.7:8080", "http://10.0.0.7:99999", "endpoint m3-here, base_url: The base address names no host, or no valid port."),
        ("http://10.0.0.7:8080", "file:///etc/passwd", "endpoint m3-here, base_url: The base address is none that can be used"),
        ('    model: "BAAI/bge-m3"\n', "", "endpoint m3-here, model: the field is missing.\n  Write the name that the server knows"),
        ("BAAI/bge-m3", "../../accounts", "endpoint m3-here, model: it is not of the form"),
        ("BAAI/bge-m3", "a//b", "endpoint m3-here, model: it is not of the form"),
        ("BAAI/bge-m3", "a?b", "endpoint m3-here, model: it is not of the form"),
        ("kind: embedder", f"kind: embedder\n    key_env: {SECRET}", "endpoint m3-here, key_env: it is not of the form"),
        ("kind: embedder", f"kind: embedder\n    key: {SECRET}", "endpoint m3-here: no field 'key'. Did you mean 'key_env'?"),
        ("kind: embedder", "kind: embedder\n    max_batch: 0", "endpoint m3-here, max_batch: input should be greater than 0."),
        ("kind: embedder", "kind: embedder\n    precision: bf16", "endpoint m3-here, precision: input should be 'fp32', 'fp16' or 'int8'."),
        ("id: m3-here", "id: M3 here", "endpoint M3 here, id: it is not of the form"),
        ("BGE M3 on our GPU", "a\\nb", "endpoint m3-here, name: it is not of the form"),
        ("BGE M3 on our GPU", "a\u202eb", "endpoint m3-here, name: it is not of the form"),
    ],
)
def test_a_fault_names_its_place_and_a_remedy(settings, catalog, old, new, fault):
    assert old in GOOD
    settings("endpoints:\n" + GOOD.replace(old, new))
    (found,) = faults(catalog)
    assert found.startswith(f"endpoints.yaml, {fault}")


def test_every_fault_is_in_one_report(settings, catalog):
    settings(
        "endpoint: 1\nendpoints:\n" + GOOD + GOOD + GOOD.replace("m3-here", "b").replace("tei", "x").replace("10.0.0.7", "@") + "  - 7\n"
    )
    assert [fault.split("\n")[0].partition(": ")[0] for fault in faults(catalog)] == [
        "endpoints.yaml, endpoint",
        "endpoints.yaml, endpoint b, base_url",
        "endpoints.yaml, endpoint b, shape",
        "endpoints.yaml, endpoint m3-here, id",
        "endpoints.yaml, endpoint number 4",
    ]


@pytest.mark.parametrize("shape", endpoints.EMBED_ONLY)
def test_a_shape_without_reranking_serves_no_reranker(settings, catalog, shape):
    settings(
        "endpoints:\n"
        + GOOD.replace("tei", shape).replace("kind: embedder", "kind: reranker").replace("variant: bge-m3", "variant: bge-reranker-base")
    )
    assert f"a server of shape {shape} does not rerank" in faults(catalog)[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("endpoints: 3\n", "no list"),
        ("{}\n", "no list"),
        ("- id: a\n", "no mapping at the top"),
        ("a: [", "line 1"),
        ("endpoints:\n\t- id: a\n", "tabs"),
        ("endpoints:\n" + GOOD + "    id: again\n", "the key 'id' twice"),
    ],
)
def test_a_file_that_is_none_is_told(settings, catalog, text, words):
    settings(text)
    assert words in "\n".join(faults(catalog))


def test_a_missing_file_is_told(settings, catalog):
    assert faults(catalog) == ["endpoints.yaml: the file is missing.\n  Restore it, or name another in ADVISOR_ENDPOINTS."]


def test_a_file_in_a_folder_that_may_not_be_entered_is_told(settings, catalog, tmp_path):
    settings("endpoints:\n" + GOOD)
    tmp_path.chmod(0)
    root = os.geteuid() == 0
    if root:  # whom no permission stops
        os.seteuid(65534)
    try:
        told = faults(catalog)
    finally:
        if root:
            os.seteuid(0)
        tmp_path.chmod(0o700)
    assert told == [
        "endpoints.yaml: it cannot be read (Permission denied).\n  Check that it is a file and that its permissions allow reading."
    ]


# Keys


def with_key(settings, catalog):
    settings("endpoints:\n" + GOOD + "    key_env: OUR_TEI_KEY\n")
    return endpoints.load(catalog.variants)["m3-here"]


def test_the_key_is_read_from_the_variable_when_it_is_needed(settings, catalog, monkeypatch):
    endpoint = with_key(settings, catalog)
    monkeypatch.setenv("OUR_TEI_KEY", SECRET)
    assert endpoint.key() == SECRET
    assert SECRET not in repr(endpoint) + str(endpoint) + endpoint.model_dump_json()


@pytest.mark.parametrize("value", [None, ""])
def test_a_variable_that_is_not_set_is_told_in_one_sentence(settings, catalog, monkeypatch, value):
    endpoint = with_key(settings, catalog)
    monkeypatch.delenv("OUR_TEI_KEY", raising=False) if value is None else monkeypatch.setenv("OUR_TEI_KEY", value)
    with pytest.raises(EncodeError) as caught:
        endpoint.key()
    assert str(caught.value) == "The key of BGE M3 on our GPU is not set. Put it into the environment variable OUR_TEI_KEY."


# Typed in


@pytest.mark.parametrize(("value", "allowed"), [(None, False), ("", False), ("0", False), ("true", False), ("1", True)])
def test_typing_is_off_unless_the_operator_says_1(monkeypatch, catalog, value, allowed):
    monkeypatch.delenv("ADVISOR_TYPED_ENDPOINTS", raising=False) if value is None else monkeypatch.setenv("ADVISOR_TYPED_ENDPOINTS", value)
    assert endpoints.typing_allowed() is allowed
    if not allowed:
        assert "off here" in refused(catalog)


def test_a_typed_endpoint_needs_no_name(typing, catalog):
    endpoint = endpoints.typed(
        catalog.variants, base_url="http://127.0.0.1:8080 ", shape="tei", model="m", kind="embedder", variant="bge-m3"
    )
    assert (endpoint.id, endpoint.name, endpoint.base_url) == ("typed", "your endpoint", "http://127.0.0.1:8080")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"base_url": "ftp://here"}, "The base address is none that can be used"),
        ({"base_url": f"http://{SECRET}@here"}, "The base address is none that can be used"),
        ({"model": ""}, "Model: it is not of the form that this field has. Write the name"),
        ({"model": "a b"}, "Model: it is not of the form"),
        ({"variant": "nothing"}, "no variant 'nothing'"),
        ({"variant": "bge-reranker-base"}, "BGE Reranker Base is no embedder"),
        ({"shape": "ollama", "kind": "reranker"}, "does not rerank"),
        ({"key_env": "HOME"}, "reads no key from the environment"),
        ({"key": SECRET}, "no field 'key'"),
    ],
)
def test_a_typed_endpoint_that_cannot_be_used_is_one_sentence(typing, catalog, changes, words):
    assert words in refused(catalog, **changes)
