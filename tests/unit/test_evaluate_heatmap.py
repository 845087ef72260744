"""Heat maps: the page must stand alone, the image must be an image."""

from __future__ import annotations

import struct
import sys
from html.parser import HTMLParser

import pytest

from xling.errors import InvalidInput, MissingExtra
from xling.evaluate import LanguageMatrix, heatmap_html, heatmap_png

MATRIX = LanguageMatrix(title="mAP <raw>", rows=("en", "ja"), columns=("de", "en"), values=((0.1, 1.0), (0.55, None)))


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.cells = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag == "td":
            self.cells.append([dict(attrs).get("style", ""), ""])

    def handle_data(self, data):
        if self.cells and data.strip():
            self.cells[-1][1] += data.strip() if not self.cells[-1][1] else ""


def test_the_page_asks_nothing_of_the_network_and_escapes_titles(tmp_path):
    text = heatmap_html([MATRIX, MATRIX.titled("after")], tmp_path / "map.html", title="before & after")
    assert (tmp_path / "map.html").read_text(encoding="utf-8") == text
    page = Page(text)
    assert not {"script", "link", "img", "iframe", "object"} & set(page.tags)
    assert not {"src", "href", "srcset", "onload", "onclick"} & {name for name, _ in page.attributes}
    assert "url(" not in text
    assert "@import" not in text
    assert "://" not in text
    assert "mAP &lt;raw&gt;" in text
    assert "before &amp; after" in text
    assert page.tags.count("table") == page.tags.count("caption") == 2


def test_cells_have_their_values_and_colours_that_tell_them_apart():
    page = Page(heatmap_html(MATRIX))
    cells = [(style, text[:4]) for style, text in page.cells if text]
    by_text = {text: style for style, text in cells}
    assert {"0.10", "1.00", "0.55", "–"} <= set(by_text)
    assert "rgb(68, 1, 84);color:white" in by_text["0.10"]
    assert "rgb(253, 231, 37);color:black" in by_text["1.00"]
    assert "rgb(33, 145, 140)" in by_text["0.55"]
    assert by_text["–"] == ""


def test_a_given_scale_holds_for_all_matrices():
    text = heatmap_html(MATRIX, low=0.0, high=2.0)
    assert "rgb(33, 145, 140)" in text
    assert "rgb(253, 231, 37);" not in text
    flat = LanguageMatrix(title="flat", rows=("en",), columns=("en",), values=((0.3,),))
    assert "rgb(68, 1, 84)" in heatmap_html(flat)


def test_the_image_is_a_png_that_grows_with_the_matrices(tmp_path):
    pytest.importorskip("matplotlib")
    sizes = []
    for n in (1, 2):
        path = tmp_path / f"{n}.png"
        heatmap_png([MATRIX] * n, path, title="mAP", dpi=80)
        data = path.read_bytes()
        assert data.startswith(b"\x89PNG\r\n\x1a\n")
        sizes.append(struct.unpack(">II", data[16:24]))
    assert sizes[1][0] > sizes[0][0] > 100
    assert sizes[1][1] == sizes[0][1] > 100


def test_without_matplotlib_the_extra_is_named(tmp_path, monkeypatch):
    for name in ("matplotlib", "matplotlib.figure", "matplotlib.backends.backend_agg"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtra, match=r"pip install 'xling\[eval\]'"):
        heatmap_png(MATRIX, tmp_path / "map.png")
    assert not list(tmp_path.iterdir())


def test_no_matrix_is_refused():
    with pytest.raises(InvalidInput, match="at least one matrix"):
        heatmap_html([])
    with pytest.raises(InvalidInput, match="rows and columns"):
        heatmap_html(LanguageMatrix(title="", rows=(), columns=(), values=()))


def test_means_of_a_matrix_skip_what_was_not_measured():
    assert MATRIX.mean == pytest.approx(0.55)
    assert MATRIX.diagonal == 1.0
    assert MATRIX.off_diagonal == pytest.approx((0.1 + 0.55) / 2)
    assert LanguageMatrix(title="", rows=("en",), columns=("en",), values=((None,),)).mean is None
