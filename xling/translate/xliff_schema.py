"""What XLIFF 1.2 and 2.0 allow in a text: inline elements, their attributes and values (their schemas)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from xling.translate.units import Tag

NAMESPACE_1: Final = "urn:oasis:names:tc:xliff:document:1.2"
NAMESPACE_2: Final = "urn:oasis:names:tc:xliff:document:2.0"
METADATA: Final = "urn:oasis:names:tc:xliff:metadata:2.0"
"""The module of XLIFF 2 that holds what its core has no place for."""

NMTOKEN: Final = re.compile(r"[A-Za-z0-9_:.\-]+")
_ANY = re.compile(r".*", re.DOTALL)
_YES_NO = re.compile("yes|no")
_TYPED = re.compile(r"[^\s:]+:[^\s:]+")


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


STATES_1: Final = _set(
    "final needs-adaptation needs-l10n needs-review-adaptation needs-review-l10n needs-review-translation "
    "needs-translation new signed-off translated"
)
STATES_2: Final = frozenset({"initial", "translated", "reviewed", "final"})
TO_STATES_1: Final = {"initial": "new", "reviewed": "signed-off"}
TO_STATES_2: Final = {
    **dict.fromkeys(STATES_1 - {"final", "translated", "signed-off"}, "initial"),
    "signed-off": "reviewed",
}
CONTEXT_TYPES: Final = _set(
    "database element elementtitle linenumber numparams paramnotes record recordtitle sourcefile"
)
MARK_TYPES: Final = _set(
    "abbrev abbreviated-form abbreviation acronym appellation collocation common-name datetime equation "
    "expanded-form formula head-term initialism international-scientific-term internationalism "
    "logical-expression materials-management-unit name near-synonym part-number phrase "
    "phraseological-unit protected romanized-form seg set-phrase short-form sku standard-text symbol "
    "synonym synonymous-phrase term transcribed-form transliterated-form truncated-term variant"
)
DELIMITERS: Final = frozenset({"bold", "italic", "underlined", "link"})
PLACEHOLDERS: Final = frozenset({"image", "pb", "lb"})


@dataclass(frozen=True)
class Vocabulary:
    """The inline elements of a format.

    Attributes:
        attributes: Of each element, each with the pattern of its values.
        required: Attributes that have to be there.
        held: Which elements may stand in which; `` for the text itself.
        empty: Elements that hold nothing at all.
    """

    attributes: Mapping[str, Mapping[str, re.Pattern[str]]]
    required: Mapping[str, Sequence[str]]
    held: Mapping[str, frozenset[str]]
    empty: frozenset[str]

    def holds(self, content: Sequence[str | Tag], within: str = "") -> bool:
        """Whether the format can hold a content as it is."""
        return all(isinstance(part, str) or self._holds(part, within) for part in content)

    def _holds(self, tag: Tag, within: str) -> bool:
        if tag.kind not in self.held[within] or (tag.kind in self.empty and tag.content):
            return False
        known = self.attributes[tag.kind]
        return (
            all(name in known and known[name].fullmatch(value) for name, value in tag.attributes.items())
            and all(name in tag.attributes for name in self.required[tag.kind])
            and self.holds(tag.content, tag.kind)
        )


def _one_of(values: frozenset[str], extended: bool = True) -> re.Pattern[str]:
    return re.compile("|".join([*sorted(values), *([r"x-\S+"] if extended else [])]))


def _elements(
    common: Mapping[str, re.Pattern[str]], own: Mapping[str, Mapping[str, re.Pattern[str]]]
) -> dict[str, Mapping[str, re.Pattern[str]]]:
    return {kind: {**common, **more} for kind, more in own.items()}


_PAIR = {"rid": NMTOKEN, "ctype": _one_of(DELIMITERS)}
_CODE = {"ctype": _one_of(PLACEHOLDERS)}
_CODES_1 = _elements(
    {"id": _ANY, "xid": _ANY, "equiv-text": _ANY},
    {
        "g": {"ctype": _one_of(DELIMITERS), "clone": _YES_NO},
        "x": {**_CODE, "clone": _YES_NO},
        "bx": {**_PAIR, "clone": _YES_NO},
        "ex": {"rid": NMTOKEN},
        "bpt": {**_PAIR, "crc": _ANY},
        "ept": {"rid": NMTOKEN, "crc": _ANY},
        "ph": {**_CODE, "crc": _ANY, "assoc": re.compile("preceding|following|both")},
        "it": {**_PAIR, "crc": _ANY, "pos": re.compile("open|close")},
    },
)
_TEXT_1 = frozenset({*_CODES_1, "mrk"})
_SUB = frozenset({"sub"})

XLIFF_1: Final = Vocabulary(
    attributes={
        **_CODES_1,
        "mrk": {"mtype": _one_of(MARK_TYPES), "comment": _ANY},  # `mid` refers to `seg-source`, which is not kept
        "sub": {"datatype": re.compile(r"plaintext|html|xml|rtf|x-\S+"), "ctype": _one_of(DELIMITERS), "xid": _ANY},
    },
    required={**dict.fromkeys(_CODES_1, ("id",)), "it": ("id", "pos"), "mrk": ("mtype",), "sub": ()},
    held={
        **dict.fromkeys(("", "g", "mrk", "sub"), _TEXT_1),
        **dict.fromkeys(("bpt", "ept", "ph", "it"), _SUB),
        **dict.fromkeys(("x", "bx", "ex"), frozenset()),
    },
    empty=frozenset({"x", "bx", "ex"}),
)

_DIRECTION = re.compile("ltr|rtl|auto")
_CODE_2 = {
    "canCopy": _YES_NO,
    "canDelete": _YES_NO,
    "canReorder": re.compile("yes|firstNo|no"),
    "copyOf": NMTOKEN,
    "subType": _TYPED,
    "type": re.compile("fmt|ui|quote|link|image|other"),
    "id": NMTOKEN,
}
_ONE_2 = {"disp": _ANY, "equiv": _ANY, "subFlows": re.compile(rf"{NMTOKEN.pattern}( {NMTOKEN.pattern})*")}
_SIDES_2 = {f"{name}{side}": pattern for name, pattern in _ONE_2.items() for side in ("Start", "End")}
_MARK_2 = {
    "id": NMTOKEN,
    "translate": _YES_NO,
    "type": re.compile(rf"generic|comment|term|{_TYPED.pattern}"),
    "ref": re.compile(r"[\w.~:/?#@!$&'()*+,;=%-]*", re.ASCII),
    "value": _ANY,
}
DATA_START: Final = "dataStart"
DATA_END: Final = "dataEnd"
"""Attributes of a `pc` tag in place of `dataRefStart` and `dataRefEnd`: the codes themselves."""

_TEXT_2 = frozenset({"cp", "ph", "pc", "sc", "ec", "mrk", "sm", "em"})
XLIFF_2: Final = Vocabulary(
    attributes={
        "cp": {"hex": re.compile("([0-9A-Fa-f]{2})+")},
        "ph": {**_CODE_2, **_ONE_2},
        "pc": {**_CODE_2, **_SIDES_2, "canOverlap": _YES_NO, "dir": _DIRECTION, DATA_START: _ANY, DATA_END: _ANY},
        "sc": {**_CODE_2, **_ONE_2, "canOverlap": _YES_NO, "dir": _DIRECTION, "isolated": _YES_NO},
        "ec": {
            **_CODE_2,
            **_ONE_2,
            "canOverlap": _YES_NO,
            "dir": _DIRECTION,
            "isolated": _YES_NO,
            "startRef": NMTOKEN,
        },
        "mrk": _MARK_2,
        "sm": _MARK_2,
        "em": {"startRef": NMTOKEN},
    },
    required={
        "cp": ("hex",),
        "ec": (),
        "em": ("startRef",),
        **dict.fromkeys(("ph", "pc", "sc", "mrk", "sm"), ("id",)),
    },
    # What `ph`, `sc` and `ec` hold is their code, which the file keeps elsewhere.
    held={
        **dict.fromkeys(("", "pc", "mrk"), _TEXT_2),
        **dict.fromkeys(("cp", "ph", "sc", "ec", "sm", "em"), frozenset()),
    },
    empty=frozenset({"cp", "sm", "em"}),
)
