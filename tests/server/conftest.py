"""Tests that only a real server can pass or fail. What every store must do is in tests/integration."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.stores import Server, require_server, start_container
from xling.store.server import ServerStore


@pytest.fixture(scope="session")
def server() -> Server:
    return require_server()


@pytest.fixture(params=[False, True], ids=["rest", "grpc"])
def connect(server: Server, request: pytest.FixtureRequest) -> Iterator[Callable[..., ServerStore]]:
    """Make stores on the server. What the tests created is dropped after them."""
    from qdrant_client import QdrantClient

    client = QdrantClient(
        url=server.url,
        api_key=server.api_key,
        grpc_port=server.grpc_port,
        prefer_grpc=request.param,
        timeout=60,
        check_compatibility=False,
    )
    mark = uuid.uuid4().hex[:12]

    def make(name: str = "c", **arguments: Any) -> ServerStore:
        return ServerStore(f"test-{mark}-{name}", client=client, **arguments)

    try:
        yield make
    finally:
        for found in client.get_collections().collections:
            if found.name.startswith(f"test-{mark}-"):
                client.delete_collection(found.name)
        client.close()


@pytest.fixture(scope="session")
def guarded_server() -> Server:
    """A second server, with keys. Needs Docker, whatever server the other tests run on."""
    try:
        return start_container(QDRANT__SERVICE__API_KEY="full-key-1", QDRANT__SERVICE__READ_ONLY_API_KEY="read-key-1")
    except Exception as error:
        pytest.skip(f"needs Docker, to start a server with keys ({type(error).__name__})")
