"""What a visitor does: states a workload, reads the pick, follows it, comes back by link."""

import contextlib
import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from advisor import __main__ as cli


def menu(page, name):
    page.get_by_test_id("stTopNavLink").filter(has_text=re.compile(f"^{name}$")).click()


def fill(page, label, value):
    field = page.get_by_label(label, exact=True)
    field.fill(str(value))
    field.press("Enter")


def test_state_a_workload_read_the_pick_follow_it_and_come_back_by_link(app, open_page, settle):
    page = open_page(app)
    page.get_by_role("link", name="Get a recommendation for your workload").click()
    expect(page.get_by_role("heading", name="Use BGE Large EN v1.5 at DeepInfra")).to_be_visible()
    expect(page.get_by_text("About $34.90 a month ($31.12 to $52.97), and $2.02 once").first).to_be_visible()  # the bar repeats it

    page.get_by_role("radio", name="rerank", exact=True).or_(page.get_by_role("button", name="rerank", exact=True)).first.click()
    expect(page.get_by_role("heading", name="Use BGE Reranker Base at Cloudflare Workers AI")).to_be_visible()
    fill(page, "Queries a month", 500_000)
    fill(page, "Candidates for a query", 20)
    expect(page.get_by_text("Reranking 2.2 billion tokens a month at $0.0031 / 1M is $6.82").first).to_be_visible()
    expect(page).to_have_url(re.compile(r"task=rerank.*|.*queries_per_month=500000.*"))
    link = page.url
    assert "queries_per_month=500000" in link and "rerank_candidates=20" in link and "task=rerank" in link

    page.get_by_role("link", name="All about BGE Reranker Base").click()
    expect(page.get_by_role("heading", name="BGE Reranker Base", level=1)).to_be_visible()
    expect(page.get_by_text("278,044,417 (278M)")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/variant\?variant=bge-reranker-base"))

    fresh = open_page(link)
    expect(fresh.get_by_role("heading", name="Use BGE Reranker Base at Cloudflare Workers AI")).to_be_visible()
    expect(fresh.get_by_text("Reranking 2.2 billion tokens a month").first).to_be_visible()
    expect(fresh.get_by_label("Candidates for a query", exact=True)).to_have_value("20")


def test_the_workload_goes_from_advise_to_cost_and_back_by_menu(app, open_page, settle):
    page = open_page(f"{app}/advise?languages=de&languages=no&passages=70000")
    expect(page.get_by_role("heading", name="Use BGE M3 at Novita AI")).to_be_visible()
    menu(page, "Cost")
    expect(page.get_by_role("heading", name="What does it cost a month?")).to_be_visible()
    expect(page.get_by_label("Passages", exact=True)).to_have_value("70000")
    expect(page).to_have_url(re.compile(r"/cost\?languages=de&languages=no&passages=70000"))
    fill(page, "Queries a month", 123_000)
    expect(page.get_by_text("123,000 queries a month")).to_be_visible()
    menu(page, "Overview")
    expect(page.get_by_role("heading", name="Which BGE model, where, at what cost?")).to_be_visible()
    menu(page, "Advise")
    expect(page.get_by_label("Queries a month", exact=True)).to_have_value("123000")
    expect(page.get_by_label("Passages", exact=True)).to_have_value("70000")
    page.get_by_role("link", name="Every plan's cost").click()
    expect(page.get_by_role("heading", name="What does it cost a month?")).to_be_visible()
    expect(page.get_by_label("Passages", exact=True)).to_have_value("70000")


def test_a_preset_fills_the_form(app, open_page):
    page = open_page(f"{app}/advise")
    page.get_by_test_id("stSelectbox").filter(has_text="Start from").locator("input").click()
    page.get_by_role("option", name="Long contracts, not to be split").click()
    expect(page.get_by_role("heading", name="Use BGE M3 at Novita AI")).to_be_visible()
    expect(page.get_by_label("Tokens each", exact=True)).to_have_value("2500")


def test_figures_that_do_not_go_together_are_told_and_lose_nothing(app, open_page):
    page = open_page(f"{app}/advise?passage_tokens=900&passages=777")
    expect(page.get_by_text("raise it to at least 900")).to_be_visible()
    expect(page.get_by_label("Passages", exact=True)).to_have_value("777")
    fill(page, "95th percentile", 1200)
    expect(page.get_by_role("heading", name=re.compile("^Use "))).to_be_visible()


@pytest.mark.parametrize(
    "query", ["task=nonsense&passages=-5", "passages=1e99", "languages=xx", "languages=", "bogus=<script>alert(1)</script>", "quality_tolerance=NaN", "passages=1000000000000000000", "queries_per_month=1e400", "passages=inf", "passages=5&passages=6", "vector_store=../../etc", "plan=no-such-plan"]
)  # fmt: skip
def test_an_address_with_nonsense_still_answers_or_says_why(app, open_page, query):
    page = open_page(f"{app}/advise?{query}")
    answered = page.get_by_role("heading", name=re.compile("^Use |^Nothing fits"))
    expect(answered.or_(page.get_by_text("choose at least one")).first).to_be_visible()
    assert page.locator("[data-testid=stException]").count() == 0
    named = re.escape(query.split("=")[0])
    expect(page.get_by_text(re.compile(f"^{named}=")).first).to_be_visible()  # what could not be taken is named


def test_nothing_fits_says_what_to_give_up(app, open_page):
    page = open_page(f"{app}/advise?data_may_leave=false&placement=hosted&languages=de")
    expect(page.get_by_role("heading", name="Nothing fits this workload")).to_be_visible()
    expect(page.get_by_text("Without this one requirement").first).to_be_visible()
    page.get_by_text("What would change it").click()
    told = page.get_by_text(re.compile("^Placement any instead of hosted: BGE M3 on .* fits, for"))
    expect(told).to_be_visible()
    page.get_by_test_id("stHorizontalBlock").filter(has=told).last.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("heading", name=re.compile("^Use BGE M3 on "))).to_be_visible()


def test_a_deep_link_as_the_very_first_visit_has_its_navigation(start_app, open_page):
    with start_app() as address:
        page = open_page(f"{address}/advise?passages=5000")
        expect(page.get_by_test_id("stTopNavLink").filter(has_text="Compare")).to_be_visible()
        expect(page.get_by_label("Passages", exact=True)).to_have_value("5000")
        page.close()


def test_a_row_of_the_overview_opens_the_variant(app, open_page):
    page = open_page(app)
    with page.expect_popup() as popup:  # links in Streamlit's Markdown open a tab of their own
        # by its column: the tables below it may be drawn before it
        variants = page.locator("table").filter(has=page.get_by_role("columnheader", name="Use when"))
        variants.get_by_role("link", name="BGE M3", exact=True).click()
    expect(popup.value.get_by_role("heading", name="BGE M3", level=1)).to_be_visible()
    expect(popup.value).to_have_url(re.compile(r"/variant\?variant=bge-m3"))
    page.get_by_test_id("stPageLink").filter(has_text="BGE Small EN v1.5").click()
    expect(page.get_by_role("heading", name="BGE Small EN v1.5", level=1)).to_be_visible()


def test_the_view_is_in_the_address(app, open_page):
    page = open_page(f"{app}/?view=as-listed")
    expect(page.get_by_text("Use when the workload needs ranking and 512 context.")).to_be_visible()
    expect(page.get_by_text("its place among the counted providers is inferred")).to_be_visible()
    page.get_by_role("radio", name="verified").or_(page.get_by_role("button", name="verified")).first.click()
    expect(page.get_by_role("heading", name="Specifications (8 models)")).to_be_visible()
    expect(page.get_by_text("Use when the workload needs ranking and 512 context.")).to_have_count(0)


def test_the_chart_is_drawn_and_has_words(app, open_page):
    page = open_page(f"{app}/advise")
    chart = page.locator("[data-testid=stVegaLiteChart]")
    expect(chart.locator("[aria-roledescription='point']").first).to_be_visible()
    assert page.locator("[aria-label*='Score against monthly cost']").count() + page.get_by_text("Score against monthly cost").count() >= 1


def test_an_answer_is_changed_by_what_would_change_it_reopened_by_link_saved_and_replayed(app, open_page, settle, tmp_path, capsys):
    page = open_page(f"{app}/advise")
    page.get_by_test_id("stSelectbox").filter(has_text="Start from").locator("input").click()
    page.get_by_role("option", name="Best possible quality in English").click()
    expect(page.get_by_role("heading", name="Use BGE Multilingual Gemma2 at Nebius")).to_be_visible()
    page.get_by_text("What would change it").click()
    told = page.get_by_text("Priority balanced instead of quality: BGE Large EN v1.5 at DeepInfra")
    expect(told).to_be_visible()
    row = page.get_by_test_id("stHorizontalBlock").filter(has=told).last
    row.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("heading", name="Use BGE Large EN v1.5 at DeepInfra")).to_be_visible()
    settle(page)

    fresh = open_page(page.url)
    expect(fresh.get_by_role("heading", name="Use BGE Large EN v1.5 at DeepInfra")).to_be_visible()
    expect(fresh.get_by_label("Passages", exact=True)).to_have_value("500000")
    with fresh.expect_download() as download:
        fresh.get_by_role("button", name="Decision as JSON").click()
    saved = tmp_path / "decision.json"
    download.value.save_as(saved)
    assert cli.main(["recommend", "--record", str(saved)]) == 0
    out = capsys.readouterr().out
    assert "- Nothing." in out and "Use BGE Large EN v1.5 at DeepInfra" in out


def test_the_scores_that_were_asked_for_go_along_to_cost_and_back(app, open_page):
    page = open_page(f"{app}/advise?scores=longembed")
    expect(page.get_by_text("LongEmbed retrieval (nDCG@10").first).to_be_visible()
    page.get_by_role("link", name="Every plan's cost").click()
    expect(page.get_by_role("heading", name="What does it cost a month?")).to_be_visible()
    expect(page).to_have_url(re.compile("/cost.*scores=longembed"))
    menu(page, "Advise")
    expect(page.get_by_text("LongEmbed retrieval (nDCG@10").first).to_be_visible()
    expect(page).to_have_url(re.compile("/advise.*scores=longembed"))


def test_a_click_on_a_mark_asks_about_its_plan(app, open_page):
    page = open_page(f"{app}/advise")
    asked = re.compile("plan=cloudflare-bge-small-en-v1.5")
    for _ in range(4):  # a chart that is drawn again while it is clicked does not hear the click
        page.locator("[data-testid=stVegaLiteChart] [aria-label*='BGE Small EN v1.5, Cloudflare']").click(force=True)
        with contextlib.suppress(AssertionError):
            expect(page).to_have_url(asked, timeout=5_000)
            break
    expect(page).to_have_url(asked)
    expect(page.get_by_text("2.7 points worse for $21.23 a month less.").last).to_be_visible()


def test_a_plan_can_be_asked_why_it_is_not_the_pick_by_link(app, open_page):
    page = open_page(f"{app}/advise?plan=cloudflare-bge-small-en-v1.5")
    expect(page.get_by_text("It is 7.6 points below the best, more than the 5 that may be given up.")).to_be_visible()


def test_another_priority_gives_another_pick_and_a_fresh_browser_the_same_page(app, open_page, settle):
    page = open_page(f"{app}/advise")
    page.get_by_test_id("stSelectbox").filter(has_text="Start from").locator("input").click()
    page.get_by_role("option", name="Multilingual RAG over ten million passages").click()
    expect(page.get_by_role("heading", name="Use BGE M3 at Novita AI, then BGE Reranker V2 M3 at Novita AI")).to_be_visible()
    page.get_by_text("Where it runs").click()
    page.get_by_role("radio", name="own", exact=True).or_(page.get_by_role("button", name="own", exact=True)).first.click()
    heading = page.get_by_role("heading", name=re.compile("^Use BGE M3 .*BGE Reranker V2 M3 .* (T4|L4|A10|4090|L40S)"))
    expect(heading).to_be_visible()
    settle(page)
    told = heading.inner_text()
    fresh = open_page(page.url)
    expect(fresh.get_by_role("heading", name=told)).to_be_visible()
    menu(fresh, "Cost")
    expect(fresh.get_by_role("heading", name=re.compile("^Reranking: From"))).to_be_visible()
    expect(fresh).to_have_url(re.compile("/cost.*task=retrieve-and-rerank"))


def test_machines_of_ones_own_are_priced_with_their_formula(app, open_page):
    page = open_page(f"{app}/cost?placement=own&offer=bge-large-en-v1.5%40aws-g6.xlarge")
    expect(page.get_by_text("$0.8048 an hour × 730 hours × 1 = $588 a month.")).to_be_visible()
    expect(page.get_by_role("heading", name="On machines of your own")).to_be_visible()


def test_the_decision_downloads_as_json(app, open_page):
    page = open_page(f"{app}/advise?languages=de")
    with page.expect_download() as download:
        page.get_by_role("button", name="Decision as JSON").click()
    found = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    assert (found["schema"], found["pick"]["embedder"]) == ("bge-advisor/recommendation@1", "bge-m3")
    assert found["workload"]["languages"] == ["de"]


def test_a_broken_catalog_shows_its_faults_and_no_trace(start_app, open_page, copied, edit):
    edit(copied / "offers/novita-ai.yaml", 'usd_per_1m_input: "0.01"', "usd_per_1m_input: 0.01")
    (copied / "stores.yaml").unlink()
    with start_app(ADVISOR_CATALOG=str(copied)) as address:
        page = open_page(f"{address}/advise")
        expect(page.get_by_role("heading", name="The catalog cannot be used")).to_be_visible()
        expect(page.get_by_text("0.01 is a YAML float")).to_be_visible()
        expect(page.get_by_text("the file is missing")).to_be_visible()
        assert page.get_by_text("Traceback").count() == 0
        page.close()


def test_a_price_changed_in_the_yaml_changes_the_answer_on_the_page(start_app, open_page, settle, copied, edit):
    with start_app(ADVISOR_CATALOG=str(copied)) as address:
        page = open_page(f"{address}/advise")
        expect(page.get_by_role("heading", name="Use BGE Large EN v1.5 at DeepInfra")).to_be_visible()
        edit(
            copied / "offers/deepinfra.yaml",
            'model: BAAI/bge-large-en-v1.5\n    type: serverless\n    usd_per_1m_input: "0.01"',
            'model: BAAI/bge-large-en-v1.5\n    type: serverless\n    usd_per_1m_input: "3.5"',
        )
        page.reload()
        expect(page.get_by_role("heading", name="Use BGE Large EN v1.5 at OpenRouter")).to_be_visible()
        settle(page)
        page.close()


def test_the_offer_whose_cost_is_worked_out_is_in_the_address(app, open_page):
    page = open_page(f"{app}/cost?offer=venice-text-embedding-bge-m3&passages=500000")
    expect(page.get_by_text("BGE M3 at Venice").first).to_be_visible()
    expect(page.get_by_text("× $0.15 / 1,000,000 = $5.40 a month.")).to_be_visible()


def test_cost_is_walked_on_a_phone_from_break_even_to_ones_own_texts(app, open_page, settle):
    page = open_page(f"{app}/cost", 390)
    page.get_by_role("tab", name="Break-even").click()
    expect(page.get_by_role("heading", name="When does a machine of your own pay?")).to_be_visible()
    expect(page.locator("[data-testid=stVegaLiteChart]").nth(1)).to_be_visible()
    page.get_by_role("tab", name="What moves it").click()
    expect(page.get_by_text("The total moves most with passages")).to_be_visible()
    page.get_by_role("tab", name="Your texts").click()
    page.get_by_label("Sample passages").fill("One short passage.\n\nAnother passage, a little longer than the first one.")
    page.get_by_label("Sample passages").press("Control+Enter")
    expect(page.get_by_role("button", name=re.compile("^Use 8 tokens each, 95th percentile 11$"))).to_be_visible()
    page.get_by_role("button", name=re.compile("^Use 8 tokens each")).click()
    expect(page.get_by_label("Tokens each", exact=True)).to_have_value("8")
    assert "short" not in page.url
    expect(page).to_have_url(re.compile("part=Your"))
