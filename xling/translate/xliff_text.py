"""Units → the elements of XLIFF, as text."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping
from typing import Final

from xling.translate.bilingual import SOURCE_LANG, TARGET_LANG, Bilingual, key_of, source_key, target_key
from xling.translate.tags import for_xliff_1, for_xliff_2
from xling.translate.units import Note, Segment, Tag
from xling.translate.xliff_schema import (
    CONTEXT_TYPES,
    DATA_END,
    DATA_START,
    NMTOKEN,
    STATES_1,
    STATES_2,
    TO_STATES_1,
    TO_STATES_2,
)
from xling.translate.xml_writing import escaped, start_tag

LANGUAGE: Final = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_YES_NO = re.compile("yes|no")
_PRIORITY = re.compile("[1-9]|10")
_TYPED = re.compile(r"[^\s:]+:[^\s:]+")
_OWN = re.compile(r"x-\S+")
_ANY = re.compile(r".*", re.DOTALL)
_QUALIFIERS = re.compile(
    "exact-match|fuzzy-match|id-match|leveraged-(glossary|inherited|mt|repository|tm)|mt-suggestion|"
    r"rejected-(grammar|inaccurate|length|spelling)|tm-suggestion|x-\S+"
)
_STATES_1 = re.compile("|".join([*sorted(STATES_1), _OWN.pattern]))
_STATES_2 = re.compile("|".join(sorted(STATES_2)))
_LOCATIONS: Final = ("sourcefile", "linenumber")

Details = list[tuple[str, str]]


def trans_unit(unit: Bilingual, source: Segment, id: str) -> str:
    """The element of a unit in XLIFF 1.2."""
    properties = list(unit.properties)
    names = {"x-approved": _YES_NO, "x-translate": _YES_NO, "x-resname": _ANY, "x-restype": _OWN}
    attributes = {"id": id, **_taken(properties, names)}
    details = dict(unit.details)
    source_attributes = _language(details, SOURCE_LANG)
    parts = [start_tag("trans-unit", attributes), start_tag("source", source_attributes)]
    parts += [_content_1(source), "</source>"]
    said = [(one.type, one.value) for one in source.properties]
    more = [(source_key(type), value) for type, value in said]
    if unit.target is not None:
        said = [(one.type, _mapped(one.type, one.value, TO_STATES_1)) for one in unit.target.properties]
        target_attributes = _taken(said, {"x-state": _STATES_1, "x-state-qualifier": _QUALIFIERS})
        target_attributes |= _language(details, TARGET_LANG)
        parts += [start_tag("target", target_attributes), _content_1(unit.target), "</target>"]
        more += [(target_key(type), value) for type, value in said]
    contexts = [*((_context_type(type), value) for type, value in properties), *details.items(), *more]
    for purpose, group in itertools.groupby(contexts, key=lambda one: _purpose(one[0])):
        parts.append(start_tag("context-group", {"purpose": purpose}))
        parts += [f"{start_tag('context', {'context-type': type})}{escaped(value)}</context>" for type, value in group]
        parts.append("</context-group>")
    for annotates, notes in _sides(unit):
        where = {"annotates": annotates} if annotates else {}
        parts += [_note(note, {"from": _ANY, "priority": _PRIORITY}, where) for note in notes]
    return "".join([*parts, "</trans-unit>\n"])


def unit_2(unit: Bilingual, source: Segment, id: str) -> str:
    """The element of a unit in XLIFF 2."""
    properties = list(unit.properties)
    attributes = _taken(properties, {"x-resname": _ANY, "x-translate": _YES_NO, "x-type": _TYPED})
    names = {"x-resname": "name", "x-translate": "translate", "x-type": "type"}
    data: list[str] = []
    texts = [f"<source>{_content_2(source, data)}</source>"]
    more = [(source_key(one.type), one.value) for one in source.properties]
    states: dict[str, str] = {}
    if unit.target is not None:
        said = [(one.type, _mapped(one.type, one.value, TO_STATES_2)) for one in unit.target.properties]
        states = _taken(said, {"x-state": _STATES_2})
        if states:
            states |= _taken(said, {"x-substate": _TYPED})
        texts.append(f"<target>{_content_2(unit.target, data)}</target>")
        more += [(target_key(type), value) for type, value in said]
    parts = [start_tag("unit", {"id": id, **{names[f"x-{name}"]: value for name, value in attributes.items()}})]
    metas = [*((key_of(type), value) for type, value in properties), *unit.details, *more]
    if metas:
        parts.append('<mda:metadata><mda:metaGroup category="xling">')
        parts += [f"{start_tag('mda:meta', {'type': type})}{escaped(value)}</mda:meta>" for type, value in metas]
        parts.append("</mda:metaGroup></mda:metadata>")
    known = {"id": NMTOKEN, "category": _ANY, "priority": _PRIORITY}
    notes = [
        _note(note, known, {"appliesTo": side} if side else {}) for side, several in _sides(unit) for note in several
    ]
    if notes:
        parts += ["<notes>", *notes, "</notes>"]
    if data:
        codes = (f'<data id="d{number}">{escaped(code)}</data>' for number, code in enumerate(data, start=1))
        parts += ["<originalData>", *codes, "</originalData>"]
    named = {"subState" if name == "substate" else name: value for name, value in states.items()}
    parts += [start_tag("segment", named), *texts, "</segment></unit>\n"]
    return "".join(parts)


def _taken(said: Details, wanted: Mapping[str, re.Pattern[str]]) -> dict[str, str]:
    """Take what can be attributes out of what is said, each the first of its name; named without their `x-`."""
    found = {}
    for type, values in wanted.items():
        at = next((i for i, (name, _) in enumerate(said) if name == type), None)
        if at is not None and values.fullmatch(said[at][1]):
            found[type.removeprefix("x-")] = said.pop(at)[1]
    return found


def _mapped(type: str, value: str, states: Mapping[str, str]) -> str:
    return states.get(value, value) if type == "x-state" else value


def _language(details: dict[str, str], key: str) -> dict[str, str]:
    """`xml:lang`, where the text is in another language than its file's."""
    if key in details and LANGUAGE.fullmatch(details[key]):
        return {"xml:lang": details.pop(key)}
    return {}


def _context_type(type: str) -> str:
    return type if type in CONTEXT_TYPES else key_of(type)


def _purpose(type: str) -> str:
    if type in _LOCATIONS:
        return "location"
    return "match" if type.startswith("x-context") else "information"


def _sides(unit: Bilingual) -> Iterable[tuple[str, tuple[Note, ...]]]:
    yield "", unit.notes
    for side, segment in (("source", unit.source), ("target", unit.target)):
        if segment is not None:
            yield side, segment.notes


def _note(note: Note, known: Mapping[str, re.Pattern[str]], more: Mapping[str, str]) -> str:
    given = dict(note.attributes)
    for one, other in (("from", "category"), ("category", "from")):
        if one in given and one not in known:
            given.setdefault(other, given[one])
    attributes = {name: value for name, value in given.items() if name in known and known[name].fullmatch(value)}
    if LANGUAGE.fullmatch(given.get("xml:lang", "")):
        attributes["xml:lang"] = given["xml:lang"]
    return f"{start_tag('note', {**attributes, **more})}{escaped(note.text)}</note>"


def _content_1(segment: Segment) -> str:
    return _elements_1(for_xliff_1(segment.content))


def _elements_1(content: Iterable[str | Tag]) -> str:
    parts = []
    for part in content:
        if isinstance(part, str):
            parts.append(escaped(part))
        elif part.kind in ("x", "bx", "ex"):
            parts.append(start_tag(part.kind, part.attributes, "/>"))
        else:
            parts += [start_tag(part.kind, part.attributes), _elements_1(part.content), f"</{part.kind}>"]
    return "".join(parts)


def _content_2(segment: Segment, data: list[str]) -> str:
    return _elements_2(for_xliff_2(segment.content), data)


def _elements_2(content: Iterable[str | Tag], data: list[str]) -> str:
    """The elements of a text; codes go to `data`."""
    parts = []
    for part in content:
        if isinstance(part, str):
            parts.append(escaped(part))
            continue
        attributes = dict(part.attributes)
        if part.kind == "pc":
            for name, ref in ((DATA_START, "dataRefStart"), (DATA_END, "dataRefEnd")):
                if name in attributes:
                    attributes[ref] = _data_ref(attributes.pop(name), data)
        elif part.kind in ("ph", "sc", "ec") and part.content:
            attributes["dataRef"] = _data_ref("".join(code for code in part.content if isinstance(code, str)), data)
        if part.kind in ("pc", "mrk"):
            parts += [start_tag(part.kind, attributes), _elements_2(part.content, data), f"</{part.kind}>"]
        else:
            parts.append(start_tag(part.kind, attributes, "/>"))
    return "".join(parts)


def _data_ref(code: str, data: list[str]) -> str:
    if code not in data:
        data.append(code)
    return f"d{data.index(code) + 1}"
