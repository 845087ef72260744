"""fastembed and qdrant-client: the same weights from an ONNX file, registered as a model of the user's own."""

from __future__ import annotations

import os
from collections.abc import Sequence

from contestants.base import COLLECTION, DIMENSION, PASSAGE, QUERY, Contestant, Row
from contestants.local import language_filter, open_client

MODEL = "race/multilingual-e5-small-q4"


class FastEmbed(Contestant):
    title = "fastembed + qdrant-client"
    packages = ("fastembed", "qdrant-client")

    def open(self) -> None:
        from fastembed import TextEmbedding
        from fastembed.common.model_description import ModelSource, PoolingType

        TextEmbedding.add_custom_model(
            model=MODEL,
            pooling=PoolingType.MEAN,
            normalization=True,
            sources=ModelSource(hf=MODEL),  # never asked for: the directory is given
            dim=DIMENSION,
            model_file=self.onnx.name,
        )
        threads = int(os.environ.get("OMP_NUM_THREADS", 0)) or None  # the others take it from there by themselves
        self._model = TextEmbedding(MODEL, specific_model_path=str(self.onnx.parent), threads=threads)
        self._client = open_client(self.directory, DIMENSION)

    def add(self, rows: Sequence[Row]) -> None:
        from qdrant_client import models

        vectors = self._model.embed([PASSAGE + row.text for row in rows])
        self._client.upload_points(
            COLLECTION,
            (
                models.PointStruct(id=row.number, vector=vector, payload={"text": row.text, "lang": row.lang})
                for row, vector in zip(rows, vectors, strict=True)
            ),
        )

    def search(self, text: str, limit: int, lang: str | None = None) -> list[int]:
        vector = next(iter(self._model.embed(QUERY + text)))
        found = self._client.query_points(
            COLLECTION, query=vector, query_filter=language_filter("lang", lang), limit=limit
        )
        return [int(point.id) for point in found.points]

    def close(self) -> None:
        self._client.close()
