"""LangChain: its own standard suite for vector stores, and what goes beyond it."""

import asyncio

import numpy as np
import pytest

import xling

pytest.importorskip("langchain_core")
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_tests.integration_tests.vectorstores import VectorStoreIntegrationTests

from xling.integrations.langchain import LangChainEncoder, XlingEmbeddings, XlingRetriever, XlingVectorStore

FILMS = [
    ("1", "Seven warriors defend a village from bandits.", {"year": 1954}),
    ("2", "Seven warriors defend a village against bandits.", {"year": 1960}),
    ("3", "七人の侍が野武士から村を守る。", {"year": 1954}),
    ("4", "Bread is baked in an oven.", {"year": 2001}),
]


class TestStandard(VectorStoreIntegrationTests):
    @pytest.fixture(params=["edge", "local"])
    def vectorstore(self, request, tmp_path):
        from qdrant_client import QdrantClient

        where = {"path": tmp_path} if request.param == "edge" else {"client": QdrantClient(":memory:")}
        store = XlingVectorStore.from_texts([], self.get_embeddings(), **where)
        yield store
        store.collection.close()


class TestStandardWithOurModel(VectorStoreIntegrationTests):
    @pytest.fixture
    def vectorstore(self, opened):
        return XlingVectorStore(opened())


@pytest.fixture
def films(opened):
    store = XlingVectorStore(opened(), with_lang=True)
    ids, texts, metadatas = zip(*FILMS, strict=True)
    assert store.add_texts(texts, list(metadatas), ids=ids) == list(ids)
    return store


def test_a_query_of_any_language(films):
    found = films.similarity_search("Guerreros protegen un pueblo", k=3)
    assert {document.id for document in found} == {"1", "2", "3"}
    assert {document.metadata["lang"] for document in found} == {"en", "ja"}


def test_filters_are_those_of_xling(films):
    found = films.similarity_search("warriors", filter={"year": {"lt": 1960}})
    assert {document.id for document in found} == {"1", "3"}
    assert [d.id for d in films.similarity_search("warriors", languages=["ja"])] == ["3"]
    assert films.as_retriever(search_kwargs={"filter": {"year": 2001}}).invoke("bread")[0].id == "4"


def test_mmr_takes_what_differs(films):
    near = [d.id for d in films.similarity_search("warriors defend a village", k=2)]
    assert set(near) == {"1", "2"}
    found = [d.id for d in films.max_marginal_relevance_search("warriors defend a village", k=2, lambda_mult=0.1)]
    assert found[0] == near[0]
    assert found[1] not in near
    vector = films.embeddings.embed_query("warriors defend a village")
    assert [d.id for d in films.max_marginal_relevance_search_by_vector(vector, k=1)] == [near[0]]
    again = asyncio.run(films.amax_marginal_relevance_search("warriors defend a village", k=2, lambda_mult=0.1))
    assert [d.id for d in again] == found
    retriever = films.as_retriever(search_type="mmr", search_kwargs={"k": 2, "lambda_mult": 0.1})
    assert [d.id for d in retriever.invoke("warriors defend a village")] == found


def test_scores(films):
    scored = films.similarity_search_with_score("bread", k=4)
    assert [score for _, score in scored] == sorted((score for _, score in scored), reverse=True)
    assert scored[0][0].id == "4"
    relevant = films.similarity_search_with_relevance_scores("bread in an oven", k=4)
    assert all(0 <= score <= 1 for _, score in relevant)
    assert relevant[0][1] > relevant[-1][1]


def test_search_by_vector(films):
    vector = films.embeddings.embed_query("bread")
    assert films.similarity_search_by_vector(vector, k=1)[0].id == "4"
    with pytest.raises(xling.InvalidInput, match="shape"):
        films.similarity_search_by_vector(vector[:5])


def test_deleting_and_getting(films):
    films.delete(["1"])
    films.delete(where={"year": 2001})
    films.delete([])
    assert {d.id for d in films.get_by_ids(["1", "2", "3", "4"])} == {"2", "3"}
    with pytest.raises(xling.InvalidInput):
        films.delete()


def test_a_text_that_cannot_be_stored_is_refused_before_anything_is_written(films):
    with pytest.raises(xling.InvalidInput, match="document 1 cannot be stored"):
        films.add_texts(["fine", "  "])
    assert films.collection.count() == 4


def test_a_collection_that_does_not_exist(tmp_path):
    with pytest.raises(xling.CollectionNotFound):
        XlingVectorStore.from_existing("other", path=tmp_path)


def test_from_texts_and_from_existing(tmp_path, encoder):
    bread = Document("Bread is baked.", metadata={"a": 1}, id="b")
    first = XlingVectorStore.from_documents([bread], None, collection_name="c", path=tmp_path, model=encoder)
    first.collection.close()
    again = XlingVectorStore.from_existing("c", path=tmp_path)
    assert again.similarity_search("パン") == [bread]
    assert isinstance(again.embeddings, XlingEmbeddings)
    again.collection.close()


def test_embeddings_of_langchain(tmp_path):
    model = DeterministicFakeEmbedding(size=8)
    encoder = LangChainEncoder(model)
    assert isinstance(encoder, xling.Encoder)
    assert (encoder.dimension, encoder.name) == (8, "DeterministicFakeEmbedding")
    assert np.allclose(np.linalg.norm(encoder.encode_documents(["a", "b"]), axis=1), 1)
    store = XlingVectorStore.from_texts(["a b", "c d"], model, path=tmp_path)
    assert store.embeddings is model
    assert store.similarity_search("c d", k=1)[0].page_content == "c d"
    store.collection.close()
    with pytest.raises(xling.SpaceMismatch):
        XlingVectorStore.from_existing("langchain", DeterministicFakeEmbedding(size=9), path=tmp_path)
    with pytest.raises(xling.InvalidInput, match="not both"):
        XlingVectorStore.from_texts(["a"], model, path=tmp_path, model="bundled")


def test_the_retriever_gives_passages(opened):
    docs = opened(chunk_tokens=32)
    text = "# Storms\n\nLeave the ridge at once. Lightning strikes the highest point.\n\n# Huts\n\nDinner is at six."
    docs.add({"id": "g", "text": text, "lang": "en", "metadata": {"author": "A"}})
    retriever = XlingRetriever(collection=docs, options={"limit": 1, "expand": 0})
    (document,) = retriever.invoke("lightning on the ridge")
    meta = document.metadata
    assert text[meta["start_index"] : meta["end_index"]] == document.page_content
    assert (document.id, meta["title"], meta["lang"], meta["author"]) == ("g", "Storms", "en", "A")
    assert meta["citation"].startswith("Storms (g, en, characters 0-")
    assert asyncio.run(retriever.ainvoke("lightning on the ridge")) == [document]
