"""Several files as one stream of documents, each traceable to its file and line."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from xling.ingest.readers import AnyRow, Row
from xling.types import DocumentId, Report, Unreadable


@dataclass(frozen=True, slots=True)
class SkippedRow:
    """A line that was not stored. Lines count from 1; in Parquet it is the row."""

    file: str
    line: int
    reason: str
    id: DocumentId | None = None


class Feed:
    """Documents of several files for `Collection.add`, which numbers them; this knows where each number came from.

    Args:
        files: Name and rows of each file, read one after the other.
    """

    def __init__(self, files: Iterable[tuple[str, Iterable[AnyRow]]]) -> None:
        self._files = files
        # Lines mostly follow one another, so it is enough to keep where they do not.
        self._starts: list[int] = []
        self._places: list[tuple[str, int]] = []

    def documents(self) -> Iterator[dict[str, Any] | Unreadable]:
        """Each document as a mapping of its fields. To be used once."""
        index, expected = 0, ("", 0)
        for name, rows in self._files:
            for row in rows:
                if (name, row.line) != expected:
                    self._starts.append(index)
                    self._places.append((name, row.line))
                yield row.fields if isinstance(row, Row) else Unreadable(reason=row.reason, id=row.id)
                index, expected = index + 1, (name, row.line + 1)

    def place(self, index: int) -> tuple[str, int]:
        """File and line of the document that was given as number `index`."""
        at = bisect.bisect_right(self._starts, index) - 1
        file, line = self._places[at]
        return file, line + index - self._starts[at]

    def skipped(self, report: Report) -> list[SkippedRow]:
        """What was not stored."""
        return [SkippedRow(*self.place(s.index), s.reason, s.id) for s in report.skipped]
