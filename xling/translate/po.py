"""Reading gettext PO files, entry by entry.

The file is cut into entries first, since polib gives up at the first fault: one that is broken loses no other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from xling.errors import InvalidInput, MissingExtra
from xling.ingest.decoding import check_encoding, gunzipped, read_bytes
from xling.language import normalise_code
from xling.translate.bilingual import two_languages
from xling.translate.counting import CountedReader
from xling.translate.plain_text import text_lines
from xling.translate.units import Broken, Note, Property, Segment, Unit
from xling.translate.xml_cutting import UNDECODABLE

if TYPE_CHECKING:
    from polib import POEntry, POFile

SOURCE_LANGUAGE: Final = "en"
"""Language of the ids where nothing says another: gettext takes them to be English."""
FUZZY: Final = "needs-review-translation"
"""State of a translation that is marked as fuzzy, as XLIFF calls it."""
PREVIOUS: Final = {name: f"x-previous-{name}" for name in ("msgctxt", "msgid", "msgid_plural")}

_TOGETHER = 128
_EMPTY_HEADER = 'msgid ""\nmsgstr ""\n\n'
"""Before what polib is given, which takes the first comment for the file's."""
_HEAD = 1 << 16
_CHARSET = re.compile(rb'^"Content-Type:[^"\n]*charset=([A-Za-z0-9._:-]+)', re.MULTILINE)
_BREAKS = "\v\f\x1c\x1d\x1e\x85\u2028\u2029"
"""What `str.splitlines`, and polib with it, takes for ends of lines, and PO does not; other characters stand in."""
_HIDDEN = {ord(char): chr(0xFDD8 + i) for i, char in enumerate(_BREAKS)}
_SHOWN = {ord(other): chr(code) for code, other in _HIDDEN.items()}


class _Entry(NamedTuple):
    """The lines of an entry, and the line that it begins at."""

    lines: list[str]
    line: int


class PoReader(CountedReader):
    """The units of a PO file, read once, in constant memory.

    Attributes:
        header: What the file says of itself: `Language`, `Plural-Forms`, …; known once the first unit is.
        units: Units given so far.
        broken_count: Broken entries so far.
        broken: The first thousand of them, each with its line and the reason.
    """

    def __init__(self, path: Path, languages: tuple[str, str] | None, encoding: str | None) -> None:
        super().__init__(self._read(path, languages, encoding), str(path))
        self.header: dict[str, str] = {}

    def _read(self, path: Path, languages: tuple[str, str] | None, encoding: str | None) -> Iterator[Unit | Broken]:
        waiting: list[_Entry] = []
        chosen: tuple[str, str | None] | None = languages
        for entry in _entries(text_lines(path, encoding or _charset(path))):
            if _is_header(entry):
                self.header = _header(entry)
                continue
            waiting.append(entry)
            chosen = chosen or self._languages()
            if len(waiting) == _TOGETHER:
                yield from _parsed(waiting, chosen)
                waiting = []
        if chosen is not None:
            yield from _parsed(waiting, chosen)

    def _languages(self) -> tuple[str, str | None]:
        source = self.header.get("X-Source-Language") or SOURCE_LANGUAGE
        target = self.header.get("Language", "").strip()
        try:
            return normalise_code(source), normalise_code(target.split("@")[0]) if target else None
        except InvalidInput as exc:
            raise InvalidInput(f"{self._name}: {exc}; name them: languages=('en', 'ja')") from exc


def read_po(path: str | Path, languages: Sequence[str] = (), *, encoding: str | None = None) -> PoReader:
    """The units of a gettext PO file (gzip too), in the encoding that its header declares.

    The ids are the source; an entry that is not translated has that alone. A context is the property `x-context`, a
    fuzzy translation has the state `needs-review-translation` (property `x-state`), the other flags are in `x-flags`;
    places are `sourcefile` and `linenumber`, comments notes, those of developers with `from="developer"`. Each form of
    a plural is a unit of its own (`x-plural` is its number). An entry that is obsolete has `x-obsolete`. One that is
    broken is left out, counted and listed in `PoReader.broken`; the others are read.

    Args:
        path: The file.
        languages: Of the ids and of the translations; by default `en` and what the header says.
        encoding: By default what the header says, else UTF-8.

    Raises:
        MissingExtra: polib is not installed.
        InvalidInput: While iterating: it cannot be read, says nowhere in which language its translations are, or has no
            entry that can be read.
    """
    try:
        import polib  # noqa: F401
    except ImportError as exc:
        raise MissingExtra("Reading PO", "translate", "polib") from exc
    return PoReader(Path(path), two_languages(languages, "PO") if languages else None, encoding)


def _charset(path: Path) -> str | None:
    try:
        with path.open("rb") as stream:
            found = _CHARSET.search(read_bytes(gunzipped(stream), str(path), _HEAD))
    except OSError as exc:
        raise InvalidInput(f"{path}: cannot be read ({exc.strerror or exc})") from exc
    if found is None or found[1] == b"CHARSET":  # a template that nobody has filled in
        return None
    return check_encoding(found[1].decode("ascii"))


def _entries(lines: Iterable[str]) -> Iterator[_Entry]:
    """The entries: they end with a blank line, or where something begins that cannot be of the same entry."""
    entry, named, translated = _Entry([], 1), False, False
    for number, line in enumerate(lines, start=1):
        bare = line.strip().removeprefix("#~").lstrip()
        names = bare.startswith(("msgctxt", "msgid")) and not bare.startswith("msgid_plural")
        ends = translated and (names or bare.startswith("#")) if bare else named or _has_text(entry)
        if entry.lines and (ends or (named and names)):
            yield entry
            entry, named, translated = _Entry([], number), False, False
        if bare:
            if not entry.lines:
                entry = _Entry([], number)
            entry.lines.append(line if line.endswith("\n") else f"{line}\n")
            named = named or bare.startswith("msgid")
            translated = translated or bare.startswith("msgstr")
    if entry.lines and _has_text(entry):
        yield entry


def _has_text(entry: _Entry) -> bool:
    return any(not line.lstrip().startswith("#") or line.lstrip().startswith("#~") for line in entry.lines)


def _is_header(entry: _Entry) -> bool:
    said = [line.strip() for line in entry.lines if not line.lstrip().startswith("#")]
    return bool(said) and said[0] == 'msgid ""' and len(said) > 1 and said[1].startswith("msgstr")


def _header(entry: _Entry) -> dict[str, str]:
    import polib

    try:
        return dict(polib.pofile("\n" + "".join(entry.lines)).metadata)
    except Exception:  # its own are OSError, but a wrong escape raises others
        return {}


def _parse(entries: Sequence[_Entry]) -> POFile | str:
    """What polib makes of entries, or why it makes nothing of them."""
    import polib

    text = _EMPTY_HEADER + "\n".join("".join(entry.lines) for entry in entries).translate(_HIDDEN)
    try:
        return polib.pofile(text)
    except Exception as exc:
        return str(exc)


def _parsed(entries: Sequence[_Entry], languages: tuple[str, str | None]) -> Iterator[Unit | Broken]:
    together = None if any(UNDECODABLE in line for entry in entries for line in entry.lines) else _parse(entries)
    if together is None or isinstance(together, str) or len(together) != len(entries):
        for entry in entries:
            yield from _one(entry, languages)
        return
    for found, entry in zip(together, entries, strict=True):
        yield from _units_or_broken(found, entry, languages)


def _one(entry: _Entry, languages: tuple[str, str | None]) -> Iterator[Unit | Broken]:
    bad = next((i for i, line in enumerate(entry.lines) if UNDECODABLE in line), None)
    if bad is not None:
        yield Broken(entry.line + bad, "it has bytes that are not of the file's encoding")
        return
    parsed = _parse([entry])
    if isinstance(parsed, str):
        place = re.search(r"\(line (\d+)\)(?:: (.+))?", parsed)
        line = entry.line + (int(place[1]) - _EMPTY_HEADER.count("\n") - 1 if place else 0)
        yield Broken(line, f"it is no entry of PO{': ' + place[2] if place and place[2] else ''}")
    elif len(parsed) != 1:
        yield Broken(entry.line, "it is no entry of PO: it has no id or no translation")
    else:
        yield from _units_or_broken(parsed[0], entry, languages)


def _units_or_broken(found: POEntry, entry: _Entry, languages: tuple[str, str | None]) -> Iterator[Unit | Broken]:
    if not found.msgid:
        yield Broken(entry.line, "it has no id")
    elif not any(line.lstrip("#~ ").startswith("msgstr") for line in entry.lines):
        yield Broken(entry.line, "it has no msgstr")
    elif languages[1] is None and (found.msgstr or any(found.msgstr_plural.values())):
        raise InvalidInput("the header says no Language: name both, e.g. languages=('en', 'ja')")
    else:
        yield from _units(found, languages)


def _units(entry: POEntry, languages: tuple[str, str | None]) -> Iterator[Unit]:
    flags = [flag for flag in entry.flags if flag]
    fuzzy = "fuzzy" in flags
    properties = [("x-context", entry.msgctxt)] if entry.msgctxt is not None else []
    for name, line in entry.occurrences:
        properties += [("sourcefile", name), *([("linenumber", line)] if line else [])]
    others = [flag for flag in flags if flag != "fuzzy"]
    if others:
        properties.append(("x-flags", ", ".join(others)))
    if entry.obsolete:
        properties.append(("x-obsolete", "yes"))
    properties += [(type, value) for name, type in PREVIOUS.items() if (value := getattr(entry, f"previous_{name}"))]
    notes = [Note(_shown(entry.tcomment))] if entry.tcomment else []
    if entry.comment:
        notes.append(Note(_shown(entry.comment), {"from": "developer"}))
    if not entry.msgid_plural:
        yield _unit(entry.msgid, entry.msgstr, languages, fuzzy, properties, notes)
        return
    forms: Mapping[Any, str] = entry.msgstr_plural
    for number in sorted(forms, key=int):
        plural = [*properties, ("x-plural", str(number)), ("x-msgid-plural", entry.msgid_plural)]
        source = entry.msgid_plural if int(number) else entry.msgid
        yield _unit(source, forms[number], languages, fuzzy, plural, notes if not int(number) else [])


def _unit(
    source: str,
    target: str,
    languages: tuple[str, str | None],
    fuzzy: bool,
    properties: Sequence[tuple[str, str]],
    notes: Sequence[Note],
) -> Unit:
    segments = [Segment(languages[0], (_shown(source),))]
    if target and languages[1]:
        state = (Property("x-state", FUZZY),) if fuzzy else ()
        segments.append(Segment(languages[1], (_shown(target),), properties=state))
    elif fuzzy:
        properties = [*properties, ("x-fuzzy", "yes")]
    own = tuple(Property(type, _shown(value)) for type, value in properties)
    return Unit(tuple(segments), properties=own, notes=tuple(notes))


def _shown(text: str) -> str:
    return text.translate(_SHOWN)
