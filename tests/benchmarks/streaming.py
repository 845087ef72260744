"""Memory and speed of `add` and `sync` over a stream of any length, beside the store alone.

    python tests/benchmarks/streaming.py                # 1,000,000 documents (about fifteen minutes on two cores)
    python tests/benchmarks/streaming.py -n 100000

Documents come from a generator and go into an embedded collection; the encoder draws vectors of 384 dimensions and
costs next to nothing: what is seen is xling and Qdrant Edge. "store alone" writes points of the same vectors and
payloads by `EdgeStore.upsert` in batches of the same size. Each phase runs in a process of its own. Of memory the
anonymous part is shown (what the process holds) apart from pages of files, which the system may take back.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import xling
from xling.store.base import Point, Schema, VectorSpec
from xling.store.edge import EdgeStore
from xling.store.ids import collection_namespace, document_uuid
from xling.store.layout import OWN_INDEXES
from xling.store.points import StoredDocument, payload_of

DIMENSION, BATCH = 384, 512


class DrawingEncoder:
    """Vectors at random, of unit length."""

    name, dimension, max_tokens = "drawing", DIMENSION, 512

    def __init__(self) -> None:
        self._rng = np.random.default_rng(0)

    @property
    def identity(self) -> dict[str, str | int]:
        return {"name": self.name}

    def encode_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = self._rng.standard_normal((len(texts), DIMENSION), np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    encode_queries = encode_documents


def documents(n: int) -> Iterator[dict[str, Any]]:
    for i in range(n):
        text = f"Document number {i} says something that is about as long as a sentence of a text."
        yield {"id": i, "text": text, "lang": "en", "metadata": {"year": 1970 + i % 50}}


class Watch:
    """Notes the memory as documents are done."""

    def __init__(self, n: int) -> None:
        self._steps = [n * k // 5 for k in range(6)]
        self._started = time.perf_counter()
        self.rows: list[dict[str, float]] = []
        self(0)

    def __call__(self, done: int) -> None:
        while self._steps and done >= self._steps[0]:
            lines = (line.split() for line in Path("/proc/self/status").read_text("utf-8").splitlines())
            memory = {name: int(rest[0]) / 1024 for name, *rest in lines if rest and rest[-1] == "kB"}
            seconds = time.perf_counter() - self._started
            self.rows.append(
                {"done": self._steps.pop(0), "s": seconds, "own": memory["RssAnon:"], "files": memory["RssFile:"]}
            )


def add(folder: Path, n: int) -> list[dict[str, float]]:
    return _by_xling(folder, n, lambda docs, rows, tell: docs.add(rows, progress=tell))


def sync(folder: Path, n: int) -> list[dict[str, float]]:
    """All of it once more: everything is unchanged."""
    return _by_xling(folder, n, lambda docs, rows, tell: docs.sync(rows, source="feed", progress=tell))


def _by_xling(folder: Path, n: int, write: Callable[..., xling.Report]) -> list[dict[str, float]]:
    with xling.open("docs", path=folder, model=DrawingEncoder(), cache=False) as docs:
        watch = Watch(n)
        rows = ({**row, "source": "feed"} for row in documents(n))
        report = write(docs, rows, lambda progress: watch(progress.done))
        if report.total != n or docs.count() != n:
            raise SystemExit(f"{report}, {docs.count()} of {n}")
    return watch.rows


def alone(folder: Path, n: int) -> list[dict[str, float]]:
    store, namespace = EdgeStore(folder, "alone"), collection_namespace("alone")
    store.create(Schema((VectorSpec("", DIMENSION),), OWN_INDEXES), {})
    encoder, watch, batch = DrawingEncoder(), Watch(n), []
    for done, row in enumerate(documents(n), 1):
        uuid = document_uuid(namespace, row["id"], source=None, text=row["text"])
        batch.append(StoredDocument(uuid, row["text"], row["id"], "en", row["metadata"], "feed"))
        if len(batch) == BATCH or done == n:
            vectors = encoder.encode_documents([d.text for d in batch])
            points = [
                Point(d.uuid, vector, payload_of(d, 0, 1, 0, len(d.text)))
                for d, vector in zip(batch, vectors, strict=True)
            ]
            store.upsert(points, vector_name="")
            watch(done)
            batch = []
    store.close()
    return watch.rows


PHASES = {"store alone": alone, "add": add, "sync, nothing changed": sync}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=1_000_000)
    parser.add_argument("--phase", choices=list(PHASES), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.phase:
        print(json.dumps(PHASES[args.phase](args.folder, args.n)))
        return
    print("| | documents | s | documents/s | own memory, MB | growth | pages of files, MB |")
    print("| --- |" + " --- |" * 6)
    with tempfile.TemporaryDirectory() as folder:
        for phase in PHASES:
            command = [sys.executable, __file__, "-n", str(args.n), "--phase", phase, "--folder", folder]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            rows = json.loads(done.stdout.splitlines()[-1])
            for row in rows:
                rate = row["done"] / row["s"] if row["done"] else 0
                growth = row["own"] - rows[0]["own"]
                cells = f"{row['done']:,} | {row['s']:.0f} | {rate:,.0f} | {row['own']:.0f} | {growth:+.0f}"
                print(f"| {phase} | {cells} | {row['files']:.0f} |", flush=True)


if __name__ == "__main__":
    main()
