"""What an encoder must offer, so that users can bring their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Vectors: TypeAlias = NDArray[np.float32]
"""A matrix of embeddings, one row a text: float32, shape (n, dimension)."""


@runtime_checkable
class Encoder(Protocol):
    """Text → vectors. Any object with these members works as `model=` of `xling.open`.

    Attributes:
        name: The model's name as its publisher writes it, e.g. `intfloat/multilingual-e5-small`.
        dimension: Number of columns of the vectors.
        max_tokens: Tokens read of one text, special tokens and prompt included; longer texts are split.
        identity: What makes the vectors what they are (name, weights, prompts, pooling, max tokens), as flat
            JSON-able strings and numbers. Two encoders with equal identities must give equal vectors.
    """

    @property
    def name(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    @property
    def max_tokens(self) -> int: ...

    @property
    def identity(self) -> dict[str, str | int]: ...

    def encode_documents(self, texts: Sequence[str]) -> Vectors:
        """Unit-length document vectors, shape (len(texts), dimension), with the document prompt applied."""
        ...

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Unit-length query vectors, shape (len(texts), dimension), with the query prompt applied."""
        ...


@runtime_checkable
class EncodesBoth(Protocol):
    """Optional for an encoder: queries and documents in one batch, which a neutral search asks of each query."""

    def encode_both(self, queries: Sequence[str], documents: Sequence[str]) -> tuple[Vectors, Vectors]:
        """The vectors that `encode_queries` and `encode_documents` give, up to rounding."""
        ...


@runtime_checkable
class TokenOffsets(Protocol):
    """Optional for an encoder: where its tokens lie, so that long texts are split where the model would cut.

    Encoders without it are split by a cautious estimate (`xling.text.chunking.estimate_token_ends`).
    """

    @property
    def document_overhead(self) -> int:
        """Tokens that the document prompt and the special tokens take of `max_tokens`."""
        ...

    def token_ends(self, text: str) -> list[int]:
        """End offset in characters of each token of `text`, ascending, prompt and special tokens left out."""
        ...


@runtime_checkable
class TokenCounts(TokenOffsets, Protocol):
    """Optional for an encoder: counting the tokens of many texts at once, which is faster than finding each."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, prompt and special tokens left out."""
        ...


@dataclass(frozen=True, slots=True)
class TokenVectors:
    """The tokens of one text, prompt and special tokens left out.

    Attributes:
        vectors: The last hidden state of each token, in the context of the whole text, made unit-length: float32, shape
            (tokens, width). `width` is that of the transformer, which need not be the encoder's dimension.
        spans: Where each token lies in the text, in characters: shape (tokens, 2), first and end.
    """

    vectors: Vectors
    spans: NDArray[np.int64]


@runtime_checkable
class EncodesTokens(Protocol):
    """Optional for an encoder: a vector for each token, for late interaction and for finding words that correspond."""

    def encode_tokens(self, texts: Sequence[str], *, query: bool = False) -> list[TokenVectors]:
        """The tokens of each text, encoded as a document or as a query.

        Raises:
            ModelError: The model has no tokens whose places in the text are known.
        """
        ...


@runtime_checkable
class GivesDimensions(Protocol):
    """Optional for an encoder: shorter vectors from where they are made, instead of whole ones that are cut here."""

    def with_dimensions(self, dimensions: int) -> Encoder | None:
        """The same model asked for vectors of so many numbers; None if it cannot give them."""
        ...


@runtime_checkable
class PaidEncoder(Protocol):
    """Optional for an encoder behind an API: what is sent unasked is to be little, and to be said beforehand.

    Attributes:
        name: As in `Encoder`.
        address: Where texts are sent.
        reference_sentences: Sentences of each language that the language space is measured with.
    """

    @property
    def name(self) -> str: ...

    @property
    def address(self) -> str: ...

    @property
    def reference_sentences(self) -> int: ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, as `TokenCounts` has it."""
        ...


@runtime_checkable
class EncodesTokensMidway(EncodesTokens, Protocol):
    """Optional for an encoder: its tokens as they are about the middle of the model, for links between words.

    There a token stands for its word; later layers blend in what the sentence says.
    """

    def encode_tokens_midway(self, texts: Sequence[str]) -> list[TokenVectors]:
        """The tokens of each text, encoded as a document.

        Raises:
            ModelError: As `encode_tokens`.
        """
        ...


def paid_encoder(encoder: Encoder) -> PaidEncoder | None:
    """The encoder behind an API, through what cuts its vectors; None of one that runs on this machine."""
    inner = getattr(encoder, "whole", encoder)
    return inner if isinstance(inner, PaidEncoder) else None
