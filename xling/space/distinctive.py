"""Which words of a query a hybrid search looks up as they are written, and how much they count.

Words in common say that two texts are of one language before they say that they are about one thing: fused in full, a
lexical leg puts documents of the query's own language first, which is what a cross-lingual search is there to avoid.
(NTREX, ten languages: mAP 0.90 by meaning, 0.71 with all words at a fifth of the weight, 0.48 at full weight.) What
stands in documents of every language as it stands in the query are codes, numbers, and names in another script; and a
query of a word or two is itself what is looked for. Where there is none of that, meaning alone decides.

Weights divide ranks (`xling.store.base.Fusion`): a lighter leg's first ranks count less, and far more than its further
ones. They were chosen on NTREX, kind by kind (`tests/benchmarks/hybrid.py grid`): numbers of three digits and more
help, names cost something, shorter numbers and abbreviations cost more than they can give, so they are left out.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from xling.space.sparse import encode_query, join_thousands
from xling.store.base import SparseVector
from xling.text.words import patterns

STRONG = 0.5
"""Weight of codes, long numbers, and of short queries, which are looked up whole."""

NUMBERS = 0.2
"""Weight of numbers of three digits and more: years, amounts. Shorter ones are in too many documents."""

NAMES = 0.1
"""Weight of names in another script than the query's, which many texts of the other script hold."""

RANK_CONSTANT = 10
"""The k of reciprocal rank fusion. Chosen, with the weights, on NTREX (`tests/benchmarks/hybrid.py`)."""

_SHORT = 2.0
"""Words of a query that is looked up whole; three characters of a script without spaces are about one."""

_CHARACTERS_A_WORD = 3
_NUMBER, _LONG_NUMBER, _LONG_WITH_JOINTS = 3, 5, 9


def distinctive_words(query: str) -> tuple[str, float]:
    """The words of a query to look up, separated by spaces, and their weight; nothing if it has none.

    Of several kinds the surest gives the weight: codes, then names, then numbers.
    """
    text = unicodedata.normalize("NFKC", query)
    regexes = patterns()
    pieces = regexes.piece.findall(join_thousands(text))
    spaced = [piece for piece in pieces if not regexes.unspaced.match(piece)]
    characters = sum(len(regexes.unspaced.findall(piece)) for piece in pieces)
    if len(spaced) + characters / _CHARACTERS_A_WORD <= _SHORT:
        return " ".join(pieces), STRONG
    foreign = characters > 2 * len(spaced)
    codes = [word for word in spaced if _is_code(word) or _is_long_number(word, text)]
    names = [word for word in spaced if foreign and len(word) > 1 and not any(c.isdigit() for c in word)]
    numbers = [word for word in spaced if sum(c.isdigit() for c in word) >= _NUMBER]
    weight = STRONG if codes else NAMES if names else NUMBERS
    return " ".join(dict.fromkeys([*names, *codes, *numbers])), weight


def distinctive_terms(queries: Sequence[str]) -> tuple[SparseVector, float]:
    """The terms that hybrid search looks up for a query, given in one phrasing or several, and their weight."""
    found = [distinctive_words(query) for query in queries]
    return encode_query(" ".join(words for words, _ in found)), max(weight for _, weight in found)


def _is_number(word: str) -> bool:
    return len(word) > 1 and any(c.isdigit() for c in word)


def _is_code(word: str) -> bool:
    """`XR-2000`, `covid-19`, `4K`, but not `19th` or `125m`."""
    letters = [c for c in word if c.isalpha()]
    return _is_number(word) and bool(letters) and (word[0].isalpha() or any(c.isupper() for c in letters))


def _is_long_number(word: str, text: str) -> bool:
    """An article's number, a telephone's, an ISBN; not an amount, whose thousands are told apart by commas."""
    digits = sum(c.isdigit() for c in word)
    return digits >= (_LONG_NUMBER if digits == len(word) else _LONG_WITH_JOINTS) and word in text
