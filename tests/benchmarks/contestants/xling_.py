"""xling, as its README shows it; the cache of embeddings is off, since nothing is to be encoded before the race."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from contestants.base import COLLECTION, Contestant, Row


class Xling(Contestant):
    """All by default: the runtime that `auto` takes, neutral search, terms kept beside the vectors."""

    title, packages, peer = "xling", ("xling", "onnxruntime", "qdrant-edge-py"), False
    runtime: Literal["auto", "torch", "onnx"] = "auto"

    def open(self) -> None:
        import xling

        self._docs = xling.open(COLLECTION, path=self.directory, model="bundled", runtime=self.runtime, cache=False)

    def warm_up(self) -> None:
        self._docs.space.documents(["warm up"])
        self._docs.space.encoder.count_tokens(["loads the whole tokenizer, which a query does without"])

    def add(self, rows: Sequence[Row]) -> None:
        self._docs.add([{"id": row.number, "text": row.text, "lang": row.lang} for row in rows])

    def search(self, text: str, limit: int, lang: str | None = None) -> list[int]:
        hits = self._docs.search(text, limit=limit, languages=None if lang is None else [lang])
        return [int(str(hit.id)) for hit in hits]

    def runs_on(self) -> str:
        return str(getattr(self._docs.space.encoder, "running", ""))

    def close(self) -> None:
        self._docs.close()


class XlingTorch(Xling):
    """The same by torch: what of the difference is the runtime's."""

    title, packages, runtime = 'xling, runtime="torch"', ("xling", "torch", "qdrant-edge-py"), "torch"


class XlingOnnx(Xling):
    """The same by ONNX Runtime, where `auto` takes another."""

    title, packages, runtime = 'xling, runtime="onnx"', ("xling", "onnxruntime", "qdrant-edge-py"), "onnx"
