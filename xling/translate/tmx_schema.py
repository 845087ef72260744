"""What TMX 1.4 allows: the attributes of each element, and which of them have to be there (its DTD)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

XML_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
"""How ElementTree names `xml:lang`."""

_CHANGES: Final = (
    "o-encoding datatype usagecount lastusagedate creationtool creationtoolversion creationdate creationid changedate "
    "changeid o-tmf srclang"
)
INLINE: Final = frozenset({"bpt", "ept", "ph", "it", "hi", "sub", "ut"})

ATTRIBUTES: Final[dict[str, frozenset[str]]] = {
    name: frozenset(listed.split())
    for name, listed in {
        "header": (
            "creationtool creationtoolversion segtype o-tmf adminlang srclang datatype o-encoding creationdate "
            "creationid changedate changeid"
        ),
        "tu": f"tuid segtype {_CHANGES}",
        "tuv": _CHANGES.removesuffix(" srclang"),
        "prop": "type xml:lang o-encoding",
        "note": "xml:lang o-encoding",
        "bpt": "i x type",
        "ept": "i",
        "ph": "x assoc type",
        "it": "pos x type",
        "hi": "x type",
        "sub": "datatype type",
        "ut": "x",
    }.items()
}
"""Without `xml:lang` of `tuv`, which is its segment's `lang`."""

REQUIRED: Final = {"bpt": ("i",), "ept": ("i",), "it": ("pos",), "prop": ("type",)}
CHOICES: Final = {
    "segtype": frozenset({"block", "paragraph", "sentence", "phrase"}),
    "assoc": frozenset({"p", "f", "b"}),
    "pos": frozenset({"begin", "end"}),
}

HELD: Final = {
    "seg": INLINE - {"sub"},
    "hi": INLINE - {"sub"},
    "sub": INLINE - {"sub"},
    **dict.fromkeys(("bpt", "ept", "ph", "it", "ut"), frozenset({"sub"})),
}
"""Which inline tags may stand in which element."""

_OF_XLIFF = frozenset({"g", "x", "bx", "ex", "mrk"})
READ_IN: Final[dict[str, frozenset[str]]] = {
    **HELD,
    **dict.fromkeys(("seg", "hi", "sub", "g", "mrk"), HELD["seg"] | _OF_XLIFF),
    **dict.fromkeys(("x", "bx", "ex"), frozenset()),
}
"""Those that are read: some tools write the tags of XLIFF 1.2 into TMX. What is written are TMX's own."""

UNNEEDED: Final = frozenset({"segtype", "assoc"})
"""Attributes that a unit is read without where they have a value that TMX does not know."""


def fault_of(element: str, attributes: Mapping[str, str]) -> str | None:
    """Why an element with these attributes is no TMX, or None."""
    for name in REQUIRED.get(element, ()):
        if name not in attributes:
            return f"<{element}> without {name}="
    known = ATTRIBUTES[element]
    for name, value in attributes.items():
        if name not in known:
            return f"<{element}> has no attribute {name!r}"
        if name in CHOICES and value not in CHOICES[name]:
            return f"<{element} {name}={value[:40]!r}>: it is one of {', '.join(sorted(CHOICES[name]))}"
    return None
