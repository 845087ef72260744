"""The path through two documents, and the forms an alignment is written in."""

import html.parser
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xling.errors import InvalidInput
from xling.translate import Alignment, Link, align, read_tmx
from xling.translate import path as path_module
from xling.translate.alignment import aligned
from xling.translate.path import align_path, average_groups


def unit(x):
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)


def sentences(n, seed=0):
    return unit(np.random.default_rng(seed).normal(size=(n, 64)))


def test_one_to_one_merged_split_left_out_and_put_in():
    x = sentences(8)
    merged, extra = unit(x[1:2] + x[2:3]), sentences(1, seed=9)
    y = np.concatenate([x[:1], merged, x[3:5], x[6:7], extra, x[7:]])
    steps = [step for step, _ in aligned(average_groups(x, 3), average_groups(y, 3))]
    wanted = [
        (0, 1, 0, 1),
        (1, 3, 1, 2),
        (3, 4, 2, 3),
        (4, 5, 3, 4),
        (5, 6, 4, 4),
        (6, 7, 4, 5),
        (7, 7, 5, 6),
        (7, 8, 6, 7),
    ]
    assert steps == wanted
    assert [step for step, _ in aligned(average_groups(y, 3), average_groups(x, 3))] == [
        (c, d, a, b) for a, b, c, d in wanted
    ]


def test_confidence_is_the_likeness_of_the_groups_and_none_without_partner():
    x = sentences(3)
    found = aligned(average_groups(x, 3), average_groups(x[[0, 2]], 3))
    assert [confidence is None for _, confidence in found] == [False, True, False]
    assert found[0][1] == pytest.approx(1, abs=1e-5)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 40), st.integers(0, 40), st.integers(1, 4), st.integers(0, 99))
def test_every_sentence_is_in_exactly_one_step_in_order(n, m, size, seed):
    x, y = sentences(n, seed).reshape(n, 64), sentences(m, seed + 1).reshape(m, 64)
    steps = align_path(average_groups(x, size), average_groups(y, size), skip=0.4, most=size + 1)
    assert [i for a, b, _, _ in steps for i in range(a, b)] == list(range(n))
    assert [j for _, _, c, d in steps for j in range(c, d)] == list(range(m))


def test_long_documents_are_compared_near_the_path_only(monkeypatch):
    looked = []
    similarities = path_module._similarities

    def counted(source, target, i, j):
        looked.append(len(j))
        return similarities(source, target, i, j)

    monkeypatch.setattr(path_module, "_similarities", counted)
    totals = []
    for n in (1000, 2000, 4000):
        looked.clear()
        x = sentences(n)
        dropped = np.delete(x, np.arange(50, n, 97), axis=0)
        steps = align_path(average_groups(x, 2), average_groups(dropped, 2), skip=0.4, most=3)
        left_out = [a for a, b, c, d in steps if c == d]
        assert left_out == list(range(50, n, 97))
        totals.append(sum(looked))
    # What full comparisons of the coarsest level cost is at most FULL², whatever the length.
    assert totals[2] < 4.6 * totals[0] + path_module.FULL**2
    assert totals[2] < 4000 * 4000 / 20


ALIGNMENT = Alignment(
    links=(
        Link(source=('A <b> & "c".',), target=("مرحبا.",), source_start=0, target_start=0, confidence=0.9),
        Link(source=("One.", "Two\tthree."), target=("واحد.",), source_start=1, target_start=1, confidence=0.4),
        Link(source=(), target=("زيادة.",), source_start=3, target_start=2, confidence=None),
    ),
    source_lang="en",
    target_lang="ar",
)


def test_tsv_and_json(tmp_path):
    ALIGNMENT.write(tmp_path / "a.tsv")
    rows = [line.split("\t") for line in (tmp_path / "a.tsv").read_text("utf-8").splitlines()]
    assert rows[1] == ["2-1", "0.400", "One. Two three.", "واحد."]
    assert rows[2] == ["0-1", "", "", "زيادة."]
    ALIGNMENT.write(tmp_path / "a.json")
    data = json.loads((tmp_path / "a.json").read_text("utf-8"))
    assert [link["kind"] for link in data["links"]] == ["1-1", "2-1", "0-1"]


def test_tmx_holds_the_links_with_two_sides(tmp_path):
    ALIGNMENT.write(tmp_path / "a.tmx", min_confidence=0.5)
    (unit_,) = read_tmx(tmp_path / "a.tmx")
    assert [s.text for s in unit_.segments] == ['A <b> & "c".', "مرحبا."]
    assert unit_.properties[0].value == "0.900"
    assert len(list(ALIGNMENT.units())) == 2


def test_the_page_escapes_and_marks_languages():
    class Cells(html.parser.HTMLParser):
        def __init__(self):
            super().__init__()
            self.langs, self.texts, self.tags = [], [], set()

        def handle_starttag(self, tag, attrs):
            self.tags.add(tag)
            if tag == "td" and "lang" in dict(attrs):
                self.langs.append(dict(attrs)["lang"])
            assert not {"src", "href"} & set(dict(attrs))

        def handle_data(self, data):
            self.texts.append(data)

    cells = Cells()
    cells.feed(ALIGNMENT.to_html())
    assert cells.langs == ["en", "ar"] * 3
    assert 'A <b> & "c".' in cells.texts
    assert not {"b", "script", "link", "img"} & cells.tags


def test_japanese_sentences_are_joined_without_a_space():
    link = Link(source=("A.",), target=("甲。", "乙。"), source_start=0, target_start=0, confidence=1.0)
    assert list(Alignment(links=(link,), source_lang="en", target_lang="ja").pairs()) == [("A.", "甲。乙。")]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"source": " \n"}, "the source holds no sentences"),
        ({"target": ["a", "\ud800"]}, "sentence 1 of the target"),
        ({"largest": 0}, "largest"),
        ({"skip": 2}, "skip"),
    ],
)
def test_what_cannot_be_aligned(options, message):
    with pytest.raises(InvalidInput, match=message):
        align(**{"source": "A.", "target": "B.", **options})


def test_other_forms_are_refused(tmp_path):
    with pytest.raises(InvalidInput, match=r"\.tmx"):
        ALIGNMENT.write(tmp_path / "a.docx")
