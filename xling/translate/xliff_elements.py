"""The elements of XLIFF → units."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from xling.translate.bilingual import Details, joined
from xling.translate.units import Note, Property, Unit
from xling.translate.xliff_alternatives import ALTERNATIVES, MATCHES, alternatives_1, alternatives_2, sub_flows
from xling.translate.xliff_contents import NOTE_1, NOTE_2, File, id_of_part, note_of, or_none, segment_of
from xling.translate.xliff_schema import METADATA
from xling.translate.xml_reading import Fault

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

UNIT_ATTRIBUTES_1 = ("approved", "translate", "resname", "restype")
UNIT_ATTRIBUTES_2 = {"name": "x-resname", "translate": "x-translate", "type": "x-type"}
"""Attributes of units that are kept, and the properties that keep them; in XLIFF 1.2 of their own names after `x-`."""


def units_of(element: Element, file: File) -> Iterator[Unit]:
    """The units of a `trans-unit` or `unit`.

    Raises:
        Fault: It is broken.
    """
    return _of_unit(element, file) if file.version.startswith("2.") else _of_trans_unit(element, file)


def _of_trans_unit(element: Element, file: File) -> Iterator[Unit]:
    details: Details = []
    notes: dict[str, list[Note]] = {"general": [], "source": [], "target": []}
    texts: dict[str, Element] = {}
    proposals: list[Element] = []
    for child in element:
        name = file.local(child)
        if name in ("source", "seg-source", "target"):
            if name in texts:
                raise Fault(f"it has two <{name}>")
            texts[name] = child
        elif name == "note":
            annotates = child.get("annotates", "general")
            notes[annotates if annotates in notes else "general"].append(note_of(child, NOTE_1))
        elif name == "context-group":
            details += [(c.get("context-type", ""), c.text or "") for c in child if file.local(c) == "context"]
        elif name == "prop-group":  # of XLIFF 1.0
            details += [(c.get("prop-type", ""), c.text or "") for c in child if file.local(c) == "prop"]
        elif name == "alt-trans" and ALTERNATIVES in file.wanted:
            proposals.append(child)
        else:
            file.leaves_out(child)
    if "source" not in texts:
        raise Fault("it has no <source>")
    properties = [Property(f"x-{name}", element.attrib[name]) for name in UNIT_ATTRIBUTES_1 if name in element.attrib]
    properties += file.properties
    target = texts.get("target")
    of_target = [
        Property(f"x-{name}", target.attrib[name])
        for name in ("state", "state-qualifier")
        if target is not None and name in target.attrib
    ]
    id = element.get("id")
    for mid, source_part, target_part in _segments_1(texts, file):
        source = segment_of(source_part, texts["source"], file, notes["source"], [])
        translation = None
        if target_part is not None and target is not None:
            translation = segment_of(target_part, target, file, notes["target"], of_target)
        unit = joined(
            id if mid is None else id_of_part(id, mid),
            source,
            or_none(translation),
            details,
            notes["general"],
            properties,
        )
        yield unit
        yield from sub_flows(unit, file)
    yield from alternatives_1(proposals, id, texts["source"], file)


def _segments_1(texts: Mapping[str, Element], file: File) -> list[tuple[str | None, Element, Element | None]]:
    """The segments that a unit is cut into, with the elements that hold them; the whole unit where it is not."""
    whole = [(None, texts["source"], texts.get("target"))]
    if "seg-source" not in texts:
        return whole  # type: ignore[return-value]
    parts = dict(_marked(texts["seg-source"], file))
    targets = dict(_marked(texts["target"], file)) if "target" in texts else {}
    if len(parts) < 2 or ("target" in texts and not targets):
        return whole  # type: ignore[return-value]
    return [(mid, mark, targets.get(mid)) for mid, mark in parts.items()]


def _marked(element: Element, file: File) -> Iterator[tuple[str, Element]]:
    for mark in element.iter(file.tag("mrk")):
        if mark.get("mtype") == "seg" and mark.get("mid"):
            yield mark.attrib["mid"], mark


def _of_unit(element: Element, file: File) -> Iterator[Unit]:
    details: Details = []
    notes: dict[str, list[Note]] = {"": [], "source": [], "target": []}
    codes: dict[str, str] = {}
    segments: list[Element] = []
    proposals: list[Element] = []
    for child in element:
        name = file.local(child)
        if name == "segment":
            segments.append(child)
        elif name == "ignorable":
            if "".join(child.itertext()).strip():
                file.leaves_out(child)
        elif name == "notes":
            for note in child:
                notes[note.get("appliesTo", "") if note.get("appliesTo") in notes else ""].append(note_of(note, NOTE_2))
        elif name == "originalData":
            codes |= {data.get("id", ""): "".join(data.itertext()) for data in child}
        elif child.tag == f"{{{METADATA}}}metadata":
            metas = child.iter(f"{{{METADATA}}}meta")
            details += [(meta.get("type", ""), meta.text or "") for meta in metas]
        elif child.tag == f"{{{MATCHES}}}matches":
            found = [one for one in child if one.tag == f"{{{MATCHES}}}match"]
            if ALTERNATIVES in file.wanted:
                proposals += found
            else:
                file.left_out["match"] += len(found)
        else:
            file.leaves_out(child)
    if not segments:
        raise Fault("it has no <segment>")
    properties = [
        Property(type, element.attrib[name]) for name, type in UNIT_ATTRIBUTES_2.items() if name in element.attrib
    ]
    properties += file.properties
    for number, segment in enumerate(segments, start=1):
        texts = {file.local(child): child for child in segment}
        if "source" not in texts:
            raise Fault("a segment has no <source>")
        states = {"state": "x-state", "subState": "x-substate"}
        of_target = [Property(states[n], segment.attrib[n]) for n in states if n in segment.attrib]
        source = segment_of(texts["source"], texts["source"], file, notes["source"], [], codes)
        target = None
        if "target" in texts:
            # Where the translation stands in its unit, if not where the source does.
            order = texts["target"].get("order")
            of_target += [Property("x-order", order)] if order else []
            target = segment_of(texts["target"], texts["target"], file, notes["target"], of_target, codes)
        id = element.get("id")
        if len(segments) > 1:
            id = id_of_part(id, segment.get("id") or str(number))
        yield joined(id, source, or_none(target), details, notes[""], properties)
    yield from alternatives_2(proposals, element.get("id"), file)
