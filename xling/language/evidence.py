"""What is known besides the statistical model: how common languages are, and their common words.

The weights were tuned on sentences of Tatoeba that no reported figure is measured on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from xling.language.words import WORDS

_WORD_WEIGHT: Final = 4.0
"""Nats that a word of a language's list speaks for that language. Many words of one text add up."""

_UNLISTED_SHARE: Final = 0.3
"""Share of the weight for a language without a list: the word may be its word too."""

# A word is letters with the vowel signs and joiners among them.
_WORD = re.compile("[^\\W\\d_]+(?:[\u0300-\u036f\u0900-\u0903\u093a-\u094f\u0962\u0963\u200c]+[^\\W\\d_]*)*")


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


_FREQUENT: Final = _codes("en de fr es pt it nl ru uk pl tr sv ja zh ko ar fa hi id vi cs ro hu")
_COMMON: Final = _codes(
    "af bg bn ca cy da el et fi gu he hr kn lt lv mk ml mr ne no nb pa sk sl so sq sw ta te th tl fil ur"
)
_LESS_COMMON: Final = _codes(
    """az ba be br bs eo eu fo fy ga gd gl ha ht hy is jv ka kab kk km ku ky la lb lo mn ms mt my nn oc ps si sr
    tg tk tt ug uz yi"""
)


def log_prior(language: str) -> float:
    """Log of how common a language is, up to a constant: what to expect before reading, in nats.

    Four classes only. Without them a classifier of 140 languages calls one Spanish sentence in twenty Galician,
    Aragonese or Extremaduran.
    """
    if language in _FREQUENT:
        return 1.0
    if language in _COMMON:
        return 0.0
    return -2.0 if language in _LESS_COMMON else -6.0


@cache
def _word_rows() -> dict[str, int]:
    words = dict.fromkeys(word for text in WORDS.values() for word in _WORD.findall(text))
    return {word: row for row, word in enumerate(words)}


class WordEvidence:
    """Scores a text by the common words it has, for a fixed list of languages."""

    def __init__(self, languages: Sequence[str]) -> None:
        rows = _word_rows()
        columns = [i for i, language in enumerate(languages) if language in WORDS]
        self._table = np.full((len(rows), len(languages)), _UNLISTED_SHARE, dtype=np.float32)
        self._table[:, columns] = 0.0
        for column in columns:
            self._table[[rows[word] for word in _WORD.findall(WORDS[languages[column]])], column] = 1.0
        self._table *= _WORD_WEIGHT
        self._row = rows

    def scores(self, text: str) -> NDArray[np.float32] | float:
        """Nats for each language, shape (len(languages),); 0.0 where the text has none of the words."""
        get = self._row.get
        rows = [row for word in _WORD.findall(text.lower()) if (row := get(word)) is not None]
        return self._table[rows].sum(axis=0) if rows else 0.0
