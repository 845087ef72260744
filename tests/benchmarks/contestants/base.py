"""What each contestant has to do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, NamedTuple

DIMENSION = 384
QUERY, PASSAGE = "query: ", "passage: "
"""The model's prompts, for those who have to be told."""
COLLECTION = "race"


class Row(NamedTuple):
    """A document: its number, its text, and its language, which is its metadata."""

    number: int
    text: str
    lang: str


class Contestant(ABC):
    """A way to put texts into a collection and to find them.

    Args:
        model: The model's directory, as sentence-transformers writes it.
        onnx: The same weights as one ONNX file, with the tokenizer beside it, for those who read that.
        directory: Where the collection lies.
    """

    title: ClassVar[str]
    packages: ClassVar[tuple[str, ...]]
    """What pip installs for it."""
    peer: ClassVar[bool] = True
    """Whether it runs in the environment of the peers."""

    def __init__(self, model: Path, onnx: Path, directory: Path) -> None:
        self.model, self.onnx, self.directory = model, onnx, directory

    @abstractmethod
    def open(self) -> None:
        """Import what is needed, load the model, open the collection, and make it if it is not there."""

    def warm_up(self) -> None:  # noqa: B027  # most have nothing to do
        """Load what `open` left for the first text."""

    @abstractmethod
    def add(self, rows: Sequence[Row]) -> None:
        """Encode and store the rows, to the disk."""

    @abstractmethod
    def search(self, text: str, limit: int, lang: str | None = None) -> list[int]:
        """Numbers of the rows found, best first; of one language, if one is given."""

    def runs_on(self) -> str:
        """What it chose to run the model on, where that is its own choice."""
        return ""

    def close(self) -> None:  # noqa: B027  # most have nothing to do
        """Let go of the collection."""
