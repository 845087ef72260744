from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from xling.errors import InvalidInput
from xling.language import UND, Detection, Detector, DetectorKind, detect, detector, normalise_code
from xling.language.statistical import LangdetectModel, Py3LangidModel, shared_model

KINDS: tuple[DetectorKind, ...] = ("auto", "py3langid", "langdetect")

PHRASES = {
    "Thank you": "en",
    "Good morning": "en",
    "See you tomorrow": "en",
    "I'm hungry": "en",
    "The cat is black": "en",
    "How to brew drip coffee": "en",
    "GOOD MORNING": "en",
    "ｈｅｌｌｏ ｗｏｒｌｄ": "en",
    "Hello": "en",
    "Merci": "fr",
    "Bonjour": "fr",
    "Danke schön": "de",
    "Gracias": "es",
    "Hola": "es",
    "Grazie": "it",
    "Obrigado": "pt",
    "Dank u wel": "nl",
    "Tack så mycket": "sv",
    "Kiitos": "fi",
    "Dziękuję": "pl",
    "Köszönöm": "hu",
    "Mulțumesc": "ro",
    "Teşekkür ederim": "tr",
    "Cảm ơn": "vi",
    "Terima kasih": "id",
    "Спасибо": "ru",
    "Дякую": "uk",
    "شكرا": "ar",
    "شکریہ": "ur",
    "謝謝": "zh",
    "你好": "zh",
    "ありがとう": "ja",
    "おやすみなさい": "ja",
    "コーヒーの入れ方": "ja",
    "ドリップの手順": "ja",
    "ﾊﾛｰ": "ja",
    "감사합니다": "ko",
    "BTS의 노래": "ko",
}

ONE_LANGUAGE_SCRIPTS = {
    "สวัสดีครับ": "th",
    "ສະບາຍດີ": "lo",
    "សួស្តី": "km",
    "မင်္ဂလာပါ": "my",
    "გამარჯობა": "ka",
    "Բարեւ": "hy",
    "Γεια σου": "el",
    "שלום עולם": "he",
    "אַ גוטן טאָג": "yi",
    "איך האב דיך ליב": "yi",
    "ሰላም": "am",
    "வணக்கம்": "ta",
    "నమస్కారం": "te",
    "ನಮಸ್ಕಾರ": "kn",
    "നമസ്കാരം": "ml",
    "નમસ્તે": "gu",
    "ਸਤ ਸ੍ਰੀ ਅਕਾਲ": "pa",
    "ধন্যবাদ": "bn",
    "মোৰ নাম": "as",
    "ආයුබෝවන්": "si",
    "བཀྲ་ཤིས་བདེ་ལེགས།": "bo",
}

NOTHING_TO_TELL = [
    "",
    " ",
    "\u3000\u200b",
    "12345",
    "2024-05-01 12:30",
    "😀👍🏽",
    "!!! ... ???",
    "https://example.com/hello/world",
    "www.example.com",
    "user@example.com",
    "http://example.com und@example.org",
    "a",
    "я",
    "π",
    "我",
    "人",
    "\ud800",
    "\x00\x01\x02",
]


@pytest.fixture(scope="module")
def auto() -> Detector:
    return detector()


@pytest.mark.parametrize(("text", "lang"), [*PHRASES.items(), *ONE_LANGUAGE_SCRIPTS.items()])
def test_short_everyday_phrases_get_their_language(auto: Detector, text: str, lang: str) -> None:
    found = auto.detect(text)
    assert found.lang == lang
    assert 0.3 <= found.confidence <= 1.0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", NOTHING_TO_TELL)
def test_text_that_does_not_tell_is_und_with_no_confidence(kind: DetectorKind, text: str) -> None:
    assert detector(kind).detect(text) == (UND, 0.0)


@pytest.mark.parametrize("text", ["Nike", "OK", "No", "Paris"])
def test_names_and_words_of_many_languages_are_und(auto: Detector, text: str) -> None:
    assert auto.detect(text).lang == UND


@pytest.mark.parametrize(
    "text", ["東京都", "日本", "大韓民國", "漢字", "銀行", "北京大學", "營業時間", "謝謝", "株式会社"]
)
@pytest.mark.parametrize("languages", [None, ["ko", "ja"], ["ko", "zh"], ["ko", "en"], ["ko"]])
def test_text_in_han_characters_alone_is_never_korean(text: str, languages: list[str] | None) -> None:
    assert detect(text, languages).lang in {"zh", "ja", UND}


@pytest.mark.parametrize(
    "text",
    [
        "我在超市买了カルビー薯片",
        "我最喜欢的饮料是ポカリスエット，每天都喝。",
        "他買了一台ソニー的電視",
        "我喜歡吃すき家的牛丼",
        "我们去ユニクロ买衣服",
        "这是ポカリスエット",
    ],
)
def test_chinese_that_quotes_a_japanese_brand_stays_chinese(auto: Detector, text: str) -> None:
    assert auto.detect(text).lang == "zh"


@pytest.mark.parametrize(
    "text",
    [
        "東京都庁の展望室",
        "最高の人材",
        "有名人の歌",
        "綺麗な桜",
        "新製品カタログ",
        "有価証券ファンド",
        "有料サービス終了",
        "中央区役所へ提出",
        "本日休業の旨",
        "我が家の歴史",
    ],
)
def test_japanese_with_few_kana_stays_japanese(auto: Detector, text: str) -> None:
    assert auto.detect(text).lang == "ja"


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("我喜欢吃김치，也喜欢看韩国电影", "zh"),
        ("김치가 좋아요 (泡菜)", "ko"),
        ("大韓民國은 民主共和國이다", "ko"),
        ("駅前のビビンバ屋さん", "ja"),
        ("東京駅", "ja"),
        ("取扱説明書", "ja"),
        ("使用说明书", "zh"),
        ("iPhone 15 Proを買った", "ja"),
        ("ㄅㄆㄇㄈ", "zh"),
    ],
)
def test_east_asian_neighbours(auto: Detector, text: str, lang: str) -> None:
    assert auto.detect(text).lang == lang


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("Jeg ved ikke, hvad det hedder.", "da"),
        ("Jeg vet ikke hva det heter.", "no"),
        ("Eg veit ikkje kva det heiter.", "no"),
        ("Jag vet inte vad det heter.", "sv"),
        ("Nevím, co to je, ale líbí se mi to.", "cs"),
        ("Neviem, čo to je, ale páči sa mi to.", "sk"),
        ("No sé qué es, pero me gusta mucho.", "es"),
        ("Não sei o que é, mas gosto muito.", "pt"),
        ("Non sei que é, pero gústame moito.", "gl"),
        ("No sé què és, però m'agrada molt.", "ca"),
        ("Я не знаю, что это такое.", "ru"),
        ("Я не знаю, що це таке.", "uk"),
        ("Не знам какво е това, но ми харесва.", "bg"),
        ("من نمی‌دانم این چیست.", "fa"),
        ("مجھے نہیں معلوم یہ کیا ہے۔", "ur"),
        ("मुझे नहीं पता यह क्या है।", "hi"),
        ("मला माहीत नाही हे काय आहे.", "mr"),
    ],
)
def test_close_relatives_are_told_apart(auto: Detector, text: str, lang: str) -> None:
    assert auto.detect(text).lang == lang


@pytest.mark.parametrize("kind", KINDS)
def test_candidates_restrict_the_answer(kind: DetectorKind) -> None:
    chosen = detector(kind, languages=["es", "pt", "ja"])
    assert chosen.detect("Non sei que é, pero gústame moito.").lang in {"es", "pt"}
    assert chosen.detect("ありがとうございます").lang == "ja"
    assert detector(kind).detect("This is an English sentence.").lang == "en"  # nothing global was changed


def test_a_script_that_no_candidate_uses_is_und() -> None:
    assert detect("Thank you very much", languages=["ja", "ru"]) == (UND, 0.0)
    assert detect("ありがとう", languages=["en", "ko"]) == (UND, 0.0)


def test_candidates_are_normalised_and_come_back_as_asked() -> None:
    assert detect("Não sei o que é isso.", languages=["PT_br", "spa"]).lang == "pt-BR"
    assert detect("Eg veit ikkje kva det heiter.", languages=["nb", "nn"]).lang == "nn"
    assert detect("Jeg vet ikke hva det heter.", languages=["nb", "nn"]).lang == "nb"
    assert detect("你喺邊度呀？我唔知佢哋係邊個。", languages=["yue", "zh"]).lang == "yue"
    assert detect("你喺邊度呀？我唔知佢哋係邊個。").lang == "zh"  # the macrolanguage, unless asked for


@pytest.mark.parametrize(
    ("languages", "message"),
    [
        (["en", "tlh"], r"'tlh' is not among the languages that can be detected: .*\ben\b.*Leave it out"),
        (["not a code"], "is not a language code"),
        ([], "languages is empty"),
        (["und"], "languages is empty"),
        (["pt-BR", "pt-PT"], "cannot tell 'pt-BR' from 'pt-PT'"),
        ("en", "must be a list"),
    ],
)
def test_unusable_candidates_are_refused_with_what_to_do(languages: list[str], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        detector(languages=languages)
    with pytest.raises(InvalidInput, match=message):
        detect("text", languages)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(InvalidInput, match="'auto', 'py3langid' or 'langdetect'"):
        detector("fasttext")  # type: ignore[arg-type]


_EVIL = st.one_of(
    st.text(max_size=300),
    st.text(st.characters(codec=None, categories=None, exclude_categories=()), max_size=50),  # surrogates, controls
    st.lists(st.sampled_from([*PHRASES, *NOTHING_TO_TELL, "\ud83d", "\x00", "ً", "www.", "@", "<b>"])).map("".join),
)


@lru_cache
def _kept(kind: DetectorKind, languages: tuple[str, ...] | None) -> Detector:
    return detector(kind, languages)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("languages", [None, ["en", "ja", "ar", "pt-BR"]])
@settings(max_examples=150, deadline=None)
@given(text=_EVIL)
@example(text="\ud800\udc00\udfff")
@example(text="ﷺ" * 5000)
@example(text="a" * 100_000)
@example(text="a." * 50_000 + "@")
@example(text="<" * 100_000)
def test_any_text_gets_und_or_a_valid_candidate_and_always_the_same(
    kind: DetectorKind, languages: list[str] | None, text: str
) -> None:
    found = _kept(kind, languages and tuple(languages)).detect(text)
    assert isinstance(found, Detection)
    assert 0.0 <= found.confidence <= 1.0
    assert normalise_code(found.lang) == found.lang
    assert (found.lang == UND) == (found.confidence == 0.0)
    if languages is not None:
        assert found.lang in {*languages, UND}
    assert _kept(kind, languages and tuple(languages)).detect_many([text, text]) == [found, found]


@pytest.mark.parametrize("kind", KINDS)
def test_a_megabyte_is_judged_by_its_beginning(kind: DetectorKind) -> None:
    sentence = "Das ist ein ganz gewöhnlicher deutscher Satz. "
    assert detector(kind).detect(sentence * 22_000) == detector(kind).detect(sentence * 30)
    assert detector(kind).detect("\x00" * 500_000 + sentence * 11_000).lang == "de"
    assert detector(kind).detect("0" * 1_000_000) == (UND, 0.0)


@pytest.mark.parametrize("kind", KINDS)
def test_sixteen_threads_give_the_serial_answers(kind: DetectorKind) -> None:
    texts = [*PHRASES, *ONE_LANGUAGE_SCRIPTS, *NOTHING_TO_TELL] * 4
    serial = detector(kind).detect_many(texts)
    shared = detector(kind)
    with ThreadPoolExecutor(16) as pool:
        one_by_one = list(pool.map(shared.detect, texts))
        whole = list(pool.map(lambda _: detector(kind).detect_many(texts), range(16)))
    assert one_by_one == serial
    assert all(answers == serial for answers in whole)


def test_answers_do_not_depend_on_the_process() -> None:
    code = (
        "import sys; from xling.language import detector\n"
        "for kind in ('auto', 'py3langid', 'langdetect'):\n"
        "    for found in detector(kind).detect_many(sys.argv[1:]): print(*found)"
    )
    texts = [t for t in PHRASES if t.isprintable()]
    runs = [
        subprocess.run(
            [sys.executable, "-c", code, *texts],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path), "PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1]
    assert len(runs[0].splitlines()) == 3 * len(texts)


def test_the_packages_own_globals_are_left_alone() -> None:
    import langdetect
    import py3langid.langid

    seed, identifier = langdetect.DetectorFactory.seed, py3langid.langid.IDENTIFIER
    for kind in KINDS:
        detector(kind, languages=["en", "de"]).detect("Good morning")
    assert langdetect.DetectorFactory.seed is seed
    assert py3langid.langid.IDENTIFIER is identifier


def test_py3langid_is_scored_as_the_package_itself_scores() -> None:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    model = shared_model(Py3LangidModel)
    for text in [*PHRASES, "THE QUICK BROWN FOX", "Добар дан", "\ud800 abc"]:
        scores = model.scores(text)
        ranked = identifier.rank(text)
        if scores is None:
            assert len({score for _, score in ranked}) == 1
        else:
            assert dict(zip(model.labels, scores.tolist(), strict=True)) == dict(ranked)


def test_langdetect_is_read_as_the_package_itself_reads() -> None:
    from langdetect.detector import Detector as Package
    from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory

    factory = DetectorFactory()
    factory.load_profile(PROFILES_DIRECTORY)
    model = shared_model(LangdetectModel)
    assert isinstance(model, LangdetectModel)
    names = {row: gram for gram, row in model._row.items()}
    for text in [*PHRASES, "NATO und USA sind Abkürzungen", "Привет from Москва друзья мои дорогие"]:
        package = Package(factory)
        package.append(text)
        package.cleaning_text()
        assert sorted(names[row] for row in model._rows(text)) == sorted(package._extract_ngrams())


def test_the_protocol_is_met() -> None:
    for kind in KINDS:
        assert isinstance(detector(kind), Detector)
        assert detector(kind).detect_many([]) == []
