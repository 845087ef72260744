"""How alike two segments are as strings, and what differs between them that a vector does not see. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

from xling.errors import MissingExtra
from xling.translate.negation import negated

EXACT, IN_CONTEXT = 100, 101
"""Percentages that translators know: equal text, and equal text in the same context."""

_NUMBER = re.compile(r"\d+(?:[.,:'\u2019]\d+)*")
_SPACED = re.compile(r"(?<=\d)[\u00a0\u2009\u202f](?=\d{3}(?:\D|$))")
_GROUPED = re.compile(r"[,.'\u2019](?=\d{3}(?:\D|$))")
_PLACEABLE = re.compile(
    r"\{\{[^{}]*\}\}|\$?\{[^{}\s]*\}"  # {{name}}, {0}, ${name}
    r"|%(?:\(\w+\))?[-+#0]*\d*(?:\.\d+)?[diouxXeEfgGcrsa@]|%\d+\$?[sd]|%%"  # printf, in C and in Python
    r"|</?[A-Za-z][^<>]*>|&[A-Za-z]+;|&\#\d+;"  # tags and entities
    r"|https?://[^\s<>\"]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"  # links and addresses
)


def plain(text: str) -> str:
    """The form in which texts are equal or not: composed, without spaces at the ends."""
    return unicodedata.normalize("NFC", text).strip()


def percent(query: str, text: str) -> int:
    """The fuzzy percentage of two texts of one language, 0 to 100.

    1 minus the Levenshtein distance in characters over the length of the longer text, rounded down; 100 for equal
    texts only.

    Raises:
        MissingExtra: rapidfuzz is not installed.
    """
    try:
        from rapidfuzz.distance import Levenshtein
    except ImportError as exc:
        raise MissingExtra("A translation memory", "translate", "rapidfuzz") from exc
    a, b = plain(query), plain(text)
    if a == b:
        return EXACT
    return min(int(100 * Levenshtein.normalized_similarity(a, b)), EXACT - 1)


def differences(query: str, text: str, query_lang: str, lang: str) -> tuple[str, ...]:
    """What differs between a question and the text that was found for it, of `numbers`, `placeables`, `negation`.

    Args:
        query: The question.
        text: What was found, in the same language or another.
        query_lang: Language of the question; `und` leaves negation out.
        lang: Language of what was found.
    """
    found = []
    if numbers(query) != numbers(text):
        found.append("numbers")
    if placeables(query) != placeables(text):
        found.append("placeables")
    one, other = negated(query, query_lang), negated(text, lang)
    if one is not None and other is not None and one != other:
        found.append("negation")
    return tuple(found)


def numbers(text: str) -> Counter[str]:
    """The numbers of a text, digits of any script as ASCII, and 1,234.50 equal to 1.234,5 and 1234.50."""
    bare = unicodedata.normalize("NFKC", _SPACED.sub("", _PLACEABLE.sub(" ", text)))
    found = (match.group() for match in _NUMBER.finditer(bare))
    return Counter(_canonical("".join(str(unicodedata.digit(c, c)) for c in number)) for number in found)


def placeables(text: str) -> Counter[str]:
    """What stands for something else, or is copied as it is: variables, tags, entities, links, addresses."""
    return Counter(match.group() for match in _PLACEABLE.finditer(text))


def _canonical(number: str) -> str:
    whole = _GROUPED.sub("", number)
    parts = re.split(r"[.,]", whole)
    if len(parts) == 2:
        return f"{int(parts[0])}.{parts[1].rstrip('0')}".rstrip(".")
    return str(int(whole)) if whole.isdecimal() else whole
