from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xling.errors import InvalidInput
from xling.language import normalise_code, primary


@pytest.mark.parametrize(
    ("given_code", "expected"),
    [
        ("EN", "en"),
        ("en_us", "en-US"),
        (" pt-br ", "pt-BR"),
        ("zh-hans", "zh-Hans"),
        ("ZH_HANT_tw", "zh-Hant-TW"),
        ("es-419", "es-419"),
        ("jpn", "ja"),
        ("ger", "de"),
        ("deu", "de"),
        ("cmn", "zh"),
        ("cmn-Hans-CN", "zh-Hans-CN"),
        ("zh-yue", "yue"),
        ("zh-cmn-Hans", "zh-Hans"),
        ("arb", "ar"),
        ("pes", "fa"),
        ("zsm", "ms"),
        ("nob", "nb"),
        ("nor", "no"),
        ("iw", "he"),
        ("sh", "sr-Latn"),
        ("sr-Cyrl", "sr-Cyrl"),
        ("i-klingon", "tlh"),
        ("zh-min-nan", "nan"),
        ("tlh", "tlh"),
        ("qaa", "qaa"),
        ("und", "und"),
        ("de-1996", "de-1996"),
        ("ca-valencia", "ca-valencia"),
        ("sl-rozaj-biske", "sl-rozaj-biske"),
        ("de-DE-u-co-phonebk", "de-DE-u-co-phonebk"),
        ("en-x-Pirate", "en-x-pirate"),
        ("x-elvish", "x-elvish"),
    ],
)
def test_codes_get_their_canonical_form(given_code: str, expected: str) -> None:
    assert normalise_code(given_code) == expected


@pytest.mark.parametrize(
    "bad",
    ["", " ", "e", "english language", "123", "en-", "-en", "en--US", "日本語", "en-US-", "abcdefghi", "e1", "en\x00"],
)
def test_ill_formed_codes_are_refused_with_what_to_do(bad: str) -> None:
    with pytest.raises(InvalidInput, match=r"'pt-BR'.*detected"):
        normalise_code(bad)


@pytest.mark.parametrize("bad", [None, 5, b"en"])
def test_codes_that_are_no_strings_are_refused(bad: object) -> None:
    with pytest.raises(InvalidInput, match="must be a string"):
        normalise_code(bad)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "expected"), [("pt-BR", "pt"), ("zh_Hant_TW", "zh"), ("jpn", "ja"), ("und", "und"), ("x-a-b", "x-a-b")]
)
def test_primary_is_the_language_alone(code: str, expected: str) -> None:
    assert primary(code) == expected


@given(st.text(max_size=30))
def test_any_string_is_either_normalised_once_and_for_all_or_refused(text: str) -> None:
    try:
        code = normalise_code(text)
    except InvalidInput:
        return
    assert normalise_code(code) == code
    assert normalise_code(code.upper().replace("-", "_")) == code
