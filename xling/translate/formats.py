"""Files of translation units, by what they are named: TMX, XLIFF, PO, CSV, TSV, and Moses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from xling.errors import InvalidInput
from xling.translate.counting import OnRefused
from xling.translate.moses import read_moses, write_moses
from xling.translate.po import read_po
from xling.translate.po_writing import write_po
from xling.translate.tables import DELIMITERS, read_table, write_table
from xling.translate.tags import for_tmx
from xling.translate.tmx import read_tmx
from xling.translate.tmx_schema import ATTRIBUTES
from xling.translate.tmx_writing import write_tmx
from xling.translate.units import Broken, Note, Unit
from xling.translate.xliff import read_xliff
from xling.translate.xliff_writing import XliffVersion, write_xliff

FORMATS = ("tmx", "xliff", "xliff2", "po", *DELIMITERS, "moses")
TWO_LANGUAGES = ("xliff", "xliff2", "po")
"""Formats of a source and a target language."""

_ENDINGS = {"xlf": "xliff", "sdlxliff": "xliff", "mxliff": "xliff", "mqxliff": "xliff", "pot": "po"}
_XLIFF: dict[str, XliffVersion] = {"xliff": "1.2", "xliff2": "2.0"}
"""What each name stands for when it is written; when it is read the file says its version itself."""


class UnitReader(Protocol):
    """The units of a file, read once, in constant memory.

    Attributes:
        units: Units given so far.
        broken_count: Broken units so far.
        broken: The first thousand of them, each with its line and the reason.
        left_out: What units hold and was not read, from its name to how many there were so far: of XLIFF.
    """

    units: int
    broken_count: int
    broken: list[Broken]
    left_out: Counter[str]

    def __iter__(self) -> Iterator[Unit]: ...


def read_units(
    path: str | Path,
    *,
    format: str | None = None,
    languages: Sequence[str] = (),
    columns: Mapping[str, str] | None = None,
    encoding: str | None = None,
    alternatives: bool = False,
    sub_flows: bool = False,
) -> UnitReader:
    """The units of a file; one that is broken is left out, counted and listed, the others are read.

    Args:
        path: The file (gzip too). Of Moses the name without the languages: `corpus` for `corpus.en` and `corpus.ja`.
        format: `tmx`, `xliff`, `xliff2`, `po`, `csv`, `tsv` or `moses`; without it, what the name ends in. Moses has to
            be named; `xliff` and `xliff2` read the same, and write XLIFF 1.2 and 2.0.
        languages: Of the files of Moses. Of PO the languages of ids and translations, where its header does not say.
        columns: Of a table: from a column's name to its language. Without it every column is named after its language.
        encoding: Of a table, of Moses or of PO; without it, what the byte order mark or PO's header says, else UTF-8.
        alternatives: Of XLIFF: translations from elsewhere are read as units too, see `read_xliff`.
        sub_flows: Of XLIFF: texts within codes likewise.

    Raises:
        InvalidInput: The format is unknown or an argument does not belong to it. While iterating: the file cannot be
            read, or has no unit that can be read.
        MissingExtra: What reads the format is not installed: defusedxml (TMX, XLIFF) or polib (PO).
    """
    chosen = format_of(path, format)
    _refuse(chosen, languages=() if chosen in ("moses", "po") else languages)
    _refuse(chosen, columns=None if chosen in DELIMITERS else columns)
    if chosen in _XLIFF:
        _refuse(chosen, encoding=encoding)
        return read_xliff(path, alternatives=alternatives, sub_flows=sub_flows)
    _refuse(chosen, alternatives=alternatives, sub_flows=sub_flows)
    if chosen == "tmx":
        _refuse(chosen, encoding=encoding)
        return read_tmx(path)
    if chosen == "po":
        return read_po(path, languages, encoding=encoding)
    if chosen == "moses":
        return read_moses(path, languages, encoding=encoding)
    return read_table(path, delimiter=DELIMITERS[chosen], columns=columns, encoding=encoding)


def write_units(
    path: str | Path,
    units: Iterable[Unit],
    *,
    format: str | None = None,
    languages: Sequence[str] = (),
    on_refused: OnRefused | None = None,
) -> int:
    """Write units to a file, in constant memory; an old file is replaced only when all of it is written.

    TMX keeps all of a unit, XLIFF all of what is in its two languages; tags of other formats are put into their own.
    PO keeps texts with their codes, contexts, states, places and notes. Tables keep its id and the texts without tags,
    Moses the texts alone.

    Args:
        path: As in `read_units`.
        units: What to write.
        format: As in `read_units`.
        languages: What tables and Moses hold, in this order; a unit without one of them has an empty text there. Of
            XLIFF and PO source and target.
        on_refused: Called with the number of a unit that cannot be kept in the format, the unit and the reason; it is
            left out then. Without it that is an error.

    Returns:
        How many units were written.

    Raises:
        InvalidInput: The format is unknown, an argument does not belong to it, a unit cannot be kept in it (the message
            says which and why), or the file cannot be written.
    """
    chosen = format_of(path, format)
    if chosen == "tmx":
        _refuse(chosen, languages=languages)
        return write_tmx(path, map(for_tmx_file, units), on_refused=on_refused)
    if chosen in _XLIFF:
        return write_xliff(path, units, languages, version=_XLIFF[chosen], on_refused=on_refused)
    if chosen == "po":
        return write_po(path, units, languages, on_refused=on_refused)
    if chosen == "moses":
        return write_moses(path, units, languages, on_refused=on_refused)
    return write_table(path, units, languages, delimiter=DELIMITERS[chosen], on_refused=on_refused)


def format_of(path: str | Path, given: str | None = None) -> str:
    """The format of a file: the one that is given, else what its name ends in.

    Raises:
        InvalidInput: It is none that is known.
    """
    ending = Path(str(path).removesuffix(".gz")).suffix.lstrip(".").lower()
    chosen = given or _ENDINGS.get(ending, ending)
    if chosen not in FORMATS:
        raise InvalidInput(f"{path}: no format {chosen!r} is known; name one with format=: {', '.join(FORMATS)}")
    return chosen


def for_tmx_file(unit: Unit) -> Unit:
    """The unit with the tags of TMX, and without the attributes of notes that TMX does not have."""
    segments = tuple(replace(s, content=for_tmx(s.content), notes=_notes(s.notes)) for s in unit.segments)
    return replace(unit, segments=segments, notes=_notes(unit.notes))


def _notes(notes: tuple[Note, ...]) -> tuple[Note, ...]:
    known = ATTRIBUTES["note"]
    return tuple(Note(n.text, {name: v for name, v in n.attributes.items() if name in known}) for n in notes)


def _refuse(format: str, **arguments: object) -> None:
    for name, value in arguments.items():
        if value:
            raise InvalidInput(f"{name}= does not belong to the format {format!r}")
