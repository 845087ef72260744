"""xling as a LangChain vector store and retriever (extra `langchain`)."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

import xling
from xling.collection import Collection
from xling.errors import InvalidInput, MissingExtra
from xling.integrations.common import check_report, check_texts, diverse, metadata_of
from xling.space import SharedSpace, Vectors
from xling.types import DocumentId, Hit, Passage

try:
    from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
    from langchain_core.documents import Document
    from langchain_core.embeddings import Embeddings
    from langchain_core.retrievers import BaseRetriever
    from langchain_core.vectorstores import VectorStore
except ImportError as error:
    raise MissingExtra("The LangChain integration", "langchain", "langchain-core") from error


class LangChainEncoder:
    """A LangChain `Embeddings` as an `xling.Encoder`.

    Args:
        embeddings: What encodes.
        name: The model's name, recorded with the collection; by default what the object says of itself.
        dimension: Columns of its vectors; found by encoding a word where not given.
        max_tokens: Tokens that it reads of one text, by a cautious estimate; longer texts are split.
    """

    def __init__(
        self, embeddings: Embeddings, *, name: str | None = None, dimension: int | None = None, max_tokens: int = 512
    ) -> None:
        self.embeddings = embeddings
        model = next((m for key in ("model_name", "model") if isinstance(m := getattr(embeddings, key, None), str)), "")
        self.name = name or "/".join(part for part in (type(embeddings).__name__, model) if part)
        self.dimension = dimension or len(embeddings.embed_query("dimension"))
        self.max_tokens = max_tokens

    @property
    def identity(self) -> dict[str, str | int]:
        """Name and size: more a LangChain object does not tell."""
        return {"name": self.name, "dimension": self.dimension, "max_tokens": self.max_tokens}

    def encode_documents(self, texts: Sequence[str]) -> Vectors:
        """Unit-length vectors, shape (len(texts), dimension)."""
        return self._unit(self.embeddings.embed_documents(list(texts)))

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Unit-length vectors, shape (len(texts), dimension)."""
        return self._unit([self.embeddings.embed_query(text) for text in texts])

    def _unit(self, rows: Sequence[Sequence[float]]) -> Vectors:
        vectors = np.asarray(rows, dtype=np.float32).reshape(len(rows), self.dimension)
        return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12), np.float32)


class XlingEmbeddings(Embeddings):
    """A collection's model as LangChain `Embeddings`, with the right prompts."""

    def __init__(self, space: SharedSpace) -> None:
        self.space = space

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector a text."""
        return [list(map(float, row)) for row in self.space.documents(texts)]

    def embed_query(self, text: str) -> list[float]:
        """The vector of a query."""
        return list(map(float, self.space.queries([text])[0]))


class XlingVectorStore(VectorStore):
    """A collection of xling as a LangChain `VectorStore`. Searches are language-neutral, whatever the query's language.

    `filter` takes what `where=` of `Collection.search` takes; further keyword arguments of the search methods
    (`languages=`, `prefer=`, `rescore=`, …) are those of `Collection.search`.

    Args:
        collection: An open collection. `from_texts` and `from_existing` open one.
        neutral: Of searches that do not say. By default 1, but 0 where the vectors come from LangChain `Embeddings`,
            since measuring such a model's language space would encode thousands of sentences with it.
        with_lang: Put the language of each document found into its metadata as `lang`.
    """

    def __init__(self, collection: Collection, *, neutral: float | None = None, with_lang: bool = False) -> None:
        foreign = isinstance(collection.space.encoder, LangChainEncoder)
        self.collection = collection
        self._neutral = neutral if neutral is not None else 0.0 if foreign else 1.0
        self._with_lang = with_lang

    @classmethod
    def from_existing(
        cls,
        name: str,
        embedding: Embeddings | None = None,
        *,
        neutral: float | None = None,
        with_lang: bool = False,
        **options: Any,
    ) -> XlingVectorStore:
        """The store over a collection that exists, those of other tools included.

        Args:
            name: Its name.
            embedding: What its vectors are made with, if that is a LangChain object; else the model it records, or
                `model=`.
            neutral: As in the class; so is `with_lang`.
            with_lang: As in the class.
            options: Those of `xling.open`: `path=`, `url=`, `client=`, `model=`, …

        Raises:
            CollectionNotFound: There is no such collection.
        """
        return cls(_open(name, embedding, {"create": False, **options}), neutral=neutral, with_lang=with_lang)

    @classmethod
    def from_texts(
        cls,
        texts: list[str],
        embedding: Embeddings | None = None,
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        collection_name: str = "langchain",
        neutral: float | None = None,
        with_lang: bool = False,
        **options: Any,
    ) -> XlingVectorStore:
        """Open or create a collection and add texts to it.

        Args:
            texts: The texts.
            embedding: A LangChain model; without it xling's own, or `model=`.
            metadatas: One a text.
            ids: One a text.
            collection_name: The collection.
            neutral: As in the class; so is `with_lang`.
            with_lang: As in the class.
            options: Those of `xling.open`.
        """
        store = cls(_open(collection_name, embedding, options), neutral=neutral, with_lang=with_lang)
        store.add_texts(texts, metadatas, ids=ids)
        return store

    @property
    def embeddings(self) -> Embeddings:
        """What encodes."""
        encoder = self.collection.space.encoder
        return encoder.embeddings if isinstance(encoder, LangChainEncoder) else XlingEmbeddings(self.collection.space)

    def add_texts(
        self,
        texts: Iterable[str],
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: Sequence[str | None] | None = None,
        langs: str | Sequence[str | None] | None = None,
        **kwargs: Any,
    ) -> list[str]:
        """Add texts, or replace those of the same ids.

        Args:
            texts: The texts.
            metadatas: One a text.
            ids: One a text; made where not given.
            langs: BCP 47 codes, one a text or one for all; detected where not given.
            kwargs: Those of `Collection.add`.

        Returns:
            The ids.

        Raises:
            InvalidInput: A text cannot be stored, or numbers differ. Nothing was written.
        """
        rows = list(texts)
        check_texts(rows)
        given = list(ids) if ids is not None else [None] * len(rows)
        all_ids: list[DocumentId | None] = [id if id is not None else str(uuid.uuid4()) for id in given]
        check_report(self.collection.add(rows, ids=all_ids, langs=langs, metadata=metadatas, **kwargs))
        return [str(id) for id in all_ids]

    def delete(self, ids: list[str] | None = None, *, where: Mapping[str, Any] | None = None, **_: Any) -> bool:
        """Delete by ids, or all that meet `where`. True: what was asked for is gone."""
        if ids is None and where is None:
            raise InvalidInput("delete() takes ids or where=")
        if ids != []:
            self.collection.delete(ids, where=where)
        return True

    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """The documents of those ids that exist, whole."""
        found = self.collection.get(list(ids))
        return [self._document(d.text, d.id, d.metadata, d.lang or "und") for d in found if d is not None]

    def similarity_search(self, query: str, k: int = 4, filter: Any = None, **kwargs: Any) -> list[Document]:
        """The documents nearest in meaning; of long ones the best chunk."""
        return [self._hit(hit) for hit in self._search(query, k, filter, kwargs)]

    def similarity_search_with_score(
        self, query: str, k: int = 4, filter: Any = None, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        """The same, each with its score: cosine similarity, higher is nearer."""
        return [(self._hit(hit), hit.score) for hit in self._search(query, k, filter, kwargs)]

    def _similarity_search_with_relevance_scores(
        self, query: str, k: int = 4, filter: Any = None, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        hits = self._search(query, k, filter, kwargs)
        return [(self._hit(hit), _relevance(hit)) for hit in hits]

    def similarity_search_by_vector(
        self, embedding: list[float], k: int = 4, filter: Any = None, **kwargs: Any
    ) -> list[Document]:
        """The documents nearest to a vector of the collection's model."""
        options = {"neutral": self._neutral, **kwargs}
        hits = self.collection.search_by_vector(embedding, limit=k, where=filter, **options)
        return [self._hit(hit) for hit in hits]

    def max_marginal_relevance_search(
        self, query: str, k: int = 4, fetch_k: int = 20, lambda_mult: float = 0.5, filter: Any = None, **kwargs: Any
    ) -> list[Document]:
        """Documents that are near, and unlike each other."""
        hits = self._search(query, max(fetch_k, k), filter, kwargs)
        return [self._hit(hit) for hit in diverse(self.collection, hits, k, lambda_mult)]

    def max_marginal_relevance_search_by_vector(
        self,
        embedding: list[float],
        k: int = 4,
        fetch_k: int = 20,
        lambda_mult: float = 0.5,
        filter: Any = None,
        **kwargs: Any,
    ) -> list[Document]:
        """The same for a vector of the collection's model."""
        options = {"neutral": self._neutral, **kwargs}
        hits = self.collection.search_by_vector(embedding, limit=max(fetch_k, k), where=filter, **options)
        return [self._hit(hit) for hit in diverse(self.collection, hits, k, lambda_mult)]

    async def amax_marginal_relevance_search(self, query: str, *args: Any, **kwargs: Any) -> list[Document]:
        """`max_marginal_relevance_search` in a thread."""
        return await asyncio.to_thread(self.max_marginal_relevance_search, query, *args, **kwargs)

    async def amax_marginal_relevance_search_by_vector(
        self, embedding: list[float], *args: Any, **kwargs: Any
    ) -> list[Document]:
        """`max_marginal_relevance_search_by_vector` in a thread."""
        return await asyncio.to_thread(self.max_marginal_relevance_search_by_vector, embedding, *args, **kwargs)

    def _search(self, query: str, k: int, filter: Any, options: Mapping[str, Any]) -> list[Hit]:
        return self.collection.search(query, limit=k, where=filter, **{"neutral": self._neutral, **options})

    def _hit(self, hit: Hit) -> Document:
        return self._document(hit.text, hit.id, metadata_of(hit), hit.lang)

    def _document(self, text: str, id: DocumentId | None, metadata: Mapping[str, Any], lang: str) -> Document:
        more = {"lang": lang} if self._with_lang else {}
        return Document(page_content=text, metadata={**metadata, **more}, id=None if id is None else str(id))


class XlingRetriever(BaseRetriever):
    """`Collection.retrieve` as a LangChain retriever: passages with their neighbours, translations in one place.

    Attributes:
        collection: An open collection.
        options: Those of `Collection.retrieve`: `token_budget`, `limit`, `expand`, `languages`, `where`, …
    """

    collection: Any
    options: dict[str, Any] = {}  # noqa: RUF012  # pydantic copies it

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun | None = None
    ) -> list[Document]:
        return [passage_document(passage) for passage in self.collection.retrieve(query, **self.options).passages]

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun | None = None
    ) -> list[Document]:
        return await asyncio.to_thread(self._get_relevant_documents, query)


def passage_document(passage: Passage) -> Document:
    """A passage as a LangChain document; where it is from stands in its metadata."""
    return Document(
        page_content=passage.text,
        id=str(passage.id),
        metadata={
            **passage.metadata,
            "title": passage.title,
            "lang": passage.lang,
            "start_index": passage.start,
            "end_index": passage.end,
            "score": passage.score,
            "citation": passage.citation,
            "same_in": [{"id": str(other.id), "lang": other.lang} for other in passage.others],
        },
    )


def _open(name: str, embedding: Embeddings | None, options: Mapping[str, Any]) -> Collection:
    if embedding is None:
        return xling.open(name, **options)
    if "model" in options:
        raise InvalidInput("give embedding or model=, not both")
    if isinstance(embedding, XlingEmbeddings):
        return xling.open(name, model=embedding.space.encoder, **options)
    return xling.open(name, model=LangChainEncoder(embedding), **options)


def _relevance(hit: Hit) -> float:
    """0 to 1: the confidence where the model has a calibration, else the cosine moved into that range."""
    return hit.confidence if hit.confidence is not None else min(max((1 + hit.score) / 2, 0.0), 1.0)
