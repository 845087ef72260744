"""A small encoder of a user's own, which needs no model: words hashed into 64 dimensions."""

from __future__ import annotations

import os
import time
from hashlib import blake2b
from pathlib import Path

import numpy as np


class HashingEncoder:
    """Counts words by their hash. Notes the process it is made in, and takes its time where asked to."""

    name, dimension, max_tokens = "hashing", 64, 128
    identity = {"name": "hashing", "dimension": 64}  # noqa: RUF012

    def __init__(self, notes: Path | None = None, seconds: float = 0.0) -> None:
        self._notes, self._seconds = notes, seconds
        if notes is not None:
            (notes / f"made-{os.getpid()}").touch()

    def encode_documents(self, texts):
        if self._notes is not None:
            with (self._notes / f"encoded-{os.getpid()}").open("a") as file:
                file.write(f"{len(texts)}\n")
        time.sleep(self._seconds)
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for word in ("", *text.split()):
                row[blake2b(word.encode(), digest_size=1).digest()[0] % self.dimension] += 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    encode_queries = encode_documents
