"""Makes the two data files of the neutral basis: the reference sample, and what the bundled model makes of it.

    python tests/benchmarks/make_reference.py            # both, from ../shared/data/tatoeba
    python tests/benchmarks/make_reference.py --sample   # the sample alone (no model needed)

The sample is the same on every machine; it must not change without a good reason, since every basis and every
calibration comes from it.
"""

from __future__ import annotations

import argparse
import gzip
import random
import re
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TATOEBA = ROOT.parent / "shared" / "data" / "tatoeba"
SAMPLE = ROOT / "xling" / "data" / "reference.tsv.gz"
READY = ROOT / "xling" / "data" / "reference-bundled.npz"

LANGUAGES: dict[str, str] = dict(
    re.findall(
        r"(\w+):(\w+)",
        "af:afr am:amh ar:ara az:aze be:bel bg:bul bn:ben ca:cat cs:ces cy:cym da:dan de:deu el:ell eo:epo es:spa "
        "et:est eu:eus fa:pes fi:fin fr:fra ga:gle gl:glg he:heb hi:hin hr:hrv hu:hun hy:hye id:ind is:isl it:ita "
        "ja:jpn jv:jav ka:kat kk:kaz km:khm ko:kor lt:lit lv:lvs mk:mkd ml:mal mn:mon mr:mar ms:zsm nb:nob nl:nld "
        "pl:pol pt:por ro:ron ru:rus sk:slk sl:slv sq:sqi sr:srp sv:swe sw:swh ta:tam te:tel th:tha tl:tgl tr:tur "
        "uk:ukr ur:urd uz:uzb vi:vie zh:cmn",
    )
)
"""BCP 47 code of the sample: ISO 639-3 code of the Tatoeba file. English is the other side of the pairs."""

SHARED, SINGLE = 50, 50
"""Sentences of each language that other languages have too (in translation), and that only it has."""

# A sample that ships should offend nobody; what matters is the language, so the sentence next to it will do.
UNFIT = re.compile(
    r"\b(kill\w*|murder\w*|dead|die[ds]?|sui?cid\w*|sex\w*|naked|rap(?:e|ed|ist)|shit|fuck\w*|bitch|ass|damn|hell|"
    r"penis|drunk|drugs?|jews?|jewish|muslims?|islam\w*|arabs?|nazi\w*|hitler|israel\w*|palestin\w*|gun|shot|whore|"
    r"prostitut\w*|stupid|idiots?|ugly|hate|terroris\w*|genocide|war|trump|putin|condoms?|virgin)\b",
    re.IGNORECASE,
)


def pairs(code: str) -> list[tuple[str, str]]:
    """Sentence and its English, in the order of the file."""
    sides = [(TATOEBA / f"tatoeba.{code}-eng.{side}").read_text("utf-8").splitlines() for side in (code, "eng")]
    return [(a.strip(), b.strip()) for a, b in zip(*sides, strict=True)]


def choose() -> list[tuple[str, str, str]]:
    """Rows (language, key, text): rows of equal key say the same; the key of a sentence of its own is empty."""
    data = {lang: pairs(code) for lang, code in LANGUAGES.items()}
    spread = Counter(eng for rows in data.values() for eng in {eng for _, eng in rows})
    keys: Counter[str] = Counter()
    chosen: dict[str, tuple[list[tuple[str, str]], list[tuple[str, str]]]] = {}
    for lang, rows in data.items():
        fit = {eng: text for text, eng in reversed(rows) if 4 <= len(eng) <= 80 and text and not UNFIT.search(eng)}
        ranked = sorted(fit, key=lambda eng: (-spread[eng], eng))
        shared, rest = ranked[:SHARED], sorted(ranked[SHARED:])
        random.Random(f"xling {lang}").shuffle(rest)
        chosen[lang] = ([(e, fit[e]) for e in shared], [(e, fit[e]) for e in rest[:SINGLE]])
        keys.update(shared)
    english = [eng for eng, _ in keys.most_common(SHARED)]
    alone = sorted({eng for _, single in chosen.values() for eng, _ in single} - set(keys))
    random.Random("xling en").shuffle(alone)
    chosen["en"] = ([(e, e) for e in english], [(e, e) for e in alone[:SINGLE]])
    keys.update(english)
    number = {eng: str(i) for i, (eng, n) in enumerate(keys.most_common()) if n > 1}
    return [
        (lang, key, text)
        for lang in sorted(chosen)
        for part, shared in zip(chosen[lang], (True, False), strict=True)
        for eng, text in part
        for key in [number.get(eng, "") if shared else ""]
    ]


def write_sample() -> None:
    lines = "".join(f"{lang}\t{key}\t{text}\n" for lang, key, text in choose())
    SAMPLE.parent.mkdir(exist_ok=True)
    with SAMPLE.open("wb") as raw, gzip.GzipFile("", "wb", compresslevel=9, fileobj=raw, mtime=0) as file:
        file.write(lines.encode("utf-8"))
    print(f"{SAMPLE.name}: {lines.count(chr(10))} sentences, {SAMPLE.stat().st_size / 1024:.0f} KB")


def write_ready() -> None:
    from xling.space.reference import compute_reference, save_reference
    from xling.space.sentence_transformer import SentenceTransformerEncoder

    encoder = SentenceTransformerEncoder("bundled")
    reference = compute_reference(encoder, progress=lambda p: print(f"\r{p.done}/{p.total}", end="", flush=True))
    save_reference(reference, READY)
    print(f"\n{READY.name}: {READY.stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", action="store_true", help="write the sample alone")
    arguments = parser.parse_args()
    if not TATOEBA.is_dir():
        sys.exit(f"{TATOEBA} is not there: the sample is drawn from LASER's Tatoeba test set.")
    write_sample()
    if not arguments.sample:
        write_ready()
