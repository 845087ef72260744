"""Vectors cut to their first numbers: models trained for it keep most of what they know there (Matryoshka).

Kusupati et al., 2022, Matryoshka Representation Learning.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from xling.errors import InvalidInput, PlainModelWarning, TruncationWarning
from xling.space.cards import card_for
from xling.space.protocols import Encoder, EncodesBoth, GivesDimensions, TokenCounts, Vectors, paid_encoder
from xling.space.reference import reference_sample

_PAIRS = 100
_TINY = 1e-12


class TruncatedEncoder:
    """Another encoder's vectors, cut and made unit-length again.

    Args:
        whole: The encoder.
        dimension: How many numbers are kept, the first ones.
    """

    def __init__(self, whole: Encoder, dimension: int) -> None:
        self.whole, self.dimension = whole, dimension

    @property
    def name(self) -> str:
        """The model's name."""
        return self.whole.name

    @property
    def max_tokens(self) -> int:
        """Tokens read of one text."""
        return self.whole.max_tokens

    @property
    def identity(self) -> dict[str, str | int]:
        """That of the whole vectors, and that they are cut."""
        return {**self.whole.identity, "dimension": self.dimension, "truncated_from": self.whole.dimension}

    def encode_documents(self, texts: Sequence[str]) -> Vectors:
        """Unit-length document vectors, shape (len(texts), dimension)."""
        return self._cut(self.whole.encode_documents(texts))

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Unit-length query vectors, shape (len(texts), dimension)."""
        return self._cut(self.whole.encode_queries(texts))

    def _cut(self, vectors: Vectors) -> Vectors:
        return cut(vectors, self.dimension)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.whole!r}, {self.dimension})"


class _TruncatedModel(TruncatedEncoder):
    """Of an encoder that offers all that is optional too: both roles in one batch, and its tokens."""

    whole: Any

    def encode_both(self, queries: Sequence[str], documents: Sequence[str]) -> tuple[Vectors, Vectors]:
        first, second = self.whole.encode_both(queries, documents)
        return self._cut(first), self._cut(second)

    @property
    def document_overhead(self) -> int:
        return int(self.whole.document_overhead)

    def token_ends(self, text: str) -> list[int]:
        ends: list[int] = self.whole.token_ends(text)
        return ends

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        counts: list[int] = self.whole.count_tokens(texts)
        return counts


def cut(vectors: Vectors, dimension: int) -> Vectors:
    """The first numbers of each row, made unit-length."""
    kept = np.asarray(vectors[:, :dimension], dtype=np.float32)
    return np.asarray(kept / np.maximum(np.linalg.norm(kept, axis=1, keepdims=True), _TINY), dtype=np.float32)


def truncated(encoder: Encoder, dimension: int) -> Encoder:
    """The encoder with its vectors cut to `dimension` numbers; itself if they have no more. What can cut them where
    they are made is asked to.

    Raises:
        InvalidInput: They have fewer, or this is no number of dimensions.
    """
    if isinstance(dimension, bool) or not isinstance(dimension, int) or not 1 < dimension <= encoder.dimension:
        raise InvalidInput(
            f"truncate_dim= is a whole number from 2 to the {encoder.dimension} that vectors of {encoder.name!r} "
            f"have, not {dimension!r}"
        )
    if dimension == encoder.dimension:
        return encoder
    shorter = encoder.with_dimensions(dimension) if isinstance(encoder, GivesDimensions) else None
    if shorter is not None:
        return shorter
    full = isinstance(encoder, EncodesBoth) and isinstance(encoder, TokenCounts)
    return (_TruncatedModel if full else TruncatedEncoder)(encoder, dimension)


def recorded_cut(recorded: Mapping[str, Any]) -> int | None:
    """To how many numbers the vectors of a collection are cut, by what it says of its space."""
    size = recorded.get("dimension")
    return size if "truncated_from" in recorded and isinstance(size, int) else None


def warn_of_truncation(encoder: Encoder) -> None:
    """Warn where vectors are cut of a model that was not trained for it, with the loss as measured."""
    if not isinstance(encoder, TruncatedEncoder):
        return
    card = card_for(encoder.name)
    if card is not None and card.least_dimension is not None and card.least_dimension <= encoder.dimension:
        return
    known = (
        f"was trained to be cut to {card.least_dimension} and more"
        if card is not None and card.least_dimension is not None
        else "is not known to be trained for having its vectors cut"
    )
    cost = "what it costs is not measured, since each text is paid for"
    if paid_encoder(encoder) is None:
        whole, left = translations_found(encoder.whole, encoder.dimension)
        cost = (
            f"of {_PAIRS} sentences it finds the translation of {whole:.0%} with all {encoder.whole.dimension} "
            f"numbers, and of {left:.0%} with {encoder.dimension}"
        )
    warnings.warn(
        f"the model {encoder.name!r} {known}: {cost}. quantization= saves more memory at a smaller loss",
        TruncationWarning,
        stacklevel=5,
    )


def warn_of_plain(encoder: Encoder) -> None:
    """Warn of a transformer that was not trained to make vectors of sentences, with what it finds as measured."""
    whole = encoder.whole if isinstance(encoder, TruncatedEncoder) else encoder
    if not getattr(whole, "plain", False):
        return
    found, _ = translations_found(whole, whole.dimension)
    warnings.warn(
        f"{encoder.name!r} is a transformer without a sentence head: the vectors of its tokens are pooled "
        f"({whole.identity.get('pooling')}), which it was not trained for. Of {_PAIRS} sentences it finds the "
        f"translation of {found:.0%}; multilingual sentence models find most. xling models lists some",
        PlainModelWarning,
        stacklevel=5,
    )


def translations_found(encoder: Encoder, dimension: int) -> tuple[float, float]:
    """Share of sentences whose translation is the nearest of all, with whole vectors and with cut ones.

    Sentences and translations are taken from the reference sample, which ships with the package.
    """
    groups: dict[str, list[str]] = {}
    for sentence in reference_sample():
        if sentence.key:
            groups.setdefault(sentence.key, []).append(sentence.text)
    pairs = [texts for texts in groups.values() if len(texts) > 1]
    chosen = [pairs[i] for i in np.random.default_rng(0).permutation(len(pairs))[:_PAIRS]]
    queries = np.asarray(encoder.encode_queries([texts[0] for texts in chosen]), np.float32)
    documents = np.asarray(encoder.encode_documents([texts[-1] for texts in chosen]), np.float32)
    return _first(queries, documents), _first(cut(queries, dimension), cut(documents, dimension))


def _first(queries: Vectors, documents: Vectors) -> float:
    return float(np.mean(np.argmax(queries @ documents.T, axis=1) == np.arange(len(queries))))
