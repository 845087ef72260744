"""How sure two passages must be to pass for translations of each other when `retrieve` groups them.

    python tests/benchmarks/grouping.py [--first 1000]

Consecutive sentences of NTREX in ten languages. Each sentence looks for its 20 nearest of other languages, by neutral
search; of those pairs it is asked whether they are one sentence in two languages, by the confidence of their neutral
similarity. The threshold was chosen on lines 0 to 119; what is reported is to come from other lines.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from xling.search.near import similarities
from xling.space import SharedSpace
from xling.space.neutral import estimate_basis
from xling.space.reference import load_reference
from xling.space.resolve import load_encoder

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "ntrex"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--first", type=int, default=1000)
    parser.add_argument("-n", type=int, default=100)
    parser.add_argument("--near", type=int, default=20)
    args = parser.parse_args()
    encoder = load_encoder("bundled")
    reference = load_reference(encoder)
    basis, calibration = estimate_basis(None, reference.stats), reference.calibration
    assert calibration is not None
    texts, langs, lines = [], [], []
    for file in sorted(DATA.glob("*.txt")):
        for i, text in enumerate(file.read_text("utf-8").splitlines()[args.first : args.first + args.n]):
            texts.append(text)
            langs.append(file.stem)
            lines.append(i)
    vectors = SharedSpace(encoder).documents(texts)
    names, numbers = np.array(langs), np.array(lines)
    confidence = calibration.confidence(similarities(vectors, basis), 1.0)
    confidence[names[:, None] == names[None, :]] = -1
    near = np.argsort(-confidence, axis=1)[:, : args.near]
    found = np.take_along_axis(confidence, near, axis=1)
    right = numbers[near] == numbers[:, None]
    print(
        f"{len(texts)} sentences of lines {args.first} to {args.first + args.n - 1}; {right.sum()} translations found\n"
    )
    print("threshold  precision  recall")
    for threshold in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95):
        taken = found >= threshold
        precision = (right & taken).sum() / max(taken.sum(), 1)
        print(f"{threshold:9.2f}{precision:11.3f}{(right & taken).sum() / right.sum():8.3f}")


if __name__ == "__main__":
    main()
