"""The screen has names: no id of the catalog, no name of a field, no value as a link has it."""

import re
from collections.abc import Iterator

import pytest
from google.protobuf.message import Message
from streamlit.testing.v1 import AppTest

from advisor.ask.labels import LABELS
from advisor.catalog import Catalog
from advisor.decide.build import plan_ids
from tests.conftest import TESTS

APP = str(TESTS.parent / "app.py")
UNSEEN = {"id", "key", "form_id", "icon", "color", "url", "page", "page_script_hash"} | {
    "query_string", "css_class", "spec", "format", "data_id", "element_id", "columns", "url_path"
}  # fmt: skip
"""Fields of Streamlit's messages that are not words on the screen."""
LINK = re.compile(r'\]\([^)"]*("[^"]*")?\)|:material/\w+:')
"""What a link leads to and the title of a source, in its own words; an icon."""
FIELD = re.compile(r"\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b")
WORDS = {"on-demand"}
"""Values of a link that are English, too."""
IN_CODE = {"max_length"}
"""Names that the code to copy has, of which a note speaks."""
OPEN = ("changes", "why-not", "ruled-out")

VISITS = [
    pytest.param("advise", "plan=cloudflare-bge-small-en-v1.5", id="search"),
    pytest.param("advise", "task=rerank&vector_type=int8", id="rerank"),
    pytest.param(
        "advise",
        "task=retrieve-and-rerank&languages=de&budget_usd_per_month=500&placement=own"
        "&outputs=dense&outputs=multi_vector&speed_percent=90",
        id="both",
    ),
    pytest.param("advise", "data_may_leave=false&placement=hosted", id="nothing fits"),
    pytest.param("advise", "passage_tokens=600&languages=klingonn", id="faults"),
    pytest.param("advise", "languages=German&split_long_passages=false", id="old link"),
    pytest.param("advise", "task=retrieve-and-rerank&embed=true", id="embedded"),
    pytest.param("compare", "variants=bge-m3&variants=bge-large-en-v1.5", id="compare"),
    pytest.param(
        "compare",
        "variants=bge-reranker-v2-m3&variants=bge-reranker-base&variants=bge-m3"
        "&variants=aquila2-7b&differing=false&languages=zh",
        id="compare all",
    ),
    pytest.param("cost", "misfit_embedders=true&passages=70000000", id="cost"),
    pytest.param("cost", "part=how-it-is-calculated&placement=own", id="calculation"),
    pytest.param("cost", "part=what-drives-it&task=retrieve-and-rerank", id="drivers"),
    pytest.param("cost", "part=break-even&task=rerank", id="break-even"),
    pytest.param("cost", "part=vector-store&vector_type=int8", id="vector store"),
    pytest.param("cost", "part=latency&placement=own", id="latency"),
    pytest.param("cost", "part=your-texts", id="texts"),
    pytest.param("cost", "data_may_leave=false&placement=hosted", id="cost of nothing"),
]
"""A page, and what of it a link asks; for another page one line more."""


def shown(node) -> Iterator[str]:
    """All that an element and what it holds shows or says as help, but code to copy."""
    if node.type == "code":
        return
    if isinstance(getattr(node, "proto", None), Message):
        yield from strings(node.proto)
    if node.type in ("table", "arrow_table", "dataframe", "arrow_data_frame"):
        frame = node.value
        yield from map(words, [*frame.columns, *frame.to_numpy().ravel()])
    for child in getattr(node, "children", {}).values():
        yield from shown(child)


def strings(message: Message) -> Iterator[str]:
    for field, value in message.ListFields():
        if field.name in UNSEEN:
            continue
        for each in value if field.is_repeated else [value]:
            if isinstance(each, Message):
                yield from strings(each)
            elif isinstance(each, str):
                yield words(each)


def words(cell: object) -> str:
    return LINK.sub("", str(cell)).replace("\\", "")


def ids(catalog: Catalog) -> set[str]:
    """What stands for something in links and files, and is no word."""
    stored = (catalog.variants, catalog.stores, catalog.evidence_sets, catalog.presets)
    values = {value for options in LABELS.values() for value in options}
    every = {key for entries in (*stored, catalog.sources) for key in entries}
    every |= values | set(plan_ids(catalog)) | {"as-listed"}
    return {key for key in every if re.search("[-_@]", key)} - WORDS


@pytest.mark.parametrize(("path", "query"), VISITS)
def test_a_page_shows_no_id_and_no_name_of_a_field(catalog, path, query):
    page = AppTest.from_file(APP, default_timeout=60)
    page.switch_page(f"pages/{path}.py")
    for part in query.split("&"):
        name, value = part.split("=")
        page.query_params[name] = [*page.query_params.get(name, []), value]
    page.context = {"is_embedded": "embed" in page.query_params}
    for key in OPEN:
        page.session_state[key] = True
    titles = [source.title for source in catalog.sources.values()]
    quoted = re.compile("|".join(map(re.escape, sorted(titles, key=len, reverse=True))))
    texts = [quoted.sub("", text) for text in shown(page.run().main)]
    assert not page.exception and len(texts) > 10
    odd = re.compile(rf"(?<![\w/-])(?:{'|'.join(map(re.escape, ids(catalog)))})(?![\w-])")
    faults = {match[0]: text[:200] for text in texts for match in odd.finditer(text)}
    faults |= {match[0]: text[:200] for text in texts for match in FIELD.finditer(text)}
    machines = " ".join(machine.instance for machine in catalog.instances.values())
    named = {name for name in faults if name in machines} | IN_CODE
    assert {name: text for name, text in faults.items() if name not in named} == {}
