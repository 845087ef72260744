"""Which candidates of a lookup are matches, and in which order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xling.translate.entries import entries_of
from xling.translate.fuzzy import percent
from xling.translate.matching import Candidates, best
from xling.types import Chunk, Hit

PAIRS = [
    ("The room has 2 beds.", "ベッドが2台"),
    ("The room has 3 beds.", "ベッドが3台"),
    ("Breakfast", "朝食"),
]


def hits(pairs, sure, lang="en", chunk=None):
    found = []
    for pair, confidence in zip(pairs, sure, strict=True):
        entry = entries_of(pair, ("en", "ja"), None)
        document = entry.documents[0 if lang == "en" else 1]
        text = document["text"] if chunk is None else "a piece"
        found.append(
            Hit(text=text, score=0, confidence=confidence, lang=lang, metadata=document["metadata"], chunk=chunk)
        )
    return found


def matches(found, text, *, penalty=0, source="en", limit=5, min_percent=70, min_confidence=0.5):
    candidates = Candidates("m", penalty)
    candidates.add_hits(found)
    return best([candidates], text, source, "ja", limit, min_percent, min_confidence, None)


@pytest.mark.parametrize("source", ["en", None])
def test_what_is_alike_is_a_match_however_unsure_the_model_is(source):
    found = hits(PAIRS, [0.1, 0.1, 0.1])
    assert [(m.kind, m.percent) for m in matches(found, "The room has 2 beds.", source=source)] == [
        ("exact", 100),
        ("fuzzy", 95),
    ]
    # Equal texts are matches whatever the memory loses by its penalty; others have to be alike enough after it.
    assert [(m.kind, m.percent) for m in matches(found, PAIRS[0][0], source=source, penalty=40)] == [("exact", 60)]
    assert [m.kind for m in matches(hits(PAIRS, [0.9, 0.1, 0.6]), "Dinner", source=source)] == ["meaning", "meaning"]


def test_a_unit_found_in_another_language_alone_is_compared_in_the_questions():
    assert [m.percent for m in matches(hits(PAIRS, [0.1] * 3, lang="ja"), PAIRS[0][0])] == [100, 95]


def test_a_piece_of_a_long_text_is_not_the_text():
    piece = Chunk(index=0, count=2, start=0, end=7)
    assert [m.percent for m in matches(hits(PAIRS[:1], [0.1], chunk=piece), PAIRS[0][0])] == [100]


@given(
    st.lists(st.tuples(st.text("ab 1", min_size=1, max_size=9).filter(str.strip), st.floats(0, 1)), max_size=12),
    st.text("ab 1", min_size=1, max_size=9).filter(str.strip),
    st.integers(1, 6),
)
def test_a_limit_leaves_out_the_last_ones_only(texts, question, limit):
    pairs = [(text, f"訳{i}") for i, (text, _) in enumerate(texts)]
    found = hits(pairs, [sure for _, sure in texts])
    every = matches(found, question, limit=100)
    assert matches(found, question, limit=limit) == every[:limit]
    alike = {p[1] for p in pairs if percent(question, p[0]) >= 70}
    assert {m.target for m in every if m.kind != "meaning"} == alike
