"""A cluster of three nodes, as docker/cluster.yml makes it: spread, copied, and one node stopped."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

import xling
from tests.killed_writer import HashEncoder
from xling.errors import StoreUnavailable

pytestmark = [pytest.mark.server, pytest.mark.slow]
FILE = Path(__file__).resolve().parents[2] / "docker" / "cluster.yml"
KEY = "cluster-key-1"
NODES = [f"http://localhost:{port}" for port in (6333, 6343, 6353)]
ROWS = [
    {"id": i, "text": f"document number {i}", "lang": "en", "metadata": {"customer": f"c{i % 7}"}} for i in range(700)
]


def compose(*arguments: str) -> None:
    command = ["docker", "compose", "--project-name", "xling-test-cluster", "--file", str(FILE), *arguments]
    subprocess.run(command, check=True, env={**os.environ, "QDRANT_API_KEY": KEY}, timeout=600)


@pytest.fixture(scope="module")
def cluster():
    try:
        subprocess.run(["docker", "compose", "version"], check=True, capture_output=True, timeout=30)
    except (OSError, subprocess.SubprocessError) as error:
        if os.environ.get("XLING_REQUIRE_SERVER"):
            raise
        pytest.skip(f"needs Docker Compose, to start three servers ({type(error).__name__})")
    compose("up", "--detach", "--wait")
    try:
        wait_for_peers(3)
        yield
    finally:
        compose("down", "--volumes")


def wait_for_peers(number: int) -> None:
    from qdrant_client import QdrantClient

    client = QdrantClient(url=NODES[0], api_key=KEY)
    for _ in range(120):
        status = client.cluster_status()
        if len(getattr(status, "peers", {})) == number:
            client.close()
            return
        time.sleep(0.5)
    raise AssertionError(f"the cluster has not got {number} nodes")


def wait_for_copies(name: str) -> None:
    """Wait until no copy of a part is behind."""
    from qdrant_client import QdrantClient

    client = QdrantClient(url=NODES[0], api_key=KEY)
    try:
        for _ in range(240):
            info = client.collection_cluster_info(name)
            if {shard.state.value for shard in (*info.local_shards, *info.remote_shards)} == {"Active"}:
                return
            time.sleep(0.5)
    finally:
        client.close()
    raise AssertionError(f"copies of {name!r} are still behind")


def opened(node: str, **options):
    return xling.open("docs", url=node, api_key=KEY, model=HashEncoder(), timeout=20, **options)


def test_one_node_may_stop_and_nothing_is_missing(cluster):
    with opened(NODES[0], shards=6, replicas=2, write_consistency=1, tenant_field="customer") as docs:
        assert docs.add(ROWS).added == len(ROWS)
        kept = docs.info().storage
        assert (kept["shards"], kept["replicas"]) == (6, 2)
    with opened(NODES[1]) as docs:  # any node answers for all
        assert docs.count() == len(ROWS)
        hit = docs.search(ROWS[5]["text"], limit=1, neutral=0, where={"customer": "c5"})[0]
        assert hit.id == 5
    compose("stop", "qdrant-3")
    try:
        with opened(NODES[0]) as docs:
            assert docs.count() == len(ROWS)
            assert [d.id for d in docs.get([0, 350, 699])] == [0, 350, 699]
            assert docs.sync(ROWS[:600], source="feed").updated == 600
        with pytest.raises(StoreUnavailable):
            opened(NODES[2], retries=1)
    finally:
        compose("start", "qdrant-3")
        wait_for_peers(3)
    wait_for_copies("docs")
    with opened(NODES[2]) as docs:  # what was written meanwhile has come to it
        assert docs.count(source="feed") == 600
        assert docs.count() == len(ROWS)
