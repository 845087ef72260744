"""LlamaIndex: `VectorStoreIndex` over `QdrantVectorStore`, with `HuggingFaceEmbedding`."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from contestants.base import COLLECTION, PASSAGE, QUERY, Contestant, Row
from contestants.local import open_client


class LlamaIndex(Contestant):
    title = "LlamaIndex"
    packages = ("llama-index-vector-stores-qdrant", "llama-index-embeddings-huggingface")

    def open(self) -> None:
        from llama_index.core import VectorStoreIndex
        from llama_index.embeddings.huggingface import HuggingFaceEmbedding
        from llama_index.vector_stores.qdrant import QdrantVectorStore

        model = HuggingFaceEmbedding(str(self.model), query_instruction=QUERY, text_instruction=PASSAGE)
        self._client = open_client(self.directory)
        store = QdrantVectorStore(COLLECTION, client=self._client)
        self._index = VectorStoreIndex.from_vector_store(store, embed_model=model)

    def add(self, rows: Sequence[Row]) -> None:
        from llama_index.core.schema import TextNode

        self._index.insert_nodes(
            [
                TextNode(
                    id_=str(uuid.UUID(int=row.number)),
                    text=row.text,
                    metadata={"number": row.number, "lang": row.lang},
                    excluded_embed_metadata_keys=["number", "lang"],  # else they are encoded with the text
                )
                for row in rows
            ]
        )

    def search(self, text: str, limit: int, lang: str | None = None) -> list[int]:
        from llama_index.core.vector_stores import MetadataFilter, MetadataFilters

        filters = None if lang is None else MetadataFilters(filters=[MetadataFilter(key="lang", value=lang)])
        found = self._index.as_retriever(similarity_top_k=limit, filters=filters).retrieve(text)
        return [node.metadata["number"] for node in found]

    def close(self) -> None:
        self._client.close()
