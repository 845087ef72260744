"""Which prompt a lookup in a translation memory should give its question: that of queries, of documents, or both.

python tests/benchmarks/memory_prompts.py [--vectors FOLDER]

The memory holds NTREX's lines in two languages; questions are its first lines in the other eight, to which the line is
the right answer. `sure` is the share of right units with a confidence of 0.5 and more, `wrong` that of the best wrong
one.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from hybrid import NTREX_CODES
from neutral import DATA, Vectors, encoder

from xling.cache_dir import cache_dir
from xling.evaluate.sets import bcp47, ntrex
from xling.space.neutral import blend_prompts, estimate_basis
from xling.space.reference import load_reference
from xling.space.stats import LanguageStats

PAIRS = (("eng", "fra"), ("eng", "jpn"), ("deu", "rus"))
QUESTIONS = 200


def read(code: str) -> list[str]:
    return (DATA / "ntrex" / f"{code}.txt").read_text("utf-8").splitlines()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vectors", type=Path, default=cache_dir() / "benchmarks")
    given = parser.parse_args()
    vectors, reference = Vectors(given.vectors), load_reference(encoder())
    questions = ntrex(DATA / "ntrex", NTREX_CODES, range(QUESTIONS))
    q, p = (
        vectors(side, "ntrex_10langs_0-200", list(questions.queries)).reshape(len(NTREX_CODES), QUESTIONS, -1)
        for side in "qp"
    )
    prompts = {"both": lambda at: blend_prompts(q[at], p[at]), "query": q.__getitem__, "document": p.__getitem__}
    print("| memory | prompt | right unit first | sure | wrong |\n| --- | --- | --- | --- | --- |")
    for pair in PAIRS:
        sides = [vectors("p", f"ntrex.{code}", read(code)) for code in pair]
        stats = LanguageStats(sides[0].shape[1])
        for code, rows in zip(pair, sides, strict=True):
            stats.add([bcp47(code)] * len(rows), rows)
        basis = estimate_basis(stats, reference.stats)
        for name, of in prompts.items():
            first, sure, wrong = [], [], []
            for at in (at for at, code in enumerate(NTREX_CODES) if code not in pair):
                rows = of(at)
                scores = np.maximum(*(basis.project(rows) @ side.T for side in sides))
                right = np.arange(len(rows))
                first += list(scores.argmax(axis=1) == right)
                scale = reference.calibration.scale(1.0)
                sure += [scale.confidence(float(x)) >= 0.5 for x in scores[right, right]]
                scores[right, right] = -1
                wrong += [scale.confidence(float(x)) >= 0.5 for x in scores.max(axis=1)]
            print(
                f"| {' and '.join(pair)} | {name} | {np.mean(first):.3f} | {np.mean(sure):.3f} | {np.mean(wrong):.3f} |"
            )


if __name__ == "__main__":
    main()
