"""Writing XLIFF 1.2, 2.0 and 2.1, unit by unit."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

from xling.errors import InvalidInput
from xling.translate.bilingual import ID, Bilingual, split, two_languages
from xling.translate.counting import OnRefused, formed
from xling.translate.replacing import replacing
from xling.translate.units import Unit
from xling.translate.xliff_schema import METADATA, NAMESPACE_1, NAMESPACE_2, NMTOKEN
from xling.translate.xliff_text import trans_unit, unit_2
from xling.translate.xml_writing import start_tag

XliffVersion: TypeAlias = Literal["1.2", "2.0", "2.1"]
VERSIONS = ("1.2", "2.0", "2.1")


def write_xliff(
    path: str | Path,
    units: Iterable[Unit],
    languages: Sequence[str],
    *,
    version: XliffVersion = "1.2",
    on_refused: OnRefused | None = None,
) -> int:
    """Write units to an XLIFF file, unit by unit; an old file is replaced only when all of it is written.

    The texts of both languages are kept with tags, notes, properties and dates; what XLIFF has no attribute for goes
    into contexts (1.2) or metadata (2). Tags of other formats are put into those of this one. Units of one `x-file`
    after another stand in one `file`. A unit without an id, or with one that was there before or that XLIFF does not
    allow, is given another; its own is kept with it.

    Args:
        path: The file.
        units: What to write; texts in other languages are left out.
        languages: Source and target.
        version: Of XLIFF.
        on_refused: Called with the number of a unit that cannot be written, the unit and the reason; without it that is
            an error.

    Returns:
        How many units were written.

    Raises:
        InvalidInput: A unit has no text in the source language, or one that XML cannot hold (the message says which and
            why), or the file cannot be written.
    """
    if version not in VERSIONS:
        raise InvalidInput(f"version must be one of {', '.join(VERSIONS)}, not {version!r}")
    source, target = two_languages(languages, "XLIFF")
    count, begun, at = 0, False, None
    names = itertools.count(1)
    files = _Files(version, (source, target))
    with replacing([Path(path)]) as (out,):
        out.write(_beginning(version, source, target))
        for name, text in formed(units, files.unit, on_refused):
            if not begun or name != at:
                out.write(_ending(version) if begun else "")
                out.write(_file(version, name, source, target, next(names)))
                files.begins(name)
                at, begun = name, True
            out.write(text)
            count += 1
        if not count:
            raise InvalidInput(f"{path}: there is no unit that can be written, and XLIFF without one is none")
        out.write(f"{_ending(version)}</xliff>\n")
    return count


class _Files:
    """Makes the elements of units, with the ids of the file that each is of."""

    def __init__(self, version: str, languages: tuple[str, str]) -> None:
        self._version, self._languages = version, languages
        self._name: str | None = None
        self._ids = self._next = _Ids(tokens=version != "1.2")

    def unit(self, unit: Unit) -> tuple[str | None, str]:
        """The name of a unit's file, and its element."""
        name = unit.value("x-file") or None
        self._next = self._ids if name == self._name else _Ids(tokens=self._version != "1.2")
        return name, _unit(unit, self._languages, self._version, self._next)

    def begins(self, name: str | None) -> None:
        """The file of the last unit is begun."""
        self._name, self._ids = name, self._next


class _Ids:
    """Ids of a file's units, each once."""

    def __init__(self, tokens: bool) -> None:
        self._tokens = tokens
        self._seen: set[int] = set()  # hashes: the ids of a million units would fill the memory
        self._numbers = itertools.count(1)

    def of(self, unit: Bilingual) -> str:
        """The unit's own id, if it can have it; else another, and its own among its details."""
        allowed = unit.id and (not self._tokens or NMTOKEN.fullmatch(unit.id))
        if unit.id and allowed and hash(unit.id) not in self._seen:
            self._seen.add(hash(unit.id))
            return unit.id
        id = next(id for n in self._numbers if hash(id := f"u{n}") not in self._seen)
        self._seen.add(hash(id))
        if unit.id is not None:
            unit.details.append((ID, unit.id))
        return id


def _unit(unit: Unit, languages: tuple[str, str], version: str, ids: _Ids) -> str:
    two = split(unit, languages)
    if two.source is None:
        raise InvalidInput(f"it has no text in {languages[0]}, which is the source")
    two.properties = _without_file(two)
    write = trans_unit if version == "1.2" else unit_2
    return write(two, two.source, ids.of(two))


def _without_file(unit: Bilingual) -> list[tuple[str, str]]:
    at = next((i for i, (type, value) in enumerate(unit.properties) if type == "x-file" and value), None)
    return [one for i, one in enumerate(unit.properties) if i != at]


def _beginning(version: str, source: str, target: str) -> str:
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    if version == "1.2":
        return head + start_tag("xliff", {"version": version, "xmlns": NAMESPACE_1}) + "\n"
    spaces = {"xmlns": NAMESPACE_2, "xmlns:mda": METADATA}
    return head + start_tag("xliff", {"version": version, **spaces, "srcLang": source, "trgLang": target}) + "\n"


def _ending(version: str) -> str:
    return "</body>\n</file>\n" if version == "1.2" else "</file>\n"


def _file(version: str, name: str | None, source: str, target: str, number: int) -> str:
    from xling import __version__

    if version != "1.2":
        original = {"original": name} if name else {}
        return start_tag("file", {"id": f"f{number}", **original, "xml:space": "preserve"}) + "\n"
    languages = {"source-language": source, "target-language": target}
    attributes = {"original": name or "", **languages, "datatype": "plaintext", "xml:space": "preserve"}
    tool = start_tag("tool", {"tool-id": "xling", "tool-name": "xling", "tool-version": __version__}, "/>")
    return start_tag("file", {**attributes, "tool-id": "xling"}) + f"\n<header>{tool}</header>\n<body>\n"
