"""Words and where they lie, whatever the script."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from xling.text import estimate_token_ends
from xling.text.words import word_spans


def words(text, tokens=()):
    return [text[start:end] for start, end in word_spans(text, tokens)]


def test_words_by_spaces_without_punctuation():
    assert words("Don’t panic: the XR-2000 costs 1,299.50 €!") == [
        "Don’t",
        "panic",
        "the",
        "XR-2000",
        "costs",
        "1,299.50",
    ]
    assert words("Straße, 5,10 и ёлка; مرحبا بالعالم") == ["Straße", "5", "10", "и", "ёлка", "مرحبا", "بالعالم"]
    assert words("नमस्ते दुनिया") == ["नमस्ते", "दुनिया"]
    assert words("나는 서울에서 태어났다.") == ["나는", "서울에서", "태어났다"]
    assert words(" … 「」 ") == []


def test_words_by_tokens_where_there_are_no_spaces():
    text = "東京はXLING2です。"
    assert words(text, [(0, 2), (2, 3), (3, 8), (8, 9), (9, 11), (11, 12)]) == ["東京", "は", "XLING2", "です"]
    assert words("東京は", []) == ["東京は"]
    assert words("駅はどこ", [(0, 1), (1, 9)]) == ["駅", "はどこ"]


def test_a_token_over_two_words_is_in_both_and_characters_stay_whole():
    assert words("日本。東京", [(0, 5)]) == ["日本", "東京"]
    assert words("か\u3099く", [(0, 1), (1, 3)]) == ["か\u3099", "く"]
    assert words("ที่นี่", [(0, 2), (2, 6)]) == ["ที่", "นี่"]


@given(
    st.text(alphabet=st.characters(exclude_categories=["Cs"]) | st.sampled_from("日本か゛がนี่กา한국a1,.-'"), max_size=60)
)
def test_words_lie_in_order_and_cover_all_letters(text):
    ends = estimate_token_ends(text)
    spans = word_spans(text, list(zip([0, *ends], ends, strict=False)))
    assert all(start < end for start, end in spans)
    assert all(one.end <= other.start for one, other in itertools.pairwise(spans))
    covered = {i for start, end in spans for i in range(start, end)}
    assert covered >= {i for i, c in enumerate(text) if c.isalnum()}
