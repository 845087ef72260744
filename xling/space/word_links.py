"""Which words of two texts answer each other, found in the vectors of their tokens.

Jalili Sabet et al., 2020, "SimAlign: High Quality Word Alignments Without Parallel Training Data Using Static and
Contextualized Embeddings": two tokens are linked where each is the other's nearest (the paper's *argmax*), and words
where tokens of theirs are. Two things are ours, and measured in `tests/benchmarks/word_links.py`:

* What all tokens of a text share (its language, and what it is about) is taken out of each: with it, tokens of a
  sentence encoder are nearest to whatever is in the middle of the other text. Of short texts little is known about
  that, and the mean of other texts takes its place.
* The states are those about the middle of the model, where it lets them be seen.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xling.errors import InvalidInput
from xling.space.chunker import Chunker
from xling.space.protocols import Encoder, EncodesTokens, EncodesTokensMidway, TokenVectors, Vectors
from xling.space.reference import reference_key, reference_sample
from xling.text import Span, problem_of
from xling.text.words import word_spans
from xling.types import Word, WordLink

MIN_WEIGHT = 0.4
"""Links of less weight are left out. Among texts that have nothing to do with each other one word in nine keeps one."""

PRIOR_TOKENS = 3.0
"""The mean of other texts counts as much as this many of a text's own tokens."""

_STEP = 100
"""Every hundredth sentence of the reference sample stands for other texts: one a language."""

_TINY = 1e-9

_common: dict[tuple[str, bool], NDArray[np.float32]] = {}
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a text with the vectors of their tokens.

    Attributes:
        text: The text.
        spans: Where its words lie.
        vectors: Unit vectors of its tokens with what they share taken out, shape (tokens, width); those of punctuation
            are left out.
        owner: The word of each token, shape (tokens,).
    """

    text: str
    spans: list[Span]
    vectors: Vectors
    owner: NDArray[np.int64]

    def word(self, index: int) -> Word:
        """One of the words."""
        start, end = self.spans[index]
        return Word(text=self.text[start:end], start=start, end=end)


def read_words(encoder: Encoder, texts: Sequence[str]) -> list[Words]:
    """The words of texts, however long those are.

    Raises:
        InvalidInput: The encoder gives no vectors of tokens, or a text is blank or no text.
        ModelError: The encoder failed.
    """
    if not isinstance(encoder, EncodesTokens):
        raise InvalidInput(
            f"links between words need an encoder that gives vectors of its tokens, and {encoder.name!r} does not"
        )
    for number, text in enumerate(texts):
        if (problem := problem_of(text)) is not None:
            raise InvalidInput(f"text {number} has no words to link: {problem}")
    spans = Chunker(encoder).spans_many(texts, ["und"] * len(texts))
    pieces = [text[start:end] for text, found in zip(texts, spans, strict=True) for start, end in found]
    tokens = iter(_tokens(encoder, pieces))
    common = common_mean(encoder)
    read = []
    for text, found in zip(texts, spans, strict=True):
        whole = _joined([next(tokens) for _ in found], [span.start for span in found])
        read.append(words_of(text, TokenVectors(without_shared(whole.vectors, common), whole.spans)))
    return read


def link_words(source: Words, target: Words, min_weight: float = MIN_WEIGHT) -> list[WordLink]:
    """The links between two texts, in the order of the source.

    Args:
        source: Words of one text.
        target: Words of the other, by the same encoder.
        min_weight: Links of less weight are left out, 0 to 1.
    """
    if not 0 <= min_weight <= 1:
        raise InvalidInput(f"min_weight is a number from 0 to 1, got {min_weight!r}")
    if not len(source.vectors) or not len(target.vectors):
        return []
    cosines = source.vectors @ target.vectors.T
    nearest, back = cosines.argmax(axis=1), cosines.argmax(axis=0)
    weights: dict[tuple[int, int], float] = {}
    for i, j in enumerate(nearest):
        weight = float(cosines[i, j])
        if back[j] == i and weight >= min_weight:
            words = int(source.owner[i]), int(target.owner[j])
            weights[words] = max(weight, weights.get(words, 0.0))
    return [
        WordLink(source=source.word(i), target=target.word(j), weight=min(max(weight, 0.0), 1.0))
        for (i, j), weight in sorted(weights.items())
    ]


def without_shared(vectors: Vectors, common: NDArray[np.float32]) -> Vectors:
    """The tokens of a text without what all of them share, unit, shape (tokens, width).

    Args:
        vectors: Unit vectors of all its tokens, shape (tokens, width).
        common: The mean of tokens of other texts, shape (width,): what the tokens share as far as this text is too
            short to tell.
    """
    shared = (vectors.sum(axis=0) + PRIOR_TOKENS * common) / (len(vectors) + PRIOR_TOKENS)
    rest = vectors - shared
    unit: Vectors = rest / np.maximum(np.linalg.norm(rest, axis=1, keepdims=True), _TINY)
    return unit


def words_of(text: str, tokens: TokenVectors) -> Words:
    """The words of a text, and which of them each token belongs to."""
    spans = word_spans(text, [(int(first), int(end)) for first, end in tokens.spans])
    ends = np.array([end for _, end in spans], np.int64)
    first = np.searchsorted(ends, tokens.spans[:, 0], side="right")  # the first word that ends after a token begins
    inside = np.array(
        [i < len(spans) and spans[i].start < end for i, end in zip(first, tokens.spans[:, 1], strict=True)], np.bool_
    )
    return Words(text, spans, tokens.vectors[inside], first[inside])


def _joined(pieces: Sequence[TokenVectors], starts: Sequence[int]) -> TokenVectors:
    if len(pieces) == 1:
        return pieces[0]
    spans = [piece.spans + start for piece, start in zip(pieces, starts, strict=True)]
    return TokenVectors(np.concatenate([piece.vectors for piece in pieces]), np.concatenate(spans))


def _tokens(encoder: EncodesTokens, texts: Sequence[str]) -> list[TokenVectors]:
    if isinstance(encoder, EncodesTokensMidway):
        return encoder.encode_tokens_midway(texts)
    return encoder.encode_tokens(texts)


def common_mean(encoder: Encoder) -> NDArray[np.float32]:
    """The mean of the tokens of other texts, each language counting the same, shape (width,); kept in memory."""
    assert isinstance(encoder, EncodesTokens)
    key = (reference_key(encoder), isinstance(encoder, EncodesTokensMidway))
    with _lock:
        if key not in _common:
            texts = [sentence.text for sentence in reference_sample()[::_STEP]]
            means = [tokens.vectors.mean(axis=0) for tokens in _tokens(encoder, texts) if len(tokens.vectors)]
            _common[key] = np.mean(means, axis=0, dtype=np.float32)
        return _common[key]
