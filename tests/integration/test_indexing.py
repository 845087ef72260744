"""The index of a large embedded collection: built after a call that stored much, when not told otherwise."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
import pytest

import xling
from xling.errors import StoreError
from xling.ingest import indexing
from xling.store.edge import EdgeStore

MANY = 3000


class Clustered:
    """Vectors in a hundred clusters, large enough that Qdrant Edge thinks an index of three thousand worth it."""

    name, dimension, max_tokens = "clustered", 1024, 128
    identity = {"name": "clustered", "dimension": 1024}  # noqa: RUF012

    def encode_documents(self, texts):
        vectors = np.empty((len(texts), self.dimension), np.float32)
        for row, text in zip(vectors, texts, strict=True):
            number = int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")
            centre = np.random.default_rng(number % 100).standard_normal(self.dimension)
            row[:] = centre + 0.7 * np.random.default_rng(number).standard_normal(self.dimension)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    encode_queries = encode_documents


@pytest.fixture
def opened(tmp_path, monkeypatch):
    monkeypatch.setattr(indexing, "GROWN", 2500)
    with xling.open("c", path=tmp_path, model=Clustered(), cache=False) as collection:
        yield collection


def texts(start, end):
    return [f"text {i}" for i in range(start, end)]


def test_a_large_addition_builds_it_and_searches_find_what_exact_ones_do(opened):
    opened.add(texts(0, 400), langs="en")
    assert opened.store.unindexed() == 400
    assert opened.add(texts(400, MANY), langs="en").added == MANY - 400
    assert opened.store.unindexed() == 0
    questions = texts(MANY, MANY + 40)
    exact = opened.search_many(questions, neutral=0, exact=True)
    quick = opened.search_many(questions, neutral=0)
    found = [len({h.id for h in a} & {h.id for h in b}) / 10 for a, b in zip(exact, quick, strict=True)]
    assert np.mean(found) >= 0.99
    # What is added later is searched too, and is no reason to build all of it anew.
    opened.add("text 9999", langs="en")
    assert opened.store.unindexed() == 1
    assert opened.search("text 9999", neutral=0)[0].text == "text 9999"


def test_it_is_left_out_where_that_is_asked_and_for_few(opened):
    opened.add(texts(0, MANY), langs="en", optimize=False)
    assert opened.store.unindexed() == MANY
    opened.add(texts(MANY, MANY + 10), langs="en")
    assert opened.store.unindexed() == MANY + 10
    everything = texts(0, MANY) + texts(MANY, MANY + 1100)
    opened.sync(everything, source="s", langs="en", dry_run=True)
    assert opened.store.unindexed() == MANY + 10
    opened.sync(everything, source="s", langs="en")
    assert opened.store.unindexed() == 0


def test_it_is_not_built_unasked_beyond_what_the_memory_holds(opened, monkeypatch):
    monkeypatch.setattr(indexing, "MOST", MANY - 1)
    opened.add(texts(0, MANY), langs="en")
    assert opened.store.unindexed() == MANY
    opened.add("text 9999", langs="en", optimize=True)
    assert opened.store.unindexed() == 0


def test_an_error_of_the_index_tells_what_was_stored(opened, monkeypatch):
    def full(self):
        raise StoreError("no space is left")

    monkeypatch.setattr(EdgeStore, "compact", full)
    with pytest.raises(StoreError, match="no space") as told:
        opened.add(texts(0, 20), langs="en", optimize=True)
    assert told.value.report.added == 20
    assert opened.count() == 20


async def test_beside_other_tasks_it_is_built_only_if_asked(opened, tmp_path):
    opened.close()
    async with xling.aopen("c", path=tmp_path, model=Clustered(), cache=False) as collection:
        await collection.add(texts(0, MANY), langs="en")
        assert collection.store.unindexed() == MANY
        await collection.add("text 9999", langs="en", optimize=True)
        assert collection.store.unindexed() == 0


def test_every_store_says_how_much_has_none(make):
    collection = make("c")
    collection.add(["one", "two"], langs="en")
    assert collection.store.unindexed() == (2 if isinstance(collection.store, EdgeStore) else 0)
