"""The phrases that ship for the demo."""

import csv
import re
import unicodedata
from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest

DATA = files("xling") / "data"
TATOEBA = Path(__file__).parents[2] / ".." / "shared" / "data" / "tatoeba"
SCRIPTS = {
    "ar": r"ARABIC", "hi": r"DEVANAGARI", "ja": r"HIRAGANA|KATAKANA|CJK", "ko": r"HANGUL", "ru": r"CYRILLIC",
    "th": r"THAI", "zh": r"CJK",
}  # fmt: skip
THANKS = {"ja": "ありがとう", "en": "Thank you", "de": "Dank", "fr": "Merci", "ko": "감사합니다", "it": "Grazie",
          "zh": "谢谢", "id": "Terima kasih", "vi": "Cám ơn", "es": "Gracias", "th": "ขอบคุณ"}  # fmt: skip


@pytest.fixture(scope="module")
def phrases():
    with (DATA / "demo_phrases.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def test_a_few_hundred_phrases_in_many_languages(phrases):
    counts = Counter(row["lang"] for row in phrases)
    assert 300 <= len(phrases) <= 800
    assert len(counts) >= 12
    assert min(counts.values()) >= 30


def test_ids_and_texts_are_unique_and_clean(phrases):
    assert len({row["id"] for row in phrases}) == len(phrases)
    assert len({(row["lang"], row["text"]) for row in phrases}) == len(phrases)
    for row in phrases:
        text = row["text"]
        assert text == text.strip()
        assert 2 <= len(text) <= 60
        assert not any(unicodedata.category(c) in ("Cc", "Zl", "Zp") for c in text)
        assert row["id"].startswith(row["lang"])


def test_each_phrase_is_in_the_script_of_its_language(phrases):
    for row in phrases:
        wanted = re.compile(SCRIPTS.get(row["lang"], "LATIN"))
        names = [unicodedata.name(c, "") for c in row["text"] if c.isalpha()]
        assert names
        assert all(wanted.match(name) or "MARK" in name for name in names), row


@pytest.mark.parametrize(("lang", "thanks"), THANKS.items())
def test_thanks_are_there_in_many_languages(phrases, lang, thanks):
    assert any(thanks in row["text"] for row in phrases if row["lang"] == lang)


def test_the_licence_ships_with_them():
    text = (DATA / "LICENSE-tatoeba.txt").read_text(encoding="utf-8")
    for part in ("CC BY 2.0 FR", "https://creativecommons.org/licenses/by/2.0/fr/", "https://tatoeba.org", "LASER"):
        assert part in text


@pytest.mark.skipif(not TATOEBA.is_dir(), reason="needs ../shared/data/tatoeba")
def test_every_phrase_is_a_sentence_of_the_test_set(phrases):
    codes = {"ar": "ara", "de": "deu", "es": "spa", "fr": "fra", "hi": "hin", "id": "ind", "it": "ita", "ja": "jpn",
             "ko": "kor", "ru": "rus", "th": "tha", "vi": "vie", "zh": "cmn"}  # fmt: skip
    known = {
        lang: set(map(str.strip, (TATOEBA / f"tatoeba.{code}-eng.{code}").read_text("utf-8").split("\n")))
        for lang, code in codes.items()
    }
    known["en"] = {
        line.strip()
        for code in codes.values()
        for line in (TATOEBA / f"tatoeba.{code}-eng.eng").read_text("utf-8").split("\n")
    }
    assert [row for row in phrases if row["text"] not in known[row["lang"]]] == []
