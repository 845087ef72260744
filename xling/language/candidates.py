"""Which languages a detector may answer with, and how the labels of its model map to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from xling.errors import InvalidInput
from xling.language.codes import MACROLANGUAGE, UND, normalise_code, primary
from xling.language.scripts import Script


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Scripts that name their language, or a few in which case the first that is allowed is taken (see detector.py for
# Hebrew, Bengali and the East Asian scripts, which are looked at more closely).
SCRIPT_LANGUAGES: Final[dict[Script, tuple[str, ...]]] = {
    Script.HAN: ("zh", "ja", "yue", "wuu", "ko"),
    Script.GREEK: ("el", "grc"),
    Script.ARMENIAN: ("hy",),
    Script.HEBREW: ("he", "yi", "hbo"),
    Script.SYRIAC: ("syr",),
    Script.THAANA: ("dv",),
    Script.NKO: ("nqo",),
    Script.BENGALI: ("bn", "as"),
    Script.GURMUKHI: ("pa",),
    Script.GUJARATI: ("gu",),
    Script.ORIYA: ("or",),
    Script.TAMIL: ("ta",),
    Script.TELUGU: ("te",),
    Script.KANNADA: ("kn",),
    Script.MALAYALAM: ("ml",),
    Script.SINHALA: ("si",),
    Script.THAI: ("th",),
    Script.LAO: ("lo",),
    Script.TIBETAN: ("bo", "dz"),
    Script.MYANMAR: ("my",),
    Script.GEORGIAN: ("ka",),
    Script.ETHIOPIC: ("am", "ti"),
    Script.CHEROKEE: ("chr",),
    Script.CANADIAN: ("iu", "cr"),
    Script.KHMER: ("km",),
    Script.MONGOLIAN: ("mn",),
    Script.OL_CHIKI: ("sat",),
    Script.TIFINAGH: ("zgh", "kab"),
    Script.YI: ("ii",),
    Script.MEETEI: ("mni",),
}

# Scripts of many languages; every label that is in none of these tables is taken to be written in Latin letters.
SHARED_SCRIPTS: Final[dict[Script, frozenset[str]]] = {
    Script.CYRILLIC: _codes("ru uk be bg mk sr ba kk ky mn tg tt uz"),
    Script.ARABIC: _codes("ar ary arz fa ur ps ug ku sdh uzs uz ks sd"),
    Script.DEVANAGARI: _codes("hi mr ne sa gom kok"),
}
_ALSO_LATIN: Final = _codes("sr uz kab ku az tk tt")

_LABELS: Final = {"zh-cn": "zh", "zh-tw": "zh", "fil": "tl", "nb": "no", "kok": "gom", "gn": "gug", "ki": "kik"}
"""Model label or code → the code it is looked up by."""


def written_in(script: Script, language: str) -> bool:
    """Whether a language (as `_LABELS` writes it) is written in one of the scripts of many languages."""
    if script is Script.LATIN:
        return language in _ALSO_LATIN or not (
            any(language in names for names in SHARED_SCRIPTS.values())
            or any(language in names for names in SCRIPT_LANGUAGES.values())
        )
    return language in SHARED_SCRIPTS[script]


def known_languages(labels: Iterable[str], *, scripts: bool) -> frozenset[str]:
    """Every code that may be asked for, given a model's labels; with those that a script alone decides."""
    names = {_LABELS.get(label, label) for label in labels} - {"zxx"}
    names |= {MACROLANGUAGE[name] for name in names if name in MACROLANGUAGE}
    if scripts:
        names |= {language for languages in SCRIPT_LANGUAGES.values() for language in languages}
    names |= {code for code, name in _LABELS.items() if name in names and "-" not in code}
    if "no" in names:
        names.add("nb")
    return frozenset(names)


class Candidates:
    """The languages a detector may answer with.

    Attributes:
        answers: Code as it is looked up → code as the caller wrote it (canonical form).
        restricted: Whether a caller chose them.
    """

    def __init__(self, languages: Sequence[str] | None, known: frozenset[str]) -> None:
        self.restricted = languages is not None
        if languages is None:
            chosen = [code for code in sorted(known) if code not in MACROLANGUAGE and code not in ("gom", "hbo", "grc")]
            self.answers = {code: code for code in chosen}
            return
        if isinstance(languages, str):
            raise InvalidInput(f"languages must be a list of codes, such as [{languages!r}], not one string")
        self.answers = {}
        for given in languages:
            tag = normalise_code(given)
            code = primary(tag)
            if code == UND:
                continue
            if code not in known:
                raise InvalidInput(
                    f"{given!r} is not among the languages that can be detected: {', '.join(sorted(known))}. Leave it "
                    "out of languages, or give the language of such texts yourself"
                )
            if self.answers.setdefault(code, tag) != tag:
                raise InvalidInput(
                    f"detection cannot tell {self.answers[code]!r} from {tag!r}; give {code!r} in their place"
                )
        if not self.answers:
            raise InvalidInput("languages is empty; give at least one code, or None for every language")

    def answer_for(self, label: str) -> str | None:
        """The looked-up code that a label counts to: itself, else its macrolanguage, or None if not allowed."""
        name = _LABELS.get(label, label)
        for code in (name, *(c for c, n in _LABELS.items() if n == name), MACROLANGUAGE.get(name)):
            if code is not None and code in self.answers:
                return code
        return None


class LabelMap:
    """Folds a model's scores over labels into scores over allowed codes (the best of a code's labels)."""

    def __init__(self, labels: Sequence[str], candidates: Candidates) -> None:
        groups: dict[str, list[int]] = {}
        for column, label in enumerate(labels):
            code = label if label == "zxx" else candidates.answer_for(label)
            if code is not None:
                groups.setdefault(code, []).append(column)
        self.codes = tuple(groups)
        self._columns = np.array([c for columns in groups.values() for c in columns], dtype=np.intp)
        sizes = [len(columns) for columns in groups.values()]
        self._starts = np.cumsum([0, *sizes[:-1]], dtype=np.intp)

    def fold(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scores over labels → scores over `codes`, shape (len(codes),)."""
        folded: NDArray[np.float32] = np.maximum.reduceat(scores[self._columns], self._starts)
        return folded

    def script_mask(self, script: Script, names: Mapping[str, str] = _LABELS) -> NDArray[np.float32]:
        """0 for codes written in the script, -inf for others; `zxx` is written in any."""
        return np.array(
            [0.0 if c == "zxx" or written_in(script, names.get(c, c)) else -np.inf for c in self.codes],
            dtype=np.float32,
        )
