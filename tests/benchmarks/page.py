"""The page of the service, measured in Chromium: how soon it is painted, and how soon an answer stands there.

    python tests/benchmarks/page.py             # the 498 phrases of `xling demo`
    python tests/benchmarks/page.py --rounds 5

First paint: from the beginning of the navigation, as the browser measures it. Answer: from the last key to the frame in
which the hits stand, the 60 ms included that the page waits for another key. Words typed are new each time, so that no
query is answered from memory. The service runs in a process of its own, on the same machine.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from importlib.resources import as_file, files

import httpx
import numpy as np
from playwright.sync_api import Page, sync_playwright

import xling
from xling.ingest.readers import ReadOptions, Row, read_file

QUERIES = (
    "where is the station",
    "thank you very much",
    "駅はどこですか",
    "雨が降りそうだ",
    "wie spät ist es",
    "une tasse de thé",
)
PORT = 8533
PAUSE = 1000
"""Milliseconds between two queries: words are linked meanwhile."""

ANSWERED = """query => new Promise(done => {
  const box = document.getElementById("query"), list = document.getElementById("hits");
  list.replaceChildren();
  box.value = query;
  const began = performance.now();
  new MutationObserver((_, watch) => {
    if (!list.children.length) return;
    watch.disconnect();
    requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)));
  }).observe(list, { childList: true });
  box.dispatchEvent(new Event("input", { bubbles: true }));
})"""


def painted(page: Page, url: str) -> float:
    page.goto(url)
    page.locator("#languages button").first.wait_for()
    return float(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="how often each query is asked, each time longer")
    rounds = parser.parse_args().rounds
    with as_file(files("xling") / "data" / "demo_phrases.tsv") as file:
        rows = [row.fields for row in read_file(file, ReadOptions(source="tatoeba")) if isinstance(row, Row)]
    with tempfile.TemporaryDirectory() as directory, sync_playwright() as tools:
        with xling.open("phrases", path=directory) as phrases:
            phrases.add(rows)
        command = [sys.executable, "-m", "xling.cli", "serve", "--path", directory, "--port", str(PORT)]
        service = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        chromium = tools.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        try:
            url = f"http://127.0.0.1:{PORT}/"
            for _ in range(600):
                try:
                    if httpx.get(url + "ready").is_success:
                        break
                except httpx.TransportError:
                    pass
                time.sleep(0.2)
            paints = [painted(chromium.new_context().new_page(), url) for _ in range(5)]
            page = chromium.new_page()
            painted(page, url)
            page.evaluate(ANSWERED, "ready")
            page.locator("mark").first.wait_for(timeout=60_000)  # the first links take longest
            queries = [query + "!" * n for n in range(1, rounds + 1) for query in QUERIES]
            times = []
            for query in queries:
                times.append(page.evaluate(ANSWERED, query))
                page.wait_for_timeout(PAUSE)
            own = httpx.post(
                url + "v1/collections/phrases/search", json={"query": "and how fast is this", "compare": [0]}
            ).json()
        finally:
            chromium.close()
            service.terminate()
            service.wait(60)
    print(f"first paint: median {np.median(paints):.0f} ms of {len(paints)} new visitors, worst {max(paints):.0f} ms")
    median, late = np.percentile(times, [50, 95])
    print(f"answer after the last key: median {median:.0f} ms, 95th percentile {late:.0f} ms")
    print(f"of that the service's own time, once: {own['milliseconds']:.0f} ms")


if __name__ == "__main__":
    main()
