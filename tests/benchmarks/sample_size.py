"""What a smaller reference sample costs: models that are paid by the token are measured with a part of it.

    python tests/benchmarks/sample_size.py      # encodes what is not in the cache yet (some 6 minutes)

NTREX, 200 lines in ten languages, find the nine translations; the basis comes from the sample alone, as in a collection
that is new. The calibration's four numbers beside it. The bundled model.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from hybrid import NTREX_CODES
from neutral import DATA, Floats, Vectors

from xling.cache_dir import cache_dir
from xling.evaluate.measure import evaluate_scores
from xling.evaluate.sets import ntrex
from xling.space import reference
from xling.space.neutral import blend_prompts, estimate_basis

SIZES = [100, 50, 25, 12, 6]


class Known:
    """The bundled model, of whose sample all vectors are at hand; measured with a part of it."""

    name, address = "known", "nowhere"
    identity = {"name": "known"}  # noqa: RUF012

    def __init__(self, per_language: int, queries: dict[str, Floats], documents: dict[str, Floats]) -> None:
        self.reference_sentences = per_language
        self._queries, self._documents = queries, documents
        self.dimension, self.max_tokens = len(next(iter(documents.values()))), 512

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text) for text in texts]

    def encode_documents(self, texts: Sequence[str]) -> Floats:
        return np.stack([self._documents[text] for text in texts])

    def encode_queries(self, texts: Sequence[str]) -> Floats:
        return np.stack([self._queries[text] for text in texts])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vectors", type=Path, default=cache_dir() / "benchmarks")
    parser.add_argument("--data", type=Path, default=DATA)
    given = parser.parse_args()
    vectors = Vectors(given.vectors)
    sample = reference.reference_sample()
    keyed = [s.text for s in sample if s.key]
    queries = dict(zip(keyed, vectors("q", "reference_sample_keyed", keyed), strict=True))
    texts = [s.text for s in sample]
    documents = dict(zip(texts, vectors("p", "reference_sample", texts), strict=True))
    case = ntrex(given.data / "ntrex", NTREX_CODES, range(200))
    q, p = (vectors(side, "ntrex_10langs_0-200", list(case.queries)) for side in "qp")
    print("| sentences a language | sent | mAP@100 | random texts, raw | translations, raw | neutral | neutral |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for size in [0, *SIZES]:
        encoder = Known(size, queries, documents)
        part = len(reference.part_of_sample(size)) if size else 0
        sent = part + min(part // 4, reference.CALIBRATION_QUERIES)
        found = reference.compute_reference(encoder) if size else None
        asked = q if found is None else estimate_basis(None, found.stats).project(blend_prompts(q, p))
        result = evaluate_scores(case, lambda rows, asked=asked: asked[rows] @ p.T)
        numbers = ["", "", "", ""]
        if found is not None and found.calibration is not None:
            scales = (found.calibration.raw, found.calibration.neutral)
            numbers = [f"{x:.3f}" for scale in scales for x in (scale.background, scale.translation)]
        print(f"| {size or 'none: raw'} | {sent} | {result.map:.3f} | {' | '.join(numbers)} |", flush=True)


if __name__ == "__main__":
    main()
