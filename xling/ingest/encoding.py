"""How a writer comes by vectors: a batch is begun as soon as it is prepared, and waited for when its turn comes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeAlias

import numpy as np

from xling.errors import InvalidInput
from xling.ingest.flow import Stopped
from xling.space import SharedSpace
from xling.space.protocols import Vectors

_SLICE_CHARACTERS = 32_000
"""Characters given to the encoder in one call, seconds of work at most: Ctrl-C waits for it."""

Pending: TypeAlias = Callable[[threading.Event], Vectors]
"""Gives the vectors, shape (n, dimension), when they are there; raises `Stopped` once the event is set before."""


class Encoding(Protocol):
    """What turns the texts of batches into document vectors."""

    ahead: int
    """Batches that are worth beginning before the vectors of the one before them are asked for."""

    def begin(self, texts: Sequence[str]) -> Pending:
        """Take up a batch; batches are asked for in the order in which they were begun."""


class EncodingHere:
    """Encodes in this process, a batch when it is asked for."""

    ahead = 1

    def __init__(self, space: SharedSpace) -> None:
        self._space = space

    def begin(self, texts: Sequence[str]) -> Pending:
        """Nothing is encoded yet; what is there twice will be encoded once."""
        rows = rows_of(texts)

        def encode(stopping: threading.Event) -> Vectors:
            vectors = np.empty((len(rows), self._space.dimension), np.float32)
            for start, part in slices(list(rows), _SLICE_CHARACTERS):
                if stopping.is_set():
                    raise Stopped
                vectors[start : start + len(part)] = self._space.documents(part)
            return vectors[[rows[text] for text in texts]]

        return encode


def check_counts(**counts: int) -> None:
    """Raises `InvalidInput` where one of these is no whole number of 1 or more."""
    for name, value in counts.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise InvalidInput(f"{name} must be a whole number of 1 or more, got {value!r}")


def rows_of(texts: Sequence[str]) -> dict[str, int]:
    """Each text once, in an order in which neighbours are about as long, and its place in that."""
    rows: dict[str, int] = {}
    for text in sorted(texts, key=len, reverse=True):
        rows.setdefault(text, len(rows))
    return rows


def slices(texts: Sequence[str], characters: int) -> Iterator[tuple[int, list[str]]]:
    """The texts in runs of at most so many characters (or of one text), each with the number of its first."""
    start, weight = 0, 0
    for i, text in enumerate(texts):
        if i > start and weight + len(text) > characters:
            yield start, list(texts[start:i])
            start, weight = i, 0
        weight += len(text)
    if start < len(texts):
        yield start, list(texts[start:])
