"""Version 1 is frozen: what it takes and gives is what was published.

A field that was added on purpose is published by `python -m tests.serve.test_openapi`, which writes
the frozen copy again; a change to a field that was published needs a version 2.
"""

import json
from pathlib import Path

import pytest

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


if __name__ == "__main__":
    FROZEN.write_text(
        json.dumps(words(openapi.document()), indent=1, sort_keys=True) + "\n", encoding="utf-8"
    )
