"""The page of a map in Chromium: search, colours, hover, keys, and nothing asked of the network."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.test_map import made

TEXTS = {"fr": "Le café est fermé", "ja": "猫が寝ている", "ar": "القطة نائمة", "en": "The <b>cat</b> & I sleep"}


@pytest.fixture(scope="module")
def drawn():
    langs = [lang for lang in TEXTS for _ in range(50)]
    texts = [f"{TEXTS[lang]} {i}" for i, lang in enumerate(langs)]
    metadata = [{"topic": f"t{i % 3}", "year": 1900 + i} for i in range(200)]
    return made(texts, langs, metadata, layers=2, name="Cafés 猫")


@pytest.fixture
def page(browser, drawn, tmp_path):
    """The page, at the middle of a window, with what it says of errors."""
    drawn.save(tmp_path / "map.html")
    context = browser.new_context(viewport={"width": 1200, "height": 700}, color_scheme="light")
    page = context.new_page()
    page.asked, page.failed = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("pageerror", lambda error: page.failed.append(str(error)))
    page.on("console", lambda message: page.failed.append(message.text) if message.type == "error" else None)
    page.goto((tmp_path / "map.html").as_uri())
    yield page
    assert page.failed == []
    assert [url for url in page.asked if not url.startswith("file:")] == []
    context.close()


def spot(page, drawn, i, panel=1):
    """Where the page draws a point, in pixels of the window."""
    box = page.locator("canvas.top").nth(panel).bounding_box()
    side = min(box["width"], box["height"]) - 24
    x, y = map(float, drawn.layers[panel].places[i])
    return box["x"] + box["width"] / 2 + (x - 0.5) * side, box["y"] + box["height"] / 2 + (0.5 - y) * side


def ink(page, panel=1, least=1000):
    """The colours that much is drawn in, with how many pixels have each."""
    return page.evaluate(
        """([panel, least]) => {
          const canvas = document.querySelectorAll(".field canvas:first-child")[panel];
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          const found = new Map();
          for (const pixel of new Uint32Array(data.buffer))
            if (pixel >>> 24 > 200) found.set(pixel & 0xffffff, (found.get(pixel & 0xffffff) || 0) + 1);
          return Object.fromEntries([...found].filter(([, many]) => many > least));
        }""",
        [panel, least],
    )


def test_hovering_shows_the_text_as_it_is(page, drawn):
    distances = np.linalg.norm(drawn.places[:, None] - drawn.places[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    for lang in TEXTS:
        alone = max((i for i in range(200) if drawn.langs[i] == lang), key=lambda i: distances[i].min())
        page.mouse.move(*spot(page, drawn, alone))
        tip = page.locator("#tip")
        tip.wait_for(state="visible")
        text = tip.locator("p")
        assert text.inner_text() == drawn.texts[alone]
        assert (text.get_attribute("lang"), text.get_attribute("dir")) == (lang, "auto")
        assert f"t{alone % 3}" in tip.inner_text()
        assert tip.locator("b").count() == 0
        direction = text.evaluate("node => getComputedStyle(node).direction")
        assert direction == ("rtl" if lang == "ar" else "ltr")
    page.mouse.move(5, 5)
    tip.wait_for(state="hidden")


def test_searching_finds_across_marks_and_case(page):
    assert page.locator("#status").inner_text() == "200 texts"
    before = ink(page)
    page.keyboard.press("/")
    page.keyboard.type("CAFE")
    assert page.locator("#status").inner_text() == "50 of 200 texts"
    assert page.locator("#found button").count() == 50
    assert len(before) == 4
    assert len(before.keys() & ink(page).keys()) == 1
    page.locator("#search").fill("猫")
    assert page.locator("#status").inner_text() == "50 of 200 texts"
    page.locator("#search").fill("<b>cat 15")
    assert page.locator("#found button").count() > 0
    page.locator("#search").fill("no such text")
    assert page.locator("#status").inner_text() == "0 of 200 texts"
    page.locator("#search").press("Escape")
    assert page.locator("#status").inner_text() == "200 texts"
    assert ink(page) == before


def test_all_can_be_done_by_keys(page, drawn):
    page.locator("#search").fill("猫")
    page.keyboard.press("Tab")
    for _ in range(8):
        if page.evaluate("document.activeElement.matches('canvas.top')"):
            break
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.matches('canvas.top')")
    seen = set()
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "ArrowLeft", "ArrowDown"):
        page.keyboard.press(key)
        assert page.locator("#tip").is_visible()
        seen.add(page.locator("#status").inner_text())
    assert len(seen) > 2
    assert all(text.startswith("猫") for text in seen)
    before = ink(page, 0)
    page.keyboard.press("+")
    assert ink(page, 0) != before
    page.keyboard.press("0")
    assert ink(page, 0) == before
    page.keyboard.press("Escape")
    assert page.locator("#tip").is_hidden()
    page.locator("#found button").first.focus()
    assert page.locator("#tip p").inner_text().startswith("猫")


def test_colours_can_be_chosen_and_hidden(page):
    assert page.locator("#legend button").count() == 4
    languages = ink(page)
    page.locator("#colour").select_option("topic")
    assert page.locator("#legend-name").inner_text() == "topic"
    assert page.locator("#legend button").all_inner_texts()[0].split() == ["t0", "67"]
    assert ink(page) != languages
    page.locator("#legend button").nth(1).click()
    pressed = [button.get_attribute("aria-pressed") for button in page.locator("#legend button").all()]
    assert pressed == ["false", "true", "false"]
    page.locator("#legend button").nth(1).click()
    assert page.locator("#legend button").nth(0).get_attribute("aria-pressed") == "true"
    page.locator("#colour").select_option("year")
    assert page.locator("#legend .ends").inner_text().split() == ["1900", "2099"]
    assert len(ink(page, least=20)) > 5


def test_wheel_and_drag_move_the_map_and_the_button_brings_it_back(page, drawn):
    before = ink(page)
    page.mouse.move(*spot(page, drawn, 0))
    page.mouse.wheel(0, -400)
    page.wait_for_timeout(100)
    near = ink(page)
    assert near != before
    page.mouse.down()
    page.mouse.move(900, 500, steps=4)
    page.mouse.up()
    page.wait_for_timeout(100)
    assert ink(page) != near
    page.locator("#whole").click()
    assert ink(page) == before


def test_the_dark_has_light_letters(page):
    def colours():
        return page.evaluate(
            "[getComputedStyle(document.body).color, getComputedStyle(document.documentElement).backgroundColor]"
        )

    light = colours()
    page.emulate_media(color_scheme="dark")
    dark = colours()
    assert sum(map(int, light[1][4:-1].split(","))) > 700 > 200 > sum(map(int, dark[1][4:-1].split(",")))
    assert light[0] != dark[0]
    assert len(ink(page)) == 4
