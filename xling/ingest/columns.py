"""Which column of a table is the text, the id, the language; and a table's row → a document's fields."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from xling.errors import InvalidInput

TEXT_NAMES = ("text", "content", "body", "sentence", "passage", "page_content", "document", "phrase", "segment")
ID_NAMES = ("id", "_id", "doc_id", "document_id", "docid", "uuid")
LANG_NAMES = ("lang", "language", "lang_code", "language_code", "locale")


class CellError(ValueError):
    """Why a row cannot be a document."""


@dataclass(frozen=True, slots=True)
class ColumnNames:
    """Columns as the user names them; None is to be found out. `numbers` are read as numbers, not as strings."""

    text: str | None = None
    id: str | None = None
    lang: str | None = None
    source: str | None = None
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of one file. All but `text` may be absent; what is none of these is metadata."""

    text: str
    id: str | None = None
    lang: str | None = None
    source: str | None = None
    numbers: frozenset[str] = field(default_factory=frozenset)

    def fields(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A row as the fields of a `Document`.

        Raises:
            CellError: It has no text, or something else than a number where a number belongs.
        """
        if row.get(self.text) is None:
            raise CellError(f"there is no {self.text!r}")
        own = {"text": self.text, "id": self.id, "lang": self.lang, "source": self.source}
        fields = {key: row[name] for key, name in own.items() if name is not None and row.get(name) is not None}
        metadata: dict[str, Any] = {}
        for name, value in row.items():
            if name in own.values() or value is None:
                continue
            if name == "metadata" and isinstance(value, Mapping):
                metadata |= value
            else:
                metadata[name] = to_number(name, value) if name in self.numbers else value
        if metadata:
            fields["metadata"] = metadata
        return fields


def choose_columns(present: Sequence[str], names: ColumnNames, *, file: str) -> Columns:
    """The columns of a file that has the columns `present`.

    Raises:
        InvalidInput: A named column is not there, or no column can be told to be the text.
    """
    for wanted in (names.text, names.id, names.lang, names.source, *names.numbers):
        if wanted is not None and wanted not in present:
            raise InvalidInput(f"{file}: there is no column {wanted!r}; it has: {_shown(present)}")
    text = names.text or _known(present, TEXT_NAMES) or (present[0] if len(present) == 1 else None)
    if text is None:
        raise InvalidInput(f"{file}: which column is the text? Name it (--text-column); it has: {_shown(present)}")
    rest = [name for name in present if name not in (text, names.source, *names.numbers)]
    return Columns(
        text=text,
        id=names.id or _known([name for name in rest if name != names.lang], ID_NAMES),
        lang=names.lang or _known([name for name in rest if name != names.id], LANG_NAMES),
        source=names.source,
        numbers=frozenset(names.numbers),
    )


def to_number(name: str, value: Any) -> int | float:
    """A cell as a number. Raises `CellError` where it is none, or not a finite one."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    for kind in (int, float):
        try:
            number: int | float = kind(str(value).strip())
        except ValueError:
            continue
        if math.isfinite(number):
            return number
    raise CellError(f"{name!r} is not a number: {str(value)[:40]!r}")


def _known(present: Sequence[str], names: Sequence[str]) -> str | None:
    lowered = {name.strip().lower(): name for name in reversed(present)}
    return next((lowered[name] for name in names if name in lowered), None)


def _shown(present: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in present[:20]) or "none"
    return f"{shown}, and {len(present) - 20} more" if len(present) > 20 else shown
