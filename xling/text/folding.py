"""Folding: what is written differently but reads the same, made equal. For matching words, never for storing."""

from __future__ import annotations

import functools
import re
import unicodedata
from pathlib import Path

_HAN = Path(__file__).parents[1] / "data" / "han-simplified.txt"

# Letters that no decomposition takes apart.
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})

# Latin and Greek letters with their marks. In Cyrillic й is another letter than и, in Indic scripts marks are vowels.
_ACCENTS = re.compile(r"(?<=[a-z\u00aa-\u02af\u0370-\u03ff\u1e00-\u1fff])[\u0300-\u036f]+")

# Soft hyphen, zero-width characters, joiners, directions, tatweel, variation selectors (also those of Han).
_UNSEEN = re.compile(
    "[\u00ad\u034f\u0640\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef]"
)
_DIGIT = re.compile(r"[^\D0-9]")


@functools.cache
def _simplified() -> dict[int, str]:
    """Traditional Chinese characters and their simplified forms, 2 lines of equal length in the file."""
    traditional, simplified = _HAN.read_text("utf-8").split()
    return {ord(t): s for t, s in zip(traditional, simplified, strict=True)}


def fold(text: str) -> str:
    """The form in which words are compared: folding twice changes nothing more.

    Equal become: composed and decomposed characters, full and half width (letters and kana), capitals, Latin and
    Greek accents, digits of any script, traditional and simplified Chinese. What prints nothing goes.
    """
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKC", _UNSEEN.sub("", text)).casefold()
    text = unicodedata.normalize("NFKD", text).casefold().translate(_LETTERS)
    text = unicodedata.normalize("NFKC", _ACCENTS.sub("", _UNSEEN.sub("", text)))
    text = _DIGIT.sub(lambda digit: str(unicodedata.digit(digit.group(), 0)), text)
    return text.translate(_simplified())
