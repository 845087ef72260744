"""How many letters of which script a text has."""

from __future__ import annotations

from enum import IntEnum, auto
from typing import Final

import numpy as np
from numpy.typing import NDArray


class Script(IntEnum):
    """Scripts that are counted. Digits, punctuation, emoji and scripts not listed are `OTHER`."""

    OTHER = 0
    LATIN = auto()
    CYRILLIC = auto()
    ARABIC = auto()
    DEVANAGARI = auto()
    HAN = auto()
    HIRAGANA = auto()
    KATAKANA = auto()
    HANGUL = auto()
    BOPOMOFO = auto()
    GREEK = auto()
    ARMENIAN = auto()
    HEBREW = auto()
    SYRIAC = auto()
    THAANA = auto()
    NKO = auto()
    BENGALI = auto()
    GURMUKHI = auto()
    GUJARATI = auto()
    ORIYA = auto()
    TAMIL = auto()
    TELUGU = auto()
    KANNADA = auto()
    MALAYALAM = auto()
    SINHALA = auto()
    THAI = auto()
    LAO = auto()
    TIBETAN = auto()
    MYANMAR = auto()
    GEORGIAN = auto()
    ETHIOPIC = auto()
    CHEROKEE = auto()
    CANADIAN = auto()
    KHMER = auto()
    MONGOLIAN = auto()
    OL_CHIKI = auto()
    TIFINAGH = auto()
    YI = auto()
    MEETEI = auto()


# Code point ranges (Unicode 16, Scripts.txt), letters and vowel signs; digits and punctuation cut out where they
# stand at the edge of a block.
_RANGES: Final[dict[Script, str]] = {
    Script.LATIN: "41-5A 61-7A AA BA C0-D6 D8-F6 F8-2B8 1D00-1D25 1D2C-1D5C 1D62-1D65 1D6B-1D77 1D79-1DBE 1E00-1EFF "
    "2071 207F 2090-209C 212A-212B 2C60-2C7F A722-A787 A78B-A7FF AB30-AB64 FB00-FB06 FF21-FF3A FF41-FF5A",
    Script.CYRILLIC: "400-481 483-52F 1C80-1C8A 1D2B 2DE0-2DFF A640-A69F",
    Script.ARABIC: "610-61A 620-63F 641-65F 66E-6D3 6D5-6DC 6DF-6E8 6EA-6EF 6FA-6FF 750-77F 870-8E1 8E3-8FF FB50-FDFF "
    "FE70-FEFC",
    Script.DEVANAGARI: "900-963 971-97F A8E0-A8FF",
    Script.HAN: "2E80-2FD5 3005 3007 3021-3029 3400-4DBF 4E00-9FFF F900-FAD9 20000-323AF",
    Script.HIRAGANA: "3041-3096 309D-309F 1B001-1B11F",
    Script.KATAKANA: "30A1-30FA 30FC-30FF 31F0-31FF FF66-FF9D 1B000 1B164-1B167",
    Script.HANGUL: "1100-11FF 3131-318E A960-A97C AC00-D7A3 D7B0-D7FB FFA0-FFDC",
    Script.BOPOMOFO: "3105-312F 31A0-31BF",
    Script.GREEK: "370-373 376-377 37B-37D 37F 386 388-3E1 3F0-3FF 1F00-1FFE",
    Script.ARMENIAN: "531-556 559 561-587 FB13-FB17",
    Script.HEBREW: "591-5C7 5D0-5F2 FB1D-FB4F",
    Script.SYRIAC: "710-74A 860-86A",
    Script.THAANA: "780-7B1",
    Script.NKO: "7CA-7F5",
    Script.BENGALI: "980-9E3 9F0-9F1 9FC",
    Script.GURMUKHI: "A01-A5E A70-A75",
    Script.GUJARATI: "A81-AE3 AF9-AFF",
    Script.ORIYA: "B01-B63 B71",
    Script.TAMIL: "B82-BD7",
    Script.TELUGU: "C00-C63",
    Script.KANNADA: "C80-CE3 CF1-CF3",
    Script.MALAYALAM: "D00-D63 D7A-D7F",
    Script.SINHALA: "D81-DDF DF2-DF3",
    Script.THAI: "E01-E3A E40-E4E",
    Script.LAO: "E81-ECE EDC-EDF",
    Script.TIBETAN: "F00 F40-FBC",
    Script.MYANMAR: "1000-103F 1050-108F 109A-109F A9E0-A9EF A9FA-A9FE AA60-AA7F",
    Script.GEORGIAN: "10A0-10FA 10FC-10FF 1C90-1CBF 2D00-2D2D",
    Script.ETHIOPIC: "1200-135F 1380-138F 2D80-2DDE AB01-AB2E",
    Script.CHEROKEE: "13A0-13FD AB70-ABBF",
    Script.CANADIAN: "1401-166C 166F-167F 18B0-18F5",
    Script.KHMER: "1780-17D3 17D7 17DC",
    Script.MONGOLIAN: "1820-18AA",
    Script.OL_CHIKI: "1C5A-1C7D",
    Script.TIFINAGH: "2D30-2D6F",
    Script.YI: "A000-A48C",
    Script.MEETEI: "AAE0-AAF6 ABC0-ABEA",
}


def _table() -> NDArray[np.uint8]:
    table = np.zeros(0x110000, dtype=np.uint8)
    for script, ranges in _RANGES.items():
        for part in ranges.split():
            first, _, last = part.partition("-")
            table[int(first, 16) : int(last or first, 16) + 1] = script
    return table


_TABLE: Final = _table()


def _code_points(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def count_scripts(text: str) -> NDArray[np.intp]:
    """Letters of each script: an array indexed by `Script`, shape (len(Script),). Lone surrogates are `OTHER`."""
    return np.bincount(_TABLE[_code_points(text)], minlength=len(Script))


def only_script(text: str, script: Script) -> str:
    """The text with the letters of all other scripts replaced by spaces."""
    points = _code_points(text)
    scripts = _TABLE[points]
    kept = np.where((scripts == script) | (scripts == Script.OTHER), points, ord(" ")).astype("<u4")
    return kept.tobytes().decode("utf-32-le", "surrogatepass")


EAST_ASIAN: Final = (Script.HAN, Script.HIRAGANA, Script.KATAKANA, Script.HANGUL, Script.BOPOMOFO)


def _weights() -> NDArray[np.float64]:
    """Matrix that turns counts into weights: columns are scripts, `HAN` that of all East Asian ones together."""
    # A Han character or a syllable block says about as much as three letters; and a text in another script
    # that quotes names in Latin letters is more common than the reverse.
    weights = np.diag(np.full(len(Script), 2.0))
    weights[Script.OTHER] = 0.0
    weights[Script.LATIN, Script.LATIN] = 1.0
    for script in EAST_ASIAN:
        weights[script] = 0.0
        weights[script, Script.HAN] = 3.0
    return weights


_WEIGHTS: Final = _weights()


def dominant_script(counts: NDArray[np.intp]) -> Script:
    """The script the text is written in; `OTHER` if it has no letters.

    The East Asian scripts, which are written together, count as one: `HAN` stands for all of them.
    """
    return Script(int((counts @ _WEIGHTS).argmax()))
