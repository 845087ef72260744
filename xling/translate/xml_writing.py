"""Texts and attributes as XML holds them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from xling.errors import InvalidInput

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Most texts hold nothing of either kind: one search says so.
_SPECIAL = re.compile("[^\t\n\x20-%\x27-;=?-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SPECIAL_IN_ATTRIBUTES = re.compile("[^\x20!#-%\x27-;=?-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}


def escaped(text: str) -> str:
    """A text between tags. Raises `InvalidInput` where XML cannot hold it."""
    return _escaped(text, _SPECIAL)


def escaped_attribute(text: str) -> str:
    """A text between double quotation marks. Raises `InvalidInput` where XML cannot hold it."""
    return _escaped(text, _SPECIAL_IN_ATTRIBUTES)


def start_tag(element: str, attributes: Mapping[str, str], end: str = ">") -> str:
    """The tag that begins an element; `end` is `/>` for one that holds nothing."""
    return f"<{element}" + "".join(f' {name}="{escaped_attribute(value)}"' for name, value in attributes.items()) + end


def _escaped(text: str, special: re.Pattern[str]) -> str:
    if special.search(text) is None:
        return text
    bad = _NOT_XML.search(text)
    if bad:
        raise InvalidInput(f"XML cannot hold the character U+{ord(bad[0]):04X} of {text[:40]!r}")
    return special.sub(lambda match: _NAMED.get(match[0]) or f"&#{ord(match[0])};", text)
