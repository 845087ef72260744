"""`ServerStore` on a real Qdrant server: indexes, limits of messages, races, keys."""

from __future__ import annotations

import threading
import uuid

import numpy as np
import pytest

from xling.errors import AccessDenied, CollectionNotFound, InvalidInput, StoreError
from xling.store import Point, Schema, VectorSpec
from xling.store.server import ServerStore

pytestmark = pytest.mark.server
SIZE = 384
SCHEMA = Schema((VectorSpec("", SIZE),), {"lang": "keyword", "n": "integer"})
RNG = np.random.default_rng(5)


def points(n, **payload):
    vectors = RNG.standard_normal((n, SIZE)).astype(np.float32)
    return [Point(str(uuid.UUID(int=i + 1)), vectors[i], {"n": i, "lang": "en", **payload}) for i in range(n)]


@pytest.fixture
def store(connect):
    store = connect()
    store.create(SCHEMA, {"basis": [[0.25, -1.5e-8]], "text": "二"})
    return store


def test_indexes_are_made_and_listed(store):
    assert store.schema().indexes == {"lang": "keyword", "n": "integer"}
    kinds = {"f": "float", "b": "bool", "d": "datetime", "u": "uuid", "t": "text", 'metadata."著者"': "keyword"}
    store.ensure_indexes(kinds)
    store.ensure_indexes(kinds)
    assert store.schema().indexes == {"lang": "keyword", "n": "integer", **kinds}


def test_metadata_is_kept_exactly_and_merged(store):
    assert store.metadata() == {"basis": [[0.25, -1.5e-8]], "text": "二"}
    store.update_metadata({"more": {"a": 1}, "text": None})
    assert store.metadata() == {"basis": [[0.25, -1.5e-8]], "more": {"a": 1}}


def test_a_large_batch_is_cut_into_messages_that_servers_take(store):
    store.upsert(points(200, blob="語" * 60_000), vector_name="")  # 36 MB
    assert store.count() == 200
    payloads = {str(uuid.UUID(int=i + 1)): {"lang": "ja", "blob": "x" * 200_000} for i in range(200)}
    store.set_payloads(payloads)
    assert store.facet("lang") == {"ja": 200}


def test_a_single_point_that_is_too_large_is_refused_in_our_words(store):
    with pytest.raises((StoreError, InvalidInput)):
        store.upsert(points(1, blob="x" * 70_000_000), vector_name="")


def test_facets_need_an_index_and_say_so(store):
    store.upsert(points(3, tag="a"), vector_name="")
    with pytest.raises(InvalidInput, match="tag"):
        store.facet("tag")


def test_creating_from_many_threads_keeps_one(connect):
    stores = [connect("race") for _ in range(8)]
    errors = []

    def create(i):
        try:
            stores[i].create(SCHEMA, {"by": i})
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=create, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len({store.metadata()["by"] for store in stores}) == 1


def test_the_index_answers_like_the_exact_search(store):
    given = points(3000)
    store.upsert(given, vector_name="")
    queries = np.stack([point.vector for point in given[:20]])
    found = store.query(queries, vector_name="", filters=[None] * 20, limit=1)
    assert [page[0].id for page in found] == [point.id for point in given[:20]]
    exact = store.query(queries, vector_name="", filters=[None] * 20, limit=1, exact=True)
    assert [page[0].id for page in exact] == [page[0].id for page in found]


def test_what_is_missing_is_said_in_our_words(connect, store):
    gone = connect("gone")
    for call in (gone.schema, gone.count, gone.drop, gone.metadata, lambda: gone.retrieve([1])):
        with pytest.raises(CollectionNotFound, match="gone"):
            call()
    with pytest.raises(InvalidInput, match="nope"):
        store.count({"must": [{"key": "a", "match": {"nope": 1}}]})


def test_figures_name_the_server(store):
    store.upsert(points(5), vector_name="")
    stats = store.stats()
    assert stats["engine"] == "qdrant"
    assert stats["points"] == 5
    assert stats["version"].count(".") == 2


def test_keys_are_checked_by_the_server_and_never_shown(guarded_server):
    full = ServerStore("guarded", url=guarded_server.url, api_key="full-key-1")
    full.create(SCHEMA, {"a": 1})
    full.upsert(points(2), vector_name="")
    reader = ServerStore("guarded", url=guarded_server.url, api_key="read-key-1")
    assert reader.count() == 2
    wrong = ServerStore("guarded", url=guarded_server.url, api_key="wrong-key-1")
    nobody = ServerStore("guarded", url=guarded_server.url)
    for call in (wrong.count, nobody.count, lambda: reader.upsert(points(1), vector_name=""), reader.drop):
        with pytest.raises(AccessDenied, match="key") as caught:
            call()
        assert "-key-1" not in str(caught.value)
    full.drop()
    for store in (full, reader, wrong, nobody):
        store.close()


def test_a_snapshot_is_restored(connect):
    import xling
    from tests.killed_writer import HashEncoder

    store = connect("snapshots")
    rows = [{"id": i, "text": f"text {i}", "lang": "en"} for i in range(50)]
    with xling.open(store.name, client=store._client, model=HashEncoder()) as docs:
        docs.add(rows)
        made = docs.snapshot()
        assert [one.name for one in docs.snapshots()] == [made.name]
        assert made.bytes > 0
        docs.delete(list(range(20)))
        docs.add([{"id": "later", "text": "later", "lang": "fr"}])
        docs.restore(made.name)
        assert docs.count() == 50
        assert docs.get("later") is None
        assert docs._statistics.current().counts == {"en": 50}
        with pytest.raises((InvalidInput, StoreError)):
            docs.restore("no-such.snapshot")
