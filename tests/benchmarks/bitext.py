"""Finding translations, measured: Tatoeba with margin, and mining among sentences of which half have no partner.

    python tests/benchmarks/bitext.py              # all; encodes once (about 25 minutes on 2 cores)
    python tests/benchmarks/bitext.py mining       # NTREX-128: eng with jpn, deu, zho-CN, arb
    python tests/benchmarks/bitext.py choosing     # the settings that were tried, on other pairs
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
from xling.space.margin import (
    LENGTH_WEIGHT,
    Margin,
    candidate_pairs,
    centred,
    length_penalties,
    level,
    margins,
    mutual_best,
)
from xling.space.neighbours import exact_neighbours
from xling.space.reference import load_reference
from xling.space.sentence_transformer import SentenceTransformerEncoder
from xling.translate.mining import DEFAULT_NEIGHBOURS, DEFAULT_SCORE

MINED = ("jpn", "deu", "zho-CN", "arb")
THRESHOLD_FROM = "fra"
CHOSEN_ON = ("fra", "rus", "kor", "tha", "hin")
DRAWS = (1, 2, 3)
Lengths = tuple[np.ndarray, np.ndarray]
"""Characters of each text of the two sides."""

Scored = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Source rows, target rows and scores of pairs that are the best of both their sides."""

Method = Callable[[Floats, Floats, Lengths], Scored]


def by_cosine(x: Floats, y: Floats, _: Lengths) -> Scored:
    forward, backward = exact_neighbours(x, y, 1)
    rows, columns, cosines = candidate_pairs(forward, backward)
    kept = mutual_best(rows, columns, cosines.astype(np.float64))
    return rows[kept], columns[kept], cosines[kept]


def by_margin(
    kind: Margin, *, by_level: bool = True, neighbours: int = DEFAULT_NEIGHBOURS
) -> Callable[[Floats, Floats, Lengths], Scored]:
    def find(x: Floats, y: Floats, _: Lengths) -> Scored:
        forward, backward = exact_neighbours(x, y, neighbours)
        rows, columns, cosines = candidate_pairs(forward, backward)
        found = margins(cosines, forward.mean()[rows], backward.mean()[columns], kind)
        kept = mutual_best(rows, columns, found)
        return rows[kept], columns[kept], found[kept] / (level(found[kept]) if by_level else 1)

    return find


def by_length(weight: float = LENGTH_WEIGHT) -> Callable[[Floats, Floats, Lengths], Scored]:
    """As `mine` does it: the distance by its level, less what lengths that do not go together cost."""

    def find(x: Floats, y: Floats, lengths: Lengths) -> Scored:
        forward, backward = exact_neighbours(x, y, DEFAULT_NEIGHBOURS)
        rows, columns, cosines = candidate_pairs(forward, backward)
        found = margins(cosines, forward.mean()[rows], backward.mean()[columns])
        kept = mutual_best(rows, columns, found)
        lost = length_penalties(lengths[0][rows], lengths[1][columns], found, kept)
        scores = found / level(found[kept]) - lost * (weight / LENGTH_WEIGHT)
        kept = mutual_best(rows, columns, scores)
        return rows[kept], columns[kept], scores[kept]

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
    methods: dict[str, tuple[bool, Callable[[Floats, Floats, Lengths], Scored]]] = {
        "cosine, mutual best": (False, by_cosine),
        "ratio margin": (False, by_margin("ratio", by_level=False)),
        "centred, cosine": (True, by_cosine),
        "centred, ratio margin": (True, by_margin("ratio", by_level=False)),
        "centred, ratio margin by level": (True, by_margin("ratio")),
        "centred, distance margin": (True, by_margin("distance", by_level=False)),
        "the same by level": (True, by_margin("distance")),
        "and lengths (mine)": (True, by_length()),
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
            found[name][code] = (method(x, y, lengths(code, a, b)), gold)
    print(f"\nNTREX, half of each side without partner: F1 at the threshold of eng-{THRESHOLD_FROM} (own best)")
    print(f"  {'':32}", *(f"{'eng-' + code:>16}" for code in MINED))
    for name, results in found.items():
        threshold = f1(*results[THRESHOLD_FROM])[1]
        cells = (f"{f1(*results[c], threshold)[0]:.3f} ({f1(*results[c])[0]:.3f})" for c in MINED)
        print(f"  {name:32}", *(f"{cell:>16}" for cell in cells), f"  threshold {threshold:.3f}")
    cells = (f"{f1(*results[c], DEFAULT_SCORE)[0]:.3f}" for c in MINED)
    print(f"  {'mine() at its default':32}", *(f"{cell:>16}" for cell in cells), f"  threshold {DEFAULT_SCORE}")


def choosing(measure: Measure) -> None:
    """How settings are chosen: mean F1 of other pairs and several draws, each setting at its best common threshold."""
    tried: dict[str, Callable[[Floats, Floats, Lengths], Scored]] = {
        **{f"k = {k}": by_margin("distance", neighbours=k) for k in (2, 3, DEFAULT_NEIGHBOURS, 6, 8, 16)},
        "ratio": by_margin("ratio"),
        **{f"lengths, weight {w}": by_length(w) for w in (0.005, 0.01, LENGTH_WEIGHT, 0.02, 0.03, 0.05)},
    }
    english = ntrex_vectors(measure, "eng")
    thresholds = np.arange(0.1, 0.8, 0.02)
    print(f"\nNTREX, eng with {', '.join(CHOSEN_ON)}, {len(DRAWS)} draws: mean F1 at the best threshold for all")
    print(f"  {'':24}", *(f"{'eng-' + code:>9}" for code in CHOSEN_ON), f"{'mean':>9}  threshold")
    for name, method in tried.items():
        values = np.zeros((len(CHOSEN_ON), len(thresholds)))
        for row, code in enumerate(CHOSEN_ON):
            other = ntrex_vectors(measure, code)
            for seed in DRAWS:
                a, b, gold = hidden(len(english), seed)
                found = method(measure.centre(english[a], "eng"), measure.centre(other[b], code), lengths(code, a, b))
                values[row] += [f1(found, gold, float(t))[0] / len(DRAWS) for t in thresholds]
        at = int(values.mean(axis=0).argmax())
        cells = (f"{value:9.3f}" for value in (*values[:, at], values[:, at].mean()))
        print(f"  {name:24}", *cells, f" {thresholds[at]:.2f}", flush=True)
    for threshold in (DEFAULT_SCORE, None):
        values = np.zeros(len(CHOSEN_ON))
        for row, code in enumerate(CHOSEN_ON):
            other = ntrex_vectors(measure, code)
            for seed in DRAWS:
                a, b, gold = hidden(len(english), seed, both_sides=0.1)
                x, y = measure.centre(english[a], "eng"), measure.centre(other[b], code)
                values[row] += f1(by_length()(x, y, lengths(code, a, b)), gold, threshold)[0] / len(DRAWS)
        name = "own best" if threshold is None else f"threshold {threshold}"
        print(f"  {'a tenth, ' + name:24}", *(f"{value:9.3f}" for value in (*values, values.mean())), flush=True)


def lengths(code: str, a: np.ndarray, b: np.ndarray) -> Lengths:
    source, target = (np.array([len(line) for line in ntrex_lines(c)], np.float64) for c in ("eng", code))
    return source[a], target[b]


def ntrex_vectors(measure: Measure, code: str) -> Floats:
    return measure.vectors("p", f"ntrex.{code}", ntrex_lines(code))


def ntrex_lines(code: str) -> list[str]:
    return (DATA / "ntrex" / f"{code}.txt").read_text("utf-8").removesuffix("\n").split("\n")


def hidden(n: int, seed: int = 7, both_sides: float = 1 / 3) -> tuple[np.ndarray, np.ndarray, dict[int, int]]:
    """Lines of the two sides, and which row of the second translates a row of the first."""
    draw = np.random.default_rng(seed)
    lines = draw.permutation(n)
    shared_lines, alone = int(n * both_sides), int(n * (1 + both_sides) / 2)
    both, first, second = lines[:shared_lines], lines[shared_lines:alone], lines[alone:]
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


TABLES: dict[str, Callable[[Measure], None]] = {"tatoeba": accuracy, "mining": mining, "choosing": choosing}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="*", choices=[[], *TABLES], help="which; all if none is named")
    parser.add_argument("--vectors", type=Path, default=cache_dir() / "benchmarks", help="where vectors are kept")
    given = parser.parse_args(arguments)
    measure = Measure(given.vectors)
    for name in given.tables or TABLES:
        TABLES[name](measure)


if __name__ == "__main__":
    main()
