"""Strings that tests of splitting draw from: any at all, and such as are likely to go wrong."""

from __future__ import annotations

from hypothesis import strategies as st

# ruff: noqa: E501
_PIECES = [
    "a", "b", "Dr.", "3.5", " ", "  ", "\n", "\n\n", "\r\n", "\r\n\r\n", "\t", "\u3000", "\u2029", ".", "!", "?", "…", ";", ",", ":",
    '"', "'", "(", ")", "[", "]", "“", "”", "‘", "’", "«", "»", "「", "」", "『", "』", "（", "）", "《", "》", "。", "、", "！", "？",
    "猫が", "好きです", "と言った", "你好", "ー", "々", "か\u3099", "ไทย", "ครับ", "ๆ", "ฯ", "น้ำ", "ລາວ", "ខ្មែរ", "។", "မြန်မာ", "။", "၊",
    "हिन्दी", "।", "e\u0301", "\u0301", "한국어", "ᄒ", "ᅡ", "ᆫ", "👩‍👩‍👧", "👍🏽", "🇯🇵", "🇩", "\u200d", "\ufe0f", "\u200b", "שלום", "\u202bمرحبا\u202c",
    "؟", "# ", "\n# H\n", "\n## Two\n\n", "T\n===\n", "<h1>x</h1>", "<p>", "\n- ", "\n1. ", "```\n", "\x1c", "\x00", "\U000e0001",
]  # fmt: skip

ANY = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=200)
PIECES = st.lists(st.sampled_from(_PIECES), max_size=80).map("".join)
TEXTS = st.one_of(ANY, PIECES)
LANGS = st.sampled_from(
    ["und", "en", "de", "ja", "zh-Hant", "th", "lo", "km", "my", "ar", "hi", "el", "ko", "fr", "xx-bad"]
)
