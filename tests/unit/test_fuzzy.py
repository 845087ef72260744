"""Percentages, and what differs between two segments that a vector does not see."""

import pytest
from hypothesis import given

from tests.texts import TEXTS
from xling.translate.fuzzy import differences, numbers, percent, placeables, plain
from xling.translate.negation import negated


@given(TEXTS, TEXTS)
def test_percentages_are_symmetric_and_100_for_equal_texts_only(one, other):
    value = percent(one, other)
    assert value == percent(other, one)
    assert 0 <= value <= 100
    assert (value == 100) == (plain(one) == plain(other))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("kitten", "sitting", 57),
        ("abcd", "abcx", 75),
        ("日本語", "日本", 66),
        ("x" * 1000 + "a", "x" * 1000 + "b", 99),
        ("a", "", 0),
    ],
)
def test_known_percentages(one, other, expected):
    assert percent(one, other) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1,234.50", "1234.5"),
        ("1.234,50", "1,234.5"),
        ("1\u00a0234", "1,234"),
        ("１２", "12"),
        ("٣٤", "34"),
        ("2 years, 3 days", "3 Tage, 2 Jahre"),
        ("no number", ""),
    ],
)
def test_numbers_written_otherwise_are_equal(one, other):
    assert numbers(one) == numbers(other)


@pytest.mark.parametrize(("one", "other"), [("12", "21"), ("1.5", "15"), ("3", ""), ("2 2", "2"), ("1,234", "1.23")])
def test_other_numbers_are_not(one, other):
    assert numbers(one) != numbers(other)


@pytest.mark.parametrize(
    "mark",
    [
        "{0}",
        "{name}",
        "${x}",
        "{{user}}",
        "%s",
        "%(n)d",
        "%1$s",
        "<b>",
        "</b>",
        "&nbsp;",
        "https://a.example/x",
        "a@b.example",
    ],
)
def test_placeables_are_known(mark):
    assert placeables(f"Hello {mark} there") == {mark: 1}
    assert differences(f"Hello {mark}", "Hello", "en", "en")[:1] in (("placeables",), ("numbers",))


DENIED = [
    ("en", "Turn it off.", "Do not turn it off."),
    ("en", "You can go.", "You can't go."),
    ("de", "Das ist gut.", "Das ist nicht gut."),
    ("fr", "Je sais.", "Je ne sais pas."),
    ("es", "Lo sé.", "No lo sé."),
    ("it", "Lo so.", "Non lo so."),
    ("pt", "Eu sei.", "Eu não sei."),
    ("nl", "Dat is goed.", "Dat is niet goed."),
    ("pl", "Wiem.", "Nie wiem."),
    ("ru", "Я знаю.", "Я не знаю."),
    ("tr", "Bu iyi.", "Bu iyi değil."),
    ("ja", "電源を切ってください。", "電源を切らないでください。"),
    ("ja", "行きます。", "行きません。"),
    ("zh", "可以打开。", "不可以打开。"),
    ("zh-TW", "我看過。", "我沒看過。"),
    ("ko", "갑니다.", "가지 않습니다."),
    ("th", "ไป", "ไม่ไป"),
    ("ar", "أعرف.", "لا أعرف."),
    ("hi", "मैं जानता हूँ।", "मैं नहीं जानता।"),
]


@pytest.mark.parametrize(("lang", "said", "denied"), DENIED)
def test_negation_is_seen(lang, said, denied):
    assert negated(said, lang) is False
    assert negated(denied, lang) is True
    assert differences(said, denied, lang, lang) == ("negation",)


def test_a_language_without_a_list_raises_no_flag():
    assert negated("Ha-ho", "xh") is None
    assert negated("not", "und") is None
    assert differences("not so", "it is so", "und", "en") == ()
