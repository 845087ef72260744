"""Language detection on Tatoeba and NTREX: accuracy, short texts, speed.

    python tests/benchmarks/language_detection.py [--library]

31 languages: those that langdetect and py3langid can both name and that are written most, in ten scripts, with
the close relatives that detectors confuse (da/no/sv, es/pt/ca, ru/uk/bg, ar/fa, cs/pl, ja/zh). The first 150
sentences of each are judged; weights and word lists were tuned on the lines after them. Also given: all 49 languages
of Tatoeba that both detectors can name (with id/tl, hr/sl, cs/sk, bg/mk, hi/mr, nl/af, …), and NTREX, news that
nothing was tuned on. Members of a macrolanguage count as it: no/nb/nn, zh-cn/zh-tw.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from xling.language import detector, primary

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"

# BCP 47 code: Tatoeba's ISO 639-3 code
MAIN_31 = {
    "ar": "ara", "bg": "bul", "ca": "cat", "cs": "ces", "da": "dan", "de": "deu", "el": "ell", "en": "eng",
    "es": "spa", "fa": "pes", "fi": "fin", "fr": "fra", "he": "heb", "hi": "hin", "hu": "hun", "id": "ind",
    "it": "ita", "ja": "jpn", "ko": "kor", "nl": "nld", "no": "nob", "pl": "pol", "pt": "por", "ro": "ron",
    "ru": "rus", "sv": "swe", "th": "tha", "tr": "tur", "uk": "ukr", "vi": "vie", "zh": "cmn",
}  # fmt: skip
ALL_49 = MAIN_31 | {
    "af": "afr", "bn": "ben", "cy": "cym", "et": "est", "hr": "hrv", "lt": "lit", "lv": "lvs", "mk": "mkd",
    "ml": "mal", "mr": "mar", "sk": "slk", "sl": "slv", "sq": "sqi", "sw": "swh", "ta": "tam", "te": "tel",
    "tl": "tgl", "ur": "urd",
}  # fmt: skip
NTREX = {
    "ar": "arb", "de": "deu", "en": "eng", "fr": "fra", "hi": "hin", "ja": "jpn", "ko": "kor", "ru": "rus",
    "th": "tha", "zh": "zho-CN",
}  # fmt: skip
MERGED = {"nb": "no", "nn": "no"}

Pairs = list[tuple[str, str]]
Answer = Callable[[Sequence[str]], Iterable[str]]


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split("\n")


def tatoeba(languages: dict[str, str], first: int, last: int | None) -> Pairs:
    """(text, language) of lines `first` to `last` of each language."""
    pairs: Pairs = []
    for language, iso in languages.items():
        pair = "deu" if iso == "eng" else iso  # English is the other half of every pair; German's is taken
        lines = _lines(DATA / "tatoeba" / f"tatoeba.{pair}-eng.{iso}")[first:last]
        pairs += [(line.strip(), language) for line in lines if line.strip()]
    return pairs


def ntrex() -> Pairs:
    return [(t, lang) for lang, name in NTREX.items() for t in _lines(DATA / "ntrex" / f"{name}.txt") if t.strip()]


def langdetect_library(texts: Sequence[str]) -> list[str]:
    """The package as it comes, seeded: one n-gram drawn at a time."""
    from langdetect import DetectorFactory, LangDetectException, detect

    DetectorFactory.seed = 0

    def one(text: str) -> str:
        try:
            return str(detect(text))
        except LangDetectException:
            return "und"

    return [one(text) for text in texts]


def py3langid_library(texts: Sequence[str]) -> list[str]:
    """The package as it comes."""
    import py3langid

    return [py3langid.classify(text)[0] for text in texts]


def measure(answer: Answer, pairs: Pairs) -> tuple[float, float, float]:
    """Accuracy, accuracy under 20 characters, texts per second of one core."""
    texts = [text for text, _ in pairs]
    start = time.process_time()
    found = list(answer(texts))
    speed = len(texts) / (time.process_time() - start)
    codes = [primary(code) for code in found]
    right = [MERGED.get(code, code) == lang for code, (_, lang) in zip(codes, pairs, strict=True)]
    short = [ok for ok, (text, _) in zip(right, pairs, strict=True) if len(text) < 20]
    return sum(right) / len(right), sum(short) / max(1, len(short)), speed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--library", action="store_true", help="also langdetect's own sampling (half a minute more)")
    arguments = parser.parse_args()
    if not (DATA / "tatoeba").is_dir():
        sys.exit(f"skipped: no Tatoeba data in {DATA}")

    auto, restricted = detector(), detector(languages=list(MAIN_31))
    ours = {
        "auto": auto,
        "auto, candidates given": restricted,
        "py3langid": detector("py3langid"),
        "langdetect": detector("langdetect"),
    }
    rows: dict[str, Answer] = {
        name: (lambda texts, d=d: [found.lang for found in d.detect_many(texts)]) for name, d in ours.items()
    }
    rows["py3langid (package)"] = py3langid_library
    if arguments.library:
        rows["langdetect (package)"] = langdetect_library
    sets = {
        "Tatoeba, 31 languages, lines 1-150": tatoeba(MAIN_31, 0, 150),
        "Tatoeba, 31 languages, lines 151-1000 (tuned on)": tatoeba(MAIN_31, 150, None),
        "Tatoeba, 49 languages, lines 1-150": tatoeba(ALL_49, 0, 150),
        "NTREX, 10 languages": ntrex(),
    }
    for title, pairs in sets.items():
        print(f"\n{title}: {len(pairs):,} texts\n{'detector':24} {'accuracy':>8} {'<20 chars':>9} {'texts/s':>8}")
        for name, answer in rows.items():
            if "package" in name and "lines 1-150" not in title:
                continue
            if "candidates" in name and "31" not in title:
                continue
            list(answer([text for text, _ in pairs[:20]]))  # models read, caches warm
            accuracy, short, speed = measure(answer, pairs)
            print(f"{name:24} {accuracy:8.4f} {short:9.4f} {speed:8,.0f}")


if __name__ == "__main__":
    main()
