"""How a collection is kept: quantised, on disk, cut vectors, tenants, parts and copies."""

from __future__ import annotations

import json
import re
import warnings

import numpy as np
import pytest
from qdrant_client import QdrantClient, models

import xling
from tests.killed_writer import HashEncoder
from xling.cli.app import run
from xling.errors import InvalidInput, SpaceMismatch, TruncationWarning
from xling.space.cards import card_for
from xling.space.truncation import TruncatedEncoder, truncated
from xling.store import Point, Schema, Storage, VectorSpec
from xling.store.edge import EdgeStore
from xling.store.server_storage import creation_arguments, index_schema, storage_of
from xling.store.storage import check_storage

SIZE = 512
ROWS = [{"id": i, "text": f"text number {i}", "lang": "en", "metadata": {"customer": f"c{i % 3}"}} for i in range(60)]


@pytest.fixture
def open_(tmp_path):
    return lambda name="docs", **options: xling.open(name, path=tmp_path, model=HashEncoder(), **options)


# The engine quantises to 8 bits when it builds an index, which is from 10 MB of vectors on; the others at once.
@pytest.mark.parametrize(
    ("quantization", "on_disk", "n"),
    [("scalar", True, 5200), ("binary", None, 1000), ("binary", True, 1000), ("turbo", True, 1000)],
)
def test_a_quantised_collection_finds_what_the_vectors_say(tmp_path, quantization, on_disk, n):
    vectors = np.random.default_rng(3).standard_normal((n, SIZE)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    store = EdgeStore(tmp_path, "c")
    store.create(Schema((VectorSpec("", SIZE),), {}, Storage(quantization, on_disk)), {})
    store.upsert([Point(i, vector, {}) for i, vector in enumerate(vectors)], vector_name="")
    store.optimize()
    store.close()
    again = EdgeStore(tmp_path, "c")
    assert again.schema().storage == Storage(quantization, on_disk)
    made = json.loads((tmp_path / "c" / "shard" / "edge_config.json").read_text("utf-8"))
    assert list(made["quantization_config"]) == [quantization]
    assert list((tmp_path / "c" / "shard").rglob("quantized*")), "nothing was quantised"
    pages = again.query(vectors[:50], vector_name="", filters=[None] * 50, limit=1)
    assert [page[0].id for page in pages] == list(range(50))
    scores = [page[0].score for page in pages]
    np.testing.assert_allclose(scores, 1.0, atol=1e-5)  # of the vectors, not of their copies
    again.close()


def test_what_was_chosen_is_kept_told_and_not_chosen_again(open_):
    with open_(quantization="scalar", on_disk=True, tenant_field="customer") as docs:
        docs.add(ROWS)
        chosen = {"quantization": "scalar", "on_disk": True, "tenant": "metadata.customer"}
        assert docs.info().storage == chosen
        assert docs.info().indexes["metadata.customer"] == "keyword"
        assert docs.count(where={"customer": "c1"}) == 20
    with open_() as docs:
        assert docs.info().storage == chosen
        assert docs.search(ROWS[5]["text"], limit=1, where={"customer": "c2"}, neutral=0)[0].id == 5
    open_(quantization="scalar", on_disk=True, tenant_field="customer").close()
    for other in ({"quantization": "binary"}, {"tenant_field": "owner"}, {"shards": 3}):
        with pytest.raises(InvalidInput, match=f"'docs' was made with .*{next(iter(other))}=") as caught:
            open_(**other)
        assert "another name" in str(caught.value)
    with open_("plain") as docs:
        assert docs.info().storage == {}
    with pytest.raises(InvalidInput, match="on_disk=None, and is asked for with on_disk=True"):
        open_("plain", on_disk=True)


def test_a_tenant_field_may_come_later_unless_it_has_another_index(open_):
    open_().close()
    with open_(tenant_field="customer") as docs:
        docs.add(ROWS)
        assert docs.info().storage == {"tenant": "metadata.customer"}
        assert docs.count(where={"customer": "c1"}) == 20
    open_("other", indexes={"customer": "keyword"}).close()
    with pytest.raises(InvalidInput, match="'other' was made with tenant_field=None"):
        open_("other", tenant_field="customer")


@pytest.mark.parametrize(
    "wrong",
    [
        {"quantization": "product"},
        {"quantization": True},
        {"on_disk": "yes"},
        {"tenant_field": " "},
        {"shards": 0},
        {"replicas": True},
        {"write_consistency": 2},
        {"replicas": 2, "write_consistency": 3},
        {"shards": 2},
        {"tenant_field": "customer", "indexes": {"customer": "integer"}},
        {"truncate_dim": 17},
        {"truncate_dim": 1},
        {"truncate_dim": 8.0},
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_made(open_, tmp_path, wrong):
    with pytest.raises(InvalidInput, match=next(iter(wrong))):
        open_(**wrong)
    assert not list(tmp_path.glob("*/collection.json"))


def test_local_mode_says_that_it_cannot():
    client = QdrantClient(":memory:")
    with pytest.raises(InvalidInput, match="local mode"):
        xling.open("docs", client=client, model=HashEncoder(), quantization="scalar")
    assert not client.collection_exists("docs")
    with xling.open("docs", client=client, model=HashEncoder()) as docs:
        assert docs.info().storage == {}
    client.close()


@pytest.mark.parametrize("quantization", [None, "scalar", "binary", "turbo"])
def test_a_server_is_told_and_says_the_same(quantization):
    asked = check_storage(
        quantization=quantization, on_disk=True, tenant_field="owner", shards=6, replicas=2, write_consistency=2
    )
    arguments = creation_arguments(Schema((VectorSpec("", 8),), {}, asked))
    described = models.CollectionInfo(
        status="green",
        optimizer_status="ok",
        segments_count=1,
        config=models.CollectionConfig(
            params=models.CollectionParams(
                vectors=arguments["vectors_config"],
                shard_number=arguments["shard_number"],
                replication_factor=arguments["replication_factor"],
                write_consistency_factor=arguments["write_consistency_factor"],
            ),
            quantization_config=arguments.get("quantization_config"),
            hnsw_config=models.HnswConfig(m=16, ef_construct=100, full_scan_threshold=10),
            optimizer_config=models.OptimizersConfig(
                deleted_threshold=0.2, vacuum_min_vector_number=1, default_segment_number=0, flush_interval_sec=5
            ),
        ),
        payload_schema={
            "metadata.owner": models.PayloadIndexInfo(
                data_type="keyword", params=index_schema("metadata.owner", "keyword", asked.tenant), points=0
            )
        },
    )
    read = models.CollectionInfo.model_validate_json(described.model_dump_json(exclude_none=True))
    assert storage_of(read) == asked


def test_cut_vectors_are_the_collections_own_from_then_on(tmp_path):
    encoder = HashEncoder()
    with pytest.warns(TruncationWarning, match=r"'hash' .* of 100 sentences .* with all 16 .* with 8"):
        docs = xling.open("docs", path=tmp_path, model=encoder, truncate_dim=8)
    with docs:
        docs.add(ROWS)
        assert docs.info().dimension == 8
        whole = encoder.encode_documents([ROWS[7]["text"]])[0]
        stored = docs.vectors(docs.search(ROWS[7]["text"], limit=1, neutral=0))[0]
        np.testing.assert_allclose(stored, whole[:8] / np.linalg.norm(whole[:8]), atol=1e-6)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with xling.open("docs", path=tmp_path, model=encoder) as docs:
            assert docs.space.dimension == 8
            assert docs.search(ROWS[9]["text"], limit=1, neutral=0)[0].id == 9
    with pytest.raises(SpaceMismatch, match="'docs'"):
        xling.open("docs", path=tmp_path, model=encoder, truncate_dim=12)


def test_models_trained_for_it_are_cut_without_a_warning(tmp_path):
    class Trained(HashEncoder):
        name = "google/embeddinggemma-300m"
        dimension = 256

    assert card_for(Trained.name).least_dimension == 128
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        xling.open("fine", path=tmp_path, model=Trained(), truncate_dim=128).close()
    with pytest.warns(TruncationWarning, match="trained to be cut to 128 and more"):
        xling.open("short", path=tmp_path, model=Trained(), truncate_dim=64).close()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TruncationWarning)
        xling.open("silent", path=tmp_path, model=Trained(), truncate_dim=64).close()


def test_the_bundled_model_cut(encoder, tmp_path):
    short = truncated(encoder, 128)
    assert truncated(encoder, encoder.dimension) is encoder
    queries, documents = short.encode_both(["Where is it?"], ["Here it is."])
    assert queries.shape == documents.shape == (1, 128)
    np.testing.assert_allclose(np.linalg.norm(queries), 1.0, atol=1e-6)
    assert short.token_ends("Here it is.") == encoder.token_ends("Here it is.")
    with pytest.warns(TruncationWarning) as warned:
        docs = xling.open("docs", path=tmp_path, truncate_dim=128)
    whole, left = (int(share) for share in re.findall(r"(\d+)%", str(warned[0].message)))
    assert 100 >= whole > left > 40
    with docs:
        docs.add(["Thank you", "The train is late."])
        assert isinstance(docs.space.encoder, TruncatedEncoder)
    with xling.open("docs", path=tmp_path) as docs:
        assert docs.space.dimension == 128
        assert docs.search("ありがとう", limit=1, neutral=0)[0].text == "Thank you"


def test_an_import_chooses_how_the_collection_is_kept(open_, tmp_path):
    with open_() as docs:
        docs.add(ROWS)
        docs.export(tmp_path / "docs.parquet")
    chosen = {"quantization": "turbo", "on_disk": True, "tenant_field": "customer"}
    xling.import_collection(tmp_path / "docs.parquet", "small", path=tmp_path, **chosen)
    with open_("small") as small:
        assert small.info().storage == {"quantization": "turbo", "on_disk": True, "tenant": "metadata.customer"}
        assert small.search(ROWS[5]["text"], limit=1, where={"customer": "c2"}, neutral=0)[0].id == 5
    with pytest.raises(InvalidInput, match="quantization="):
        xling.import_collection(tmp_path / "docs.parquet", "small", path=tmp_path, quantization="scalar", merge=True)
    command = ["import", str(tmp_path / "docs.parquet"), "-c", "third", "--path", str(tmp_path)]
    assert run([*command, "--quantization", "scalar", "--on-disk"]) == 0
    with open_("third") as third:
        assert third.info().storage == {"quantization": "scalar", "on_disk": True}
