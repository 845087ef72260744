"""Take the pictures of the service's page that docs/page.md shows:  python tools/make_screenshots.py

The page is that of a real service over the phrases of `xling demo`, in Chromium. Needs the extras serve and dev, and a
Chromium on the PATH.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from importlib.resources import as_file, files
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

import xling
from xling.ingest.readers import ReadOptions, Row, read_file
from xling.space.resolve import load_encoder

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.serving import running  # noqa: E402

QUERY = "駅はどこですか？"


def searched(page: Page, url: str) -> None:
    for query in ("今", QUERY):  # the first question of a service is slow
        page.goto(f"{url}/#c=phrases&q={query}")
        page.reload()
        page.locator("#hits li").first.wait_for(timeout=60_000)
    page.locator("mark").first.wait_for(timeout=60_000)
    page.wait_for_timeout(500)


def main() -> None:
    encoder = load_encoder("bundled")
    with as_file(files("xling") / "data" / "demo_phrases.tsv") as file:
        rows = [row.fields for row in read_file(file, ReadOptions(source="tatoeba")) if isinstance(row, Row)]
    with tempfile.TemporaryDirectory() as directory, sync_playwright() as tools:
        with xling.open("phrases", path=directory, model=encoder) as phrases:
            phrases.add(rows)
        chromium = tools.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        with running(Path(directory), model=encoder) as url:
            wide = chromium.new_page(viewport={"width": 1200, "height": 800}, color_scheme="light")
            searched(wide, url)
            wide.screenshot(path=ROOT / "docs" / "page-wide.png")
            phone = chromium.new_page(viewport={"width": 375, "height": 760}, color_scheme="dark")
            searched(phone, url)
            phone.screenshot(path=ROOT / "docs" / "page-phone.png")
        chromium.close()


if __name__ == "__main__":
    main()
