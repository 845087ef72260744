"""txtai: its own embeddings database (SQLite and faiss, not Qdrant), by default an approximate index of cells."""

from __future__ import annotations

from collections.abc import Sequence

from contestants.base import PASSAGE, QUERY, Contestant, Row


class Txtai(Contestant):
    title, packages = "txtai", ("txtai",)

    def open(self) -> None:
        from txtai import Embeddings

        self._embeddings = Embeddings(
            path=str(self.model), instructions={"query": QUERY, "data": PASSAGE}, content=True
        )
        if self._embeddings.exists(str(self.directory)):
            self._embeddings.load(str(self.directory))

    def add(self, rows: Sequence[Row]) -> None:
        self._embeddings.upsert((row.number, {"text": row.text, "lang": row.lang}) for row in rows)
        self._embeddings.save(str(self.directory))

    def search(self, text: str, limit: int, lang: str | None = None) -> list[int]:
        if lang is None:
            found = self._embeddings.search(text, limit)
        else:
            query = "select id, text, score from txtai where similar(:text) and lang = :lang"
            found = self._embeddings.search(query, limit, parameters={"text": text, "lang": lang})
        return [int(row["id"]) for row in found]

    def close(self) -> None:
        self._embeddings.close()
