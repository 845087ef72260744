"""Is a second opinion on the best hits worth its time? XQuAD-R, and the same questions within their own language.

    python tests/benchmarks/reranking.py              # every hundredth question, some five minutes
    python tests/benchmarks/reranking.py --cross-encoder BAAI/bge-reranker-v2-m3 --cross-encoder /path/to/another

Each way orders the same candidates of a neutral search; what is below them stays there. Times are per query, for the
reranking alone, with nothing kept between queries, except "rescore", which needs the vectors of the hits only. "Own
language" is the MRR of the question's own-language sentence among those of its language. Cross-encoders are compared
where there are any.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from neutral import Vectors, encoder, stats_of, xquad_case

from xling.cache_dir import cache_dir
from xling.search.late_interaction import MaxSim
from xling.search.rerank import cross_encoder
from xling.search.rescore import rescore
from xling.space.neutral import blend_prompts, estimate_basis
from xling.space.reference import load_reference

TOP = 100
Way = Callable[[int, Sequence[int]], Any]


def average_precision(order: Sequence[int], relevant: set[int]) -> float:
    ranks = [rank for rank, document in enumerate(order, 1) if document in relevant]
    return sum(n / rank for n, rank in enumerate(ranks, 1)) / max(len(relevant), 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=100)
    parser.add_argument("--candidates", type=int, default=50)
    parser.add_argument("--cross-encoder", action="append", default=[])
    parser.add_argument("--vectors", type=Path, default=cache_dir() / "benchmarks")
    given = parser.parse_args()
    reference = load_reference(encoder())
    case, as_documents = xquad_case(Vectors(given.vectors), reference, given.every)
    langs = np.array(case.set.document_langs)
    basis = estimate_basis(stats_of(list(langs), case.documents), reference.stats)
    both = blend_prompts(case.queries, as_documents)
    asked = basis.project(both)
    texts = case.set.documents

    def model(reranker: Any) -> Way:
        return lambda row, rows: reranker(case.set.queries[row], [texts[i] for i in rows])

    def second_look(row: int, rows: Sequence[int]) -> Any:
        documents = case.documents[rows]
        scores, of = documents @ asked[row], list(langs[rows])
        return rescore(both[row], documents, scores, of, basis, spread=case.spread)

    ways: dict[str, Way] = {
        "none": lambda row, rows: case.documents[rows] @ asked[row],
        "`rescore=True`": second_look,
        "`maxsim`, tokens as they are": model(MaxSim(encoder())),
        "`maxsim`, tokens neutral": model(MaxSim(encoder(), basis)),
    }
    ways |= {f"cross-encoder {name}": model(cross_encoder(name)) for name in given.cross_encoder}
    precision: dict[str, list[float]] = {name: [] for name in ways}
    own: dict[str, list[float]] = {name: [] for name in ways}
    seconds = dict.fromkeys(ways, 0.0)
    for row in range(len(case.set.queries)):
        relevant = set(map(int, case.set.relevant[row]))
        scores = case.documents @ asked[row]
        everywhere = np.argsort(-scores)[:TOP]
        mine = np.flatnonzero(langs == case.set.query_langs[row])
        at_home = mine[np.argsort(-scores[mine])[:TOP]]
        for name, way in ways.items():
            for pool, results in ((everywhere, precision), (at_home, own)):
                started = time.perf_counter()
                head = pool[: given.candidates]
                new = np.asarray(way(row, head))
                seconds[name] += (time.perf_counter() - started) / 2
                order = [*head[np.argsort(-new, kind="stable")].tolist(), *pool[given.candidates :].tolist()]
                if results is precision:
                    results[name].append(average_precision(order, relevant))
                else:
                    first = next((rank for rank, document in enumerate(order, 1) if document in relevant), None)
                    results[name].append(1 / first if first else 0.0)
    n = len(case.set.queries)
    print(f"XQuAD-R: {n} questions, {len(texts)} sentences in 11 languages, {given.candidates} candidates\n")
    print("| reranking | mAP@100 | own language, MRR | ms a query |\n| --- | --- | --- | --- |")
    for name in ways:
        print(
            f"| {name} | {np.mean(precision[name]):.3f} | {np.mean(own[name]):.3f} | {seconds[name] * 1000 / n:.1f} |"
        )


if __name__ == "__main__":
    main()
