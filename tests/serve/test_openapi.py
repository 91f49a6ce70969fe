"""Version 1 is frozen: what it takes and gives is what was published.

A field that was added on purpose is published by `python -m tests.serve.test_openapi`, which writes
the frozen copy again; a change to a field that was published needs a version 2.
"""

import json
from pathlib import Path

import pytest

from advisor.ask.old_names import OLD_NAMES
from advisor.serve import openapi

FROZEN = Path(__file__).with_name("v1.json")


def words(value):
    """A description without its wording and without what the catalog alone decides."""
    if isinstance(value, dict):
        return {
            key: words(item)
            for key, item in value.items()
            if key not in ("description", "summary", "title") or isinstance(item, dict)
        }
    return [words(item) for item in value] if isinstance(value, list) else value


def test_the_shapes_of_version_1_are_those_that_were_published():
    now, frozen = words(openapi.document()), json.loads(FROZEN.read_text(encoding="utf-8"))
    assert now.keys() == frozen.keys()
    assert now["paths"] == frozen["paths"]
    for name, shape in frozen["components"]["schemas"].items():
        assert now["components"]["schemas"].get(name) == shape, (
            f"{name} is not what version 1 published"
        )
    assert now == frozen


def test_every_reference_of_the_description_leads_somewhere():
    document = openapi.document()
    text = json.dumps(document)
    names = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert names
    assert names <= document["components"]["schemas"].keys()


@pytest.mark.parametrize("field", ["passages", "languages", "speed_percent", "rerank_scores"])
def test_get_and_post_take_the_same_fields(field):
    paths = openapi.document()["paths"]["/api/v1/recommend"]
    assert field in [parameter["name"] for parameter in paths["get"]["parameters"]]
    assert field in openapi.document()["components"]["schemas"]["Asked"]["properties"]


@pytest.mark.parametrize("old", OLD_NAMES)
def test_an_old_name_is_published_as_deprecated_with_what_to_use(old):
    document = openapi.document()
    field = document["components"]["schemas"]["Asked"]["properties"][old]
    (parameter,) = [
        parameter
        for parameter in document["paths"]["/api/v1/recommend"]["get"]["parameters"]
        if parameter["name"] == old
    ]
    assert field["deprecated"] and parameter["deprecated"] and "default" not in field
    assert field["type"] == parameter["schema"]["type"] == "boolean"
    assert f"Use {OLD_NAMES[old].now}:" in field["description"] == parameter["description"]
    assert "true for 400, false for null" in field["description"]


def test_what_keeps_passages_whole_is_null_in_json_and_none_in_an_address():
    document = openapi.document()
    body = document["components"]["schemas"]["Asked"]["properties"]["chunk_tokens"]
    (parameter,) = [
        parameter
        for parameter in document["paths"]["/api/v1/recommend"]["get"]["parameters"]
        if parameter["name"] == "chunk_tokens"
    ]
    number = {"type": "integer", "minimum": 16, "maximum": 32_768}
    assert body["anyOf"] == [number, {"type": "null"}] and body["default"] == 400
    assert parameter["schema"] == {"anyOf": [number, {"type": "string", "enum": ["none"]}]}


if __name__ == "__main__":
    FROZEN.write_text(
        json.dumps(words(openapi.document()), indent=1, sort_keys=True) + "\n", encoding="utf-8"
    )
