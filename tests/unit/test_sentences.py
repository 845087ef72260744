"""Sentences of every kind of script, of any string, by our own splitter and by others."""

import time
import unicodedata

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from tests.texts import LANGS, PIECES, TEXTS
from xling.errors import InvalidInput
from xling.text import SentenceSplitter, Splitter
from xling.text.clusters import cluster_end, cluster_start
from xling.text.sentences import sentence_breaks

SPLITTER = SentenceSplitter()


def clusters(text):
    """Boundaries of grapheme clusters, the whole text looked at."""
    return {0, *(match.end() for match in regex.finditer(r"\X", text))}


@given(TEXTS, LANGS)
def test_any_string_is_split_without_loss(text, lang):
    pieces = SPLITTER.split(text, lang)
    assert "".join(pieces) == text
    assert all(pieces)


@given(TEXTS, LANGS)
def test_no_piece_begins_inside_a_cluster_or_with_a_closing_mark(text, lang):
    breaks = SPLITTER.breaks(text, lang)
    assert set(breaks) <= clusters(text)
    for place in breaks:
        assert unicodedata.category(text[place]) != "Pe"
        assert text[place] not in "。、！？」』）》ๆฯ។။၊।؟"
        assert not text[place].isspace()
        if text[place] in "”’»":  # these open quotations too, in Swedish and others
            assert text[place - 1].isspace()


@given(PIECES.filter(bool), st.data())
def test_boundaries_of_clusters_are_found_from_anywhere(text, data):
    place = data.draw(st.integers(0, len(text)))
    right = clusters(text)
    assert cluster_start(text, place) == max(b for b in right if b <= place)
    assert cluster_end(text, place) == min(b for b in right if b >= place)


_JOINED = [
    "👩",
    "👍",
    "\u200d",
    "\ufe0f",
    "🏽",
    "🇯",
    "🇵",
    "e",
    "\u0301",
    "क",
    "\u094d",
    "ा",
    "ᄒ",
    "ᅡ",
    "ᆫ",
    "漢",
    "\u0600",
    "ำ",
    "\r",
    "\n",
]


@given(st.lists(st.lists(st.sampled_from(_JOINED), min_size=1, max_size=8), min_size=1, max_size=4), st.data())
def test_boundaries_of_clusters_are_found_far_from_any_plain_character(parts, data):
    text = "".join("".join(part) * 30 for part in parts)
    place = data.draw(st.integers(0, len(text)))
    right = clusters(text)
    assert cluster_start(text, place) == max(b for b in right if b <= place)
    assert cluster_end(text, place) == min(b for b in right if b >= place)


@pytest.mark.parametrize(
    ("lang", "sentences"),
    [
        ("en", ["Mr. Smith paid $3.50 for it. ", "“Really?” ", "Yes (he did). ", "So."]),
        ("de", ["Das ist z. B. gut. ", "Am 3. Mai kam Dr. Müller. ", "»Nein.« ", "»Doch!«"]),
        ("ar", ["كيف حالك؟ ", "أنا بخير. ", "شكرا!"]),
        ("hi", ["मैं ठीक हूँ। ", "तुम कैसे हो? ", "अच्छा।"]),
        ("el", ["Τι κάνεις; ", "Είμαι καλά. "]),
        ("ja", ["彼は「行く。帰る。」と言った。", "それから「本当？」と聞いた。", "（はい。）", "家を出た。"]),
        (
            "ja",
            ["「はい。」", "「いいえ。『え？そう。』と。」", "閉じた」まま。", "開いた「まま。", "次。"],
        ),
        ("ja", ["気温は３．５度だ。", "本当!?", "まさか……。", "そうか．", "はい"]),
        ("zh", ["他说：“好的。我去。”", "然后走了。", "《书。名》！", "“走吧。”，他说。"]),
        ("zh-Hant", ["「你好。」", "再見！", "（完。）"]),
        ("ko", ["안녕하세요. ", "반갑습니다! ", "네."]),
        ("th", ["สวัสดีครับ ", "ผมชื่อสมชาย เด็กๆ ไปเล่นที่สนามหลังบ้านกันทุกวัน ", "แล้วก็กลับมากินข้าว"]),
        ("th", ["มีส้ม มะม่วง ฯลฯ ", "อร่อยมาก  ", "จริง"]),
        ("lo", ["ສະບາຍດີ ຂ້ອຍຊື່ສົມຊາຍ ແລະ ຂ້ອຍອາໄສຢູ່ນະຄອນຫຼວງວຽງຈັນ ", "ຂອບໃຈຫຼາຍໆ"]),
        ("km", ["សួស្តី។ ", "អ្នកសុខសប្បាយទេ? ", "បាទ។"]),
        ("my", ["မင်္ဂလာပါ။ ", "နေကောင်းလား။ ", "ဟုတ်ကဲ့၊ ကောင်းပါတယ်"]),
        ("ko", ['그는 "가자."라고 말했다. ', "“왜?”라는 질문이다. ", "'응.'이라고 했다. ", "끝."]),
        ("km", ["យើងទិញផ្លែឈើ ស្ករ។ល។ ", "ខ្ញុំទៅផ្សារ។ ", "បាទ។"]),
        ("bo", ["བཀྲ་ཤིས། ", "བདེ་ལེགས། ", "ང་བདེ།"]),
        ("en", ["Title\n\n", "First line\nof a paragraph. ", "Second.\n", "- an item\n", "- another"]),
    ],
)
def test_sentences(lang, sentences):
    assert SPLITTER.split("".join(sentences), lang) == sentences


@pytest.mark.parametrize(
    "sentences",
    [
        ["Hello there. ", "How are you?"],
        ["今日は晴れ。", "明日は雨！", "本当？"],
        ["Foo bar. ", "日本語です。", "Next one.", "東京"],
        ["สวัสดีค่ะ ", "ขอบคุณ"],
        ["មែន។ ", "ទេ។"],
    ],
)
def test_the_language_need_not_be_known(sentences):
    assert SPLITTER.split("".join(sentences)) == sentences


@pytest.mark.parametrize("part", ["「あ。", "“a. ", "(a ", '"a. ', "。", "ก "])
def test_time_does_not_grow_with_the_square_of_the_length(part):
    """An unmatched mark once cost the square: minutes at this length. The bound is far above what is needed."""
    text = part * (200_000 // len(part))
    started = time.process_time()
    assert "".join(SPLITTER.split(text, "ja")) == text
    assert time.process_time() - started < 30


class Commas:
    name = "commas"

    def split(self, text, lang):
        return text.replace(",", ",\0").split("\0")


class Loses(Commas):
    def split(self, text, lang):
        return text.split(",")


def test_a_splitter_of_the_users_own():
    assert isinstance(Commas(), Splitter)
    assert sentence_breaks(Commas(), "a,b,c", "en") == [2, 4]


def test_a_splitter_that_loses_text_is_refused():
    with pytest.raises(InvalidInput, match="'commas' gave do not join"):
        sentence_breaks(Loses(), "a,b", "en")
