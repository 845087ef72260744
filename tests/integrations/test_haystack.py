"""Haystack: its own conformance tests for document stores, and the retrievers in a pipeline."""

import asyncio
from dataclasses import replace

import pytest

import xling

pytest.importorskip("haystack")
from haystack import Document, Pipeline
from haystack.document_stores.errors import DuplicateDocumentError
from haystack.document_stores.types import DuplicatePolicy
from haystack.errors import FilterError
from haystack.testing.document_store import CountDocumentsByFilterTest, DocumentStoreBaseExtendedTests
from haystack.utils import Secret

from xling.integrations.haystack import XlingDocumentStore, XlingPassageRetriever, XlingRetriever


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """Their tests write the same documents again and again."""
    return xling.EmbeddingCache(tmp_path_factory.mktemp("cache") / "cache.sqlite")


# Their tests ask an empty collection about fields, of which xling warns.
@pytest.mark.filterwarnings("ignore::xling.errors.UnknownFieldWarning")
class TestStandard(DocumentStoreBaseExtendedTests, CountDocumentsByFilterTest):
    @pytest.fixture(params=["edge", "local"])
    def document_store(self, request, encoder, cache, tmp_path):
        from qdrant_client import QdrantClient

        where = {"path": tmp_path} if request.param == "edge" else {"client": QdrantClient(":memory:")}
        with xling.open("c", model=encoder, cache=cache, **where) as collection:
            yield XlingDocumentStore(collection=collection)

    def assert_documents_are_equal(self, received, expected):
        """In any order, and without embeddings: xling makes its own."""
        plain = [sorted((replace(d, embedding=None) for d in ds), key=lambda d: d.id) for ds in (received, expected)]
        assert plain[0] == plain[1]

    def test_write_documents(self, document_store):
        document = Document(content="test doc")
        assert document_store.write_documents([document]) == 1
        with pytest.raises(DuplicateDocumentError):
            document_store.write_documents([document])
        assert document_store.count_documents() == 1


FILMS = [
    Document(id="1", content="Seven warriors defend a village from bandits.", meta={"year": 1954}),
    Document(id="2", content="七人の侍が野武士から村を守る。", meta={"year": 1954, "lang": "ja"}),
    Document(id="3", content="Bread is baked in an oven.", meta={"year": 2001}),
]


@pytest.fixture
def store(opened):
    store = XlingDocumentStore(collection=opened())
    assert store.write_documents(FILMS) == 3
    return store


def test_the_retriever_in_a_pipeline(store):
    pipeline = Pipeline()
    pipeline.add_component("retriever", XlingRetriever(store, top_k=2))
    found = pipeline.run({"retriever": {"query": "Guerreros protegen un pueblo"}})["retriever"]["documents"]
    assert {d.id for d in found} == {"1", "2"}
    assert all(d.score is not None for d in found)
    old = {"field": "meta.year", "operator": "<", "value": 1990}
    run = XlingRetriever(store).run
    assert {d.id for d in run("oven", filters=old)["documents"]} == {"1", "2"}
    assert [d.id for d in run("oven", languages=["ja"])["documents"]] == ["2"]
    assert [d.id for d in run("oven", top_k=1)["documents"]] == ["3"]
    others = {"field": "id", "operator": "!=", "value": "3"}
    assert {d.id for d in run("oven", filters=others)["documents"]} == {"1", "2"}


def test_words_and_meaning(store):
    store.write_documents([Document(id="code", content="Der Ofen XR-2000 ist ausverkauft.")])
    by_words = XlingRetriever(store, mode="lexical")
    assert [d.id for d in by_words.run("XR-2000")["documents"]] == ["code"]
    assert len(by_words.run("XR-2000", mode="dense")["documents"]) == 4
    assert XlingRetriever(store).run("XR-2000", mode="hybrid", top_k=1)["documents"][0].id == "code"
    assert XlingRetriever(store, options={"mode": "lexical"}).run("XR-2000")["documents"][0].id == "code"
    passages = XlingPassageRetriever(store, mode="hybrid").run("XR-2000")
    assert passages["documents"][0].meta["document_id"] == "code"
    named = XlingRetriever(XlingDocumentStore("films"), mode="hybrid")
    assert XlingRetriever.from_dict(named.to_dict()).mode == "hybrid"
    older = named.to_dict()
    del older["init_parameters"]["mode"]
    assert XlingRetriever.from_dict(older).mode is None


def test_the_passage_retriever(opened):
    store = XlingDocumentStore(collection=opened(chunk_tokens=32))
    text = "# Storms\n\nLeave the ridge at once. Lightning strikes the highest point.\n\n# Huts\n\nDinner is at six."
    store.write_documents([Document(id="g", content=text, meta={"author": "A"})])
    found = XlingPassageRetriever(store, top_k=1, options={"expand": 0}).run("lightning on the ridge")
    (document,) = found["documents"]
    assert text[document.meta["start_index"] : document.meta["end_index"]] == document.content
    assert found["context"].startswith("[1] Storms (g, en, characters 0-")
    assert (document.meta["author"], document.meta["document_id"]) == ("A", "g")
    assert store.filter_documents()[0].content == text


def test_what_is_not_there_is_told(store):
    with pytest.raises(xling.InvalidInput, match="document 1 cannot be stored"):
        store.write_documents([Document(content="fine"), Document(content=None, meta={"a": 1})])
    assert store.count_documents() == 3
    for wrong in (
        {"field": "content", "operator": "==", "value": "a"},
        {"field": "meta.year", "operator": "like", "value": 1},
        {"operator": "XOR", "conditions": [{"field": "meta.year", "operator": "==", "value": 1}]},
        {"field": "id", "operator": ">", "value": "1"},
    ):
        with pytest.raises(FilterError):
            store.filter_documents(wrong)
    with pytest.raises(xling.InvalidInput):
        store.delete_by_filter({})


def test_a_pipeline_is_written_down_and_read_back(tmp_path, encoder, monkeypatch):
    store = XlingDocumentStore("c", path=str(tmp_path), model="bundled")
    pipeline = Pipeline()
    pipeline.add_component("retriever", XlingRetriever(store, top_k=1, options={"rescore": True}))
    pipeline.add_component("passages", XlingPassageRetriever(XlingDocumentStore("d", path=str(tmp_path))))
    again = Pipeline.loads(pipeline.dumps(), allowed_modules=["xling.integrations.haystack"])
    retriever = again.get_component("retriever")
    assert (retriever.top_k, retriever.options) == (1, {"rescore": True})
    retriever.document_store.write_documents(FILMS, policy=DuplicatePolicy.SKIP)
    assert [d.id for d in retriever.run("パンを焼く")["documents"]] == ["3"]
    retriever.document_store.close()
    monkeypatch.setenv("QDRANT_KEY", "secret-key")
    remote = XlingDocumentStore("c", url="http://localhost:6333", api_key=Secret.from_env_var("QDRANT_KEY"))
    assert "secret-key" not in str(remote.to_dict())
    assert XlingDocumentStore.from_dict(remote.to_dict()).to_dict() == remote.to_dict()


def test_an_open_collection_cannot_be_written_down(store):
    with pytest.raises(xling.InvalidInput, match="cannot be serialised"):
        store.to_dict()


def test_asynchronously(store):
    async def go():
        assert await store.write_documents_async([Document(id="4", content="More bread.")]) == 1
        assert await store.count_documents_async() == 4
        assert len(await store.filter_documents_async()) == 4
        await store.delete_documents_async(["4"])

    asyncio.run(go())
    assert store.count_documents() == 3
