"""Translation units: one text in several languages, with the tags that stand in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from xling.errors import InvalidInput
from xling.language import normalise_code, primary

_OF_TEXT = frozenset({"hi", "mrk", "g", "pc"})
"""Tags that hold text; the others hold codes."""


@dataclass(frozen=True, slots=True)
class Tag:
    """An inline tag of a segment, named as its file's format names it; other formats are written in their own words.

    Attributes:
        kind: In TMX `bpt` and `ept` (a pair of codes), `ph` (a placeholder), `it` (a code whose partner is elsewhere),
            `ut` (a code of an unknown kind), `hi` (text that is marked), `sub` (a text within a code, such as a
            footnote). In XLIFF 1.2 also `g` (a text between two codes), `x`, `bx`, `ex` (codes that are not shown),
            `mrk` (text that is marked); in XLIFF 2 `pc`, `ph`, `sc`, `ec`, `mrk`, `sm`, `em`, `cp`.
        content: What it holds: the code itself, or text.
        attributes: `i`, `x`, `id`, `type`, `ctype`, `pos`, …, as they were given.
    """

    kind: str
    content: tuple[str | Tag, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Property:
    """A `prop`: a value of a type that the tool which wrote it knows.

    XLIFF and gettext say so what TMX has no place for: `x-state` (of a translation), `x-approved`, `x-context`,
    `x-file`, `sourcefile` and `linenumber`, …
    """

    type: str
    value: str
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Note:
    """A comment of a person."""

    text: str
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Segment:
    """One language of a unit (a `tuv`).

    Attributes:
        lang: The language's code as the file has it.
        content: Texts and tags, in order.
        attributes: Dates, authors and the like: `creationdate`, `changedate`, `changeid`, `usagecount`, …
        properties: Its `prop` elements.
        notes: Its notes.
    """

    lang: str
    content: tuple[str | Tag, ...]
    attributes: Mapping[str, str] = field(default_factory=dict)
    properties: tuple[Property, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def code(self) -> str:
        """The language as a BCP 47 code in its usual form; `und` where what the file has is none."""
        try:
            return normalise_code(self.lang)
        except InvalidInput:
            return "und"

    @property
    def text(self) -> str:
        """The text without its codes, for matching. What is marked is text; what `sub` holds is another text."""
        return "".join(_texts(self.content))


@dataclass(frozen=True, slots=True)
class Unit:
    """A text and its translations (a `tu`).

    Attributes:
        segments: The text in each language; there may be more than two.
        id: The unit's `tuid`.
        attributes: `creationdate`, `changedate`, `creationid`, `srclang`, `segtype`, …
        properties: Its `prop` elements.
        notes: Its notes.
    """

    segments: tuple[Segment, ...]
    id: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    properties: tuple[Property, ...] = ()
    notes: tuple[Note, ...] = ()

    def value(self, type: str) -> str | None:
        """The value of its first property of this type."""
        return next((one.value for one in self.properties if one.type == type), None)

    def segment(self, lang: str) -> Segment | None:
        """The segment of a language: of just this code, whatever its case, else of the same language elsewhere.

        `en` finds `EN`, and where there is none `en-GB`; `en-US` finds `en`, and `en-GB` where there is no better one.

        Raises:
            InvalidInput: `lang` is not a language code.
        """
        wanted, language = normalise_code(lang), primary(lang)
        near: list[Segment] = []
        for segment in self.segments:
            code = _code(segment.lang)
            if code == wanted:
                return segment
            if code.split("-", 1)[0] == language:
                near.append(segment)
        return next((s for s in near if _code(s.lang) == language), near[0] if near else None)


@dataclass(frozen=True, slots=True)
class Broken:
    """A unit that could not be read: the line it begins at, or the fault is at, and why."""

    line: int
    reason: str


def needs_review(translation: Segment) -> bool:
    """Whether a translation's state, as XLIFF names it, says that it is not to be used unseen."""
    state = next((one.value for one in translation.properties if one.type == "x-state"), "")
    return state in ("new", "initial") or state.startswith("needs-")


def _code(lang: str) -> str:
    try:
        return normalise_code(lang)
    except InvalidInput:  # tools write what they like
        return lang.strip().lower()


def _texts(content: Iterable[str | Tag]) -> Iterable[str]:
    for part in content:
        if isinstance(part, str):
            yield part
        elif part.kind in _OF_TEXT:
            yield from _texts(part.content)
