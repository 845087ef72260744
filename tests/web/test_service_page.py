"""The page of the service in Chromium, over the real service and model."""

from __future__ import annotations

import contextlib
import re
import time

import pytest

import xling

pytest.importorskip("fastapi", reason="needs the extra serve: pip install 'xling[serve]'")
playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install playwright")

from tests.serving import running  # noqa: E402

EVIL = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script> & \"quoted\" 🚉 station"
DOCUMENTS = [
    ("thanks-en", "en", "Thank you"),
    ("thanks-fr", "fr", "Merci"),
    ("morning-ja", "ja", "おはよう"),
    ("morning-en", "en", "Good morning"),
    ("station-de", "de", "Wo ist der Bahnhof?"),
    ("station-ja", "ja", "駅はどこですか。"),
    ("station-zh", "zh", "火车站在哪里？"),
    ("station-ar", "ar", "أين محطة القطار؟"),
    ("station-he", "he", "איפה תחנת הרכבת?"),
    ("ridge-en", "en", "Leave the ridge when clouds grow tall."),
    ("evil", "en", EVIL),
]

UNITS = [("駅はどこですか。", "Where is the station?"), ("契約は2024年に終了します。", "The contract ends in 2024.")]


@pytest.fixture(scope="module")
def service(encoder, tmp_path_factory):
    """The address of a service with a collection, `phrases`."""
    directory = tmp_path_factory.mktemp("service")
    with xling.open("phrases", path=directory, model=encoder) as phrases:
        phrases.add([{"id": id, "lang": lang, "text": text, "metadata": {"of": id}} for id, lang, text in DOCUMENTS])
    with xling.open_memory("manuals", path=directory, model=encoder) as memory:
        memory.add(UNITS, source="ja", target="en")
    with running(directory, model=encoder) as url:
        yield url


@pytest.fixture
def open_page(browser, service):
    """Opens the page; afterwards nothing must have gone wrong in it, and nothing been asked of elsewhere."""
    contexts = []

    def opened(fragment="c=phrases", **options):
        context = browser.new_context(**{"viewport": {"width": 1200, "height": 900}, **options})
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.asked, page.failed = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("pageerror", lambda error: page.failed.append(str(error)))
        page.on("console", lambda message: page.failed.append(message.text) if message.type == "error" else None)
        page.goto(f"{service}/#{fragment}")
        page.locator("#languages button").first.wait_for()
        contexts.append((context, page))
        return page

    yield opened
    for context, page in contexts:
        assert page.failed == []
        assert [url for url in page.asked if not url.startswith(service)] == []
        context.close()


def until(page, expression, argument=None, seconds=60):
    """Wait until an expression holds. Playwright's own way evaluates strings in the page, which its policy forbids."""
    end = time.monotonic() + seconds
    while not page.evaluate(expression, argument):
        assert time.monotonic() < end, f"never came true: {expression}"
        page.wait_for_timeout(20)


def texts(page, which="#hits"):
    return page.locator(f"{which} .text").all_inner_texts()


def ask(page, query):
    page.locator("#query").fill(query)
    until(page, "q => state.answer?.query === q", query)


def test_hits_come_while_one_types(open_page):
    page = open_page()
    assert page.evaluate("document.activeElement.id") == "query"
    page.keyboard.type("ありがとう")
    until(page, "state.answer?.query === 'ありがとう'")
    assert texts(page)[:2] == ["Thank you", "Merci"]
    first = page.locator("#hits li").first
    assert first.locator(".badge").inner_text() == "en"
    assert first.locator(".badge").get_attribute("title") == "English"
    assert 0.5 < float(first.locator("meter").evaluate("node => node.value")) <= 1
    assert re.fullmatch(r"10 hits in \d+ ms for a query in Japanese", page.locator("#status").inner_text())
    assert "q=%E3%81%82" in page.url


def test_the_documents_are_gone_through_while_nothing_is_asked(open_page):
    page = open_page()
    more = page.locator("#browse")
    page.evaluate("state.page = 4")
    assert more.inner_text() == "Show the documents"
    for number in (4, 8, 11):
        more.click()
        until(page, "n => document.querySelectorAll('#hits li').length === n", number)
    assert sorted(texts(page)) == sorted(text for _, _, text in DOCUMENTS)
    more.wait_for(state="hidden")
    assert page.locator("#raw-column").is_hidden()
    assert page.evaluate("document.activeElement.closest('li') === document.querySelectorAll('#hits li')[8]")
    assert page.locator("#hits dl").first.text_content().startswith("id")
    page.locator("#languages button", has_text="ja").click()
    until(page, "document.querySelectorAll('#hits li').length === 2")
    page.locator("#languages button", has_text="ja").click()
    until(page, "document.querySelectorAll('#hits li').length === 4")
    ask(page, "ありがとう")
    more.wait_for(state="hidden")
    assert page.locator("#raw-column").is_visible()
    assert texts(page)[0] == "Thank you"
    page.locator("#query").fill("")
    until(page, "document.querySelectorAll('#hits li').length === 0")
    more.wait_for(state="visible")


def test_a_stale_answer_is_dropped(open_page):
    page = open_page()
    held = []

    def hold(route):
        if "Good" in route.request.post_data:
            held.append(route)
        else:
            route.continue_()

    page.route("**/search", hold)
    page.locator("#query").fill("Good morning")
    until(page, "asking && !asking.signal.aborted && !state.answer")
    while not held:
        page.wait_for_timeout(20)
    ask(page, "駅はどこ")
    with contextlib.suppress(playwright.Error):  # it was taken back
        held[0].continue_()
    page.wait_for_timeout(300)
    assert page.evaluate("state.answer.query") == "駅はどこ"
    assert texts(page)[0] == "駅はどこですか。"
    page.unroute("**/search")
    page.failed[:] = [text for text in page.failed if "Failed to load" not in text]


def test_a_busy_service_is_asked_once_more(open_page):
    page = open_page()
    answers = iter([503, 503, 429])
    error = '{"error": {"code": "overloaded", "message": "more is asked than can be answered"}}'

    def busy(route):
        status = next(answers, None)
        if status is None:
            route.continue_()
        else:
            route.fulfill(status=status, headers={"Retry-After": "0"}, body=error)

    page.route("**/search", busy)
    page.locator("#query").fill("ありがとう")
    page.locator("#problem").wait_for()
    assert page.locator("#problem").inner_text() == "more is asked than can be answered"
    ask(page, "ありがとうね")
    assert texts(page)[0] == "Thank you"
    assert page.locator("#problem").is_hidden()
    page.failed[:] = [text for text in page.failed if "Failed to load resource" not in text]


def test_texts_are_shown_and_never_run(open_page):
    page = open_page("c=phrases&q=" + "%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E%20station")
    page.locator("mark").first.wait_for()
    assert EVIL in texts(page)
    assert page.title() == "xling"
    assert page.locator("main img, main script").count() == 0
    shown = page.locator("#hits .text", has_text="🚉")
    assert shown.inner_text() == EVIL  # underlined behind an emoji, which is two units of UTF-16
    assert "station" in shown.locator("mark").all_inner_texts()


def test_words_that_answer_the_query_are_underlined(open_page):
    page = open_page("c=phrases&q=駅はどこですか")
    german = page.locator("#hits .text", has_text="Bahnhof")
    german.locator("mark").first.wait_for()
    marks = {mark.inner_text(): mark.get_attribute("title") for mark in german.locator("mark").all()}
    assert marks["Bahnhof"] == "駅"
    assert page.locator("#echo mark").first.inner_text() == "駅"
    german.locator("mark", has_text="Bahnhof").hover()
    assert page.locator("#echo mark.lit").all_inner_texts() == ["駅"]


def test_each_text_has_its_direction_and_language(open_page):
    page = open_page("c=phrases&q=Where is the station?")
    page.locator("#hits li").first.wait_for()
    for lang, direction in (("ar", "rtl"), ("he", "rtl"), ("zh", "ltr"), ("ja", "ltr")):
        text = page.locator(f"#hits .text[lang={lang}]").first
        assert text.evaluate("node => getComputedStyle(node).direction") == direction
    page.locator("#query").fill("أين محطة")
    assert page.locator("#query").evaluate("node => getComputedStyle(node).direction") == "rtl"


def test_languages_filter(open_page):
    page = open_page("c=phrases&q=station")
    assert page.locator("#languages button").all_inner_texts()[:2] == ["en 4", "ja 2"]
    page.get_by_role("button", name="Japanese, 2 documents").click()
    until(page, "[...document.querySelectorAll('#hits .badge')].every(b => b.textContent === 'ja')")
    assert page.locator("#hits li").count() == 2
    page.get_by_role("button", name="Arabic, 1 document").click()
    until(page, "document.querySelectorAll('#hits li').length === 3")


def test_the_slider_ranks_anew_beside_the_raw_ranking(open_page):
    page = open_page("c=phrases")
    ask(page, "ありがとう")
    neutral, raw = texts(page), texts(page, "#raw")
    assert neutral[0] == "Thank you"
    assert raw[0] == "おはよう"  # the model as it is: its own language first
    assert "raw: 2" in page.locator("#hits li").first.inner_text()
    page.locator("#neutral").focus()
    page.keyboard.press("ArrowLeft")
    until(page, "state.answer.rankings.size === 11")
    assert page.locator("#neutral-title").inner_text() == "Neutrality 0.9"
    page.keyboard.press("Home")
    assert page.locator("#neutral-value").inner_text() == "0.0"
    assert texts(page) == raw
    asked = len(page.asked)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("End")
    assert texts(page) == neutral
    assert [url for url in page.asked[asked:] if url.endswith("/search")] == []
    page.locator("#compare").uncheck()
    assert page.locator("#raw-column").is_hidden()


def test_the_map_shows_the_query_and_its_hits(open_page):
    pytest.importorskip("openTSNE", reason="needs the extra explore: pip install 'xling[explore]'")
    page = open_page("c=phrases&q=駅はどこ")
    page.locator("#hits li").first.wait_for()
    page.get_by_label("map", exact=True).check()
    until(page, "state.map?.mark", seconds=120)
    assert "the star is the query, rings are 10 hits" in page.locator("#map-caption").inner_text()
    assert page.locator("#map").get_attribute("aria-label").startswith("Map of 11 documents")
    inked = "[...$('map').getContext('2d').getImageData(0, 0, $('map').width, $('map').height).data].some(Boolean)"
    assert page.evaluate(inked)
    x, y = page.evaluate(
        "[12 + state.map.points[0].x * ($('map').clientWidth - 24),"
        " 12 + (1 - state.map.points[0].y) * ($('map').clientHeight - 24)]"
    )
    page.locator("#map").hover(position={"x": x, "y": y})
    assert page.locator("#map").get_attribute("title") == page.evaluate("state.map.points[0].text")
    before = page.evaluate("[state.map.mark.x, state.map.mark.y]")
    ask(page, "ありがとう")
    until(page, "b => state.map.mark && state.map.mark.x !== b[0]", before)


def test_everything_can_be_reached_by_keys(open_page):
    page = open_page("c=phrases&q=station")
    page.locator("#hits li").first.wait_for()
    page.locator("h1").click()
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "query"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    second = page.locator("#hits li").nth(1)
    assert second.locator("dl").is_visible()
    assert "score" in second.inner_text()
    page.keyboard.press("Escape")
    assert not second.locator("dl").is_visible()
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "query"
    page.keyboard.press("Escape")
    until(page, "document.querySelectorAll('#hits li').length === 0")
    page.locator("#tab-search").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#segment").is_visible()
    page.keyboard.press("ArrowRight")
    assert page.locator("#lines").is_visible()


def test_texts_are_added_to_a_new_collection(open_page):
    page = open_page()
    page.locator("#tab-add").click()
    page.locator("#into").fill("made here")
    page.locator("#lines").fill("The ferry leaves at noon.\n\n船は正午に出ます。\n")
    page.get_by_role("button", name="Add texts").click()
    until(page, "document.getElementById('add-status').textContent === '2 added'")
    until(page, "state.collection === 'made here'")
    page.keyboard.press("Tab")
    page.locator("#tab-search").click()
    ask(page, "Wann fährt die Fähre?")
    assert set(texts(page)) == {"The ferry leaves at noon.", "船は正午に出ます。"}


def test_files_that_are_dropped_are_added(open_page):
    page = open_page()
    page.locator("#into").evaluate("node => { node.value = 'dropped'; }")
    lines = '{"text": "The lake is frozen.", "id": "lake"}\\n{"text": "山は静かだ。", "lang": "ja"}\\n{"text": " "}\\n'
    drop = (
        "const data = new DataTransfer();"
        f"data.items.add(new File(['{lines}'], 'facts.jsonl'));"
        "data.items.add(new File(['<h1>شمس</h1><p>A page about the sun.</p>'], 'sun <b>.html'));"
        "data.items.add(new File([new Uint8Array([1, 2, 3])], 'what.xyz'));"
        "document.body.dispatchEvent(new DragEvent('dragenter', { dataTransfer: data, bubbles: true }));"
        "window.veiled = !document.getElementById('veil').hidden;"
        "document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));"
    )
    page.evaluate(f"() => {{ {drop} }}")
    assert page.evaluate("veiled && document.getElementById('veil').hidden")
    until(page, "state.collection === 'dropped'")
    told = page.locator("#uploads li").all_inner_texts()
    assert [line for line in told if line.startswith("facts.jsonl 2 added, 1 skipped")]
    assert [line for line in told if line.startswith("sun <b>.html 1 added")]
    assert [line for line in told if line.startswith("what.xyz failed:")]
    assert page.locator("#uploads progress").count() == 0
    page.failed[:] = [text for text in page.failed if "422" not in text and "415" not in text]
    page.locator("#tab-search").click()
    ask(page, "ice on the water")
    assert texts(page)[0] == "The lake is frozen."


def test_a_memory_is_asked_and_its_match_copied(open_page):
    page = open_page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("#tab-memory").click()
    page.locator("#memory-name").select_option("manuals")
    page.locator("#target").select_option("en")
    page.locator("#segment").fill("契約は2025年に終了します。")
    page.get_by_role("button", name="Look up").click()
    match = page.locator("#matches li").first
    match.wait_for()
    assert match.locator(".target").inner_text() == "The contract ends in 2024."
    assert match.locator(".source").get_attribute("lang") == "ja"
    assert "numbers differ" in match.inner_text()
    assert re.search(r"\d+ % fuzzy", match.inner_text())
    match.get_by_role("button", name="Copy").click()
    until(page, "document.getElementById('memory-status').textContent === 'Copied.'")
    assert page.evaluate("navigator.clipboard.readText()") == "The contract ends in 2024."
    page.locator("#segment").fill("Wo ist der Bahnhof?")
    page.locator("#segment").press("Control+Enter")
    page.get_by_text("Where is the station?", exact=True).wait_for()


def test_a_phone_needs_no_sideways_scrolling(open_page):
    page = open_page("c=phrases&q=station", viewport={"width": 375, "height": 812}, has_touch=True)
    page.locator("#hits li").first.wait_for()
    assert page.locator("#raw-column").is_hidden()
    for tab in ("#tab-search", "#tab-memory", "#tab-add"):
        page.locator(tab).click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 375
    small = (
        "[...document.querySelectorAll('button, summary, select')].filter(n => n.offsetParent && n.offsetHeight < 24)"
    )
    assert page.evaluate(f"{small}.length") == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(open_page, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")
    page = open_page("c=phrases&q=駅はどこですか", color_scheme=scheme)
    page.locator("mark").first.wait_for()
    page.locator("#hits summary").first.click()
    page.locator("#languages button").first.click()
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    for tab in ("#tab-search", "#tab-memory", "#tab-add"):
        page.locator(tab).click()
        found = axe.Axe().run(page, options=rules).response
        assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []
    page.locator("#tab-search").click()
    page.locator("#query").fill("")
    page.locator("#browse").click()
    page.locator("#hits dl").first.wait_for(state="attached")
    found = axe.Axe().run(page, options=rules).response
    assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []
    page.evaluate("needKey()")
    found = axe.Axe().run(page, options=rules).response
    assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []


def test_a_service_with_keys_asks_for_one(browser, encoder, tmp_path):
    key = new_key(tmp_path, "admin")
    with running(tmp_path, model=encoder, allow_anonymous=False, host="0.0.0.0", allowed_hosts="127.0.0.1") as url:
        context = browser.new_context()
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.goto(url)
        page.locator("#key").fill(key)
        page.get_by_role("button", name="Use it").click()
        until(page, "document.getElementById('status').textContent.includes('no collections yet')")
        assert key not in page.evaluate("location.href + JSON.stringify(localStorage)")
        context.close()


def test_a_key_that_may_only_read_is_not_offered_to_add(browser, encoder, tmp_path):
    key = new_key(tmp_path, "read")
    with running(tmp_path, model=encoder, host="0.0.0.0", allowed_hosts="127.0.0.1") as url:
        context = browser.new_context()
        page = context.new_page()
        page.goto(url)
        page.locator("#key").fill(key)
        page.keyboard.press("Enter")
        until(page, "document.getElementById('tab-add').hidden")
        page.locator("#tab-search").focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        assert page.evaluate("document.activeElement.id") == "tab-search"
        context.close()


def new_key(directory, role):
    from xling.serve import KeyFile

    return KeyFile(directory / "keys.json").create("page", role=role)[1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_of_an_alignment_reads_well(browser, tmp_path, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")
    from xling.translate.alignment_page import page as html

    links = [
        ("1-1", 0.5, ["The museum opens at nine."], ["يفتح المتحف أبوابه في التاسعة."]),
        ("1-2", 0.9, ["It is closed on Mondays & Tuesdays."], ["وهو مغلق", "<b>يوم الاثنين</b>"]),
        ("1-0", None, ["Dogs must wait outside."], []),
    ]
    (tmp_path / "page.html").write_text(html(links, "en", "ar"), "utf-8")
    context = browser.new_context(viewport={"width": 375, "height": 700}, color_scheme=scheme)
    page = context.new_page()
    page.goto((tmp_path / "page.html").as_uri())
    assert page.locator("td[lang=ar] p").all_inner_texts() == [text for link in links for text in link[3]]
    assert page.locator("td[lang=ar] p").first.evaluate("node => getComputedStyle(node).direction") == "rtl"
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    found = axe.Axe().run(page).response
    assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []
    context.close()
