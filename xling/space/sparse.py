"""Texts as sparse vectors of their terms, for names, numbers and codes that a dense vector does not tell apart.

Words where a script puts spaces between them; elsewhere (Han, kana, hangul, Thai, Lao, Khmer, Burmese) overlapping
pairs of characters, and single characters in documents, so that 東京 finds 東京都に住んでいます. No dictionary is
needed, and no language has to be known, of the query or of the document.

Weights of documents are those of BM25 (Robertson & Zaragoza 2009, "The Probabilistic Relevance Framework") without
the inverse document frequency, which Qdrant multiplies in by its `idf` modifier at query time.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections import Counter
from hashlib import blake2b

import numpy as np

from xling.store.base import SparseVector
from xling.text.folding import fold
from xling.text.words import patterns

K1 = 1.2
"""How soon more occurrences of a term stop to matter."""

B = 0.75
"""How much long documents are held back."""

AVERAGE_LENGTH = 128.0
"""Length that counts as average, in words and characters of scripts without spaces: about that of a chunk.

Fixed, so that the weights of what was stored early and late agree, however the collection grows.
"""


def terms(text: str, *, query: bool) -> tuple[list[str], int]:
    """The terms of a text, with repetition, and its length in words and characters of scripts without spaces.

    A code such as `XR-2000` is there whole (`xr2000`, however it is joined) and in parts (`xr`, `2000`). Of a run of a
    script without spaces a document gives pairs and single characters; a query gives pairs, or the character that
    stands alone.
    """
    regexes = patterns()
    found: list[str] = []
    length = 0
    for piece in regexes.piece.findall(join_thousands(fold(text))):
        characters = regexes.unspaced.findall(piece)
        if characters:
            pairs = [a + b for a, b in itertools.pairwise(characters)]
            found += pairs if query and pairs else pairs + characters
            length += len(characters)
            continue
        parts = regexes.part.findall(piece)
        # Of numbers alone the joints tell: 3.14 is not 314, 2026-05-01 not 20260501.
        numbers = all(part.isdecimal() for part in parts)
        whole = piece if numbers or piece[-1] in "+#" else "".join(parts)
        found += [whole, *parts] if parts and parts != [whole] else [whole]
        length += max(len(parts), 1)
    return found, length


def join_thousands(text: str) -> str:
    """The text with each number as one: 1,000 is 1000."""
    return re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text)


@functools.lru_cache(maxsize=1 << 16)
def term_id(term: str) -> int:
    """A term's place in the vector: 32 bits of its BLAKE2b hash, the same in every process and version.

    Of a million terms, a query of ten has a chance of 0.2 % that one of them shares its place with another.
    """
    return int.from_bytes(blake2b(term.encode("utf-8", "replace"), digest_size=4).digest(), "little")


def encode_document(text: str) -> SparseVector:
    """The vector of a document or chunk to store. Empty where it has no word, number or letter."""
    found, length = terms(text, query=False)
    ceiling = K1 * (1 - B + B * length / AVERAGE_LENGTH)
    return _vector({term: count * (K1 + 1) / (count + ceiling) for term, count in Counter(found).items()})


def encode_query(text: str) -> SparseVector:
    """The vector of a query: its terms, each once. Empty where it has no word, number or letter."""
    return _vector(dict.fromkeys(terms(text, query=True)[0], 1.0))


def _vector(weights: dict[str, float]) -> SparseVector:
    by_id: dict[int, float] = {}
    for term, weight in weights.items():
        id = term_id(term)
        by_id[id] = max(weight, by_id.get(id, 0.0))
    order = sorted(by_id)
    return SparseVector(np.array(order, np.uint32), np.array([by_id[id] for id in order], np.float32))
