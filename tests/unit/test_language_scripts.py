from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xling.language.scripts import Script, count_scripts, dominant_script, only_script

NAMES = {
    "LATIN": Script.LATIN,
    "CYRILLIC": Script.CYRILLIC,
    "ARABIC": Script.ARABIC,
    "DEVANAGARI": Script.DEVANAGARI,
    "HIRAGANA": Script.HIRAGANA,
    "KATAKANA": Script.KATAKANA,
    "HANGUL": Script.HANGUL,
    "GREEK": Script.GREEK,
    "ARMENIAN": Script.ARMENIAN,
    "HEBREW": Script.HEBREW,
    "BENGALI": Script.BENGALI,
    "GURMUKHI": Script.GURMUKHI,
    "GUJARATI": Script.GUJARATI,
    "ORIYA": Script.ORIYA,
    "TAMIL": Script.TAMIL,
    "TELUGU": Script.TELUGU,
    "KANNADA": Script.KANNADA,
    "MALAYALAM": Script.MALAYALAM,
    "SINHALA": Script.SINHALA,
    "THAI": Script.THAI,
    "LAO": Script.LAO,
    "TIBETAN": Script.TIBETAN,
    "MYANMAR": Script.MYANMAR,
    "GEORGIAN": Script.GEORGIAN,
    "ETHIOPIC": Script.ETHIOPIC,
    "KHMER": Script.KHMER,
    "MONGOLIAN": Script.MONGOLIAN,
    "CHEROKEE": Script.CHEROKEE,
}


@pytest.mark.parametrize(("name", "script"), NAMES.items())
def test_letters_are_counted_to_the_script_that_unicode_names(name: str, script: Script) -> None:
    letters = "".join(
        c
        for c in map(chr, range(0xD800))
        if unicodedata.name(c, "").startswith(f"{name} ") and unicodedata.category(c) in {"Lu", "Ll", "Lo"}
    )
    counts = count_scripts(letters)
    assert len(letters) >= 30
    assert counts[script] >= 0.97 * len(letters)  # a few of the names are of letters that all scripts share
    assert counts[script] + counts[Script.OTHER] == len(letters)


def test_digits_punctuation_emoji_and_lone_surrogates_are_no_letters() -> None:
    text = "0123456789 ٠١٢ ०१२ ๐๑๒ .,;:!?¿¡ ×÷ 、。「」・ €$ 😀🇯🇵 \ud800\udfff \x00\x1f"
    assert count_scripts(text)[1:].sum() == 0
    assert dominant_script(count_scripts(text)) is Script.OTHER


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("", Script.OTHER),
        ("hello", Script.LATIN),
        ("iPhoneを買った", Script.HAN),
        ("Слово «hello» значит привет", Script.CYRILLIC),
        ("The Japanese word ありがとう means thank you", Script.LATIN),
        ("ทีม Liverpool ทำคะแนน", Script.THAI),
    ],
)
def test_the_script_of_the_text_is_not_that_of_its_quotations(text: str, script: Script) -> None:
    assert dominant_script(count_scripts(text)) is script


@given(st.text(max_size=200))
def test_every_character_is_counted_once(text: str) -> None:
    assert count_scripts(text).sum() == len(text)


@given(st.text(max_size=100), st.sampled_from(Script))
def test_only_script_keeps_one_script_and_all_positions(text: str, script: Script) -> None:
    kept = only_script(text, script)
    assert len(kept) == len(text)
    before, after = count_scripts(text), count_scripts(kept)
    assert after[script] == before[script] if script is not Script.OTHER else after[script] == len(text)
    assert after[1:].sum() == (before[script] if script is not Script.OTHER else 0)
