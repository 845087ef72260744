"""Maps, but for the collection: places, colours, the page and the picture of points that are made up."""

from __future__ import annotations

import json
import re
import warnings
from html.parser import HTMLParser
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xling.errors import FontWarning, InvalidInput
from xling.explore.colouring import MOST_VALUES, OTHER, by_values, colourings
from xling.explore.map_page import page, shortened
from xling.explore.maps import Layer, Map
from xling.explore.nearest import nearest
from xling.explore.projecting import fitted, place, principal, project
from xling.explore.results import Placed


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def groups(n, dimension=32, apart=2.0, seed=0):
    """Points of four groups, and the group of each."""
    rng = np.random.default_rng(seed)
    of = np.arange(n) % 4
    return unit(rng.normal(size=(4, dimension))[of] * apart + rng.normal(size=(n, dimension))), of


def made(texts=("one", "two", "three"), langs=("en", "ja", "und"), metadata=None, layers=1, name="map", ids=None):
    n = len(texts)
    rng = np.random.default_rng(0)
    drawn = [
        Layer(title, alpha, fitted(rng.random((n, 2))), unit(rng.random((n, 4))))
        for title, alpha in (("raw", 0.0), ("neutral", 1.0))[2 - layers :]
    ]
    return Map(
        name=name,
        ids=list(ids or range(n)),
        texts=list(texts),
        langs=list(langs),
        colourings=colourings(langs, metadata or [{}] * n, None),
        layers=tuple(drawn),
        total=n,
        seed=0,
        model="m",
        _space=SimpleNamespace(),
        _basis=SimpleNamespace(),
    )


@settings(deadline=None)
@given(st.integers(1, 30), st.integers(1, 40), st.integers(1, 50), st.integers(0, 99))
def test_the_nearest_are_those_of_the_whole_table(n, m, k, seed):
    rng = np.random.default_rng(seed)
    queries, documents = unit(rng.normal(size=(n, 5))), unit(rng.normal(size=(m, 5)))
    places, products = nearest(queries, documents, k)
    assert places.shape == products.shape == (n, min(k, m))
    whole = queries @ documents.T
    assert np.allclose(products, -np.sort(-whole, axis=1)[:, :k], atol=1e-6)
    assert np.allclose(np.take_along_axis(whole, places, axis=1), products, atol=1e-6)
    others, _ = nearest(documents, documents, k, itself=False)
    assert others.shape[1] == min(k, m - 1)
    assert not (others == np.arange(m)[:, None]).any()


def test_blocks_change_nothing(monkeypatch):
    rows, _ = groups(60)
    whole = nearest(rows, rows, 7, itself=False)
    monkeypatch.setattr("xling.explore.nearest._BLOCK_CELLS", 300)
    parts = nearest(rows, rows, 7, itself=False)
    assert np.array_equal(whole[0], parts[0])
    assert np.allclose(whole[1], parts[1])


def test_groups_stay_together_and_seeds_decide():
    rows, of = groups(200)
    places = project(rows)
    assert places.shape == (200, 2)
    assert places.min() >= -1e-6
    assert places.max() <= 1 + 1e-6
    assert (places.max(axis=0) - places.min(axis=0)).max() == pytest.approx(1, abs=1e-5)
    distances = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    near = np.argsort(distances, axis=1)[:, :10]
    assert (of[near] == of[:, None]).mean() > 0.95
    assert np.array_equal(places, project(rows))
    assert not np.array_equal(places, project(rows, seed=1))


@pytest.mark.parametrize("n", [1, 2, 3, 5, 6, 7, 20])
@pytest.mark.parametrize("equal", [False, True])
def test_few_or_equal_vectors_have_places_too(n, equal):
    rows, _ = groups(n)
    places = project(rows[:1].repeat(n, axis=0) if equal else rows)
    assert places.shape == (n, 2)
    assert np.isfinite(places).all()


def test_vectors_of_one_number_have_places():
    assert project(np.ones((8, 1), np.float32)).shape == (8, 2)
    assert np.isfinite(principal(np.ones((8, 1), np.float32))).all()


def test_a_text_goes_where_most_of_its_neighbours_are():
    places = np.array([[0, 0], [0.1, 0], [0, 0.1], [1, 1]], np.float32)
    [found] = place(np.array([[0, 1, 2, 3]]), np.array([[0.5, 0.5, 0.5, 0.5]], np.float32), places)
    assert np.linalg.norm(found) < 0.15  # the mean would be at 0.28, 0.28
    [found] = place(np.array([[3, 0]]), np.array([[0.9, 0.1]], np.float32), places)
    assert np.allclose(found, [1, 1], atol=0.01)


def test_new_members_of_a_group_are_placed_in_it():
    rows, of = groups(200)
    places = project(rows[:150])
    found, cosines = nearest(rows[150:], rows[:150], 10)
    middles = np.stack([np.median(places[of[:150] == g], axis=0) for g in range(4)])
    put = place(found, cosines, places)
    closest = np.linalg.norm(put[:, None] - middles[None], axis=2).argmin(axis=1)
    assert (closest == of[150:]).mean() > 0.95


def test_fields_that_can_be_coloured_by_are_found():
    rows = [
        {"topic": "ab"[i % 2], "year": 1900 + i, "title": f"title {i}", "tags": ["x"], "one": "same", "rank": i % 3}
        | ({"rare": "yes"} if i < 2 else {})
        for i in range(100)
    ]
    found = {one.name: one for one in colourings(["en"] * 100, rows, None)}
    assert list(found) == ["language", "topic", "year", "rank"]
    assert found["year"].numeric
    assert found["year"].ends == (1900.0, 1999.0)
    assert found["year"].places()[::99] == [0, 1000]
    assert found["rank"].names == ("0", "1", "2")
    assert found["topic"].names == ("a", "b")
    named = {one.name: one for one in colourings(["en"] * 100, rows, ["rare", "title"])}
    assert named["rare"].names == ("yes", None)
    assert named["title"].names[-1] == OTHER
    assert len(named["title"].names) == MOST_VALUES + 1
    assert all(place is not None for place in named["title"].places())
    with pytest.raises(InvalidInput, match="several values"):
        colourings(["en"] * 100, rows, ["tags"])
    with pytest.raises(InvalidInput, match="no document"):
        colourings(["en"] * 100, rows, ["nothing"])


@given(st.lists(st.one_of(st.none(), st.text(max_size=3), st.floats(allow_nan=False, allow_infinity=False, width=32))))
def test_every_point_has_a_colour(values):
    colouring = by_values("x", values)
    if colouring.numeric:
        assert all(place is None or 0 <= place <= 1000 for place in (colouring.places() if values else []))
    else:
        assert len(colouring.colours) == len(colouring.names)
        assert all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in colouring.colours)
        assert all(0 <= place < len(colouring.names) for place in colouring.places())


@given(st.lists(st.text(max_size=2000), max_size=20), st.integers(0, 5000))
def test_texts_are_cut_alike_to_stay_within_a_size(texts, budget):
    found = shortened(texts, budget)
    assert len(found) == len(texts)
    longest = max(map(len, found), default=0)
    if longest > 40:
        assert sum(len(text.encode()) for text in found) <= budget + 3 * len(texts)
    for text, cut in zip(texts, found, strict=True):
        plain = " ".join(text.split())
        assert cut == plain or (cut.endswith("…") and plain.startswith(cut[:-1]))


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.data, self.inside = [], [], "", None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        self.inside = "data" if ("id", "data") in attrs else tag

    def handle_data(self, data):
        if self.inside == "data":
            self.data += data

    def handle_endtag(self, tag):
        self.inside = None


@given(st.lists(st.text(), min_size=1, max_size=5), st.text())
@settings(deadline=None)
def test_whatever_texts_hold_the_page_is_whole(texts, title):
    texts = ["</script><script>alert(1)</script>", "<!--", "__DATA__", "__SCRIPT__", *texts]
    drawn = made(texts, ["en"] * len(texts))
    found = Page(page(drawn, drawn.colouring(None), title, [Placed(text="__TITLE__", x=0.5, y=0.5)]))
    assert found.tags.count("script") == 2
    assert not {"img", "link", "iframe"} & set(found.tags)
    assert not {"src", "href", "onload"} & {name for name, _ in found.attributes}
    data = json.loads(found.data)
    assert data["texts"] == [" ".join(text.split()) for text in texts]
    assert len(data["maps"][0]["x"]) == len(texts)


def test_the_page_asks_nothing_of_the_network(tmp_path):
    drawn = made(layers=2)
    drawn.save(tmp_path / "map.html")
    text = (tmp_path / "map.html").read_text("utf-8")
    assert "default-src 'none'" in text
    assert "url(" not in text
    assert "@import" not in text
    assert "://" not in text
    assert json.loads(Page(text).data)["maps"][0]["title"] == "raw"


def test_a_map_is_plain_json(tmp_path):
    drawn = made(metadata=[{"topic": "a"}, {"topic": "b"}, {"topic": "a"}], layers=2)
    drawn.save(tmp_path / "map.json")
    found = json.loads((tmp_path / "map.json").read_text("utf-8"))
    assert found == json.loads(drawn.to_json()) == drawn.to_dict()
    assert found["fields"] == ["language", "topic"]
    first = found["points"][0]
    assert first["text"] == "one"
    assert first["fields"] == {"topic": "a"}
    assert (first["x"], first["y"]) == pytest.approx(tuple(drawn.places[0]), abs=1e-4)
    assert (first["raw_x"], first["raw_y"]) == pytest.approx(tuple(drawn.layers[0].places[0]), abs=1e-4)


def test_other_files_are_refused(tmp_path):
    drawn = made()
    with pytest.raises(InvalidInput, match=r"\.html, \.png, \.svg, \.json"):
        drawn.save(tmp_path / "map.pdf")
    with pytest.raises(InvalidInput, match="cannot be written"):
        drawn.save(tmp_path / "no" / "map.html")
    with pytest.raises(InvalidInput, match="no field 'topic'"):
        drawn.save(tmp_path / "map.html", color_by="topic")
    with pytest.raises(InvalidInput, match="list of texts"):
        drawn.place("a text")
    assert drawn.place([]) == []


SCRIPTS = {
    "latin": "Žluťoučký",
    "han": "東京都",
    "kana": "ひらがな",
    "hangul": "한국어",
    "arabic": "مرحبا",
    "thai": "ภาษาไทย",
    "devanagari": "हिन्दी",
    "hebrew": "שלום",
    "georgian": "ქართული",
    "bengali": "বাংলা",
}


def has_fonts():
    pytest.importorskip("matplotlib")
    from matplotlib.font_manager import fontManager

    return {"Noto Sans CJK JP", "Noto Sans Thai", "Noto Sans Devanagari"} <= {f.name for f in fontManager.ttflist}


def test_every_script_is_drawn_with_a_font_that_has_it(tmp_path):
    if not has_fonts():
        pytest.skip("needs the fonts of Noto: apt-get install fonts-noto fonts-noto-cjk")
    from matplotlib.font_manager import get_font

    from xling.explore.fonts import _files, families_for

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        families = families_for(SCRIPTS.values())
        there = {chr(code) for family in families for code in get_font(_files()[family]).get_charmap()}
        assert set("".join(SCRIPTS.values())) <= there
        assert len(families) <= len(SCRIPTS)
        metadata = [{"label": text} for text in SCRIPTS.values() for _ in range(3)]
        drawn = made([f"{i}" for i in range(30)], ["en"] * 30, metadata, layers=2)
        for name in ("map.png", "map.svg"):
            warnings.filterwarnings("error", message="Glyph .* missing")
            drawn.save(tmp_path / name, color_by="label", title="価格 $5 und $6 </svg>")
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "map.svg").read_text("utf-8").rstrip().endswith("</svg>")


def test_characters_without_a_font_are_named(monkeypatch):
    pytest.importorskip("matplotlib")
    from xling.explore import fonts

    only = {fonts.FIRST: fonts._files()[fonts.FIRST]}
    monkeypatch.setattr(fonts, "_files", lambda: only)
    with pytest.warns(FontWarning, match=r"no font of this machine has 3 .*Thai: กขค.*fonts-noto"):
        assert fonts.families_for(["abc", "กขค"]) == [fonts.FIRST]


def test_numbers_are_a_ramp_with_what_has_none(tmp_path):
    pytest.importorskip("matplotlib")
    metadata = [{"year": 1900 + i} if i else {} for i in range(30)]
    drawn = made([f"{i}" for i in range(30)], ["en"] * 30, metadata)
    for name in ("a.png", "a.svg", "a.html"):
        drawn.save(tmp_path / name, color_by="year")
        assert (tmp_path / name).stat().st_size > 5000
