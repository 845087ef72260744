"""Which texts can be stored, and what the encoder sees of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xling.text import normalise, problem_of

ANY_TEXT = st.text(alphabet=st.characters(), max_size=300)


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
