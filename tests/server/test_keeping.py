"""How a real server keeps a collection."""

from __future__ import annotations

import uuid

import numpy as np
import pytest

import xling
from tests.killed_writer import HashEncoder
from xling.errors import StoreError
from xling.store import Point, Schema, Storage, VectorSpec

pytestmark = pytest.mark.server
ROWS = [{"id": i, "text": f"text number {i}", "lang": "en", "metadata": {"owner": f"o{i % 3}"}} for i in range(60)]


@pytest.mark.parametrize("quantization", ["scalar", "binary"])
def test_a_quantised_collection_finds_what_the_vectors_say(connect, quantization):
    vectors = np.random.default_rng(3).standard_normal((1000, 512)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    store = connect(f"q-{quantization}")
    store.create(Schema((VectorSpec("", 512),), {}, Storage(quantization, on_disk=True)), {"a": 1})
    kept = store.schema().storage
    assert (kept.quantization, kept.on_disk) == (quantization, True)
    store.upsert([Point(i, vector, {}) for i, vector in enumerate(vectors)], vector_name="")
    pages = store.query(vectors[:20], vector_name="", filters=[None] * 20, limit=1)
    assert [page[0].id for page in pages] == list(range(20))
    np.testing.assert_allclose([page[0].score for page in pages], 1.0, atol=1e-5)


def test_turbo_is_kept_or_refused_in_our_words(connect):
    store = connect("turbo")
    version = tuple(int(part) for part in str(store._client.info().version).split(".")[:2])
    schema = Schema((VectorSpec("", 64),), {}, Storage("turbo"))
    if version >= (1, 18):
        store.create(schema, {"a": 1})
        assert store.schema().storage.quantization == "turbo"
    else:
        with pytest.raises(StoreError, match=r"1\.18"):
            store.create(schema, {"a": 1})


def test_a_tenant_field_is_kept_and_told(server):
    name = f"test-{uuid.uuid4().hex[:12]}-kept"
    place = {"url": server.url, "api_key": server.api_key}
    with xling.open(name, model=HashEncoder(), tenant_field="owner", quantization="scalar", **place) as docs:
        docs.add(ROWS)
    with xling.open(name, model=HashEncoder(), tenant_field="owner", **place) as docs:
        kept = docs.info().storage
        assert (kept["tenant"], kept["quantization"]) == ("metadata.owner", "scalar")
        assert docs.count(where={"owner": "o1"}) == 20
        docs.drop()
