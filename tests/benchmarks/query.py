"""A hot query end to end: encoding, taking the language out, searching Qdrant Edge.

python tests/benchmarks/query.py [--data ../shared/data] [--documents 50000] [--queries 200] [--threads 2]
    [--runtime onnx-int8] [--optimize]

Queries are beginnings of lines of NTREX in ten languages, each asked once. Documents are the other lines, and then
the same with noise added to their vectors, until there are enough: how long Qdrant searches depends on how many there
are, not on what they say. No search asks what another has asked, since vectors of queries are kept. Encoding alone is
measured between the searches, so that a noisy minute of the machine falls on both. What is asked again has its vectors
at hand: that is a search without its encoding, as it is, and just after a document was added. Processor is the time
that this process took on both cores, which other work on the machine changes less.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import get_args

import numpy as np
from runtimes import lines

import xling
from xling.space.devices import Runtime
from xling.space.protocols import Vectors
from xling.space.sentence_transformer import SentenceTransformerEncoder

LINES = 500
BATCH = 32
NOISE = 0.02  # of a component; a unit vector of 384 has components of 0.05


class NoisyCopies:
    """The model, but a document that ends in `#n` is text n, with noise: encoding it takes no time."""

    def __init__(self, encoder: SentenceTransformerEncoder, texts: Sequence[str]) -> None:
        self.name, self.dimension, self.max_tokens = encoder.name, encoder.dimension, encoder.max_tokens
        self.identity = encoder.identity
        self.encode_queries, self.encode_both = encoder.encode_queries, encoder.encode_both
        self._rows = encoder.encode_documents(texts)
        self._random = np.random.default_rng(0)

    def encode_documents(self, texts: Sequence[str]) -> Vectors:
        vectors = self._rows[[int(text.rpartition("#")[2]) % len(self._rows) for text in texts]]
        vectors += self._random.normal(0, NOISE, vectors.shape).astype(np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


Times = list[tuple[float, float]]
"""Milliseconds by the clock, and of the processor."""


def milliseconds(call: Callable[[], object]) -> tuple[float, float]:
    start, used = time.perf_counter(), time.process_time()
    call()
    return 1000 * (time.perf_counter() - start), 1000 * (time.process_time() - used)


def measure(collection: xling.Collection, encoder: SentenceTransformerEncoder, queries: list[str]) -> None:
    names = ("encoding, both prompts", "search, neutral", "search, neutral=0", "search, again", "search after an add")
    taken: dict[str, Times] = {name: [] for name in names}
    for i, query in enumerate(queries):
        taken["encoding, both prompts"].append(milliseconds(lambda q=query: encoder.encode_both([q], [q])))
        taken["search, neutral"].append(milliseconds(lambda q=query: collection.search(q)))
        taken["search, neutral=0"].append(milliseconds(lambda q=query: collection.search(q + "!", neutral=0)))
        taken["search, again"].append(milliseconds(lambda q=query: collection.search(q)))
        collection.add(f"#{i}", ids=[f"new {i}"], langs="en")
        taken["search after an add"].append(milliseconds(lambda q=query: collection.search(q)))
    batches = [queries[start : start + BATCH] for start in range(0, len(queries) - BATCH + 1, BATCH)]
    many = f"search_many, of {BATCH}, per query"
    pairs = [milliseconds(lambda b=batch: collection.search_many([q + "?" for q in b])) for batch in batches]
    if pairs:
        taken[many] = [(clock / BATCH, used / BATCH) for clock, used in pairs]
    print("| what | p50 | p99 | processor |\n| --- | --- | --- | --- |")
    for name, times in taken.items():
        clock, used = zip(*times, strict=True)
        p50, processor = statistics.median(clock), statistics.median(used)
        print(f"| {name} | {p50:.1f} ms | {np.quantile(clock, 0.99):.1f} ms | {processor:.1f} ms |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--documents", type=int, default=50_000)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runtime", choices=get_args(Runtime), default="auto")
    parser.add_argument("--optimize", action="store_true", help="build the index first; without it a search is exact")
    options = parser.parse_args()
    os.environ.update(OMP_NUM_THREADS=str(options.threads), XLING_CACHE="0")
    encoder = SentenceTransformerEncoder("bundled", device="cpu", runtime=options.runtime)
    texts = list(dict.fromkeys(lines(options.data, LINES + options.queries)))
    queries, texts = [text[:60] for text in texts[: options.queries]], [text[:120] for text in texts[options.queries :]]
    with tempfile.TemporaryDirectory() as place:
        model = NoisyCopies(encoder, texts)
        with xling.open("queries", path=place, model=model) as collection:
            collection.add((f"{texts[n % len(texts)]}#{n}" for n in range(options.documents)), optimize=False)
            if options.optimize:
                collection.optimize()
            for query in queries[:10]:
                collection.search(query)  # the first loads what is loaded once
            print(
                f"{options.documents} documents, {len(queries)} queries, {options.threads} threads, "
                f"{'with' if options.optimize else 'without'} an index\n"
            )
            measure(collection, encoder, queries)


if __name__ == "__main__":
    main()
