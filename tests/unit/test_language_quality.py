"""Quality on a sample of Tatoeba; the whole measurement is tests/benchmarks/language_detection.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from xling.language import detector, primary

TATOEBA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "tatoeba"
LANGUAGES = {
    "ar": "ara", "bg": "bul", "ca": "cat", "cs": "ces", "da": "dan", "de": "deu", "el": "ell", "en": "eng",
    "es": "spa", "fa": "pes", "fi": "fin", "fr": "fra", "he": "heb", "hi": "hin", "hu": "hun", "id": "ind",
    "it": "ita", "ja": "jpn", "ko": "kor", "nl": "nld", "no": "nob", "pl": "pol", "pt": "por", "ro": "ron",
    "ru": "rus", "sv": "swe", "th": "tha", "tr": "tur", "uk": "ukr", "vi": "vie", "zh": "cmn",
}  # fmt: skip

pytestmark = pytest.mark.skipif(not TATOEBA.is_dir(), reason=f"no Tatoeba data in {TATOEBA}")


@pytest.fixture(scope="module")
def judged() -> list[tuple[str, str, float, str]]:
    """(text, language, confidence, answer) of the first 50 sentences of each language, which nothing was tuned on."""
    pairs = []
    for language, iso in LANGUAGES.items():
        pair = "deu" if iso == "eng" else iso
        path = TATOEBA / f"tatoeba.{pair}-eng.{iso}"
        pairs += [(line, language) for line in path.read_text(encoding="utf-8").split("\n")[:50]]
    found = detector().detect_many([text for text, _ in pairs])
    return [
        (text, lang, answer.confidence, primary(answer.lang)) for (text, lang), answer in zip(pairs, found, strict=True)
    ]


def test_accuracy(judged: list[tuple[str, str, float, str]]) -> None:
    assert len(judged) == 31 * 50
    assert sum(lang == answer for _, lang, _, answer in judged) / len(judged) >= 0.97


def test_accuracy_of_short_texts(judged: list[tuple[str, str, float, str]]) -> None:
    short = [lang == answer for text, lang, _, answer in judged if len(text) < 20]
    assert len(short) > 250
    assert sum(short) / len(short) >= 0.93


def test_confidence_is_about_how_often_answers_are_right(judged: list[tuple[str, str, float, str]]) -> None:
    sure = [lang == answer for _, lang, confidence, answer in judged if confidence >= 0.95]
    unsure = [lang == answer for _, lang, confidence, answer in judged if 0.3 <= confidence < 0.8]
    assert len(sure) > 0.8 * len(judged)
    assert sum(sure) / len(sure) >= 0.98
    assert 0.4 <= sum(unsure) / len(unsure) <= 0.85


def test_japanese_and_chinese_are_not_confused(judged: list[tuple[str, str, float, str]]) -> None:
    east = [(lang, answer) for _, lang, _, answer in judged if lang in {"ja", "zh", "ko"}]
    assert sum(lang == answer for lang, answer in east) >= len(east) - 1


def test_a_quoted_kana_brand_does_not_make_chinese_japanese() -> None:
    lines = (TATOEBA / "tatoeba.cmn-eng.cmn").read_text(encoding="utf-8").split("\n")[:300]
    quoted = [line[:-1] + "カルビー" + line[-1:] for line in lines if len(line) >= 12]
    found = detector().detect_many(quoted)
    assert len(quoted) > 50
    assert sum(answer.lang == "zh" for answer in found) / len(quoted) >= 0.95
