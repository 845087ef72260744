"""Writing TMX 1.4, unit by unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

from xling.errors import InvalidInput
from xling.translate.counting import OnRefused, formed
from xling.translate.replacing import replacing
from xling.translate.tmx_schema import HELD, fault_of
from xling.translate.units import Segment, Tag, Unit
from xling.translate.xml_writing import escaped, escaped_attribute, start_tag


def write_tmx(
    path: str | Path,
    units: Iterable[Unit],
    *,
    source_language: str = "*all*",
    encoding: Literal["utf-8", "utf-16"] = "utf-8",
    on_refused: OnRefused | None = None,
) -> int:
    """Write units to a TMX 1.4 file, in constant memory; an old file is replaced only when all of it is written.

    Args:
        path: The file.
        units: What to write.
        source_language: The language that was translated from; by default any of a unit may be that.
        encoding: Of the file.
        on_refused: Called with the number of a unit that cannot be written, the unit and the reason; without it that is
            an error.

    Returns:
        How many units were written.

    Raises:
        InvalidInput: A unit cannot be kept in TMX (the message says which and why), or the file cannot be written.
    """
    from xling import __version__

    if encoding not in ("utf-8", "utf-16"):
        raise InvalidInput(f"encoding must be 'utf-8' or 'utf-16', not {encoding!r}")
    count = 0
    with replacing([Path(path)], encoding) as (file,):
        file.write(
            f'<?xml version="1.0" encoding="{encoding.upper()}"?>\n<!DOCTYPE tmx SYSTEM "tmx14.dtd">\n'
            f'<tmx version="1.4">\n<header creationtool="xling" creationtoolversion="{__version__}" '
            f'segtype="sentence" o-tmf="xling" adminlang="en" srclang="{escaped_attribute(source_language)}" '
            f'datatype="plaintext"/>\n<body>\n'
        )
        for text in formed(units, _unit, on_refused):
            count += 1
            file.write(text)
        file.write("</body>\n</tmx>\n")
    return count


def _unit(unit: Unit) -> str:
    if not unit.segments:
        raise InvalidInput("it has no segment")
    attributes = dict(unit.attributes) if unit.id is None else {"tuid": unit.id, **unit.attributes}
    parts = [_opening("tu", attributes), *_annotations(unit)]
    parts += map(_segment, unit.segments)
    return "".join([*parts, "</tu>\n"])


def _segment(segment: Segment) -> str:
    if not segment.lang.strip():
        raise InvalidInput("a segment has no language")
    opening = _opening("tuv", segment.attributes)[:-1] + f' xml:lang="{escaped_attribute(segment.lang.strip())}">'
    return "".join([opening, *_annotations(segment), "<seg>", _content("seg", segment.content), "</seg></tuv>"])


def _annotations(of: Unit | Segment) -> Iterable[str]:
    notes, properties = of.notes, of.properties
    yield from (_opening("note", note.attributes) + escaped(note.text) + "</note>" for note in notes)
    for prop in properties:
        yield _opening("prop", {"type": prop.type, **prop.attributes}) + escaped(prop.value) + "</prop>"


def _content(element: str, content: Iterable[str | Tag]) -> str:
    parts = []
    for part in content:
        if isinstance(part, str):
            parts.append(escaped(part))
            continue
        if part.kind not in HELD[element]:
            raise InvalidInput(f"<{element}> cannot hold a tag {part.kind!r}")
        parts += [_opening(part.kind, part.attributes), _content(part.kind, part.content), f"</{part.kind}>"]
    return "".join(parts)


def _opening(element: str, attributes: Mapping[str, str]) -> str:
    fault = fault_of(element, attributes)
    if fault:
        raise InvalidInput(fault)
    return start_tag(element, attributes)
