"""Where tests keep their collections: embedded, on qdrant-client's local mode, and on a real server if there is one."""

from __future__ import annotations

import contextlib
import functools
import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.driving import LoopThread, loop_thread

SERVER_IMAGE = os.environ.get("XLING_TEST_QDRANT_IMAGE", "qdrant/qdrant:v1.16.3")
"""By default the oldest server that keeps metadata of collections, which is the oldest that xling works with."""

SERVER_KINDS = [pytest.param(kind, marks=pytest.mark.server) for kind in ("server", "server-grpc")]
KINDS = ["edge", "local", *SERVER_KINDS]
ASYNC_KINDS = [
    "async-edge",
    "async-local",
    *[pytest.param(f"async-{kind}", marks=pytest.mark.server) for kind in ("server", "server-grpc")],
]
"""The same places, with `xling.aopen`; clients are asynchronous ones."""


class Server(NamedTuple):
    """A real server's REST address and the port of its gRPC."""

    url: str
    grpc_port: int
    api_key: str | None = None


@functools.cache
def _server() -> Server | str:
    url = os.environ.get("XLING_TEST_QDRANT_URL")
    if url:
        port = int(os.environ.get("XLING_TEST_QDRANT_GRPC_PORT", "6334"))
        return Server(url, port, os.environ.get("XLING_TEST_QDRANT_KEY"))
    try:
        return start_container()
    except Exception as error:
        if os.environ.get("XLING_REQUIRE_SERVER"):
            raise
        return f"needs a Qdrant server: neither XLING_TEST_QDRANT_URL nor Docker is there ({type(error).__name__})"


def start_container(**environment: str) -> Server:
    """A server in a container, which testcontainers' reaper removes when the tests end."""
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.wait_strategies import HttpWaitStrategy

    container = DockerContainer(SERVER_IMAGE).with_exposed_ports(6333, 6334)
    for key, value in environment.items():
        container.with_env(key, value)
    container.waiting_for(HttpWaitStrategy(6333, "/readyz").for_status_code(200)).start()
    host = container.get_container_host_ip()
    return Server(f"http://{host}:{container.get_exposed_port(6333)}", int(container.get_exposed_port(6334)))


def require_server() -> Server:
    """The server that `XLING_TEST_QDRANT_URL` names, else one in a container. Skips where there is neither.

    With `XLING_REQUIRE_SERVER` set, as in CI jobs that have Docker, it fails instead of skipping.
    """
    server = _server()
    if isinstance(server, str):
        pytest.skip(server)
    return server


@contextlib.contextmanager
def places(kind: str, directory: Path) -> Iterator[Callable[[str], dict[str, Any]]]:
    """Give the arguments of `xling.open` that put a collection of a name into a place of the test's own.

    What is given has an attribute `open` where collections are to be opened by that instead (`ASYNC_KINDS`).
    """
    if kind == "edge":
        yield lambda name: {"name": name, "path": directory}
    elif kind.startswith("async-"):
        with loop_thread() as driver, _async_places(kind.removeprefix("async-"), directory, driver) as arguments:
            yield arguments
    elif kind == "local":
        from qdrant_client import QdrantClient

        client = QdrantClient(":memory:")
        yield lambda name: {"name": name, "client": client}
        client.close()
    else:
        from qdrant_client import QdrantClient

        server = require_server()
        client = QdrantClient(
            url=server.url,
            api_key=server.api_key,
            grpc_port=server.grpc_port,
            prefer_grpc=kind == "server-grpc",
            timeout=60,
            check_compatibility=False,
        )
        mark = uuid.uuid4().hex[:12]  # several runs may share one server
        try:
            yield lambda name: {"name": f"test-{mark}-{name}", "client": client}
        finally:
            for found in client.get_collections().collections:
                if found.name.startswith(f"test-{mark}-"):
                    client.delete_collection(found.name)
            client.close()


@contextlib.contextmanager
def _async_places(kind: str, directory: Path, driver: LoopThread) -> Iterator[Callable[[str], dict[str, Any]]]:
    from qdrant_client import AsyncQdrantClient

    mark = ""

    async def connected() -> AsyncQdrantClient:  # on the loop, which it belongs to
        if kind == "local":
            return AsyncQdrantClient(":memory:")
        server = require_server()
        return AsyncQdrantClient(
            url=server.url,
            api_key=server.api_key,
            grpc_port=server.grpc_port,
            prefer_grpc=kind == "server-grpc",
            timeout=60,
            check_compatibility=False,
        )

    async def cleared(client: AsyncQdrantClient) -> None:
        for found in (await client.get_collections()).collections:
            if found.name.startswith(mark or "\0"):
                await client.delete_collection(found.name)
        await client.close()

    def arguments(name: str) -> dict[str, Any]:
        return {"name": mark + name, "client": client} if client is not None else {"name": name, "path": directory}

    client = None
    if kind != "edge":
        if kind != "local":
            require_server()
            mark = f"test-{uuid.uuid4().hex[:12]}-"
        client = driver.run(connected())
    arguments.open = driver.open  # type: ignore[attr-defined]
    try:
        yield arguments
    finally:
        if client is not None:
            driver.run(cleared(client))
