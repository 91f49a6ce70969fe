"""Makes README's picture from the running app: python -m tests.browser.screenshot."""

from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.conftest import FLAGS, settle, start_app
from tools import chromium

PICTURE = Path(__file__).resolve().parents[2] / "docs/advise.png"


def main() -> None:
    with start_app() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.path(), args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 1200})
        page.goto(f"{address}/advise")
        settle(page)
        page.locator(
            "[data-testid=stVegaLiteChart] svg, [data-testid=stVegaLiteChart] canvas"
        ).first.wait_for()
        page.screenshot(path=str(PICTURE))
        browser.close()
    print(f"Wrote {PICTURE.relative_to(PICTURE.parents[1])}.")


if __name__ == "__main__":
    main()
