"""What sparse vectors of terms find and cost.

    python tests/benchmarks/lexical.py

How many of the short queries of `tests/lexical_pairs.py` find their document, and before all others (Qdrant Edge, idf
modifier); and the time that terms of Tatoeba's sentences take beside the dense vectors of the bundled model. Only
encoding is timed, not what Qdrant does with the vectors.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import qdrant_edge as qe

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.lexical_pairs import PAIRS
from xling.space.resolve import load_encoder
from xling.space.sparse import SparseVector, encode_document, encode_query

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "tatoeba"
BATCH = 256


def as_edge(vector: SparseVector) -> qe.SparseVector:
    return qe.SparseVector(vector.indices.tolist(), vector.values.tolist())


def pairs_found() -> tuple[int, int]:
    """Queries whose document comes first with a score above all others, and queries whose document is found at all."""
    config = qe.EdgeConfig(sparse_vectors={"lexical": qe.EdgeSparseVectorParams(modifier=qe.Modifier.Idf)})
    with tempfile.TemporaryDirectory() as directory:
        shard = qe.EdgeShard.create(directory, config)
        points = [qe.Point(i, {"lexical": as_edge(encode_document(text))}, {}) for i, (_, text) in enumerate(PAIRS)]
        shard.update(qe.UpdateOperation.upsert_points(points))
        first = found = 0
        for i, (text, _) in enumerate(PAIRS):
            query = qe.Query.Nearest(as_edge(encode_query(text)), using="lexical")
            scores = {int(p.id): p.score for p in shard.query(qe.QueryRequest(limit=len(PAIRS), query=query))}
            right = scores.pop(i, None)
            found += right is not None
            first += right is not None and right > max(scores.values(), default=0.0)
        shard.close()
    return first, found


def encoding_cost(texts: Sequence[str]) -> tuple[float, float]:
    """Seconds that terms and dense vectors take. Batches alternate, so that what else the machine does hits both."""
    encoder = load_encoder("bundled")
    encoder.encode_documents(texts[:BATCH])
    terms = dense = 0.0
    for at in range(0, len(texts), BATCH):
        batch = texts[at : at + BATCH]
        start = time.perf_counter()
        for text in batch:
            encode_document(text)
        between = time.perf_counter()
        encoder.encode_documents(batch)
        terms, dense = terms + between - start, dense + time.perf_counter() - between
    return terms, dense


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=1024, help="texts")
    n = parser.parse_args().n
    first, found = pairs_found()
    print(f"{len(PAIRS)} pairs: {found} documents found, {first} before all others")
    files = sorted(DATA.glob("tatoeba.*-eng.*"))
    lines = itertools.chain.from_iterable(zip(*(f.read_text("utf-8").splitlines()[:100] for f in files), strict=False))
    texts = list(dict.fromkeys(lines))[:n]
    terms, dense = encoding_cost(texts)
    each = 1000 / len(texts)
    print(f"{len(texts):,} sentences: terms {each * terms:.3f} ms, dense {each * dense:.3f} ms a text")
    print(f"terms take {100 * terms / dense:.2f} % of the time of the dense vectors")


if __name__ == "__main__":
    main()
