"""Finding translations, measured: Tatoeba with margin, and mining among sentences of which half have no partner.

    python tests/benchmarks/bitext.py              # both; encodes once (about 25 minutes on 2 cores)
    python tests/benchmarks/bitext.py mining       # NTREX-128: eng with jpn, deu, zho-CN, arb
    python tests/benchmarks/bitext.py tatoeba      # the 36 languages of XTREME, both ways

Vectors are those of the bundled model with the document prompt, kept in the cache directory (or `--vectors DIR`).
"cosine, mutual best" is the plain way: no centring, no margin. In mining a third of NTREX's lines is on both sides, a
third on one only and a third on the other, all shuffled. Each method's threshold is the best one for French, and
serves the other pairs; in brackets what their own best threshold would give.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from neutral import DATA, Floats, Vectors

from xling.cache_dir import cache_dir
from xling.evaluate.sets import TATOEBA_XTREME, bcp47, tatoeba, tatoeba_codes
from xling.space.margin import Margin, candidate_pairs, centred, level, margins, mutual_best
from xling.space.neighbours import exact_neighbours
from xling.space.reference import load_reference
from xling.space.sentence_transformer import SentenceTransformerEncoder
from xling.translate.mining import DEFAULT_NEIGHBOURS, DEFAULT_SCORE

MINED = ("jpn", "deu", "zho-CN", "arb")
THRESHOLD_FROM = "fra"
Scored = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Source rows, target rows and scores of pairs that are the best of both their sides."""


def by_cosine(x: Floats, y: Floats) -> Scored:
    forward, backward = exact_neighbours(x, y, 1)
    rows, columns, cosines = candidate_pairs(forward, backward)
    kept = mutual_best(rows, columns, cosines.astype(np.float64))
    return rows[kept], columns[kept], cosines[kept]


def by_margin(kind: Margin, *, by_level: bool = True) -> Callable[[Floats, Floats], Scored]:
    def find(x: Floats, y: Floats) -> Scored:
        forward, backward = exact_neighbours(x, y, DEFAULT_NEIGHBOURS)
        rows, columns, cosines = candidate_pairs(forward, backward)
        found = margins(cosines, forward.mean()[rows], backward.mean()[columns], kind)
        kept = mutual_best(rows, columns, found)
        return rows[kept], columns[kept], found[kept] / (level(found[kept]) if by_level else 1)

    return find


class Measure:
    """The vectors, and the languages' means that centring takes."""

    def __init__(self, folder: Path) -> None:
        self.vectors = Vectors(folder)
        self.reference = load_reference(SentenceTransformerEncoder("bundled")).stats

    def centre(self, x: Floats, code: str) -> Floats:
        return centred(x, [bcp47(code)] * len(x), self.reference)


def f1(found: Scored, gold: dict[int, int], threshold: float | None = None) -> tuple[float, float]:
    """Best F1 and its threshold; or F1 at a threshold."""
    rows, columns, scores = found
    right = np.array([gold.get(int(i)) == int(j) for i, j in zip(rows, columns, strict=True)])
    if threshold is not None:
        kept = scores >= threshold
        return 2 * float(right[kept].sum()) / (kept.sum() + len(gold)), threshold
    order = np.argsort(-scores)
    hits = np.cumsum(right[order])
    values = 2 * hits / (np.arange(1, len(order) + 1) + len(gold))
    best = int(values.argmax())
    return float(values[best]), float(scores[order][best])


def mining(measure: Measure) -> None:
    methods: dict[str, tuple[bool, Callable[[Floats, Floats], Scored]]] = {
        "cosine, mutual best": (False, by_cosine),
        "ratio margin": (False, by_margin("ratio", by_level=False)),
        "centred, cosine": (True, by_cosine),
        "centred, ratio margin": (True, by_margin("ratio", by_level=False)),
        "centred, ratio margin by level": (True, by_margin("ratio")),
        "centred, distance margin": (True, by_margin("distance", by_level=False)),
        "the same by level (xling)": (True, by_margin("distance")),
    }
    codes = (THRESHOLD_FROM, *MINED)
    found: dict[str, dict[str, tuple[Scored, dict[int, int]]]] = {name: {} for name in methods}
    english = ntrex_vectors(measure, "eng")
    for code in codes:
        other = ntrex_vectors(measure, code)
        a, b, gold = hidden(len(english))
        for name, (centre, method) in methods.items():
            x, y = english[a], other[b]
            if centre:
                x, y = measure.centre(x, "eng"), measure.centre(y, code)
            found[name][code] = (method(x, y), gold)
    print(f"\nNTREX, half of each side without partner: F1 at the threshold of eng-{THRESHOLD_FROM} (own best)")
    print(f"  {'':32}", *(f"{'eng-' + code:>16}" for code in MINED))
    for name, results in found.items():
        threshold = f1(*results[THRESHOLD_FROM])[1]
        cells = (f"{f1(*results[c], threshold)[0]:.3f} ({f1(*results[c])[0]:.3f})" for c in MINED)
        print(f"  {name:32}", *(f"{cell:>16}" for cell in cells), f"  threshold {threshold:.3f}")
    cells = (f"{f1(*results[c], DEFAULT_SCORE)[0]:.3f}" for c in MINED)
    print(f"  {'at the default of mine()':32}", *(f"{cell:>16}" for cell in cells), f"  threshold {DEFAULT_SCORE}")


def ntrex_vectors(measure: Measure, code: str) -> Floats:
    lines = (DATA / "ntrex" / f"{code}.txt").read_text("utf-8").removesuffix("\n").split("\n")
    return measure.vectors("p", f"ntrex.{code}", lines)


def hidden(n: int) -> tuple[np.ndarray, np.ndarray, dict[int, int]]:
    """Lines of the two sides, and which row of the second translates a row of the first."""
    draw = np.random.default_rng(7)
    lines = draw.permutation(n)
    both, first, second = lines[: n // 3], lines[n // 3 : 2 * n // 3], lines[2 * n // 3 :]
    a, b = draw.permutation(np.concatenate([both, first])), draw.permutation(np.concatenate([both, second]))
    place = {int(line): row for row, line in enumerate(b)}
    shared = {int(line) for line in both}
    return a, b, {row: place[int(line)] for row, line in enumerate(a) if int(line) in shared}


def accuracy(measure: Measure) -> None:
    codes = [code for code in tatoeba_codes(DATA / "tatoeba") if bcp47(code) in TATOEBA_XTREME]
    names = ("raw cosine", "centred", "centred, margin, k = 4", "centred, margin, k = 2")
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    ja = 0
    for i, code in enumerate(codes):
        ja = i if code == "jpn" else ja
        there, _ = tatoeba(DATA / "tatoeba", code)
        x = measure.vectors("p", f"tatoeba_{code}-eng.{code}", list(there.queries))
        y = measure.vectors("p", f"tatoeba_{code}-eng.eng", list(there.documents))
        plain, moved = x @ y.T, measure.centre(x, code) @ measure.centre(y, "eng").T
        for name, scores in zip(names, (plain, moved, margin(moved, 4), margin(moved, 2)), strict=True):
            right = np.arange(len(scores))
            found[name].append((float((scores.argmax(1) == right).mean()), float((scores.argmax(0) == right).mean())))
    print(f"\nTatoeba, document prompt on both sides: accuracy, mean of {len(codes)} languages")
    print(f"  {'':32} {'→en':>8} {'en→':>8} {'ja→en':>8}")
    for name, values in found.items():
        there, back = np.mean(values, axis=0)
        print(f"  {name:32} {there:8.3f} {back:8.3f} {values[ja][0]:8.3f}")


def margin(scores: np.ndarray, k: int) -> np.ndarray:
    around = np.sort(scores, 1)[:, -k:].mean(1)[:, None] + np.sort(scores, 0)[-k:].mean(0)[None, :]
    return scores / np.maximum(around / 2, 0.05)


TABLES: dict[str, Callable[[Measure], None]] = {"tatoeba": accuracy, "mining": mining}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="*", choices=[[], *TABLES], help="which; both if none is named")
    parser.add_argument("--vectors", type=Path, default=cache_dir() / "benchmarks", help="where vectors are kept")
    given = parser.parse_args(arguments)
    measure = Measure(given.vectors)
    for name in given.tables or TABLES:
        TABLES[name](measure)


if __name__ == "__main__":
    main()
