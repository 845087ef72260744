"""xling as a LlamaIndex vector store and retriever (extra `llama-index`)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from xling.collection import Collection
from xling.errors import InvalidInput, MissingExtra
from xling.integrations.common import check_report, check_texts, diverse
from xling.store.base import FilterJson
from xling.store.filters import and_filters, quote_path, where_to_filter
from xling.types import Document, Hit, Passage

try:
    from llama_index.core.base.base_retriever import BaseRetriever
    from llama_index.core.bridge.pydantic import PrivateAttr
    from llama_index.core.embeddings import BaseEmbedding
    from llama_index.core.schema import BaseNode, MetadataMode, NodeWithScore, QueryBundle, TextNode
    from llama_index.core.vector_stores.types import (
        BasePydanticVectorStore,
        FilterCondition,
        FilterOperator,
        MetadataFilter,
        MetadataFilters,
        VectorStoreQuery,
        VectorStoreQueryMode,
        VectorStoreQueryResult,
    )
    from llama_index.core.vector_stores.utils import metadata_dict_to_node, node_to_metadata_dict
except ImportError as error:
    raise MissingExtra("The LlamaIndex integration", "llama-index", "llama-index-core") from error

_RANGES = {FilterOperator.GT: "gt", FilterOperator.GTE: "gte", FilterOperator.LT: "lt", FilterOperator.LTE: "lte"}
_FROM_LLAMA_INDEX = ("_node_content", "_node_type", "document_id", "doc_id", "ref_doc_id")


class XlingEmbedding(BaseEmbedding):
    """A collection's model as a LlamaIndex embedding, with the right prompts. A `VectorStoreIndex` asks for one."""

    _collection: Collection = PrivateAttr()

    def __init__(self, collection: Collection, **kwargs: Any) -> None:
        super().__init__(model_name=collection.space.name, **kwargs)
        self._collection = collection

    @classmethod
    def class_name(cls) -> str:
        return "XlingEmbedding"

    def _get_query_embedding(self, query: str) -> list[float]:
        return [float(x) for x in self._collection.space.queries([query])[0]]

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return await asyncio.to_thread(self._get_query_embedding, query)

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return [[float(x) for x in row] for row in self._collection.space.documents(texts)]


class XlingVectorStore(BasePydanticVectorStore):
    """A collection of xling as a LlamaIndex vector store. Searches are language-neutral.

    xling encodes the nodes' texts itself: embeddings that they carry are not used. Queries come as text.

    Args:
        collection: An open collection.
        neutral: How far the language is taken out of queries.
    """

    stores_text: bool = True
    is_embedding_query: bool = False
    neutral: float = 1.0

    _collection: Collection = PrivateAttr()

    def __init__(self, collection: Collection, *, neutral: float = 1.0) -> None:
        super().__init__(stores_text=True, is_embedding_query=False, neutral=neutral)  # type: ignore[call-arg]
        self._collection = collection

    @classmethod
    def class_name(cls) -> str:
        return "XlingVectorStore"

    @property
    def client(self) -> Collection:
        """The collection."""
        return self._collection

    def add(self, nodes: Sequence[BaseNode], **kwargs: Any) -> list[str]:
        """Add nodes, or replace those of the same ids.

        Raises:
            InvalidInput: A node has no text that can be stored. Nothing was written.
        """
        documents = [document_of(node) for node in nodes]
        check_texts([document.text for document in documents])
        check_report(self._collection.add(documents, **kwargs))
        return [node.node_id for node in nodes]

    async def async_add(self, nodes: Sequence[BaseNode], **kwargs: Any) -> list[str]:
        """`add` in a thread."""
        return await asyncio.to_thread(self.add, nodes, **kwargs)

    def delete(self, ref_doc_id: str, **delete_kwargs: Any) -> None:
        """Delete the nodes of a document."""
        self._collection.delete(where={"ref_doc_id": ref_doc_id})

    async def adelete(self, ref_doc_id: str, **delete_kwargs: Any) -> None:
        """`delete` in a thread."""
        await asyncio.to_thread(self.delete, ref_doc_id)

    def delete_nodes(
        self, node_ids: list[str] | None = None, filters: MetadataFilters | None = None, **delete_kwargs: Any
    ) -> None:
        """Delete nodes by ids, by filters, or by both together."""
        if node_ids == []:
            return
        where = self._filter(filters, node_ids)
        if where is None:
            raise InvalidInput("delete_nodes() takes node_ids or filters; clear() deletes everything")
        self._collection.delete(where=where)

    async def adelete_nodes(
        self, node_ids: list[str] | None = None, filters: MetadataFilters | None = None, **delete_kwargs: Any
    ) -> None:
        """`delete_nodes` in a thread."""
        await asyncio.to_thread(self.delete_nodes, node_ids, filters)

    def clear(self) -> None:
        """Delete all nodes."""
        self._collection.delete(where={"or": [{"ref_doc_id": {"exists": True}}, {"ref_doc_id": {"exists": False}}]})

    async def aclear(self) -> None:
        """`clear` in a thread."""
        await asyncio.to_thread(self.clear)

    def get_nodes(self, node_ids: list[str] | None = None, filters: MetadataFilters | None = None) -> list[BaseNode]:
        """Nodes by ids, by filters, or all; whole."""
        if node_ids is not None and filters is None:
            found = [document for document in self._collection.get(node_ids) if document is not None]
        else:
            found = list(self._collection.documents(where=self._filter(filters, node_ids)))
        return [node_of(d.text, str(d.id), d.metadata, d.lang or "und") for d in found]

    async def aget_nodes(
        self, node_ids: list[str] | None = None, filters: MetadataFilters | None = None
    ) -> list[BaseNode]:
        """`get_nodes` in a thread."""
        return await asyncio.to_thread(self.get_nodes, node_ids, filters)

    def query(self, query: VectorStoreQuery, **kwargs: Any) -> VectorStoreQueryResult:
        """The nodes nearest in meaning to a text or, where there is none, to a vector of the collection's model.

        Args:
            query: Of mode `DEFAULT` or `MMR`.
            kwargs: Those of `Collection.search`, for queries with a text.

        Raises:
            InvalidInput: The mode or a filter is one that xling does not know.
        """
        if query.mode not in (VectorStoreQueryMode.DEFAULT, VectorStoreQueryMode.MMR):
            raise InvalidInput(f"xling answers queries of the modes default and mmr, not {query.mode.value!r}")
        mmr = query.mode == VectorStoreQueryMode.MMR
        k = query.similarity_top_k
        # Indexes over a store that keeps the text ask for no ids by an empty list.
        filter = self._filter(query.filters, query.node_ids or None, query.doc_ids or None)
        options = {"limit": max(5 * k, 20) if mmr else k, "where": filter, "neutral": self.neutral, **kwargs}
        if query.query_str:
            hits = self._collection.search(query.query_str, **options)
        elif query.query_embedding is not None:
            hits = self._collection.search_by_vector(query.query_embedding, **options)
        else:
            raise InvalidInput("the query has neither a text nor an embedding")
        if mmr:
            hits = diverse(self._collection, hits, k, 0.5 if query.mmr_threshold is None else query.mmr_threshold)
        return VectorStoreQueryResult(
            nodes=[_hit_node(hit) for hit in hits],
            similarities=[hit.score for hit in hits],
            ids=[str(hit.id) for hit in hits],
        )

    async def aquery(self, query: VectorStoreQuery, **kwargs: Any) -> VectorStoreQueryResult:
        """`query` in a thread."""
        return await asyncio.to_thread(self.query, query, **kwargs)

    def _filter(
        self,
        filters: MetadataFilters | None,
        node_ids: Sequence[str] | None = None,
        doc_ids: Sequence[str] | None = None,
    ) -> FilterJson | None:
        prefix = self._collection.metadata_prefix
        given: list[FilterJson | None] = []
        if filters is not None:
            given.append(filter_of(filters, prefix))
        if node_ids is not None:
            given.append({"must": [{"key": "id", "match": {"any": list(node_ids)}}]})
        if doc_ids is not None:
            given.append(where_to_filter({"ref_doc_id": list(doc_ids)}, prefix=prefix))
        return and_filters(*given)


class XlingRetriever(BaseRetriever):
    """`Collection.retrieve` as a LlamaIndex retriever: passages with their neighbours, translations in one place.

    Args:
        collection: An open collection.
        options: Those of `Collection.retrieve`: `token_budget`, `limit`, `expand`, `languages`, `where`, …
    """

    def __init__(self, collection: Collection, **options: Any) -> None:
        super().__init__()
        self._collection, self._options = collection, options

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        found = self._collection.retrieve(query_bundle.query_str, **self._options)
        return [passage_node(passage) for passage in found.passages]

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return await asyncio.to_thread(self._retrieve, query_bundle)


def document_of(node: BaseNode) -> Document:
    """A node as a document: its text without metadata, everything else in the metadata."""
    lang = node.metadata.get("lang")
    return Document(
        text=node.get_content(metadata_mode=MetadataMode.NONE),
        id=node.node_id,
        lang=lang if isinstance(lang, str) else None,
        metadata=node_to_metadata_dict(node, remove_text=True, flat_metadata=False),
    )


def node_of(text: str, id: str, metadata: dict[str, Any], lang: str) -> BaseNode:
    """The node that a document was; a text node where it was not written by LlamaIndex."""
    if "_node_content" in metadata:
        return metadata_dict_to_node(metadata, text=text)
    return TextNode(text=text, id_=id, metadata={**metadata, "lang": lang})


def passage_node(passage: Passage) -> NodeWithScore:
    """A passage as a node; where it is from stands in its metadata."""
    metadata = {key: value for key, value in passage.metadata.items() if key not in _FROM_LLAMA_INDEX}
    metadata |= {
        "document_id": str(passage.id),
        "title": passage.title,
        "lang": passage.lang,
        "citation": passage.citation,
    }
    node = TextNode(text=passage.text, start_char_idx=passage.start, end_char_idx=passage.end, metadata=metadata)
    return NodeWithScore(node=node, score=passage.score)


def filter_of(filters: MetadataFilters, prefix: str = "metadata.") -> FilterJson | None:
    """LlamaIndex filters as a Qdrant filter.

    Raises:
        InvalidInput: An operator is one that Qdrant does not have.
    """
    parts = [
        part
        for each in filters.filters
        if (part := filter_of(each, prefix) if isinstance(each, MetadataFilters) else _condition(each, prefix))
    ]
    if not parts:
        return None
    if filters.condition == FilterCondition.OR:
        return {"should": parts}
    if filters.condition == FilterCondition.NOT:
        return {"must_not": parts}
    return {"must": parts}


def _condition(filter: MetadataFilter, prefix: str) -> FilterJson | None:
    key, value, operator = filter.key, filter.value, filter.operator
    if operator == FilterOperator.TEXT_MATCH:
        return {"must": [{"key": quote_path(prefix + key), "match": {"text": str(value)}}]}
    if operator in _RANGES:
        condition: Any = {_RANGES[operator]: value}
    elif operator in (FilterOperator.EQ, FilterOperator.CONTAINS):
        condition = value
    elif operator in (FilterOperator.IN, FilterOperator.ANY):
        condition = value if isinstance(value, list) else [value]
    elif operator == FilterOperator.NE:
        condition = {"not": value}
    elif operator == FilterOperator.NIN:
        condition = {"not": value if isinstance(value, list) else [value]}
    elif operator == FilterOperator.IS_EMPTY:
        condition = None
    elif operator == FilterOperator.ALL:
        values = value if isinstance(value, list) else [value]
        return where_to_filter({"and": [{key: each} for each in values]}, prefix=prefix)
    else:
        raise InvalidInput(f"xling has no filter {operator.value!r}; it has those of FilterOperator but that one")
    return where_to_filter({key: condition}, prefix=prefix)


def _hit_node(hit: Hit) -> BaseNode:
    return node_of(hit.text, str(hit.id), dict(hit.metadata), hit.lang)
