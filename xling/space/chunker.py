"""Where the encoder would cut a text off, and the chunks it is split into instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xling.errors import InvalidInput
from xling.space.protocols import Encoder, TokenCounts, TokenOffsets
from xling.text import SentenceSplitter, Span, Splitter, chunk_many, estimate_token_ends

# Put together from sentences that were counted apart, a chunk may have a token or two more.
_SLACK = 2
_ASSUMED_OVERHEAD = 16


@dataclass(frozen=True, slots=True)
class Chunking:
    """How the documents of a collection are split.

    Attributes:
        tokens: Most tokens of a chunk as the encoder counts them, prompt and special tokens included; None is as many
            as it reads.
        overlap: Sentences at the end of a chunk that the next one begins with.
        splitter: What finds the sentences; None is xling's own.
    """

    tokens: int | None = None
    overlap: int = 0
    splitter: Splitter | None = None

    def __post_init__(self) -> None:
        if self.tokens is not None and not _is_whole(self.tokens, 1):
            raise InvalidInput(f"chunk_tokens must be a whole number of 1 or more, got {self.tokens!r}")
        if not _is_whole(self.overlap, 0):
            raise InvalidInput(f"chunk_overlap is a number of sentences, 0 or more, got {self.overlap!r}")
        if self.splitter is not None and not (isinstance(self.splitter, Splitter) and self.splitter.name):
            raise InvalidInput(f"splitter= takes an object with `name` and `split(text, lang)`, got {self.splitter!r}")

    def record(self) -> dict[str, Any]:
        """What is written into a collection's metadata."""
        splitter = self.splitter or SentenceSplitter()
        return {"tokens": self.tokens, "overlap": self.overlap, "splitter": splitter.name}


class Chunker:
    """Splits texts into spans that an encoder reads whole, prompt and special tokens included.

    Raises:
        InvalidInput: `chunking.tokens` is more than the encoder reads, or leaves no room beside its prompt.
    """

    def __init__(self, encoder: Encoder, chunking: Chunking | None = None) -> None:
        self._chunking = chunking or Chunking()
        self._encoder = encoder
        self._offsets = encoder if isinstance(encoder, TokenOffsets) else None
        overhead = self._offsets.document_overhead if self._offsets else _ASSUMED_OVERHEAD
        limit = self._chunking.tokens or encoder.max_tokens
        if limit > encoder.max_tokens:
            raise InvalidInput(
                f"chunk_tokens={limit} is more than the {encoder.max_tokens} that {encoder.name!r} reads"
            )
        if self._chunking.tokens is not None and limit <= overhead + _SLACK:
            raise InvalidInput(
                f"chunk_tokens={limit} leaves no room for text: the prompt and the special tokens of {encoder.name!r} "
                f"take {overhead} of them"
            )
        self.budget = max(limit - overhead - _SLACK, 1)

    def spans(self, text: str, lang: str = "und") -> list[Span]:
        """The chunks of one text, see `spans_many`."""
        return self.spans_many([text], [lang])[0]

    def spans_many(self, texts: Sequence[str], langs: Sequence[str]) -> list[list[Span]]:
        """The chunks of each text, which cover it; a single one where it fits, as nearly always."""
        long = [i for i, text in enumerate(texts) if _most_tokens(text) > self.budget]
        spans = [[Span(0, len(text))] for text in texts]
        if not long:
            return spans
        found = chunk_many(
            [texts[i] for i in long],
            [langs[i] for i in long],
            budget=self.budget,
            overlap=self._chunking.overlap,
            splitter=self._chunking.splitter,
            count_tokens=self._count,
            token_ends=self._offsets.token_ends if self._offsets else estimate_token_ends,
        )
        for i, pieces in zip(long, found, strict=True):
            spans[i] = pieces
        return spans

    def _count(self, texts: Sequence[str]) -> list[int]:
        return count_tokens(self._encoder, texts)


def _most_tokens(text: str) -> int:
    """How many tokens a text has at most: short ones need not be tokenised to know that they fit.

    A token is at least one byte of UTF-8, save for a mark that begins the text, and for rare ligatures that a tokenizer
    spells out (hence the factor 2).
    """
    return len(text) + 1 if text.isascii() else 2 * len(text.encode("utf-8", "surrogatepass"))


def count_tokens(encoder: Encoder, texts: Sequence[str]) -> list[int]:
    """Tokens of each text, prompt and special tokens left out; an estimate where the encoder cannot tell."""
    if isinstance(encoder, TokenCounts):
        return encoder.count_tokens(texts)
    ends = encoder.token_ends if isinstance(encoder, TokenOffsets) else estimate_token_ends
    return [len(ends(text)) for text in texts]


class _Missing:
    """The splitter that a collection was made with, where it was not given again."""

    def __init__(self, name: str, collection: str) -> None:
        self.name, self._collection = name, collection

    def split(self, text: str, lang: str) -> Sequence[str]:
        raise InvalidInput(
            f"documents of the collection {self._collection!r} are split by {self.name!r}, which is not xling's own: "
            f"open it with that as splitter= to add long documents"
        )


def check_chunking(
    recorded: Mapping[str, Any] | None,
    *,
    tokens: int | None = None,
    overlap: int | None = None,
    splitter: Splitter | None = None,
    collection: str,
    new: bool = False,
) -> Chunking:
    """How a collection's documents are split: as it was made. What is not given (None) is taken as it was.

    Args:
        recorded: What its metadata say; None of collections that do not say, which were made without options.
        tokens: As in `Chunking`, and so are `overlap` and `splitter`.
        collection: Its name, for errors.
        new: It is being made now.

    Raises:
        InvalidInput: An option makes no sense, or it was made with another: documents that are there would stay as
            they are.
    """
    if new:
        return Chunking(tokens, 0 if overlap is None else overlap, splitter)
    there = {**Chunking().record(), **(recorded or {})}
    if splitter is None and there["splitter"] != SentenceSplitter().name:
        splitter = _Missing(there["splitter"], collection)
    chunking = Chunking(
        there["tokens"] if tokens is None else tokens, there["overlap"] if overlap is None else overlap, splitter
    )
    mine = chunking.record()
    if mine != there:
        shown = ", ".join(f"{key}: {there[key]!r} there, {mine[key]!r} here" for key in mine if mine[key] != there[key])
        raise InvalidInput(
            f"the collection {collection!r} was made with another way to split documents ({shown}). Open it without "
            f"chunk_tokens=, chunk_overlap= and splitter= to go on as it was made, or make another collection"
        )
    return chunking


def _is_whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least
