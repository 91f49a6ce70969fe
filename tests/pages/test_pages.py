"""Each page through AppTest: it runs, shows what it must, and does no arithmetic of its own."""

import ast
import shutil
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from advisor.assumptions import Assumptions
from advisor.workload import Workload

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("__init__", "shared", "form", "texts", "engines", "own_data", "speed")
PAGES = sorted(path for path in (ROOT / "pages").glob("*.py") if path.stem not in PARTS)


@pytest.fixture(autouse=True)
def fresh():
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


def opened(page: str, **params) -> AppTest:
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30)
    for key, value in params.items():
        at.query_params[key] = value
    at.run()
    at.switch_page(f"pages/{page}.py").run()
    assert not at.exception
    return at


def words(at: AppTest) -> str:
    kinds = (at.title, at.header, at.markdown, at.caption, at.info, at.error, at.warning)
    return "\n".join(element.value for kind in kinds for element in kind)


@pytest.mark.parametrize("page", [path.stem for path in PAGES])
def test_the_page_runs(page):
    assert opened(page).title


def test_advise_answers_a_stated_workload():
    at = opened("advise", task="rerank", priority="quality", queries_per_month="500000")
    assert "Use BGE Reranker V2 M3 at Novita AI" in words(at)
    at.number_input(key="rerank_candidates").set_value(10).run()
    assert "1.1 billion tokens a month" in words(at)


def test_advise_says_what_nobody_publishes():
    assert "No published scores compare the 2 embedders" in words(opened("advise", languages=["ko"]))


def test_cost_shows_an_unknown_price_as_not_known():
    at = opened("cost")
    offers = next(table.value for table in at.table if {"Price per 1M", "Fits"} <= set(table.value.columns))
    assert "not known" in set(offers["Price per 1M"]) and not any(str(cell) in ("nan", "None") for row in offers.to_numpy() for cell in row)


def test_cost_shows_the_formula_with_the_visitors_numbers():
    assert "1,234,567 queries × (16 + 2 special)" in words(opened("cost", queries_per_month="1234567"))


def test_compare_shows_scores_only_where_one_set_holds_all():
    assert "No published set holds all of them" in words(opened("compare", variants=["bge-m3", "bge-reranker-base"]))
    at = opened("compare", variants=["bge-large-en-v1.5", "bge-small-en-v1.5"])
    assert any(
        "MTEB(eng, v1) retrieval" in cell for table in at.table for column in table.value.columns[:2] for cell in table.value[column]
    )


def test_a_variant_that_is_not_there_names_the_nearest():
    assert "Did you mean" in words(opened("variant", variant="bge-m4"))


def test_faq_in_the_verified_view_promises_no_coding():
    text = words(opened("faq"))
    assert "None of the eight is a code model" in text and "is used for embedding, ranking, and coding" not in text
    assert "is used for embedding, ranking, and coding" in words(opened("faq", view="as-listed"))


def test_sources_shows_one_source_by_its_address():
    assert "FlagEmbedding README" in words(opened("sources", source="fe-readme"))


def test_a_family_added_as_a_folder_is_on_every_page(copied, monkeypatch):
    folder = copied / "families/tiny"
    (folder / "variants").mkdir(parents=True)
    (folder / "family.yaml").write_text(
        "name: Tiny\ndeveloper: Nobody\nabout: A family made for a test.\nsources: [fe-readme]\n", encoding="utf-8"
    )
    source = (copied / "families/bge/variants/bge-small-en-v1.5.yaml").read_text(encoding="utf-8")
    (folder / "variants/tiny-embedder.yaml").write_text(source.replace("BGE Small EN v1.5", "Tiny Embedder"), encoding="utf-8")
    offer = (copied / "offers/deepinfra.yaml").read_text(encoding="utf-8").replace("name: DeepInfra", "name: TinyCloud")
    offer = offer.replace("id: deepinfra-", "id: tiny-").replace("variant: bge-base-en-v1.5", "variant: tiny-embedder")
    (copied / "offers/tinycloud.yaml").write_text(offer, encoding="utf-8")
    monkeypatch.setenv("ADVISOR_CATALOG", str(copied))
    for page, params in {
        "overview": {"family": "tiny"}, "compare": {"variants": ["tiny-embedder", "bge-m3"]}, "variant": {"variant": "tiny-embedder"},
        "faq": {"family": "tiny"}, "advise": {"priority": "cost"}, "cost": {},
    }.items():  # fmt: skip
        at = opened(page, **params)
        tables = " ".join(str(cell) for table in at.table for row in table.value.to_numpy() for cell in row)
        headings = " ".join(str(column) for table in at.table for column in table.value.columns)
        assert "Tiny" in words(at) + tables + headings, page


def test_an_only_family_is_enough(copied, monkeypatch):
    shutil.rmtree(copied / "families/aquila-2")
    path = copied / "families/bge/family.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("compared_with: aquila-2\n", ""), encoding="utf-8")
    monkeypatch.setenv("ADVISOR_CATALOG", str(copied))
    for page in ("overview", "faq"):
        assert opened(page).title


def test_a_broken_catalog_lists_its_faults(copied, monkeypatch):
    (copied / "stores.yaml").unlink()
    monkeypatch.setenv("ADVISOR_CATALOG", str(copied))
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30).run()
    assert at.title[0].value == "The catalog cannot be used" and not at.exception
    assert at.table[0].value.iloc[0]["What is wrong"].startswith("the file is missing")


@pytest.mark.parametrize(
    "path",
    [
        *PAGES,
        ROOT / "app.py",
        ROOT / "pages/shared.py",
        ROOT / "pages/form.py",
        ROOT / "pages/texts.py",
        *(ROOT / f"pages/{part}.py" for part in ("engines", "own_data", "speed")),
    ],
    ids=lambda path: path.stem,
)
def test_a_page_does_no_arithmetic(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.BinOp):
            texts = any(
                isinstance(side, (ast.JoinedStr, ast.List, ast.Call)) or (isinstance(side, ast.Constant) and isinstance(side.value, str))
                for side in (node.left, node.right)
            )
            joins = isinstance(node.op, (ast.BitOr, ast.BitAnd)) or (isinstance(node.op, ast.Add) and texts)
            assert joins, f"{path.name}:{node.lineno} computes {ast.unparse(node)}"


def test_pasted_texts_are_counted_and_their_lengths_used():
    at = opened("cost", part="Your texts")
    at.text_area(key="sample_text").set_value("The quick brown fox.\n\n" + "word " * 600).run()
    table = next(table.value for table in at.table if "Counted" in table.value.columns)
    large = table[table["Model"] == "BGE Large EN v1.5"].iloc[0]
    assert (large["Counted"], large["Typical tokens"], large["Longest"], large["Over the limit"]) == ("exactly", "7", "602", "50.0%")
    assert set(table[table["Model"] == "BGE M3"]["Counted"]) == {"an estimate"}
    next(button for button in at.button if button.label.startswith("Use 303 tokens each")).click().run()
    assert (at.number_input(key="passage_tokens").value, at.number_input(key="passage_tokens_p95").value) == (303, 600)
    assert not at.exception


def test_a_sample_that_cannot_be_read_is_told_in_a_sentence():
    at = opened("cost", part="Your texts")
    at.text_area(key="sample_text").set_value(" \n ").run()
    assert "holds no text" in words(at) and not at.exception


def test_no_parameter_of_live_is_one_of_the_workloads_or_the_assumptions():
    """Else a visit to Cost would take it for a figure."""
    keys = set()
    for name in ("live", "engines", "speed", "own_data"):
        tree = ast.parse((ROOT / f"pages/{name}.py").read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                keys |= {k.value.value for k in node.keywords if k.arg == "key" and isinstance(k.value, ast.Constant)}
                keys |= {a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)}
    assert "search_in" in keys and not keys & ({*Workload.model_fields, *Assumptions.model_fields})
