"""Fonts for a picture's words in any script, out of those that are on the machine."""

from __future__ import annotations

import unicodedata
import warnings
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any

from xling.errors import FontWarning

FIRST = "DejaVu Sans"
"""It comes with matplotlib: Latin, Greek, Cyrillic, Arabic, Hebrew and more."""

# The first word of a character's name in Unicode, where it is not in the names of fonts.
_IN_FONTS = {"HIRAGANA": "CJK", "KATAKANA": "CJK", "HANGUL": "CJK", "KATAKANA-HIRAGANA": "CJK", "IDEOGRAPHIC": "CJK"}

_SHAPED = (
    "ARABIC", "SYRIAC", "NKO", "DEVANAGARI", "BENGALI", "GURMUKHI", "GUJARATI", "ORIYA", "TAMIL", "TELUGU", "KANNADA",
    "MALAYALAM", "SINHALA", "THAI", "LAO", "TIBETAN", "MYANMAR", "KHMER", "HEBREW",
)  # fmt: skip
"""Scripts whose letters join, move or run from the right."""


def families_for(texts: Iterable[str]) -> list[str]:
    """Font families that have the characters of texts between them, for matplotlib's `font.family`.

    Warns (`FontWarning`) of characters that no font has, and of scripts that this matplotlib cannot lay out.
    """
    wanted = {c for text in texts for c in text if c.isprintable() and not c.isspace()}
    families, wanted = [FIRST], wanted - _characters(_files()[FIRST])
    _warn_of_layout(wanted)
    if not wanted:
        return families
    scripts = {_script(c) for c in wanted}
    by_likelihood = sorted(_files().items(), key=lambda item: _rank(item[0], scripts))
    for family, file in by_likelihood:
        there = wanted & _characters(file)
        if there:
            families.append(family)
            wanted -= there
        if not wanted:
            break
    if wanted:
        shown = "".join(sorted(wanted)[:20])
        names = ", ".join(sorted({_script(c).title() for c in wanted})[:5])
        warnings.warn(
            f"no font of this machine has {len(wanted)} of the picture's characters ({names}: {shown}); they are drawn "
            f"as boxes. Install fonts for them, such as those of Noto (the package fonts-noto of Debian and Ubuntu)",
            FontWarning,
            stacklevel=4,
        )
    return families


def _warn_of_layout(wanted: set[str]) -> None:
    from matplotlib import ft2font

    scripts = sorted({_script(c) for c in wanted} & set(_SHAPED))
    if scripts and not hasattr(ft2font, "__libraqm_version__"):
        names = ", ".join(script.title() for script in scripts)
        warnings.warn(
            f"this version of matplotlib does not lay out {names}: letters stand apart. 3.11 and later do: "
            f"pip install -U matplotlib",
            FontWarning,
            stacklevel=5,
        )


def _script(character: str) -> str:
    return unicodedata.name(character, "UNKNOWN").split()[0]


def _rank(family: str, scripts: set[str]) -> tuple[bool, bool, bool, str]:
    name = family.upper()
    meant = any(_IN_FONTS.get(script, script) in name for script in scripts)
    return not meant, "SERIF" in name or "MONO" in name or "SANS" not in name, "NOTO" not in name, family


@lru_cache(maxsize=1)
def _files() -> dict[str, Any]:
    """A file for each family: that of its regular face."""
    from matplotlib.font_manager import fontManager

    found: dict[str, Any] = {}
    faces = sorted(fontManager.ttflist, key=lambda e: (e.style != "normal", abs(_weight(e.weight) - 400), str(e.fname)))
    for entry in faces:
        found.setdefault(entry.name, entry.fname)
    return found


def _weight(weight: Any) -> int:
    return weight if isinstance(weight, int) else 400


@cache
def _characters(file: Any) -> frozenset[str]:
    from matplotlib.font_manager import get_font

    try:
        return frozenset(chr(code) for code in get_font(file).get_charmap())
    except (OSError, RuntimeError):  # a font that is damaged, or of another kind
        return frozenset()
