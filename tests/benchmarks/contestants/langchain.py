"""LangChain: `QdrantVectorStore` with `HuggingFaceEmbeddings`."""

from __future__ import annotations

from collections.abc import Sequence

from contestants.base import COLLECTION, DIMENSION, PASSAGE, QUERY, Contestant, Row
from contestants.local import language_filter, open_client


class LangChain(Contestant):
    title = "LangChain"
    packages = ("langchain-qdrant", "langchain-huggingface")

    def open(self) -> None:
        from langchain_huggingface import HuggingFaceEmbeddings
        from langchain_qdrant import QdrantVectorStore

        embeddings = HuggingFaceEmbeddings(
            model_name=str(self.model),
            encode_kwargs={"normalize_embeddings": True, "prompt": PASSAGE},
            query_encode_kwargs={"normalize_embeddings": True, "prompt": QUERY},
        )
        self._client = open_client(self.directory, DIMENSION)
        self._store = QdrantVectorStore(self._client, COLLECTION, embedding=embeddings)

    def add(self, rows: Sequence[Row]) -> None:
        metadata = [{"number": row.number, "lang": row.lang} for row in rows]
        self._store.add_texts([row.text for row in rows], metadatas=metadata, ids=[row.number for row in rows])

    def search(self, text: str, limit: int, lang: str | None = None) -> list[int]:
        found = self._store.similarity_search(text, k=limit, filter=language_filter("metadata.lang", lang))
        return [document.metadata["number"] for document in found]

    def close(self) -> None:
        self._client.close()
