"""A loop of `SentenceTransformer.encode` and `QdrantClient.upsert`, 64 texts at a time."""

from __future__ import annotations

from collections.abc import Sequence

from contestants.base import COLLECTION, DIMENSION, Contestant, Row
from contestants.local import language_filter, open_client

BATCH = 64


class Plain(Contestant):
    title = "sentence-transformers + qdrant-client"
    packages = ("sentence-transformers", "qdrant-client")

    def open(self) -> None:
        from sentence_transformers import SentenceTransformer

        self._model = SentenceTransformer(str(self.model))
        self._client = open_client(self.directory, DIMENSION)

    def add(self, rows: Sequence[Row]) -> None:
        from qdrant_client import models

        for start in range(0, len(rows), BATCH):
            batch = rows[start : start + BATCH]
            vectors = self._model.encode_document([row.text for row in batch])
            points = [
                models.PointStruct(id=row.number, vector=vector.tolist(), payload={"text": row.text, "lang": row.lang})
                for row, vector in zip(batch, vectors, strict=True)
            ]
            self._client.upsert(COLLECTION, points)

    def search(self, text: str, limit: int, lang: str | None = None) -> list[int]:
        vector = self._model.encode_query(text)
        found = self._client.query_points(
            COLLECTION, query=vector, query_filter=language_filter("lang", lang), limit=limit
        )
        return [int(point.id) for point in found.points]

    def close(self) -> None:
        self._client.close()
