"""xling as a Haystack document store and retrievers (extra `haystack`)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import xling
from xling.collection import Collection
from xling.errors import InvalidInput, MissingExtra
from xling.integrations.common import check_report, check_texts, metadata_of
from xling.integrations.haystack_filters import filter_of
from xling.search.plan import Mode
from xling.types import Document as XlingDocument
from xling.types import Hit, Passage

try:
    from haystack import component, default_from_dict, default_to_dict
    from haystack.dataclasses import Document
    from haystack.document_stores.errors import DuplicateDocumentError
    from haystack.document_stores.types import DuplicatePolicy
    from haystack.utils import Secret, deserialize_secrets_inplace
except ImportError as error:
    raise MissingExtra("The Haystack integration", "haystack", "haystack-ai") from error


class XlingDocumentStore:
    """A collection of xling as a Haystack document store.

    xling encodes the documents' contents itself: embeddings that they carry are not used nor kept, and no embedder is
    needed in a pipeline. The collection is opened when it is first used.

    Args:
        name: The collection's name.
        path: Directory of embedded collections; without `path` and `url`, the user's data directory.
        url: Address of a Qdrant server.
        api_key: For the server.
        model: A model's name or directory; the collection's own, or the bundled one, without it.
        chunk_tokens: As in `xling.open`, and so is `chunk_overlap`.
        chunk_overlap: Sentences that chunks have in common.
        collection: A collection that is open already, instead of all these. Such a store cannot be serialised.
    """

    def __init__(
        self,
        name: str = "haystack",
        *,
        path: str | None = None,
        url: str | None = None,
        api_key: Secret | None = None,
        model: str | None = None,
        chunk_tokens: int | None = None,
        chunk_overlap: int | None = None,
        collection: Collection | None = None,
    ) -> None:
        self._options: dict[str, Any] = {
            "path": path,
            "url": url,
            "model": model,
            "chunk_tokens": chunk_tokens,
            "chunk_overlap": chunk_overlap,
        }
        self._name, self._api_key = name, api_key
        self._given = collection is not None
        self._collection = collection
        self._lock = threading.Lock()

    @property
    def collection(self) -> Collection:
        """The open collection."""
        with self._lock:
            if self._collection is None:
                key = self._api_key.resolve_value() if self._api_key is not None else None
                self._collection = xling.open(self._name, api_key=key, **self._options)
            return self._collection

    def to_dict(self) -> dict[str, Any]:
        """The store's arguments; the API key as the name of where it comes from."""
        if self._given:
            raise InvalidInput("a store made of an open collection cannot be serialised: give its name instead")
        key = self._api_key.to_dict() if self._api_key is not None else None
        result: dict[str, Any] = default_to_dict(self, name=self._name, api_key=key, **self._options)
        return result

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> XlingDocumentStore:
        """The store that `to_dict` tells of."""
        deserialize_secrets_inplace(data["init_parameters"], keys=["api_key"])
        store: XlingDocumentStore = default_from_dict(cls, data)
        return store

    def close(self) -> None:
        """Close the collection, if it was opened here."""
        with self._lock:
            if self._collection is not None and not self._given:
                self._collection.close()
                self._collection = None

    def count_documents(self) -> int:
        """Number of documents."""
        return self.collection.count()

    def filter_documents(self, filters: dict[str, Any] | None = None) -> list[Document]:
        """All documents that meet Haystack filters, whole.

        Raises:
            FilterError: The filters make no sense.
        """
        where = filter_of(filters, self.collection.metadata_prefix)
        return [haystack_document(document) for document in self.collection.documents(where=where)]

    def write_documents(self, documents: list[Document], policy: DuplicatePolicy = DuplicatePolicy.NONE) -> int:
        """Write documents.

        Args:
            documents: With a text as content.
            policy: What to do about ids that are there: `FAIL` (also `NONE`), `SKIP` or `OVERWRITE`.

        Returns:
            How many were written.

        Raises:
            InvalidInput: These are no documents, or one has no text. Nothing was written.
            DuplicateDocumentError: With `FAIL`. Nothing was written.
        """
        if not isinstance(documents, list) or not all(isinstance(document, Document) for document in documents):
            raise InvalidInput("write_documents takes a list of Haystack documents")
        chosen = list({document.id: document for document in documents}.values())
        if policy != DuplicatePolicy.OVERWRITE and chosen:
            found = self.collection.get([document.id for document in chosen])
            there = {document.id for document, old in zip(chosen, found, strict=True) if old is not None}
            if policy != DuplicatePolicy.SKIP and (there or len(chosen) < len(documents)):
                raise DuplicateDocumentError(
                    f"ids that are there already, or given twice: {sorted(there)[:5]}. Nothing was written"
                )
            chosen = [document for document in chosen if document.id not in there]
        check_texts([document.content for document in chosen])
        check_report(self.collection.add(xling_document(document) for document in chosen))
        return len(chosen)

    def delete_documents(self, document_ids: list[str]) -> None:
        """Delete documents by ids; those that are not there are no matter."""
        if document_ids:
            self.collection.delete(list(document_ids))

    def delete_all_documents(self) -> None:
        """Delete every document; the collection stays."""
        ids = [document.id for document in self.collection.documents()]
        if ids:
            self.collection.delete([id for id in ids if id is not None])

    def delete_by_filter(self, filters: dict[str, Any]) -> int:
        """Delete the documents that meet filters; how many there were."""
        where = filter_of(filters, self.collection.metadata_prefix)
        if where is None:
            raise InvalidInput("delete_by_filter takes filters; delete_all_documents deletes everything")
        return self.collection.delete(where=where).deleted

    def update_by_filter(self, filters: dict[str, Any], meta: dict[str, Any]) -> int:
        """Set fields of `meta` in the documents that meet filters; how many there are. Nothing is encoded again."""
        found = list(self.collection.documents(where=filter_of(filters, self.collection.metadata_prefix)))
        changed = [document.model_copy(update={"metadata": {**document.metadata, **meta}}) for document in found]
        check_report(self.collection.add(changed))
        return len(changed)

    def count_documents_by_filter(self, filters: dict[str, Any]) -> int:
        """Number of documents that meet filters."""
        return self.collection.count(where=filter_of(filters, self.collection.metadata_prefix))

    async def count_documents_async(self) -> int:
        """`count_documents` in a thread."""
        return await asyncio.to_thread(self.count_documents)

    async def filter_documents_async(self, filters: dict[str, Any] | None = None) -> list[Document]:
        """`filter_documents` in a thread."""
        return await asyncio.to_thread(self.filter_documents, filters)

    async def write_documents_async(
        self, documents: list[Document], policy: DuplicatePolicy = DuplicatePolicy.NONE
    ) -> int:
        """`write_documents` in a thread."""
        return await asyncio.to_thread(self.write_documents, documents, policy)

    async def delete_documents_async(self, document_ids: list[str]) -> None:
        """`delete_documents` in a thread."""
        await asyncio.to_thread(self.delete_documents, document_ids)


class _Retriever:
    def __init__(
        self,
        document_store: XlingDocumentStore,
        *,
        top_k: int = 10,
        filters: dict[str, Any] | None = None,
        mode: Mode | None = None,
        options: dict[str, Any] | None = None,
    ) -> None:
        self.document_store, self.top_k, self.filters, self.options = document_store, top_k, filters, options or {}
        self.mode = mode

    def to_dict(self) -> dict[str, Any]:
        """The component's arguments."""
        result: dict[str, Any] = default_to_dict(
            self,
            document_store=self.document_store.to_dict(),
            top_k=self.top_k,
            filters=self.filters,
            mode=self.mode,
            options=self.options,
        )
        return result

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Any:
        """The component that `to_dict` tells of."""
        parameters = data["init_parameters"]
        parameters["document_store"] = XlingDocumentStore.from_dict(parameters["document_store"])
        return default_from_dict(cls, data)

    def _arguments(
        self,
        top_k: int | None,
        filters: dict[str, Any] | None,
        languages: Sequence[str] | None,
        mode: Mode | None,
    ) -> dict[str, Any]:
        where = filter_of(self.filters if filters is None else filters, self.document_store.collection.metadata_prefix)
        chosen = {"languages": languages, "mode": mode or self.mode}
        more = {key: value for key, value in chosen.items() if value is not None}
        return {**self.options, **more, "limit": self.top_k if top_k is None else top_k, "where": where}


@component
class XlingRetriever(_Retriever):
    """Documents nearest in meaning to a query of any language; of long ones the best chunk. No embedder is needed.

    Args:
        document_store: An `XlingDocumentStore`.
        top_k: Most documents.
        filters: Haystack filters.
        mode: By meaning (`dense`, the default), by words as they are written (`lexical`), or by both (`hybrid`).
        options: Further arguments of `Collection.search`, e.g. `{"rescore": True}`.
    """

    @component.output_types(documents=list[Document])
    def run(
        self,
        query: str,
        top_k: int | None = None,
        filters: dict[str, Any] | None = None,
        languages: list[str] | None = None,
        mode: Mode | None = None,
    ) -> dict[str, list[Document]]:
        """Search. What is given here comes before what the component was made with."""
        hits = self.document_store.collection.search(query, **self._arguments(top_k, filters, languages, mode))
        return {"documents": [hit_document(hit) for hit in hits]}


@component
class XlingPassageRetriever(_Retriever):
    """`Collection.retrieve`: passages with their neighbours, translations in one place, within a budget of tokens.

    Args:
        document_store: An `XlingDocumentStore`.
        top_k: Most chunks to start from.
        filters: Haystack filters.
        mode: By meaning (`dense`, the default), by words as they are written (`lexical`), or by both (`hybrid`).
        options: Further arguments of `Collection.retrieve`, e.g. `{"token_budget": 1500, "expand": 1}`.
    """

    @component.output_types(documents=list[Document], context=str)
    def run(
        self,
        query: str,
        top_k: int | None = None,
        filters: dict[str, Any] | None = None,
        languages: list[str] | None = None,
        mode: Mode | None = None,
    ) -> dict[str, Any]:
        """Retrieve. `context` is the passages numbered and cited, for a prompt."""
        found = self.document_store.collection.retrieve(query, **self._arguments(top_k, filters, languages, mode))
        return {
            "documents": [passage_document(passage) for passage in found.passages],
            "context": found.as_context(),
        }


def xling_document(document: Document) -> XlingDocument:
    """A Haystack document as xling's; `meta["lang"]` is its language."""
    lang = document.meta.get("lang")
    return XlingDocument(
        text=document.content or "",
        id=document.id,
        lang=lang if isinstance(lang, str) else None,
        metadata=document.meta,
    )


def haystack_document(document: XlingDocument) -> Document:
    """A stored document as Haystack's."""
    return Document(id=str(document.id), content=document.text, meta=dict(document.metadata))


def hit_document(hit: Hit) -> Document:
    """A hit as a Haystack document with its score."""
    return Document(id=str(hit.id), content=hit.text, meta=metadata_of(hit), score=hit.score)


def passage_document(passage: Passage) -> Document:
    """A passage as a Haystack document; where it is from stands in its meta."""
    meta = {
        **passage.metadata,
        "document_id": str(passage.id),
        "title": passage.title,
        "lang": passage.lang,
        "start_index": passage.start,
        "end_index": passage.end,
        "citation": passage.citation,
    }
    return replace(Document(content=passage.text, meta=meta), score=passage.score)
