"""What of a text is worth reading to know its language."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

READ_CHARACTERS: Final = 1000
"""Detectors read this many characters; more would cost time and change nothing."""

_WINDOW: Final = 4000

# Bounded, so that no input makes them slow. ASCII only: Japanese text goes on without a space after an address.
_ADDRESSES = re.compile(
    r"(?:https?|ftp|file|mailto):[!-~]{1,2000}|www\.[!-~]{1,500}"
    r"|[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,255}"
    r"|(?<![A-Za-z0-9])(?:[A-Za-z0-9-]{1,63}\.){1,8}(?:com|org|net|io|edu|gov|info|dev|html?)(?![A-Za-z0-9])(?:/[!-~]{0,500})?"
    r"|(?<![!-~])[@#][A-Za-z0-9_]{1,64}"
    r"|<[!-;=?-~]{1,200}>",
    re.IGNORECASE,
)
_CUE = re.compile(r"[:@#<]|\.[A-Za-z]")  # every address has one of these, most texts none


def _clean(text: str) -> str:
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)  # full-width Latin, half-width kana, decomposed accents
    if _CUE.search(text):
        text = _ADDRESSES.sub(" ", text)
    if "\x00" in text:
        text = text.replace("\x00", " ")
    return " ".join(text.split())


def readable(text: str) -> str:
    """The part of a text that detectors read: at most `READ_CHARACTERS` characters, addresses and tags removed.

    Where a long text begins with something that has no letters, its middle and its end are tried. Never raises;
    the time does not grow with the length of the text.
    """
    starts = (0,) if len(text) <= _WINDOW else (0, len(text) // 2, len(text) - _WINDOW)
    cleaned = ""
    for start in starts:
        cleaned = _clean(text[start : start + _WINDOW])[:READ_CHARACTERS]
        if any(map(str.isalpha, cleaned)):
            break
    return cleaned
