"""The embedded store against qdrant-client's local mode: writing, searching, reopening.

    python tests/benchmarks/stores.py [--n 50000] [--dimension 384] [--queries 100] [--optimize]

Random unit vectors; the filter selects one point in ten. Prints a table; both stores run on the same machine, one
after the other. With `--optimize` the embedded store also builds its approximate index, and is measured again.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from xling.store import Point, Schema, Store, VectorSpec
from xling.store.filters import where_to_filter

FILTER = where_to_filter(languages=["ja"])
BATCH = 1000


@contextmanager
def edge(directory: Path) -> Iterator[Store]:
    from xling.store.edge import EdgeStore

    store = EdgeStore(directory, "bench")
    yield store
    store.close()


@contextmanager
def local(directory: Path) -> Iterator[Store]:
    import warnings

    from qdrant_client import QdrantClient

    from xling.store.server import ServerStore

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # local mode advises against collections of this size
        client = QdrantClient(path=str(directory / "local"))
        yield ServerStore("bench", client=client)
        client.close()


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def query_ms(store: Store, queries: np.ndarray, filter: dict | None, *, exact: bool = False) -> float:
    def run() -> None:
        for query in queries:
            store.query(query[None], vector_name="", filters=[filter], limit=10, exact=exact)

    run_once = queries[:1]
    store.query(run_once, vector_name="", filters=[filter], limit=10)
    return seconds(run) / len(queries) * 1000


def measure(opener: Callable[[Path], Iterator[Store]], vectors: np.ndarray, queries: np.ndarray) -> dict[str, float]:
    n, dimension = vectors.shape
    points = [
        Point(
            str(uuid.UUID(int=i + 1)),
            vectors[i],
            {"text": f"text number {i}", "langs": ["ja" if i % 10 == 0 else "en"]},
        )
        for i in range(n)
    ]
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as directory:
        with opener(Path(directory)) as store:
            store.create(Schema((VectorSpec("", dimension),), {"langs": "keyword"}), {"made": "by a benchmark"})

            def write() -> None:
                for start in range(0, n, BATCH):
                    store.upsert(points[start : start + BATCH], vector_name="")

            figures["upsert, points/s"] = n / seconds(write)
            figures["query, ms"] = query_ms(store, queries, None)
            figures["filtered query, ms"] = query_ms(store, queries, FILTER)
            many = seconds(lambda: store.query(queries, vector_name="", filters=[None] * len(queries), limit=10))
            figures["query in a batch, ms"] = many / len(queries) * 1000
        start = time.perf_counter()
        with opener(Path(directory)) as store:
            assert store.count() == n
            figures["reopen and count, s"] = time.perf_counter() - start
    return figures


def measure_index(vectors: np.ndarray, queries: np.ndarray) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as directory, edge(Path(directory)) as store:
        store.create(Schema((VectorSpec("", vectors.shape[1]),), {"langs": "keyword"}), {})
        for start in range(0, len(vectors), BATCH):
            part = range(start, min(start + BATCH, len(vectors)))
            store.upsert(
                [Point(i, vectors[i], {"langs": ["ja" if i % 10 == 0 else "en"]}) for i in part], vector_name=""
            )
        exact = store.query(queries, vector_name="", filters=[None] * len(queries), limit=10, exact=True)
        figures = {"optimize, s": seconds(store.optimize)}  # type: ignore[attr-defined]
        figures["query, ms"] = query_ms(store, queries, None)
        figures["filtered query, ms"] = query_ms(store, queries, FILTER)
        found = store.query(queries, vector_name="", filters=[None] * len(queries), limit=10)
        same = [len({r.id for r in a} & {r.id for r in b}) / len(a) for a, b in zip(exact, found, strict=True)]
        figures["recall@10 (random vectors, the hard case)"] = float(np.mean(same))
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=50_000, help="points")
    parser.add_argument("--dimension", type=int, default=384)
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--optimize", action="store_true", help="also build the approximate index (minutes)")
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((args.n, args.dimension)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    queries = rng.standard_normal((args.queries, args.dimension)).astype(np.float32)
    embedded, in_python = measure(edge, vectors, queries), measure(local, vectors, queries)
    print(f"{args.n:,} points × {args.dimension}, {args.queries} queries\n")
    print(f"{'':24}{'Qdrant Edge':>14}{'local mode':>14}{'times better':>14}")
    for name, mine in embedded.items():
        other = in_python[name]
        ratio = mine / other if name.endswith("/s") else other / mine
        print(f"{name:24}{mine:14,.2f}{other:14,.2f}{ratio:14,.1f}")
    if args.optimize:
        print("\nQdrant Edge with its approximate index")
        for name, figure in measure_index(vectors, queries).items():
            print(f"{name:44}{figure:10,.3f}")


if __name__ == "__main__":
    main()
