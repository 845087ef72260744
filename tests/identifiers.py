"""Questions about one thing among many that read alike: articles by number, people and firms by a name."""

from __future__ import annotations

CODES = ["XR-2000", "XR-2010", "AB-1234", "AB-1243", "KTR 55/2", "QZ9-77", "4006381333931", "4006381333948", "DIN-912"]
CODES += [
    "M8x40",
    "SM-G991N",
    "SM-G996N",
    "T-1000",
    "R2D-22",
    "ISO-9001",
    "ISO-9004",
    "HX711",
    "HX712",
    "B2-750",
    "7F-31",
]
NAMES = [
    "Lindqvist",
    "Okonkwo",
    "Meyer",
    "Brightwater",
    "Castellano",
    "Novak",
    "Duval",
    "Haraldsen",
    "Petrov",
    "O'Brien",
]
NAMES += [
    "Schwarzkopf",
    "Ferrante",
    "Kowalski",
    "MacAllister",
    "Van Dyck",
    "Zhang Wei",
    "Nguyen",
    "Almeida",
    "Yilmaz",
    "Sato",
]

_ARTICLES = [
    "品番{}の在庫は現在ありません。",
    "{}の取扱説明書を改訂しました。",
    "The spare part {} ships within three working days.",
    "Das Ersatzteil {} ist nicht mehr lieferbar.",
    "{}型的保修期为两年。",
]
_PEOPLE = [
    "昨日の会議で{}さんが新しい予算案を説明した。",
    "契約の窓口は{}さんに変わりました。",
    "{}社との取引は来月から始まる。",
    "大阪支店の{}さんから返事が来ました。",
    "{}さんの報告書は来週届く予定です。",
]
_OTHERS = [f"{series}{n:02}{end}" for n in range(100) for series, end in (("XR-20", ""), ("AB-12", ""), ("SM-G9", "N"))]
DOCUMENTS = [_ARTICLES[i % 5].format(code) for i, code in enumerate(CODES)]
DOCUMENTS += [_PEOPLE[i % 5].format(name) for i, name in enumerate(NAMES)]
DOCUMENTS += [_ARTICLES[i % 5].format(code) for i, code in enumerate(_OTHERS) if code not in CODES]

_ABOUT_ARTICLES = [
    "{}",
    "{}について教えてください",
    "Is {} still available, and how long is its warranty?",
    "{} 还有货吗？",
]
_ABOUT_PEOPLE = ["{}", "{}さんは何と言っていましたか", "{} 是哪位？负责什么？"]

QUESTIONS: list[tuple[str, int]] = []
"""Each with the number of the document that answers it."""
for _number, _code in enumerate(CODES):
    QUESTIONS += [(question.format(_code), _number) for question in _ABOUT_ARTICLES]
for _number, _name in enumerate(NAMES, len(CODES)):
    QUESTIONS += [(question.format(_name), _number) for question in _ABOUT_PEOPLE]
