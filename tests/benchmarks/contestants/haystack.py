"""Haystack: pipelines of the embedders of sentence-transformers, and `QdrantDocumentStore`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from contestants.base import COLLECTION, DIMENSION, PASSAGE, QUERY, Contestant, Row


class Haystack(Contestant):
    title = "Haystack"
    packages = ("qdrant-haystack", "sentence-transformers-haystack")

    def open(self) -> None:
        os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"
        from haystack import Pipeline
        from haystack.components.writers import DocumentWriter
        from haystack.document_stores.types import DuplicatePolicy
        from haystack_integrations.components.embedders.sentence_transformers import (
            SentenceTransformersDocumentEmbedder,
            SentenceTransformersTextEmbedder,
        )
        from haystack_integrations.components.retrievers.qdrant import QdrantEmbeddingRetriever
        from haystack_integrations.document_stores.qdrant import QdrantDocumentStore

        model: dict[str, Any] = {"model": str(self.model), "normalize_embeddings": True, "progress_bar": False}
        self._store = QdrantDocumentStore(
            path=str(self.directory), index=COLLECTION, embedding_dim=DIMENSION, progress_bar=False
        )
        self._indexing, self._pipeline = Pipeline(), Pipeline()
        self._indexing.add_component("embedder", SentenceTransformersDocumentEmbedder(prefix=PASSAGE, **model))
        self._indexing.add_component("writer", DocumentWriter(self._store, policy=DuplicatePolicy.OVERWRITE))
        self._indexing.connect("embedder", "writer")
        self._pipeline.add_component("embedder", SentenceTransformersTextEmbedder(prefix=QUERY, **model))
        self._pipeline.add_component("retriever", QdrantEmbeddingRetriever(document_store=self._store))
        self._pipeline.connect("embedder.embedding", "retriever.query_embedding")

    def warm_up(self) -> None:
        self._indexing.warm_up()

    def add(self, rows: Sequence[Row]) -> None:
        from haystack import Document

        documents = [
            Document(id=str(row.number), content=row.text, meta={"number": row.number, "lang": row.lang})
            for row in rows
        ]
        self._indexing.run({"embedder": {"documents": documents}})

    def search(self, text: str, limit: int, lang: str | None = None) -> list[int]:
        filters = None if lang is None else {"field": "meta.lang", "operator": "==", "value": lang}
        found = self._pipeline.run({"embedder": {"text": text}, "retriever": {"top_k": limit, "filters": filters}})
        return [document.meta["number"] for document in found["retriever"]["documents"]]

    def close(self) -> None:
        self._store.close()
