"""What the embedding cache costs where it misses, and gains where it hits.

    python tests/benchmarks/embedding_cache.py

The bundled model on sentences of Tatoeba (short, so the worst case for the cache); the parts are timed side by side.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
import time
from pathlib import Path

import numpy as np

from xling.space import SharedSpace
from xling.space.cache import EmbeddingCache
from xling.space.resolve import load_encoder

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "tatoeba"
BATCH = 512


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=4096, help="texts")
    parser.add_argument("--filled", type=int, default=100_000, help="vectors that are in the cache already")
    args = parser.parse_args()
    files = sorted(DATA.glob("tatoeba.*-eng.*"))
    lines = itertools.chain.from_iterable(zip(*(f.read_text("utf-8").splitlines()[:100] for f in files), strict=False))
    texts = list(dict.fromkeys(lines))[: args.n]
    encoder = load_encoder("bundled")
    encoder.encode_documents(texts[:BATCH])
    with tempfile.TemporaryDirectory() as folder:
        cache = EmbeddingCache(Path(folder) / "cache.sqlite")
        rng = np.random.default_rng(0)
        for _ in range(0, args.filled, 1000):
            cache.put({rng.bytes(16): row for row in rng.normal(size=(1000, encoder.dimension)).astype(np.float32)})
        without, through = SharedSpace(encoder), SharedSpace(encoder, cache)
        plain, missed = [], []
        for at in range(0, len(texts), BATCH):  # alternating, so that what else the machine does hits both alike
            batch = texts[at : at + BATCH]
            plain.append(_seconds(without, batch))
            missed.append(_seconds(_Known(through), batch))
        hits = [_seconds(through, texts[at : at + BATCH]) for at in range(0, len(texts), BATCH)]
        print(f"{len(texts):,} texts in batches of {BATCH}, {len(cache):,} vectors in the cache\n")
        print(f"encoding without a cache      {1000 * sum(plain) / len(texts):8.3f} ms a text")
        print(f"looking up and writing        {1000 * sum(missed) / len(texts):8.3f} ms a text")
        print(f"                              {100 * sum(missed) / sum(plain):8.2f} % of the encoding")
        print(f"a hit                         {1000 * sum(hits) / len(texts):8.3f} ms a text")
        print(f"                              {sum(plain) / sum(hits):8.0f} times as fast")


class _Known:
    """A space that has the vectors at hand, so that what is timed is the cache alone."""

    def __init__(self, space: SharedSpace) -> None:
        self._space = space

    def documents(self, texts: list[str]) -> object:
        rows = np.random.default_rng(len(texts)).normal(size=(len(texts), self._space.dimension)).astype(np.float32)
        encoder = _Given(self._space.encoder, rows)
        return SharedSpace(encoder, self._space.cache).documents(texts)  # type: ignore[arg-type]


class _Given:
    def __init__(self, encoder: object, rows: object) -> None:
        self._encoder, self._rows = encoder, rows

    def __getattr__(self, name: str) -> object:
        return getattr(self._encoder, name)

    def encode_documents(self, texts: list[str]) -> object:
        return self._rows


def _seconds(space: SharedSpace | _Known, texts: list[str]) -> float:
    started = time.perf_counter()
    space.documents(texts)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
