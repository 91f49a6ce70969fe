"""What a visitor does: states a workload, reads the pick, follows it, comes back by link."""

import contextlib
import json
import re
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import expect

from advisor import catalog as catalogs
from advisor.ask.labels import LABELS
from advisor.ask.workload import Workload
from advisor.base import formatting
from advisor.base.errors import CatalogError
from advisor.catalog import files
from advisor.decide import recommend
from advisor.explain import (
    lifting,
    reasons,
    record,
    report,
    sensitivity,
    what_would_change,
)
from advisor.explain.bill import bill
from advisor.explain.formula import cost_formula
from advisor.explain.replay import Replay
from advisor.explain.sentences import usd_of
from advisor.explain.why_not import reasons_against
from advisor.family import listing
from advisor.live import token_counts
from advisor.serve import cli
from advisor.show import charts, tables, trade_off
from tests.browser.axe import axe_faults
from tests.browser.conftest import (
    box,
    button,
    choose,
    download,
    expect_answer,
    expect_told,
    fill,
    link_to,
    marked,
    menu,
    open_sections,
    pick,
    widget,
)


def test_state_a_workload_read_the_pick_follow_it_and_come_back_by_link(app, open_page, answer):
    page = open_page(app)
    link_to(page, "advise").first.click()
    expect_answer(page, answer())
    expect_told(page, *(reason.text for reason in reasons.reasons(answer())))

    choose(page, "task", LABELS["task"]["rerank"])
    expect_answer(page, answer(task="rerank"))
    fill(page, "queries_per_month", 500_000)
    fill(page, "rerank_candidates", 20)
    recommendation = answer(task="rerank", queries_per_month=500_000, rerank_candidates=20)
    expect_answer(page, recommendation)
    expect_told(page, *(reason.text for reason in reasons.reasons(recommendation)))
    expect(page).to_have_url(re.compile("queries_per_month=500000"))
    link = page.url
    assert "rerank_candidates=20" in link and "task=rerank" in link

    (part,) = recommendation.pick.parts
    link_to(page, f"variant?variant={part.variant_id}").click()
    expect(page.get_by_role("heading", name=part.plan.variant.name, level=1)).to_be_visible()
    expect_told(page, f"{part.plan.variant.parameters:,}")
    expect(page).to_have_url(re.compile(rf"/variant\?variant={part.variant_id}"))

    fresh = open_page(link)
    expect_answer(fresh, recommendation)
    expect(box(fresh, "rerank_candidates")).to_have_value("20")


def test_the_workload_goes_from_advise_to_cost_and_back_by_menu(app, open_page, answer):
    page = open_page(f"{app}/advise?languages=de&languages=no&passages=70000&passage_tokens=350")
    expect_answer(page, answer(languages=["de", "no"], passages=70_000, passage_tokens=350))
    menu(page, "cost")
    expect(box(page, "passages")).to_have_value("70000")
    expect(page).to_have_url(re.compile(r"/cost\?languages=de&languages=no&passages=70000"))
    fill(page, "queries_per_month", 123_000)
    expect_told(page, "123,000")
    marked(page, "tune", "summary").click()
    fill(page, "passage_tokens", 600)  # over the 95th percentile: other pages get the last good one
    expect(page.get_by_test_id("stAlertContentError")).to_be_visible()
    menu(page, "")
    menu(page, "advise")
    expect(box(page, "passage_tokens")).to_have_value("350")
    expect(box(page, "queries_per_month")).to_have_value("123000")
    expect(box(page, "passages")).to_have_value("70000")
    link_to(page, "cost").first.click()
    expect(page).to_have_url(re.compile("/cost.*passages=70000"))
    expect(box(page, "passages")).to_have_value("70000")


def test_a_preset_fills_the_form(app, open_page, answer, catalog):
    preset = catalog.presets["long-contracts"]
    page = open_page(f"{app}/advise")
    pick(page, "preset", preset.name)
    expect_answer(page, answer(**preset.workload))
    expect(box(page, "passage_tokens")).to_have_value(str(preset.workload["passage_tokens"]))


@pytest.mark.parametrize(
    ("scheme", "width", "other_width"), [("light", 1280, 390), ("dark", 390, 1280)]
)
def test_figures_that_do_not_go_together_are_mended_where_they_are_and_the_last_answer_stays(
    app, open_page, settle, answer, scheme, width, other_width
):
    page = open_page(f"{app}/faq", width, scheme)
    page.goto(f"{app}/advise?passage_tokens=350&passages=777")
    last = answer(passages=777, passage_tokens=350)
    expect_answer(page, last)
    fill(page, "passage_tokens", 600)
    typical, mend = box(page, "passage_tokens"), button(page, "mend-passage_tokens_p95")
    error, mark = (page.get_by_test_id(f"stAlertContent{kind}") for kind in ("Error", "Warning"))
    expect(error).to_contain_text("(450 tokens) can't be below the typical passage (600)")
    for shown in (width, other_width):
        page.set_viewport_size({"width": shown, "height": 800})
        settle(page)
        above, fault, below = (e.bounding_box() for e in (typical, error, mend))
        assert above["y"] < fault["y"] < below["y"] < above["y"] + 250
        main = "document.querySelector('[data-testid=stMain]')"
        assert page.evaluate(f"{main}.scrollWidth - {main}.clientWidth") <= 1
    assert axe_faults(page) == []
    expect(mark).to_contain_text("350 in 'Tokens per passage'")
    expect_answer(page, last)
    mend.click()
    mended = answer(passages=777, passage_tokens=600, passage_tokens_p95=600)
    expect_answer(page, mended)
    expect(mark.or_(error)).to_have_count(0)
    stated = "passages=777&passage_tokens=600&passage_tokens_p95=600"
    expect(page).to_have_url(f"{app}/advise?{stated}")
    page.go_back()  # to the last question that was whole
    expect_answer(page, last)
    page.go_back()
    expect(page).to_have_url(f"{app}/faq")


@pytest.mark.parametrize(
    "query",
    [
        "task=nonsense&passages=-5&queries_per_month=1e400&quality_tolerance=NaN",
        "languages=xx&passages=1e99",
        "languages=",
        "bogus=<script>alert(1)</script>&passages=inf",
        "passages=1000000000000000000&plan=no-such-plan",
        "passages=5&passages=6&vector_store=../../etc",
    ],
)
def test_an_address_with_nonsense_still_answers_or_says_why(app, open_page, query):
    page = open_page(f"{app}/advise?{query}")
    answered = widget(page, "answer").get_by_role("heading", level=2)
    expect(answered.or_(page.get_by_test_id("stAlertContentError")).first).to_be_visible()
    assert page.locator("[data-testid=stException]").count() == 0
    for field in dict.fromkeys(part.split("=")[0] for part in query.split("&")):
        if field == "languages":
            expect(button(page, f"mend-{field}")).to_be_visible()
        else:  # what could not be taken
            expect(page.get_by_text(re.compile(f"^{re.escape(field)}=")).first).to_be_visible()


def test_nothing_fits_says_what_to_give_up(app, open_page, answer, catalog):
    recommendation = answer(data_may_leave=False, placement="hosted", languages=["de"])
    page = open_page(f"{app}/advise?data_may_leave=false&placement=hosted&languages=de")
    assert recommendation.pick is None and lifting.loosen(recommendation)
    expect_answer(page, recommendation)
    expect_told(page, *(reason.text for reason in lifting.loosen(recommendation)))
    changes = what_would_change.changes(catalog, recommendation)
    number = next(n for n, change in enumerate(changes) if change.workload.placement == "any")
    expect_told(page, changes[number].text)
    button(page, f"apply-{number}").click()
    other = answer(**changes[number].workload.stated())
    assert other.pick is not None
    expect_answer(page, other)


def test_a_deep_link_as_the_very_first_visit_has_its_navigation(start_app, open_page):
    with start_app() as address:
        page = open_page(f"{address}/advise?passages=5000")
        expect(page.locator(".st-key-menu a[href*='compare']")).to_be_visible()
        expect(box(page, "passages")).to_have_value("5000")
        page.close()


def test_a_row_of_the_overview_opens_the_variant(app, open_page, catalog):
    page = open_page(app)
    m3, small = (catalog.variants[key].name for key in ("bge-m3", "bge-small-en-v1.5"))
    with page.expect_popup() as popup:  # links in Streamlit's Markdown open a tab of their own
        page.locator("table a[href$='/variant?variant=bge-m3']").first.click()
    expect(popup.value.get_by_role("heading", name=m3, level=1)).to_be_visible()
    expect(popup.value).to_have_url(re.compile(r"/variant\?variant=bge-m3"))
    link_to(page, "variant?variant=bge-small-en-v1.5").first.click()
    expect(page.get_by_role("heading", name=small, level=1)).to_be_visible()


def test_the_view_is_in_the_address(app, open_page, catalog):
    listed = listing.as_listed(catalog, catalog.families["bge"]).rows[0].use_when
    page = open_page(f"{app}/?view=as-listed")
    expect(page.get_by_text(listed).first).to_be_visible()
    pick(page, "view", "Checked by us")
    expect(page.get_by_text(listed)).to_have_count(0)
    expect(page).not_to_have_url(re.compile("as-listed"))


def test_the_chart_is_drawn_and_has_words(app, open_page, answer):
    page = open_page(f"{app}/advise")
    chart = page.locator("[data-testid=stVegaLiteChart]")
    expect(chart.locator(".mark-symbol path").first).to_be_visible()
    expect_told(page, trade_off.chart(answer(), "embedder").title)


def test_an_answer_is_changed_by_what_would_change_it_reopened_by_link_saved_and_replayed(
    app, open_page, settle, tmp_path, capsys, answer, catalog
):
    preset = catalog.presets["best-english-quality"]
    page = open_page(f"{app}/advise")
    pick(page, "preset", preset.name)
    first = answer(**preset.workload)
    expect_answer(page, first)
    change = what_would_change.changes(catalog, first)[0]
    marked(page, "alt_route", "summary").click()
    expect_told(page, change.text)
    button(page, "apply-0").click()
    other = answer(**change.workload.stated())
    assert other.answer != first.answer
    expect_answer(page, other)
    settle(page)

    fresh = open_page(page.url)
    expect_answer(fresh, other)
    expect(box(fresh, "passages")).to_have_value(str(other.workload.passages))
    saved = tmp_path / "decision.json"
    download(fresh, "download").save_as(saved)
    replayed = Replay.of(catalog, record.read(str(saved)), catalogs.today())
    assert replayed.recommendation.answer == other.answer and not replayed.changes
    assert cli.main(["recommend", "--record", str(saved)]) == 0
    assert report.headline(other) in capsys.readouterr().out


def test_the_scores_that_were_asked_for_go_along_to_cost_and_back(app, open_page, catalog):
    title = (
        recommend.recommend(catalog, Workload(), catalogs.today(), ["longembed"])
        .step("embedder")
        .evidence.title
    )
    page = open_page(f"{app}/advise?scores=longembed")
    expect_told(page, title)
    link_to(page, "cost").first.click()
    expect(page).to_have_url(re.compile("/cost.*scores=longembed"))
    menu(page, "advise")
    expect_told(page, title)
    expect(page).to_have_url(re.compile("/advise.*scores=longembed"))


def test_a_click_on_a_mark_asks_about_its_plan(app, open_page, answer):
    recommendation = answer()
    hosted = [
        j
        for j in tables.drawn(recommendation, "embedder")
        if j.hosted and j.id in what_would_change.front(recommendation, "embedder")
    ]
    cheapest = min(
        (j for j in hosted if j.variant_id != recommendation.pick.parts[0].variant_id),
        key=lambda j: j.monthly,
    )
    page = open_page(f"{app}/advise")
    address = re.compile(f"plan={re.escape(cheapest.id)}")
    for _ in range(4):  # a chart that is drawn again while it is clicked does not hear the click
        mark = f"{cheapest.plan.variant.name}, {cheapest.plan.where}"
        page.locator(f"[data-testid=stVegaLiteChart] [aria-label*='{mark}']").click(force=True)
        with contextlib.suppress(AssertionError):
            expect(page).to_have_url(address, timeout=5_000)
            break
    expect(page).to_have_url(address)
    expect_told(page, *reasons_against(recommendation, cheapest.id))


def test_a_plan_can_be_asked_why_it_is_not_the_pick_by_link(app, open_page, answer):
    page = open_page(f"{app}/advise?plan=cloudflare-bge-small-en-v1.5")
    lines = reasons_against(answer(), "cloudflare-bge-small-en-v1.5")
    assert lines
    expect_told(page, *lines)


def test_another_priority_gives_another_pick_and_a_fresh_browser_the_same_page(
    app, open_page, answer, catalog
):
    preset = catalog.presets["multilingual-rag"]
    page = open_page(f"{app}/advise")
    pick(page, "preset", preset.name)
    expect_answer(page, answer(**preset.workload))
    choose(page, "placement", LABELS["placement"]["own"])
    own = answer(**preset.workload | {"placement": "own"})
    assert not any(part.hosted for part in own.pick.parts)
    expect_answer(page, own)
    expect(page).to_have_url(re.compile("placement=own"))
    fresh = open_page(page.url)
    expect_answer(fresh, own)
    menu(fresh, "cost")
    expect_told(fresh, own.pick.named, usd_of(own.pick.monthly_usd))
    expect(fresh).to_have_url(re.compile("/cost.*task=retrieve-and-rerank"))


def formula(recommendation, plan):
    return cost_formula(
        next(judged for judged in recommendation.judged if judged.id == plan), recommendation
    )


def test_machines_of_ones_own_are_priced_with_their_formula(app, open_page, answer):
    page = open_page(f"{app}/cost?placement=own&offer=bge-large-en-v1.5%40aws-g6.xlarge")
    expect_told(page, *formula(answer(placement="own"), "bge-large-en-v1.5@aws-g6.xlarge"))


def test_the_decision_downloads_as_json(app, open_page, answer):
    page = open_page(f"{app}/advise?languages=de")
    decision = json.loads(Path(download(page, "download").path()).read_text(encoding="utf-8"))
    (part,) = answer(languages=["de"]).pick.parts
    assert (decision["schema"], decision["pick"]["embedder"]) == (
        "bge-advisor/recommendation@1",
        part.variant_id,
    )
    assert decision["workload"]["languages"] == ["de"]


def test_a_broken_catalog_shows_its_faults_and_no_trace(start_app, open_page, copied):
    offers = copied / "offers/novita-ai.yaml"
    offers.write_text(
        re.sub(
            r'usd_per_1m_input: ".*"', "usd_per_1m_input: 0.5", offers.read_text(encoding="utf-8")
        ),
        encoding="utf-8",
    )
    (copied / "stores.yaml").unlink()
    with pytest.raises(CatalogError) as error:
        catalogs.load(copied)
    with start_app(ADVISOR_CATALOG=str(copied)) as address:
        page = open_page(f"{address}/advise")
        expect_told(
            page,
            *(fault.problem for fault in error.value.faults),
            "catalog/offers/novita-ai.yaml",
            "catalog/stores.yaml",
        )
        assert page.get_by_text("Traceback").count() == 0
        page.close()


def all_texts(page):
    """All that a page shows or says in words, its charts and what is closed at first."""
    open_sections(page)
    drawn = "[aria-label], [alt], [data-testid=stVegaLiteChart] svg text"
    texts = (
        page.get_by_test_id("stMain")
        .locator(drawn)
        .evaluate_all("all => all.map(e => `${e.ariaLabel ?? ''} ${e.alt ?? ''} ${e.textContent}`)")
    )
    return [page.get_by_test_id("stMain").inner_text(), *texts]


def test_a_price_changed_in_the_yaml_changes_every_figure_of_it_on_each_page(
    start_app, open_page, settle, copied, answer
):
    (part,) = answer().pick.parts
    path = copied / f"offers/{part.plan.provider_id}.yaml"
    offers = files.yaml_mapping(path, path.name)
    offer = next(offer for offer in offers["offers"] if offer["id"] == part.id)

    def with_price(usd):
        """The answer at a price that no other offer has, and the figures that only it gives."""
        offer["usd_per_1m_input"] = usd
        path.write_text(yaml.safe_dump(offers), encoding="utf-8")
        given = recommend.recommend(catalogs.load(copied), Workload(), catalogs.today())
        spent = {part.label: part.usd for part in bill(given.pick).parts}
        month, encoding = usd_of(given.pick.monthly_usd), formatting.usd(spent["Encoding"].base)
        return given, {
            "advise": {f"${usd}", month, encoding},
            f"compare?variants={part.variant_id}&variants=bge-m3": {f"${usd}", month},
            "cost?part=how-it-is-calculated": {f"${usd}", month, encoding},
        }

    before, old = with_price("0.0043")
    with start_app(ADVISOR_CATALOG=str(copied)) as address:
        pages = {link: open_page(f"{address}/{link}") for link in old}
        expect_answer(pages["advise"], before)
        for link, page in pages.items():
            texts = all_texts(page)
            missing = [f for f in old[link] if not any(f in text for text in texts)]
            assert not missing, (link, missing)
        after, new = with_price("0.0067")
        assert after.pick.named == before.pick.named
        for link, page in pages.items():
            assert not old[link] & new[link]
            page.reload()
            expect_told(page, usd_of(after.pick.monthly_usd))
            settle(page)
            texts = all_texts(page)
            missing = [f for f in new[link] if not any(f in text for text in texts)]
            assert not missing, (link, missing)
            assert not [text for text in texts for figure in old[link] if figure in text], link
            page.close()


def test_the_offer_whose_cost_is_worked_out_is_in_the_address(app, open_page, answer):
    page = open_page(f"{app}/cost?offer=venice-text-embedding-bge-m3&passages=500000")
    expect_told(page, *formula(answer(passages=500_000), "venice-text-embedding-bge-m3"))


def test_cost_is_walked_on_a_phone_from_break_even_to_ones_own_texts(
    app, open_page, answer, catalog
):
    recommendation, texts = (
        answer(),
        ["One short passage.", "Another passage, a little longer than the first one."],
    )
    page = open_page(f"{app}/cost", 390)
    page.get_by_role("tab", name="Break-even").click()
    expect(page.locator("[data-testid=stVegaLiteChart]").nth(2)).to_be_visible()
    page.get_by_role("tab", name="What drives it").click()
    expect_told(page, charts.tornado(sensitivity.swings(catalog, recommendation)).title)
    page.get_by_role("tab", name="Your texts").click()
    fill(page, "sample_text", "\n\n".join(texts))
    lengths = token_counts.lengths_for_workload(
        catalog, texts, recommendation.pick.parts[0].variant_id, {}
    )
    assert lengths.passage_tokens < lengths.passage_tokens_p95
    expect(marked(page, "check")).to_contain_text(
        re.compile(rf"\b{lengths.passage_tokens}\b.*\b{lengths.passage_tokens_p95}\b")
    )
    marked(page, "check").click()
    expect(box(page, "passage_tokens")).to_have_value(str(lengths.passage_tokens))
    assert "short" not in page.url
    expect(page).to_have_url(re.compile("part=your-texts"))
