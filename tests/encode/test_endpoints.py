"""The operator's endpoints: every fault of the file in one report, and no key in any of it."""

import errno
import os
import textwrap

import pytest

from advisor.base.errors import EncodeError
from advisor.encode import endpoints
from advisor.encode.endpoints import EndpointShape
from advisor.net.addresses import EXAMPLE

SECRET = "sk-5ecret/of+the=operator"
EXAMPLES = textwrap.dedent(endpoints.__doc__.split("endpoints:\n", 1)[1])
GOOD = textwrap.indent(EXAMPLES, "  ").split("  - id: reranker")[0]
"""The first endpoint of the module's own example."""


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
    assert str(caught.value) == "\n".join(map(str, caught.value.faults)) and {
        fault.file for fault in caught.value.faults
    } == {"endpoints.yaml"}
    return caught.value.faults


def place(fault):
    """The id or number of an entry, and the field."""
    return fault.entry.rpartition(" ")[2], fault.field


def refused(catalog, **changes):
    fields = {
        "base_url": "http://127.0.0.1:8080",
        "shape": "tei",
        "model": "BAAI/bge-m3",
        "kind": "embedder",
    }
    with pytest.raises(EncodeError) as caught:
        endpoints.typed(catalog.variants, **fields | changes)
    assert (
        SECRET not in str(caught.value)
        and "\n" not in str(caught.value)
        and caught.value.__context__ is None
    )
    return str(caught.value)


def test_the_example_of_the_docstring_loads(settings, catalog):
    settings("\n".join(line for line in endpoints.__doc__.splitlines() if line.startswith("    ")))
    found = endpoints.load(catalog.variants)
    assert list(found) == ["m3-here", "reranker-novita"]
    here, novita = found.values()
    assert (here.shape, here.variant, here.key_env, here.max_batch) == ("tei", "bge-m3", None, None)
    assert (novita.model, novita.key_env, novita.max_batch) == (
        "baai/bge-reranker-v2-m3",
        "NOVITA_API_KEY",
        32,
    )


def test_without_settings_there_are_no_endpoints(monkeypatch, catalog):
    monkeypatch.delenv("ADVISOR_ENDPOINTS", raising=False)
    assert endpoints.load(catalog.variants) == {}
    monkeypatch.setenv("ADVISOR_ENDPOINTS", "")
    assert endpoints.load(catalog.variants) == {}


def test_the_order_of_the_file_is_kept(settings, catalog):
    settings("endpoints:\n" + GOOD + GOOD.replace("m3-here", "a-second"))
    assert list(endpoints.load(catalog.variants)) == ["m3-here", "a-second"]


@pytest.mark.parametrize(
    ("old", "new", "field", "names"),
    [
        pytest.param(
            "shape: tei", "shape: grpc", "shape", list(EndpointShape.__args__), id="shape"
        ),
        pytest.param(
            "kind: embedder",
            "kind: reranker",
            "kind",
            ["BGE M3", "reranker"],
            id="kind of another variant",
        ),
        pytest.param(
            "variant: bge-m3",
            "variant: bge-m33",
            "variant",
            ["'bge-m33'", "'bge-m3'"],
            id="variant",
        ),
        pytest.param(
            "variant: bge-m3",
            "variant: aquila2-7b",
            "kind",
            ["Aquila2-7B", "embedder"],
            id="variant of another kind",
        ),
        pytest.param(
            "http://10.0.0.7:8080",
            f"http://me:{SECRET}@10.0.0.7",
            "base_url",
            [EXAMPLE],
            id="user",
        ),
        pytest.param(
            "http://10.0.0.7:8080", "http://10.0.0.7:99999", "base_url", [EXAMPLE], id="port"
        ),
        pytest.param(
            "http://10.0.0.7:8080", "file:///etc/passwd", "base_url", [EXAMPLE], id="scheme"
        ),
        pytest.param('    model: "BAAI/bge-m3"\n', "", "model", ["BAAI/bge-m3"], id="no model"),
        pytest.param(
            "BAAI/bge-m3", "../../accounts", "model", ["BAAI/bge-m3"], id="model with dots"
        ),
        pytest.param("BAAI/bge-m3", "a//b", "model", ["BAAI/bge-m3"], id="model with two slashes"),
        pytest.param(
            "BAAI/bge-m3", "a?b", "model", ["BAAI/bge-m3"], id="model with a question mark"
        ),
        pytest.param(
            "kind: embedder",
            f"kind: embedder\n    key_env: {SECRET}",
            "key_env",
            ["NOVITA_API_KEY"],
            id="key_env",
        ),
        pytest.param(
            "kind: embedder",
            f"kind: embedder\n    key: {SECRET}",
            "",
            ["'key'", "'key_env'"],
            id="no such field",
        ),
        pytest.param(
            "kind: embedder", "kind: embedder\n    max_batch: 0", "max_batch", ["0"], id="max_batch"
        ),
        pytest.param(
            "kind: embedder",
            "kind: embedder\n    precision: bf16",
            "precision",
            ["fp32", "fp16", "int8"],
            id="precision",
        ),
        pytest.param("id: m3-here", "id: M3 here", "id", ["m3-here"], id="id"),
        pytest.param("BGE M3 on our GPU", "a\\nb", "name", ["80"], id="name of two lines"),
        pytest.param("BGE M3 on our GPU", "a\u202eb", "name", ["80"], id="name turned round"),
    ],
)
def test_a_fault_names_its_place_and_a_remedy(settings, catalog, pinned, old, new, field, names):
    assert old in GOOD
    settings("endpoints:\n" + GOOD.replace(old, new))
    (found,) = faults(catalog)
    assert place(found) == ("here" if field == "id" else "m3-here", field)
    assert all(name in f"{found.problem} {found.remedy}" for name in names) and str(found) == pinned


def test_every_fault_is_in_one_report(settings, catalog):
    settings(
        "endpoint: 1\nendpoints:\n"
        + GOOD
        + GOOD
        + GOOD.replace("m3-here", "b").replace("tei", "x").replace("10.0.0.7", "@")
        + "  - 7\n"
    )
    assert [place(fault) for fault in faults(catalog)] == [
        ("", "endpoint"),
        ("b", "base_url"),
        ("b", "shape"),
        ("m3-here", "id"),
        ("4", ""),
    ]


@pytest.mark.parametrize("shape", endpoints.EMBED_ONLY)
def test_a_shape_without_reranking_serves_no_reranker(settings, catalog, shape):
    settings(
        "endpoints:\n"
        + GOOD.replace("tei", shape)
        .replace("kind: embedder", "kind: reranker")
        .replace("variant: bge-m3", "variant: bge-reranker-base")
    )
    (found,) = faults(catalog)
    assert place(found) == ("m3-here", "") and shape in found.problem


@pytest.mark.parametrize(
    ("text", "where"),
    [
        pytest.param("endpoints: 3\n", ("", "endpoints"), id="a number"),
        pytest.param("{}\n", ("", "endpoints"), id="no endpoints"),
        pytest.param("- id: a\n", ("", ""), id="a list"),
        pytest.param("a: [", ("1", ""), id="no YAML"),
        pytest.param("endpoints:\n\t- id: a\n", ("2", ""), id="a tab"),
        pytest.param("endpoints:\n" + GOOD + "    id: again\n", ("9", ""), id="a key twice"),
    ],
)
def test_a_file_that_is_none_is_told(settings, catalog, pinned, text, where):
    settings(text)
    (found,) = faults(catalog)
    assert place(found) == where and str(found) == pinned


def test_a_missing_file_is_told(settings, catalog, pinned):
    (found,) = faults(catalog)
    assert place(found) == ("", "") and "ADVISOR_ENDPOINTS" in found.remedy and str(found) == pinned


def test_a_file_in_a_folder_that_may_not_be_entered_is_told(settings, catalog, pinned, tmp_path):
    settings("endpoints:\n" + GOOD)
    tmp_path.chmod(0)
    root = os.geteuid() == 0
    if root:  # whom no permission stops
        os.seteuid(65534)
    try:
        (found,) = faults(catalog)
    finally:
        if root:
            os.seteuid(0)
        tmp_path.chmod(0o700)
    assert os.strerror(errno.EACCES) in found.problem and str(found) == pinned


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
    monkeypatch.delenv("OUR_TEI_KEY", raising=False) if value is None else monkeypatch.setenv(
        "OUR_TEI_KEY", value
    )
    with pytest.raises(EncodeError) as caught:
        endpoint.key()
    assert endpoint.name in str(caught.value) and "OUR_TEI_KEY" in str(caught.value)


# Typed in


@pytest.mark.parametrize(
    ("value", "allowed"), [(None, False), ("", False), ("0", False), ("true", False), ("1", True)]
)
def test_typing_is_off_unless_the_operator_says_1(monkeypatch, catalog, value, allowed):
    monkeypatch.delenv(
        "ADVISOR_TYPED_ENDPOINTS", raising=False
    ) if value is None else monkeypatch.setenv("ADVISOR_TYPED_ENDPOINTS", value)
    assert endpoints.typing_allowed() is allowed
    if allowed:
        endpoints.typed(
            catalog.variants,
            base_url="http://127.0.0.1:8080",
            shape="tei",
            model="m",
            kind="embedder",
        )
    else:
        refused(catalog)


def test_who_may_not_type_an_endpoint_is_told_what_to_do(monkeypatch, catalog, pinned):
    monkeypatch.delenv("ADVISOR_TYPED_ENDPOINTS", raising=False)
    assert refused(catalog) == pinned


def test_a_typed_endpoint_needs_no_name(typing, catalog):
    endpoint = endpoints.typed(
        catalog.variants,
        base_url="http://127.0.0.1:8080 ",
        shape="tei",
        model="m",
        kind="embedder",
        variant="bge-m3",
    )
    assert (endpoint.id, endpoint.base_url) == ("typed", "http://127.0.0.1:8080") and endpoint.name


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        pytest.param({"base_url": "ftp://here"}, EXAMPLE, id="scheme"),
        pytest.param({"base_url": f"http://{SECRET}@here"}, EXAMPLE, id="user"),
        pytest.param({"model": ""}, "BAAI/bge-m3", id="no model"),
        pytest.param({"model": "a b"}, "BAAI/bge-m3", id="model"),
        pytest.param({"variant": "nothing"}, "'nothing'", id="variant"),
        pytest.param(
            {"variant": "bge-reranker-base"}, "BGE Reranker Base", id="variant of another kind"
        ),
        pytest.param({"shape": "ollama", "kind": "reranker"}, "ollama", id="shape"),
        pytest.param({"key_env": "HOME"}, "key", id="key_env"),
        pytest.param({"key": SECRET}, "'key'", id="no such field"),
    ],
)
def test_a_typed_endpoint_that_cannot_be_used_is_one_sentence(
    typing, catalog, pinned, changes, name
):
    sentence = refused(catalog, **changes)
    assert name in sentence and sentence == pinned
