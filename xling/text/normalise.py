"""What makes a text storable, and the form of it that the encoder sees."""

from __future__ import annotations

import re
import unicodedata

_INVISIBLE = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
# Letters and symbols by category that nevertheless print nothing: Hangul fillers, the braille blank, and the
# variation selectors (an emoji's selector without its emoji).
_BLANK_CHARACTERS = frozenset("\u115f\u1160\u3164\uffa0\u2800") | {chr(c) for c in range(0xFE00, 0xFE10)}

# Joiners (U+200C, U+200D) stay: Persian, the Indic scripts and emoji need them. What goes are other zero-width
# and control characters, which split words into tokens the model has never seen.
_NOISE = re.compile(
    r"[\u0000-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]"
)
_SPACE = re.compile(r"\s+")


_LONE_SURROGATES = re.compile("[\ud800-\udfff]")


def without_surrogates(text: str) -> str:
    """A text that can be written as UTF-8: lone surrogates become U+FFFD."""
    return text if text.isascii() else _LONE_SURROGATES.sub("\ufffd", text)


def problem_of(text: object) -> str | None:
    """Why a text cannot be stored, in words for a report, or None if it can.

    Refused are: None, NaN, anything that is not a string, text of nothing visible (spaces, U+3000, U+200B,
    control characters, lone variation selectors), and lone surrogates, which no UTF-8 store can keep.
    """
    if text is None:
        return "the text is None"
    if isinstance(text, float) and text != text:
        return "the text is NaN (a missing value?)"
    if not isinstance(text, str):
        return f"the text is of type {type(text).__name__}, not str"
    if not text:
        return "the text is empty"
    if is_blank(text):
        return "the text is blank (only spaces or invisible characters)"
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        return f"the text has a lone surrogate at character {error.start} (it was decoded wrongly)"
    return None


def is_blank(text: str) -> bool:
    """Whether nothing in the text is visible."""
    return all(c in _BLANK_CHARACTERS or unicodedata.category(c) in _INVISIBLE for c in text)


def normalise(text: str) -> str:
    """The form the encoder sees: NFC, no zero-width or control characters, single spaces.

    Only for encoding; the stored text stays as given. Compatibility forms (full-width letters, half-width kana)
    are left to the model's own tokenizer, which knows what it was trained on.
    """
    return _SPACE.sub(" ", _NOISE.sub("", unicodedata.normalize("NFC", text))).strip()
