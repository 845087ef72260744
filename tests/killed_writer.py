"""A program that is killed while it writes: `python -m tests.killed_writer DIRECTORY SEED VERB`.

It writes documents with an encoder that costs nothing and notes in `encoded.log` what it encoded, and in `acked.log`
what `progress` said was done.
"""

from __future__ import annotations

import hashlib
import os
import random
import sys
import time
from pathlib import Path

import numpy as np

import xling

DOCUMENTS, BATCH = 240, 8


class HashEncoder:
    """Vectors drawn from a hash of the text; each text encoded is written to a log first."""

    name, dimension, max_tokens = "hash", 16, 64
    identity = {"name": "hash"}  # noqa: RUF012

    def __init__(self, log: Path | None = None, seconds: float = 0.0) -> None:
        self._log = log.open("a", buffering=1) if log is not None else None
        self._seconds = seconds

    def encode_documents(self, texts):
        time.sleep(self._seconds * len(texts))
        vectors = np.stack([self._vector(text) for text in texts])
        if self._log is not None:
            self._log.write("".join(f"{text}\n" for text in texts))
        return vectors

    encode_queries = encode_documents

    def _vector(self, text):
        seed = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
        vector = np.random.default_rng(seed).standard_normal(self.dimension).astype(np.float32)
        return vector / np.linalg.norm(vector)


def documents(version: int) -> list[dict[str, object]]:
    """What the source holds: short documents and long ones of several chunks, some of which change between versions."""
    draw = random.Random(7)
    rows = []
    for i in range(DOCUMENTS):
        length, changes, goes = draw.choice([1, 1, 1, 4, 9]), draw.random() < 0.3, draw.random() < 0.1
        if goes and version > 1:
            continue
        edition, size = (version, length + version - 1) if changes else (1, length)
        sentence = f"Document {i} of edition {edition} says something that is not very long. "
        rows.append({"id": f"d{i}", "text": sentence * size, "lang": "en", "metadata": {"edition": edition}})
    return rows


def main(directory: str, version: str, verb: str) -> None:
    """Write, as often as it takes; what is done is noted."""
    folder = Path(directory)
    acked = os.open(folder / "acked.log", os.O_APPEND | os.O_CREAT | os.O_WRONLY)
    with xling.open("docs", path=folder, model=HashEncoder(folder / "encoded.log", 0.0005), chunk_tokens=60) as docs:
        rows = documents(int(version))

        def note(progress: xling.Progress) -> None:
            if progress.waiting_for != "deleting":
                os.write(acked, f"{progress.done}\n".encode())

        if verb == "add":
            docs.add(rows, source="feed", batch_size=BATCH, progress=note)
        else:
            docs.sync(rows, source="feed", batch_size=BATCH, progress=note)


if __name__ == "__main__":
    main(*sys.argv[1:])
