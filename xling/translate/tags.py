"""The tags of one format as another has them.

Every format's tags are kept as they are; those of another are put into its words when it is written. A code keeps what
it holds, what it is paired with, and its type as far as there is a name for it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias
from urllib.parse import quote, unquote

from xling.translate.tmx_schema import HELD, fault_of
from xling.translate.units import Tag
from xling.translate.xliff_schema import (
    DATA_END,
    DATA_START,
    DELIMITERS,
    MARK_TYPES,
    NMTOKEN,
    PLACEHOLDERS,
    XLIFF_1,
    XLIFF_2,
)

Content: TypeAlias = tuple[str | Tag, ...]

_Kind: TypeAlias = Literal["alone", "open", "close"]

_ASSOC = {"p": "preceding", "f": "following", "b": "both"}
_ASSOC_BACK = {long: short for short, long in _ASSOC.items()}
_SUBTYPES = {"bold": "xlf:b", "italic": "xlf:i", "underlined": "xlf:u", "lb": "xlf:lb", "pb": "xlf:pb"}
_SUBTYPES_BACK = {sub: name for name, sub in _SUBTYPES.items()}
_OWN = "xling:"


@dataclass(frozen=True)
class _Code:
    """A code, whatever the format: alone, or one of a pair. `pair` numbers the pairs of a text; None has no partner."""

    kind: _Kind
    data: Content
    id: str | None
    type: str | None
    ref: str | None = None
    assoc: str | None = None
    pair: int | None = None


@dataclass(frozen=True)
class _Mark:
    """A text that is marked."""

    content: tuple[str | _Code | _Mark, ...]
    id: str | None
    type: str | None


_Part: TypeAlias = str | _Code | _Mark


def for_tmx(content: Content) -> Content:
    """A content in the tags of TMX."""
    return content if _is_tmx(content, "seg") else _Tmx().content(_paired(_parts(content)))


def for_xliff_1(content: Content) -> Content:
    """A content in the tags of XLIFF 1.2."""
    return content if XLIFF_1.holds(content) else _Xliff1().content(_paired(_parts(content)))


def for_xliff_2(content: Content) -> Content:
    """A content in the tags of XLIFF 2; what a code holds is its content here, and `originalData` in the file."""
    return content if XLIFF_2.holds(content) else _Xliff2().content(_paired(_parts(content)))


def _is_tmx(content: Content, within: str) -> bool:
    return all(
        isinstance(part, str)
        or (
            part.kind in HELD[within]
            and fault_of(part.kind, part.attributes) is None
            and _is_tmx(part.content, part.kind)
        )
        for part in content
    )


def _parts(content: Iterable[str | Tag]) -> Iterator[_Part]:
    for part in content:
        if isinstance(part, str):
            yield part
        else:
            yield from _of_tag(part)


def _of_tag(tag: Tag) -> Iterator[_Part]:
    given = tag.attributes
    id = given.get("id") or given.get("x")
    type = _type_of(tag)
    isolated = given.get("isolated") == "yes"
    if tag.kind in ("hi", "mrk"):
        yield _Mark(tuple(_parts(tag.content)), id, given.get("mtype") or type)
    elif tag.kind in ("g", "pc"):
        ref = object.__repr__(tag)  # its two ends belong together, whatever the id
        yield _Code("open", _data(given.get(DATA_START)), id, type, ref)
        yield from _parts(tag.content)
        yield _Code("close", _data(given.get(DATA_END)), id, type, ref)
    elif tag.kind in ("bpt", "bx", "sc", "ept", "ex", "ec"):
        partner = given.get("rid") or given.get("i") or given.get("startRef") or id
        kind: _Kind = "open" if tag.kind in ("bpt", "bx", "sc") else "close"
        yield _Code(kind, tag.content, id or partner, type, None if isolated else partner)
    elif tag.kind == "it":
        kind = "open" if given.get("pos") in ("begin", "open") else "close"
        yield _Code(kind, tag.content, id, type)
    elif tag.kind == "cp":
        yield _Code("alone", (f"U+{given.get('hex', '')}",), None, "x-cp")
    elif tag.kind not in ("sm", "em"):  # marks that overlap have no place elsewhere
        data = tag.content or _data(given.get("equiv-text") or given.get("equiv"))
        yield _Code("alone", data, id, type, assoc=given.get("assoc"))


def _data(text: str | None) -> Content:
    return (text,) if text else ()


def _type_of(tag: Tag) -> str | None:
    given = tag.attributes
    sub = given.get("subType")
    if sub:
        return _SUBTYPES_BACK.get(sub) or _own(sub) or f"x-{sub}"
    type = given.get("ctype") or given.get("type")
    return type and (_own(type) or type)


def _own(type: str) -> str | None:
    return unquote(type.removeprefix(_OWN)) if type.startswith(_OWN) else None


def _paired(parts: Iterable[_Part]) -> list[_Part]:
    """Codes with the number of their pair; those whose partner is not there have none."""
    found: list[_Part] = []
    open_: dict[str, list[int]] = {}
    number = 0
    for part in parts:
        if isinstance(part, _Mark):
            part = replace(part, content=tuple(_paired(part.content)))
        elif isinstance(part, _Code) and part.ref is not None and part.kind == "open":
            open_.setdefault(part.ref, []).append(len(found))
        elif isinstance(part, _Code) and part.ref is not None and part.kind == "close" and open_.get(part.ref):
            at = open_[part.ref].pop()
            number += 1
            found[at] = replace(found[at], pair=number)  # type: ignore[type-var]
            part = replace(part, pair=number)
        found.append(part)
    return found


class _Words:
    """Makes tags of codes, in the words of one format. One object a text: it numbers what has no id."""

    def __init__(self) -> None:
        self._count = 0
        self._used: set[str] = set()
        self._pairs: dict[tuple[int, int], str] = {}
        self._depth = 0

    def content(self, parts: Sequence[_Part]) -> Content:
        self._depth += 1
        depth = self._depth
        taken = {ref for part in parts if isinstance(part, _Code) and (ref := part.ref) and self._keeps(ref)}
        made: list[str | Tag] = []
        for part in parts:
            if isinstance(part, str):
                made.append(part)
            elif isinstance(part, _Mark):
                made.append(self._mark(part))
            elif part.pair is None:
                made.append(self._alone(part) if part.kind == "alone" else self._isolated(part))
            else:
                made.append(self._of_pair(part, self._ref(part, (depth, part.pair), taken)))
        return tuple(made)

    def _ref(self, code: _Code, pair: tuple[int, int], taken: set[str]) -> str:
        if pair not in self._pairs:
            ref = code.ref or ""
            if not self._keeps(ref) or ref in self._used:
                ref = next(str(n) for n in itertools.count(1) if str(n) not in self._used | taken)
            self._used.add(ref)
            self._pairs[pair] = ref
        return self._pairs[pair]

    def _keeps(self, ref: str) -> bool:
        return bool(NMTOKEN.fullmatch(ref))

    def _id(self, given: str | None) -> str:
        self._count += 1
        return given or str(self._count)

    def _alone(self, code: _Code) -> Tag:
        raise NotImplementedError

    def _isolated(self, code: _Code) -> Tag:
        raise NotImplementedError

    def _of_pair(self, code: _Code, ref: str) -> Tag:
        raise NotImplementedError

    def _mark(self, mark: _Mark) -> Tag:
        raise NotImplementedError


class _Tmx(_Words):
    def _keeps(self, ref: str) -> bool:
        return ref.isascii() and ref.isdigit()

    def _alone(self, code: _Code) -> Tag:
        assoc = _ASSOC_BACK.get(code.assoc or "", code.assoc)
        return Tag("ph", self._data(code), _given(x=code.id, type=code.type, assoc=assoc if assoc in _ASSOC else None))

    def _isolated(self, code: _Code) -> Tag:
        pos = "begin" if code.kind == "open" else "end"
        return Tag("it", self._data(code), _given(pos=pos, x=code.id, type=code.type))

    def _of_pair(self, code: _Code, ref: str) -> Tag:
        if code.kind == "close":
            return Tag("ept", self._data(code), {"i": ref})
        return Tag("bpt", self._data(code), _given(i=ref, x=code.id if code.id != ref else None, type=code.type))

    def _mark(self, mark: _Mark) -> Tag:
        return Tag("hi", self.content(mark.content), _given(x=mark.id, type=mark.type))

    def _data(self, code: _Code) -> Content:
        return tuple(part if isinstance(part, str) else self._sub(part) for part in code.data)

    def _sub(self, sub: Tag) -> Tag:
        type = sub.attributes.get("ctype") or sub.attributes.get("type")
        return Tag("sub", for_tmx(sub.content), _given(datatype=sub.attributes.get("datatype"), type=type))


class _Xliff1(_Words):
    def _alone(self, code: _Code) -> Tag:
        assoc = _ASSOC.get(code.assoc or "", code.assoc)
        assoc = assoc if assoc in _ASSOC_BACK else None
        more = _given(id=self._id(code.id), ctype=_listed(code.type, PLACEHOLDERS), assoc=assoc)
        return Tag("ph", self._data(code), more) if code.data or assoc else Tag("x", (), more)

    def _isolated(self, code: _Code) -> Tag:
        pos = "open" if code.kind == "open" else "close"
        more = _given(id=self._id(code.id), pos=pos, ctype=_listed(code.type, DELIMITERS))
        return Tag("it", self._data(code), more)

    def _of_pair(self, code: _Code, ref: str) -> Tag:
        kind = "bpt" if code.kind == "open" else "ept"
        type = _listed(code.type, DELIMITERS) if code.kind == "open" else None
        return Tag(kind, self._data(code), _given(id=self._id(code.id), rid=ref, ctype=type))

    def _mark(self, mark: _Mark) -> Tag:
        type = _listed(mark.type, MARK_TYPES) or "x-hi"
        return Tag("mrk", self.content(mark.content), {"mtype": type})

    def _data(self, code: _Code) -> Content:
        return tuple(part if isinstance(part, str) else self._sub(part) for part in code.data)

    def _sub(self, sub: Tag) -> Tag:
        type = _listed(sub.attributes.get("ctype") or sub.attributes.get("type"), DELIMITERS)
        datatype = sub.attributes.get("datatype")
        return Tag("sub", for_xliff_1(sub.content), _given(datatype=_listed(datatype, frozenset()), ctype=type))


class _Xliff2(_Words):
    def _alone(self, code: _Code) -> Tag:
        return Tag("ph", self._data(code), {"id": self._token(code.id), **self._type(code)})

    def _isolated(self, code: _Code) -> Tag:
        kind = "sc" if code.kind == "open" else "ec"
        return Tag(kind, self._data(code), {"id": self._token(code.id), "isolated": "yes", **self._type(code)})

    def _of_pair(self, code: _Code, ref: str) -> Tag:
        if code.kind == "close":
            return Tag("ec", self._data(code), {"startRef": ref})
        return Tag("sc", self._data(code), {"id": ref, **self._type(code)})

    def _mark(self, mark: _Mark) -> Tag:
        type = mark.type if mark.type in ("generic", "comment", "term") else None
        if mark.type and not type:
            type = _OWN + quote(mark.type, safe="")
        return Tag("mrk", self.content(mark.content), _given(id=self._token(mark.id), type=type))

    def _token(self, given: str | None) -> str:
        if not given or not NMTOKEN.fullmatch(given) or given in self._used:
            given = next(f"c{n}" for n in itertools.count(1) if f"c{n}" not in self._used)
        self._used.add(given)
        return given

    def _type(self, code: _Code) -> dict[str, str]:
        if not code.type:
            return {}
        if code.type in ("fmt", "ui", "quote", "link", "image", "other"):
            return {"type": code.type}
        if code.type in _SUBTYPES:
            return {"type": "fmt", "subType": _SUBTYPES[code.type]}
        known = code.type.removeprefix("x-")
        sub = known if re.fullmatch(r"[^\s:]+:[^\s:]+", known) else _OWN + quote(code.type, safe="")
        return {"type": "other", "subType": sub}

    def _data(self, code: _Code) -> Content:
        texts = [part if isinstance(part, str) else "".join(_all_text(part)) for part in code.data]
        return _data("".join(texts))


def _all_text(tag: Tag) -> Iterator[str]:
    for part in tag.content:
        if isinstance(part, str):
            yield part
        else:
            yield from _all_text(part)


def _listed(value: str | None, values: frozenset[str]) -> str | None:
    """A value of XLIFF 1.2: one of a list, or one's own after `x-`."""
    if not value:
        return None
    return (
        value if value in values or re.fullmatch(r"x-\S+", value) else "x-" + quote(value.removeprefix("x-"), safe="")
    )


def _given(**attributes: str | None) -> dict[str, str]:
    return {name: value for name, value in attributes.items() if value is not None}
