"""LlamaIndex: vector store and retriever, through its own index too."""

import asyncio

import pytest

import xling

pytest.importorskip("llama_index.core")
from llama_index.core import StorageContext, VectorStoreIndex
from llama_index.core.schema import NodeRelationship, RelatedNodeInfo, TextNode
from llama_index.core.vector_stores.types import (
    FilterCondition,
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryMode,
)

from xling.integrations.llama_index import XlingEmbedding, XlingRetriever, XlingVectorStore

FILMS = [
    ("1", "film-a", "Seven warriors defend a village from bandits.", {"year": 1954, "tags": ["war", "village"]}),
    ("2", "film-b", "Seven warriors defend a village against bandits.", {"year": 1960, "tags": ["war"]}),
    ("3", "film-a", "七人の侍が野武士から村を守る。", {"year": 1954, "note": "black and white"}),
    ("4", "film-c", "Bread is baked in an oven.", {"year": 2001, "tags": ["food"]}),
]


def nodes():
    return [
        TextNode(
            id_=id,
            text=text,
            metadata=metadata,
            relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=source)},
        )
        for id, source, text, metadata in FILMS
    ]


@pytest.fixture
def store(opened):
    store = XlingVectorStore(opened())
    assert store.add(nodes()) == ["1", "2", "3", "4"]
    return store


def ids(store, **query):
    return store.query(VectorStoreQuery(**{"query_str": "warriors", "similarity_top_k": 10, **query})).ids


def test_a_query_of_any_language(store):
    found = store.query(VectorStoreQuery(query_str="Guerreros protegen un pueblo", similarity_top_k=3))
    assert set(found.ids) == {"1", "2", "3"}
    assert found.similarities == sorted(found.similarities, reverse=True)
    originals = {node.node_id: node for node in nodes()}
    for node in found.nodes:
        original = originals[node.node_id]
        assert (node.text, node.metadata, node.ref_doc_id) == (original.text, original.metadata, original.ref_doc_id)


def test_nodes_come_back_as_they_were(store):
    assert sorted(store.get_nodes(), key=lambda n: n.node_id) == nodes()
    assert store.get_nodes(["3", "9"]) == [nodes()[2]]
    assert asyncio.run(store.aget_nodes(["3"])) == [nodes()[2]]


@pytest.mark.parametrize(
    ("key", "operator", "value", "expected"),
    [
        ("year", "==", 1954, "13"),
        ("year", "!=", 1954, "24"),
        ("year", ">", 1954, "24"),
        ("year", ">=", 1960, "24"),
        ("year", "<", 1960, "13"),
        ("year", "<=", 1960, "123"),
        ("year", "in", [1960, 2001], "24"),
        ("year", "nin", [1960, 2001], "13"),
        ("tags", "any", ["village", "food"], "14"),
        ("tags", "all", ["war", "village"], "1"),
        ("tags", "contains", "war", "12"),
        ("tags", "is_empty", None, "3"),
        ("note", "text_match", "white", "3"),
    ],
)
def test_filters(store, key, operator, value, expected):
    filters = MetadataFilters(filters=[MetadataFilter(key=key, operator=FilterOperator(operator), value=value)])
    assert sorted(ids(store, filters=filters)) == list(expected)
    assert sorted(node.node_id for node in store.get_nodes(filters=filters)) == list(expected)


@pytest.mark.parametrize(("condition", "expected"), [("and", "1"), ("or", "123"), ("not", "4")])
def test_filters_combine(store, condition, expected):
    both = [MetadataFilter(key="year", value=1954), MetadataFilter(key="tags", value="war")]
    filters = MetadataFilters(filters=both, condition=FilterCondition(condition))
    assert sorted(ids(store, filters=filters)) == list(expected)
    nested = MetadataFilters(filters=[filters, MetadataFilter(key="year", value=1960, operator=FilterOperator.LTE)])
    assert sorted(ids(store, filters=nested)) == [i for i in expected if i != "4"]


def test_ids_of_nodes_and_documents(store):
    assert sorted(ids(store, node_ids=["1", "4"])) == ["1", "4"]
    assert sorted(ids(store, doc_ids=["film-a"])) == ["1", "3"]
    assert ids(store, node_ids=["1", "4"], doc_ids=["film-a"]) == ["1"]


def test_mmr_and_vectors(store):
    near = ids(store, query_str="warriors defend a village", similarity_top_k=2)
    mmr = {"mode": VectorStoreQueryMode.MMR, "mmr_threshold": 0.1}
    found = ids(store, query_str="warriors defend a village", similarity_top_k=2, **mmr)
    assert found[0] == near[0]
    assert found[1] not in near
    vector = XlingEmbedding(store.client).get_query_embedding("bread in an oven")
    assert ids(store, query_str=None, query_embedding=vector, similarity_top_k=1) == ["4"]
    for query in ({"query_str": None}, {"mode": VectorStoreQueryMode.SVM}):
        with pytest.raises(xling.InvalidInput):
            ids(store, **query)


def test_deleting(store):
    store.delete("film-a")
    assert sorted(node.node_id for node in store.get_nodes()) == ["2", "4"]
    store.delete_nodes(["2"])
    assert [node.node_id for node in store.get_nodes()] == ["4"]
    store.delete_nodes([])
    assert store.client.count() == 1
    with pytest.raises(xling.InvalidInput):
        store.delete_nodes()
    store.client.add("A document that LlamaIndex did not write.", ids=["own"])
    assert {type(node) for node in store.get_nodes()} == {TextNode}
    asyncio.run(store.aclear())
    assert store.get_nodes() == []


def test_a_node_without_text_is_refused_before_anything_is_written(store):
    with pytest.raises(xling.InvalidInput, match="document 1 cannot be stored"):
        store.add([TextNode(text="fine"), TextNode(text=" ")])
    assert store.client.count() == 4


def test_an_index_of_llama_index(opened):
    collection = opened()
    storage = StorageContext.from_defaults(vector_store=XlingVectorStore(collection))
    index = VectorStoreIndex(nodes(), storage_context=storage, embed_model=XlingEmbedding(collection))
    found = index.as_retriever(similarity_top_k=1).retrieve("パンを焼く")
    assert [node.node_id for node in found] == ["4"]
    assert [n.node_id for n in asyncio.run(index.as_retriever(similarity_top_k=1).aretrieve("パンを焼く"))] == ["4"]


def test_the_retriever_gives_passages(opened):
    docs = opened(chunk_tokens=32)
    text = "# Storms\n\nLeave the ridge at once. Lightning strikes the highest point.\n\n# Huts\n\nDinner is at six."
    docs.add({"id": "g", "text": text, "lang": "en", "metadata": {"author": "A"}})
    retriever = XlingRetriever(docs, limit=1, expand=0)
    (found,) = retriever.retrieve("lightning on the ridge")
    assert text[found.node.start_char_idx : found.node.end_char_idx] == found.text
    assert found.metadata["citation"].startswith("Storms (g, en, characters 0-")
    assert (found.metadata["author"], found.metadata["document_id"]) == ("A", "g")
    assert [n.text for n in asyncio.run(retriever.aretrieve("lightning on the ridge"))] == [found.text]
