"""Where tests keep their collections: embedded, on qdrant-client's local mode, and on a real server where there is one."""

from __future__ import annotations

import contextlib
import functools
import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

SERVER_IMAGE = "qdrant/qdrant:v1.16.3"
KINDS = ["edge", "local", pytest.param("server", marks=pytest.mark.server)]


@functools.cache
def server_url() -> str:
    """Address of a real Qdrant server: `XLING_TEST_QDRANT_URL`, else a container. Skips where there is neither.

    With `XLING_REQUIRE_SERVER` set, as in CI jobs that have Docker, it fails instead of skipping.
    """
    url = os.environ.get("XLING_TEST_QDRANT_URL")
    if url:
        return url
    try:
        return _start_container()
    except Exception as error:
        if os.environ.get("XLING_REQUIRE_SERVER"):
            raise
        return f"skip: needs a Qdrant server: neither XLING_TEST_QDRANT_URL nor Docker is there ({type(error).__name__})"


def _start_container() -> str:
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.wait_strategies import HttpWaitStrategy

    container = DockerContainer(SERVER_IMAGE).with_exposed_ports(6333, 6334)
    container.waiting_for(HttpWaitStrategy(6333, "/readyz").for_status_code(200)).start()
    return f"http://{container.get_container_host_ip()}:{container.get_exposed_port(6333)}"


def require_server() -> str:
    url = server_url()
    if url.startswith("skip: "):
        pytest.skip(url.removeprefix("skip: "))
    return url


@contextlib.contextmanager
def places(kind: str, directory: Path) -> Iterator[Callable[[str], dict[str, Any]]]:
    """Give the arguments of `xling.open` that put a collection of a name into a place of the test's own."""
    if kind == "edge":
        yield lambda name: {"name": name, "path": directory}
    elif kind == "local":
        from qdrant_client import QdrantClient

        client = QdrantClient(":memory:")
        yield lambda name: {"name": name, "client": client}
        client.close()
    else:
        from qdrant_client import QdrantClient

        client = QdrantClient(url=require_server(), api_key=os.environ.get("XLING_TEST_QDRANT_KEY"), timeout=60)
        mark = uuid.uuid4().hex[:12]  # several runs may share one server
        yield lambda name: {"name": f"test-{mark}-{name}", "client": client}
        for found in client.get_collections().collections:
            if found.name.startswith(f"test-{mark}-"):
                client.delete_collection(found.name)
        client.close()
