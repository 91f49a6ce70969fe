"""Each page through AppTest: it runs, shows what it must, and does no arithmetic of its own."""

import ast
import re
import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from advisor.ask.assumptions import Assumptions
from advisor.ask.workload import Workload
from advisor.base.errors import CatalogError, did_you_mean
from advisor.catalog.load import load, today
from advisor.decide.recommend import recommend
from advisor.explain import reasons
from advisor.explain.formula import cost_formula
from advisor.explain.sentences import usd_of
from advisor.family import faq, price_list
from advisor.live import sample_texts
from advisor.live.tokenizer_faults import TokenCountError
from pages.parts import markdown
from tests.visiting import opened

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(path for path in (ROOT / "pages").glob("*.py") if path.stem != "__init__")


def words(page: AppTest) -> str:
    kinds = (
        page.title,
        page.header,
        page.subheader,
        page.metric,
        page.markdown,
        page.caption,
        page.info,
        page.error,
        page.warning,
    )
    return "\n".join(element.value for kind in kinds for element in kind)


def cells(page: AppTest) -> set[str]:
    tables = [*page.table, *page.dataframe]
    return {str(cell) for table in tables for row in table.value.to_numpy() for cell in row}


def shown(page: AppTest, text: str) -> bool:
    return markdown.plain(text) in words(page)


@pytest.mark.parametrize("stem", [path.stem for path in PAGES])
def test_the_page_runs(stem):
    assert opened(stem).title


def test_advise_answers_a_stated_workload(catalog):
    stated = {"task": "rerank", "priority": "quality", "queries_per_month": 5_000_000}
    page = opened("advise", **{name: str(value) for name, value in stated.items()})
    fifty = recommend(catalog, Workload.of(stated), today())
    assert (
        fifty.pick.part("reranker")
        and shown(page, usd_of(fifty.pick.monthly_usd))
        and shown(page, fifty.pick.named)
    )
    page.number_input(key="rerank_candidates").set_value(20).run()
    twenty = recommend(catalog, Workload.of(stated | {"rerank_candidates": 20}), today())
    assert shown(page, usd_of(twenty.pick.monthly_usd))
    assert not shown(page, usd_of(fifty.pick.monthly_usd))
    assert twenty.monthly < fifty.monthly


def test_advise_says_where_one_model_alone_is_measured(catalog):
    recommendation = recommend(catalog, Workload.of({"languages": ["ko"]}), today())
    (step,) = recommendation.steps
    assert len(step.evidence.scores) == 1
    assert all(
        shown(opened("advise", languages=["ko"]), reason.text)
        for reason in reasons.reasons(recommendation)
    )


def test_cost_shows_an_unknown_price_as_not_known(copied, monkeypatch):
    path = copied / "offers/novita-ai.yaml"
    path.write_text(
        re.sub(
            r'usd_per_1m_input: ".*"', "usd_per_1m_input: null", path.read_text(encoding="utf-8")
        ),
        encoding="utf-8",
    )
    monkeypatch.setenv("ADVISOR_CATALOG", str(copied))
    page = opened("cost", misfit_embedders="true")
    assert any("Novita AI" in cell for cell in cells(page))
    unpriced = [row for table in page.dataframe for row in table.value.to_dict("records")]
    (row,) = [row for row in unpriced if row["Option"] == "M3 · Novita AI"]
    assert row["$ per month"] is None or row["$ per month"] != row["$ per month"], "no zero"


@pytest.mark.parametrize("store", ["qdrant-cloud", "opensearch-serverless", "pinecone-standard"])
def test_a_store_whose_price_is_not_known_leaves_a_lower_bound_on_every_page(catalog, store):
    stated = {"vector_store": store}
    recommendation = recommend(catalog, Workload.of(stated), today())
    cost, missing = recommendation.pick.monthly_usd, "vector store queries"
    assert cost.not_known[-1] == "index_queries" and cost.base > 0
    for name in ("advise", "cost"):
        page = opened(name, **stated)
        assert shown(page, usd_of(cost)) and missing in words(page)
        assert not cells(page) & {"$0", "0", "0.0"}


def test_a_table_has_a_column_of_what_is_not_known_only_where_something_is():
    for store, missing in (("qdrant-cloud", True), ("ram", False)):
        (options, *_) = opened("cost", vector_store=store).dataframe
        assert ("Not known" in options.value.columns) == missing


def test_cost_shows_the_formula_with_the_visitors_numbers(catalog):
    page = opened("cost", queries_per_month="1234567", part="how-it-is-calculated")
    recommendation = recommend(catalog, Workload.of({"queries_per_month": 1_234_567}), today())
    formula = cost_formula(recommendation.pick.parts[0], recommendation)
    assert all(shown(page, line) for line in formula) and any(
        "1,234,567" in line for line in formula
    )


def test_a_variant_that_is_not_there_names_the_nearest():
    assert shown(opened("variant", variant="bge-m4"), did_you_mean("bge-m4", ["bge-m3"]))


@pytest.mark.parametrize(
    ("view", "other", "params"),
    [("verified", "listed", {}), ("listed", "verified", {"view": "as-listed"})],
)
def test_faq_gives_the_answers_of_its_view_and_no_others(catalog, view, other, params):
    page = opened("faq", **params)
    answers = {
        name: {answer.answer for answer in faq.answers(catalog, catalog.families["bge"], name)}
        for name in (view, other)
    }
    assert all(shown(page, answer) for answer in answers[view])
    assert answers[other] - answers[view] and not any(
        shown(page, answer) for answer in answers[other] - answers[view]
    )


def test_sources_shows_one_source_by_its_address(catalog):
    assert shown(opened("sources", source="fe-readme"), catalog.sources["fe-readme"].title)
    assert not shown(opened("sources"), catalog.sources["fe-readme"].title)


def test_a_family_added_as_a_folder_is_on_every_page(copied, monkeypatch):
    folder = copied / "families/tiny"
    (folder / "variants").mkdir(parents=True)
    (folder / "family.yaml").write_text(
        "name: Tiny\ndeveloper: Nobody\nabout: A family made for a test.\nsources: [fe-readme]\n",
        encoding="utf-8",
    )
    source = (copied / "families/bge/variants/bge-small-en-v1.5.yaml").read_text(encoding="utf-8")
    (folder / "variants/tiny-embedder.yaml").write_text(
        source.replace("BGE Small EN v1.5", "Tiny Embedder"), encoding="utf-8"
    )
    offer = (
        (copied / "offers/deepinfra.yaml")
        .read_text(encoding="utf-8")
        .replace("name: DeepInfra", "name: TinyCloud")
    )
    offer = offer.replace("id: deepinfra-", "id: tiny-").replace(
        "variant: bge-base-en-v1.5", "variant: tiny-embedder"
    )
    (copied / "offers/tinycloud.yaml").write_text(offer, encoding="utf-8")
    monkeypatch.setenv("ADVISOR_CATALOG", str(copied))
    for stem, params in {
        "overview": {"family": "tiny"},
        "compare": {"variants": ["tiny-embedder", "bge-m3"]},
        "variant": {"variant": "tiny-embedder"},
        "faq": {"family": "tiny"},
        "advise": {"priority": "cost"},
        "cost": {},
    }.items():
        page = opened(stem, **params)
        tables = " ".join(cells(page))
        headings = " ".join(str(column) for table in page.table for column in table.value.columns)
        assert "Tiny" in words(page) + tables + headings, stem


def test_an_only_family_is_enough(copied, monkeypatch):
    shutil.rmtree(copied / "families/aquila-2")
    path = copied / "families/bge/family.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("compared_with: aquila-2\n", ""), encoding="utf-8"
    )
    monkeypatch.setenv("ADVISOR_CATALOG", str(copied))
    for stem in ("overview", "faq"):
        assert opened(stem).title


def test_a_broken_catalog_lists_its_faults(copied, monkeypatch):
    (copied / "stores.yaml").unlink()
    monkeypatch.setenv("ADVISOR_CATALOG", str(copied))
    with pytest.raises(CatalogError) as error:
        load(copied)
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30).run()
    (fault,) = error.value.faults
    assert len(page.title) == 1 and not page.exception
    assert {markdown.plain(text) for text in (fault.file, fault.problem, fault.remedy)} <= cells(
        page
    )


@pytest.mark.parametrize(
    "path",
    [
        *PAGES,
        ROOT / "app.py",
        *sorted((ROOT / "pages/parts").glob("*.py")),
    ],
    ids=lambda path: path.stem,
)
def test_a_page_does_no_arithmetic(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.BinOp):
            texts = any(
                isinstance(side, (ast.JoinedStr, ast.List, ast.Call))
                or (isinstance(side, ast.Constant) and isinstance(side.value, str))
                for side in (node.left, node.right)
            )
            joins = isinstance(node.op, (ast.BitOr, ast.BitAnd)) or (
                isinstance(node.op, ast.Add) and texts
            )
            assert joins, f"{path.name}:{node.lineno} computes {ast.unparse(node)}"


def test_pasted_texts_are_counted_and_their_lengths_used(catalog):
    page = opened("cost", part="Your texts")
    page.text_area(key="sample_text").set_value("The quick brown fox.\n\n" + "word " * 600).run()
    (counts,) = [
        rows
        for table in page.table
        if "602" in (rows := table.value.to_numpy().astype(str)).flatten()
    ]
    counted = {row[0]: list(row[1:]) for row in counts}
    large, m3 = (
        counted[markdown.plain(catalog.variants[key].name)]
        for key in ("bge-large-en-v1.5", "bge-m3")
    )
    assert {"2", "7", "602", "50.0%"} <= set(large)
    assert large[0] != m3[0], "counted with its own tokenizer, and estimated"
    use = next(button for button in page.button if button.proto.icon == ":material/check:")
    assert "303" in use.label and "600" in use.label
    use.click().run()
    assert (
        page.number_input(key="passage_tokens").value,
        page.number_input(key="passage_tokens_p95").value,
    ) == (303, 600)
    assert not page.exception


def test_a_sample_that_cannot_be_read_is_told_in_a_sentence():
    page = opened("cost", part="Your texts")
    page.text_area(key="sample_text").set_value(" \n ").run()
    with pytest.raises(TokenCountError) as error:
        sample_texts.passages(" \n ", split="blank-line")
    assert [warning.value for warning in page.warning] == [
        markdown.plain(str(error.value))
    ] and not page.exception


def test_no_parameter_of_live_is_one_of_the_workloads_or_the_assumptions():
    """Else a visit to Cost would take it for a figure."""
    keys = set()
    for name in (
        "live",
        "parts/engines",
        "parts/sample_search",
        "parts/speed",
        "parts/own_data",
    ):
        tree = ast.parse((ROOT / f"pages/{name}.py").read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                keys |= {
                    k.value.value
                    for k in node.keywords
                    if k.arg == "key" and isinstance(k.value, ast.Constant)
                }
                keys |= {
                    a.value
                    for a in node.args
                    if isinstance(a, ast.Constant) and isinstance(a.value, str)
                }
    assert "search_in" in keys and not keys & ({*Workload.model_fields, *Assumptions.model_fields})


@pytest.mark.parametrize("part", ["What moves it", "Time"])
def test_where_nothing_fits_no_tab_of_cost_is_empty(part):
    page = opened("cost", budget_usd_per_month="1", part=part)
    assert shown(page, "Nothing fits this workload, so there is no recommended option")


def test_where_nothing_helps_advise_promises_no_help():
    page = opened("advise", query_tokens="16000")
    assert shown(page, "Your limits are not in the way: options are ruled out anyway.")
    assert "the most helpful" not in words(page)


def withdrawn_offer(catalog):
    """The sentence and the plan of the shipped offer that was withdrawn."""
    (gone,) = price_list.withdrawn_offers(catalog, catalog.variants)
    ((plan, text),) = price_list.gone_plans(catalog).items()
    return gone.text, plan, text


def test_a_withdrawn_offer_is_shown_as_withdrawn(catalog):
    sentence, _, _ = withdrawn_offer(catalog)
    remark = markdown.plain(f"withdrawn{sentence.partition(' was withdrawn')[2]}")
    assert remark in cells(opened("variant", variant="bge-multilingual-gemma2"))
    overview = opened("overview")
    assert remark in cells(overview)
    available = next(e.value for e in overview.header if e.value.startswith("Available"))
    assert available == "Available from (13 providers)"
    assert shown(opened("faq"), sentence)
    cost = opened("cost")
    assert shown(cost, sentence) and "Nebius" not in cells(cost)


@pytest.mark.parametrize(("page", "parameter"), [("advise", "plan"), ("cost", "offer")])
def test_a_link_to_a_withdrawn_plan_opens_and_says_what_became_of_it(catalog, page, parameter):
    _, plan, text = withdrawn_offer(catalog)
    assert shown(opened(page, **{parameter: plan}), f"{parameter}={plan}: {text}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("512. The number is right.", "512\\. The number is right."),
        ("2) b", "2\\) b"),
        ("512.5 tokens", "512.5 tokens"),
        ("It is 512. So", "It is 512. So"),
    ],
)
def test_a_number_and_a_full_stop_begin_no_list(text, expected):
    assert markdown.plain(text) == expected
