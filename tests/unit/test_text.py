"""Which texts can be stored, what the encoder sees of them, and how long ones are split."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xling.text import chunk_spans, estimate_token_ends, normalise, problem_of
from xling.text.normalise import is_blank

ANY_TEXT = st.text(alphabet=st.characters(), max_size=300)
WORDS = st.text(alphabet="ab cé 。、.!?\n日本語ไทย한 \u3000\u200b", max_size=400)


@pytest.mark.parametrize(
    "text", ["", " ", "\n\t", "\u3000", "\u200b", "\u200b \u3000\ufeff", "\ufe0f", "\u3164", "\x00"]
)
def test_nothing_visible_cannot_be_stored(text):
    assert problem_of(text) is not None


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (None, "None"),
        (float("nan"), "NaN"),
        (np.float64("nan"), "NaN"),
        (5, "int"),
        (b"x", "bytes"),
        ("a\ud800b", "surrogate"),
    ],
)
def test_the_reason_names_what_is_wrong(value, word):
    assert word in problem_of(value)


@pytest.mark.parametrize("text", ["a", "。", "👩‍👩‍👧", "ﷺ", "\u0301a", "0", "　あ　"])
def test_anything_visible_can_be_stored(text):
    assert problem_of(text) is None


@given(ANY_TEXT)
def test_normalise_is_stable_and_leaves_no_control_characters(text):
    once = normalise(text)
    assert normalise(once) == once
    assert not any(ord(c) < 32 for c in once)
    assert once == once.strip()


@pytest.mark.parametrize("text", ["می‌خواهم", "क्‍ष", "👩‍👩‍👧", "ＡＢＣ１２３"])
def test_normalise_keeps_joiners_and_wide_letters(text):
    assert normalise(text) == text


def test_normalise_joins_what_invisible_characters_split():
    assert normalise("to\u00adge\u200bther\u3000now\u0007") == "together now"


@given(WORDS, st.integers(1, 40))
def test_pieces_rejoin_to_the_original_and_keep_the_budget(text, budget):
    ends = estimate_token_ends(text)
    spans = chunk_spans(text, ends, budget)
    assert "".join(text[a:b] for a, b in spans) == text
    assert [a for a, _ in spans][1:] == [b for _, b in spans][:-1]
    for start, end in spans:
        assert sum(start < e <= end and not is_blank(text[e - 1]) for e in ends) <= budget
    if len(spans) > 1:
        assert not any(is_blank(text[a:b]) for a, b in spans)


@given(ANY_TEXT.filter(bool), st.integers(1, 20))
def test_any_string_is_split_without_loss(text, budget):
    spans = chunk_spans(text, estimate_token_ends(text), budget)
    assert "".join(text[a:b] for a, b in spans) == text


def test_a_text_that_fits_is_left_whole():
    assert chunk_spans("one two", [3, 7], 2) == [(0, 7)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One two three. Four five six seven.", "One two three. "),
        ("猫が好きです。犬も好きです。鳥も好き", "猫が好きです。"),
        ("彼は「行く。」と言った。それから家を出たのです", "彼は「行く。」と言った。"),
        ("first part\n\nsecond. part here", "first part\n\n"),
    ],
)
def test_a_piece_ends_where_a_reader_would_pause(text, expected):
    ends = [i + 1 for i, c in enumerate(text) if not c.isspace()]
    budget = sum(not c.isspace() for c in expected) + 2
    start, end = chunk_spans(text, ends, budget)[0]
    assert text[start:end] == expected


def test_a_budget_below_one_token_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        chunk_spans("a b", [1, 3], 0)
