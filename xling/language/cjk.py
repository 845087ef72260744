"""Chinese, Japanese or Korean, which share the Han characters.

Kana alone do not make a text Japanese (Chinese quotes Japanese brands), and few kana do not make it Chinese
(headlines). What decides besides is which characters each country's national character set has: those of
GB 2312 or Big5 that JIS X 0208 lacks (这, 们, 說) are Chinese, those that only JIS X 0208 has (駅, 働, 円)
are Japanese. Traditional forms that JIS X 0208 keeps in its second level, the rare characters (會, 國, 來), are
nearly always Chinese. The sets come with Python's codecs.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import Final, NamedTuple

_KANA_RUN = re.compile("[\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff]+")
_KOREAN_ENDING = re.compile("[\u4e00-\u9fff](?:은|는|이|가|을|를|의|에|와|과|도|로|하|한|할|합|했|된|되)")

# Words of everyday Chinese that also are in JIS X 0208, though Japanese hardly uses them, or only inside words.
_CHINESE_WORDS: Final = frozenset("她呢很哪怎還個吃找跟")
_CHINESE_PARTICLES: Final = frozenset("我他的是了在就把得去到要想看")
# Japanese words that are written in Han characters alone and that Chinese writes otherwise or hardly uses.
_JAPANESE_WORDS: Final = re.compile(
    "株式|会社|御中|御社|弊社|時間割|今日|昨日|明日|映画|電車|切符|勉強|本当|大丈夫|無料|禁止|人気"
)


class CjkEvidence(NamedTuple):
    """What the characters of a text say.

    Attributes:
        chinese: Weight of characters that Chinese alone uses or uses far more.
        japanese: Weight of Han characters or words that Japanese alone uses; kana are not in it.
        kana_runs: Number of unbroken pieces of kana.
        korean_endings: Number of Korean particles and endings right after a Han character.
    """

    chinese: float
    japanese: float
    kana_runs: int
    korean_endings: int


def _characters(codec: str, leads: range, trails: tuple[range, ...]) -> frozenset[str]:
    pairs = b"\n".join(bytes((a, b)) for a in leads for r in trails for b in r)
    return frozenset(c for c in pairs.decode(codec, "ignore") if "\u4e00" <= c <= "\u9fff")


@lru_cache(maxsize=1)
def _national_sets() -> tuple[frozenset[str], frozenset[str]]:
    gb2312 = _characters("gb2312", range(0xB0, 0xF8), (range(0xA1, 0xFF),))
    big5 = _characters("big5", range(0xA4, 0xFA), (range(0x40, 0x7F), range(0xA1, 0xFF)))
    trails = (range(0x40, 0x7F), range(0x80, 0xFD))
    jis = _characters("shift_jis", range(0x88, 0xEB), trails)
    first_level = _characters("shift_jis", range(0x88, 0x98), trails)  # it ends within the lead byte 0x98
    first_level |= _characters("shift_jis", range(0x98, 0x99), (range(0x40, 0x73),))
    rare_in_japanese = jis - first_level
    traditional = (big5 - gb2312) & rare_in_japanese
    return ((gb2312 | big5) - jis) | traditional, jis - gb2312 - big5


def cjk_evidence(text: str) -> CjkEvidence:
    """Read the evidence from a text; linear in its length."""
    only_chinese, only_japanese = _national_sets()
    chinese = japanese = 0.0
    for char in text:
        if char in only_chinese or char in _CHINESE_WORDS:
            chinese += 1.0
        elif char in only_japanese:
            japanese += 1.0
        elif char in _CHINESE_PARTICLES:
            chinese += 0.4
    japanese += len(_JAPANESE_WORDS.findall(text))
    return CjkEvidence(chinese, japanese, len(_KANA_RUN.findall(text)), len(_KOREAN_ENDING.findall(text)))


def is_korean(evidence: CjkEvidence, *, hangul: int, han: int, kana: int) -> bool:
    """Whether a text with some Hangul is Korean, and not Chinese or Japanese quoting a Korean name.

    Korean quotes Han characters in brackets, or (in old texts) writes nouns with them and endings in Hangul.
    """
    if not hangul:
        return False
    if 2 * hangul >= han + kana:
        return True
    return evidence.korean_endings >= 2 and not kana


def is_chinese_quoting_kana(evidence: CjkEvidence, *, han: int, hiragana: int, katakana: int) -> bool:
    """Whether a text with some kana is Chinese that quotes Japanese: names, in few pieces, in Chinese words.

    Hiragana asks for more evidence than katakana, since it may be Japanese grammar (最高の人材).
    """
    surplus = evidence.chinese - evidence.japanese
    per_run = 0.7 if katakana > hiragana else 1.2
    return han > 0.25 * (hiragana + katakana) and surplus > per_run * evidence.kana_runs


def chinese_probability(evidence: CjkEvidence, *, han: int) -> float:
    """Probability that a text in Han characters alone is Chinese, else Japanese. Never Korean.

    Long texts without kana are hardly ever Japanese; short ones (東京都) may be either.
    """
    score = 1.5 * (evidence.chinese - 1.5 * evidence.japanese) + 0.1 * han + 0.4
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, score))))
