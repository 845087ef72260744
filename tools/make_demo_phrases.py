"""Make `xling/data/demo_phrases.tsv`, the phrases of `xling demo`, from the LASER project's Tatoeba test set.

Short everyday phrases, by theme, the same number in each language: half of them with translations among the
phrases of other languages, half without, as in a real collection. Nothing is random: run again, it writes the same.

    python tools/make_demo_phrases.py [../shared/data/tatoeba]
"""

from __future__ import annotations

import hashlib
import re
import sys
import unicodedata
from collections import Counter, defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "xling" / "data" / "demo_phrases.tsv"

LANGUAGES = {
    "ar": "ara", "de": "deu", "es": "spa", "fr": "fra", "hi": "hin", "id": "ind", "it": "ita", "ja": "jpn", "ko": "kor",
    "ru": "rus", "th": "tha", "vi": "vie", "zh": "cmn",
}  # fmt: skip
"""xling's code → Tatoeba's. English is the other side of each of them."""

THEMES = {
    "thanks": (4, r"^(many )?thank(s| you)( very much| a lot| for everything)?[.!]|^thank(s| you) for",
               r"\bthank(s| you)\b|grateful|thankful|you're welcome"),
    "greeting": (4, r"^(good (morning|night|evening|afternoon)|good-?bye|(i'll )?see you (\w+)?[.!]|how are you)",
                 r"^(hello|hi)\b|see you|^welcome|nice to meet|happy birthday|congratulations"),
    "sorry": (3, r"^(i'm|i am) sorry|^sorry|^excuse me", r"\bsorry\b|forgive|pardon"),
    "travel": (6, r"\b(where|how far|which) .*(train|station|airport|bus|hotel)|^the (train|bus)|(here comes|miss) the",
               r"\b(train|station|airport|taxi|ticket|hotel|passport|luggage|plane|bus|map|trip|subway|museum)\b"),
    "weather": (5, r"(nice|fine|good|beautiful|lovely|bad) (weather|day)|weather|sunny|"
                   r"^it('s| is| was) (raining|cold|hot)",
                r"\b(rain\w*|snow\w*|cloudy|windy|hot today|cold today|warm|cold|storm|spring)\b"),
    "food": (7, r"\b(hungry|thirsty|breakfast|lunch|dinner|coffee|tea|delicious)\b",
             r"\b(eat|eating|bread|rice|fruit|apples?|cake|restaurant|cook\w*|milk|cheese|soup|vegetables?)\b"),
    "health": (4, r"\btired\b(?! of)|^i have a headache",
               r"\b(sleepy|sleep|headache|fever|doctor|hospital|hurts|medicine|feel (well|better|sick))\b"),
    "home": (4, r"^my (mother|father|sister|brother|dog|cat|house|family)",
             r"\b(mother|father|sister|brother|dog|cat|house|kitchen|garden|window|children|family)\b"),
    "learning": (3, r"\b(i|you) .*(learn|study|speak|read)\b",
                 r"\b(school|teacher|books?|language|english|japanese|french|learn\w*|homework)\b"),
}  # fmt: skip
"""Theme → how many phrases of each language, the pattern of the English taken first, and that of the rest."""

UNWANTED = re.compile(
    r"\b(kill\w*|die[sd]?|dead|death|dying|murder\w*|sex\w*|condom\w*|naked|hate\w*|guns?|shot|shoot\w*|war|bomb\w*|god|"
    r"jesus|drunk\w*|beer|wine|idiots?|stupid|fool\w*|ugly|fat|kiss\w*|divorce\w*|prison|hell|damn|shit|blood|"
    r"cigarettes?|smok\w*|poison\w*|suicide|attack\w*|lesbian|gay|pregnant|virgin|toilet|scream\w*|truck|ran over|"
    r"run over|bite the dust|cheat\w*|breeder|money|dirt|your face|complain\w*|lies|sad|fired|fed up|sick of|tired of|"
    r"rich|honey|marry|married|husband|wife|girlfriend|boyfriend|nazi\w*|thief|steal|stole|kidnap\w*|"
    r"tom|mary|john|jack|susan|sepideh|tatoeba|bill|mike|jones|smith|jim|beaten|eat (cats|dogs))\b",
    re.IGNORECASE,
)
SCRIPTS = {
    "ar": "ARABIC", "hi": "DEVANAGARI", "ja": "(HIRAGANA|KATAKANA|CJK)", "ko": "HANGUL", "ru": "CYRILLIC",
    "th": "THAI", "zh": "CJK",
}  # fmt: skip
LEAST, MOST = 6, 42
"""Characters of the English."""


def main(folder: Path) -> None:
    pairs = {lang: read_pairs(folder, code) for lang, code in LANGUAGES.items()}
    pairs["en"] = sorted({(english, english) for rows in pairs.values() for _, english in rows})
    spread: dict[str, set[str]] = defaultdict(set)
    for lang, rows in pairs.items():
        for _, english in rows:
            spread[key(english)].add(lang)
    lines = ["id\tlang\ttext"]
    for lang in sorted(pairs):
        for number, text in enumerate(choose(lang, pairs[lang], spread), 1):
            lines.append(f"{lang}-{number:02}\t{lang}\t{text}")
    TARGET.write_text("\n".join(lines) + "\n", encoding="utf-8")
    counts = Counter(line.split("\t")[1] for line in lines[1:])
    sys.stderr.write(f"{TARGET}: {sum(counts.values())} phrases, {dict(counts)}\n")


def read_pairs(folder: Path, code: str) -> list[tuple[str, str]]:
    """(text, English) pairs that are short, everyday and clean."""
    stem = folder / f"tatoeba.{code}-eng"
    texts = stem.with_name(f"{stem.name}.{code}").read_text("utf-8").split("\n")
    english = stem.with_name(f"{stem.name}.eng").read_text("utf-8").split("\n")
    lang = next(k for k, v in LANGUAGES.items() if v == code)
    return [
        (t.strip(), e.strip()) for t, e in zip(texts, english, strict=True) if is_wanted(lang, t.strip(), e.strip())
    ]


def is_wanted(lang: str, text: str, english: str) -> bool:
    if "โคตร" in text:  # coarse in Thai, though its English is not
        return False
    if (
        not LEAST <= len(english) <= MOST
        or len(text) > 60
        or UNWANTED.search(english)
        or re.search(r'["“„«「(\t]', text)
    ):
        return False
    letters = [unicodedata.name(c, "") for c in text if c.isalpha()]
    pattern = SCRIPTS.get(lang, "LATIN")
    return bool(letters) and all(re.match(pattern, name) or "MARK" in name for name in letters)


def choose(lang: str, rows: list[tuple[str, str]], spread: dict[str, set[str]]) -> list[str]:
    """Of each theme its number: the core ones first, half of them for the languages that share them."""
    chosen: dict[str, str] = {}
    for number, core, rest in THEMES.values():
        groups = [
            [row for row in rows if re.search(pattern, row[1], re.IGNORECASE) and key(row[1]) not in chosen]
            for pattern in (core, rest)
        ]
        hashed = [row for group in groups for row in sorted(group, key=lambda row: (len(row[1]) > 32, digest(row[0])))]
        shared = sorted(groups[0], key=lambda row: (-len(spread[key(row[1])]), digest(row[0])))
        unique = {key(english): text for text, english in reversed([*shared[: (number + 1) // 2], *hashed])}
        chosen |= dict(list(reversed(unique.items()))[:number])
    return list({key(text): text for text in chosen.values()}.values())


def key(english: str) -> str:
    return re.sub(r"\W+", " ", english.lower()).strip()


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8")).digest()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / ".." / "shared" / "data" / "tatoeba")
