"""What graphs of one shape are worth to a query run by OpenVINO: the same export with and without them, in turns.

    python tests/benchmarks/shapes.py [--data ../shared/data] [--queries 60] [--rounds 5] [--threads 2]

Queries are beginnings of lines of NTREX in ten languages, encoded with both prompts as a neutral search needs it.
Processor is what all threads used together, which other work on the machine changes least; of each query the round
that was quickest counts, and the table has the mean of these.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import numpy as np
from runtimes import lines

from xling.space.sentence_transformer import SentenceTransformerEncoder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--queries", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = str(options.threads)
    with_them = SentenceTransformerEncoder("bundled", runtime="openvino")
    without = SentenceTransformerEncoder("bundled", runtime="openvino")
    queries = [text[:60] for text in dict.fromkeys(lines(options.data, options.queries))][: options.queries]
    for encoder in (with_them, without):
        encoder.encode_queries(queries[:3])
    engine = without._find_light()._loaded()  # type: ignore[union-attr]
    engine._of_one_shape = set()  # type: ignore[attr-defined]
    encoders = {"for any shape": without, "for one shape each": with_them}
    taken = {name: np.full((2, len(queries)), np.inf) for name in encoders}
    cosines = []
    for lap in range(options.rounds + 1):  # the first loads and makes what is made once
        for i, query in enumerate(queries):
            vectors = []
            for name, encoder in encoders.items():
                start = time.perf_counter(), time.process_time()
                vectors.append(np.concatenate(encoder.encode_both([query], [query])))
                spent = np.array([time.perf_counter() - start[0], time.process_time() - start[1]])
                if lap:
                    taken[name][:, i] = np.minimum(taken[name][:, i], 1000 * spent)
            cosines.append((vectors[0] * vectors[1]).sum(axis=1).min())
    print(f"{len(queries)} queries, {options.threads} threads, lowest cosine between the two {min(cosines):.6f}\n")
    print("| graph | time | processor |\n| --- | --- | --- |")
    for name, (wall, processor) in taken.items():
        print(f"| {name} | {wall.mean():.1f} ms | {processor.mean():.1f} ms |")


if __name__ == "__main__":
    main()
