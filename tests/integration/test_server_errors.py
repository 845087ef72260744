"""What comes back from servers that refuse, stall or are not there: our errors, and no key in any of them.

The answers are those that Qdrant documents; a small HTTP server gives them to the real client.
"""

from __future__ import annotations

import asyncio
import http.server
import json
import logging
import socket
import threading
import time
import traceback
import warnings

import numpy as np
import pytest

from tests.answerer import answerer
from xling.errors import (
    AccessDenied,
    CollectionClosed,
    CollectionNotFound,
    InsecureKeyWarning,
    InvalidInput,
    StoreError,
    StoreUnavailable,
)
from xling.store import Point, Schema, VectorSpec
from xling.store.server import ServerStore

KEY = "s3cret-key-7"


class Answers(http.server.ThreadingHTTPServer):
    """Gives one status and body to every request, after a delay; keeps the headers it was sent."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.status, self.body, self.delay, self.headers_sent = 200, {}, 0.0, {}
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.routes = {}

    def handle_error(self, *args):
        """A client that gave up waiting is what some tests are about."""


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self):
        server = self.server
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        server.headers_sent = dict(self.headers)
        time.sleep(server.delay)
        status, body = server.routes.get((self.command, self.path.partition("?")[0]), (server.status, server.body))
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        if status == 429:
            self.send_header("Retry-After", "3")
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_PUT = do_POST = do_DELETE = do_PATCH = answer  # noqa: N815

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    with Answers() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def error(text):
    return {"status": {"error": text}, "time": 0.0, "result": None}


CASES = [
    (401, b"Must provide an API key or an Authorization bearer token", AccessDenied, "key"),
    (403, error("Forbidden: Global manage access is required"), AccessDenied, "key"),
    (404, error("Not found: Collection `c` doesn't exist!"), CollectionNotFound, "'c'"),
    (400, error('Bad request: Index required but not found for "a"'), InvalidInput, "Index required"),
    (413, b"Payload Too Large", InvalidInput, "Too Large"),
    (422, error("Validation error in JSON body"), InvalidInput, "Validation"),
    (429, error("Rate limiting exceeded"), StoreUnavailable, "again in 3 s"),
    (500, error("Service internal error: No space left on device"), StoreError, "disk is full"),
    (503, error("Service unavailable"), StoreUnavailable, "could not be reached"),
    (504, error("Timeout"), StoreUnavailable, "in time"),
    (200, b"<html>a router's page</html>", StoreError, "Qdrant server"),
    (200, {"result": {"count": "many"}}, StoreError, "Qdrant server"),
    (302, b"elsewhere", StoreError, "elsewhere"),
]


@pytest.mark.parametrize(("status", "body", "kind", "words"), CASES)
def test_statuses_become_our_errors_and_show_no_key(server, caplog, status, body, kind, words):
    server.status, server.body = status, body
    store = ServerStore("c", url=server.url, retries=0, api_key=KEY)
    caplog.set_level(logging.DEBUG)
    with pytest.raises(kind, match=words) as caught:
        store.count()
    shown = "".join(traceback.format_exception(caught.value)) + caplog.text + repr(store) + store.location
    assert server.headers_sent["api-key"] == KEY
    assert KEY not in shown
    store.close()


def test_a_missing_point_is_no_missing_collection(server):
    server.status, server.body = 404, error("Not found: No point with id 99 found")
    store = ServerStore("c", url=server.url, retries=0)
    with pytest.raises(StoreError, match="No point with id 99") as caught:
        store.set_payloads({99: {"a": 1}})
    assert not isinstance(caught.value, CollectionNotFound)


def test_a_slow_server_is_waited_for_as_long_as_asked(server):
    server.delay = 3.0
    store = ServerStore("c", url=server.url, retries=0, timeout=1)
    with pytest.raises(StoreUnavailable, match="timeout="):
        store.count()
    store.close()


@pytest.mark.parametrize("grpc", [False, True])
def test_nobody_there(grpc):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    from qdrant_client import QdrantClient

    client = QdrantClient(
        url=f"http://127.0.0.1:{port}", grpc_port=port, prefer_grpc=grpc, timeout=2, check_compatibility=False
    )
    store = ServerStore("c", client=client)
    with pytest.raises(StoreUnavailable, match=f"127.0.0.1:{port}"):
        store.exists()
    client.close()


def test_a_collection_made_meanwhile_is_kept():
    schema = Schema((VectorSpec("", 4),))
    with answerer() as server:
        ServerStore("c", url=server.url).create(schema, {"a": 1})
        ServerStore("c", url=server.url).create(schema, {"a": 2})
        assert ServerStore("c", url=server.url).metadata() == {"a": 1}


def test_a_server_that_keeps_no_metadata_is_too_old(server):
    params = {"vectors": {"size": 4, "distance": "Cosine"}}
    info = {
        "status": "green",
        "optimizer_status": "ok",
        "segments_count": 1,
        "config": {"params": params, "hnsw_config": {"m": 16, "ef_construct": 100, "full_scan_threshold": 10000}},
        "payload_schema": {},
    }
    info["config"]["optimizer_config"] = {
        "deleted_threshold": 0.2,
        "vacuum_min_vector_number": 1000,
        "default_segment_number": 0,
        "flush_interval_sec": 5,
    }
    server.body = {"result": True, "status": "ok", "time": 0.0}
    server.routes["GET", "/collections/c"] = (200, {"result": info, "status": "ok", "time": 0.0})
    store = ServerStore("c", url=server.url, retries=0)
    with pytest.raises(StoreError, match=r"1\.16"):
        store.create(Schema((VectorSpec("", 4),)), {"a": 1})
    with pytest.raises(StoreError, match=r"1\.16"):
        store.update_metadata({"a": 1})
    assert store.schema().vectors == (VectorSpec("", 4),)


@pytest.mark.parametrize(
    ("url", "warned"),
    [
        ("http://192.0.2.1:6333", True),
        ("http://db.example:6333", True),
        ("https://db.example:6333", False),
        ("http://localhost:6333", False),
        ("http://127.0.0.9:6333", False),
        ("http://[::1]:6333", False),
    ],
)
def test_a_key_over_plain_http_to_another_machine_is_warned_of_once(url, warned):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ServerStore("c", url=url, api_key=KEY).close()
        ServerStore("c", url=url).close()
    assert [w.category for w in caught] == [InsecureKeyWarning] * warned
    assert all(KEY not in str(w.message) for w in caught)


@pytest.mark.parametrize("key", [KEY + "\n", KEY + "\r\nHost: x", "ключ", "a\x00b"])
def test_a_key_that_no_header_can_carry_is_refused_unshown(key):
    with pytest.raises(InvalidInput, match="API key") as caught:
        ServerStore("c", url="http://localhost:6333", api_key=key)
    assert key.strip() not in str(caught.value)


@pytest.mark.parametrize("url", ["localhost:6333", "ftp://host", "http://", "/tmp/x", "http//host"])
def test_what_is_no_address_is_refused(url):
    with pytest.raises(InvalidInput, match="address"):
        ServerStore("c", url=url)


def test_credentials_in_an_address_are_not_shown():
    store = ServerStore("c", url="https://user:pa55word@db.example/q")
    assert store.location == "https://db.example/q"
    with pytest.raises(InvalidInput) as caught:
        ServerStore("c", url="ftp://user:pa55word@db.example")
    assert "pa55word" not in str(caught.value)


def test_a_client_handed_in_stays_open_and_its_store_is_closed():
    from qdrant_client import QdrantClient

    client = QdrantClient(":memory:")
    store = ServerStore("c", client=client)
    store.create(Schema((VectorSpec("", 2),)), {})
    store.close()
    store.close()
    with pytest.raises(CollectionClosed, match="'c'"):
        store.count()
    other = ServerStore("c", client=client)
    assert other.count() == 0
    client.close()
    with pytest.raises(CollectionClosed, match="'c'"):
        other.count()


def test_an_own_client_is_closed_with_the_store():
    store = ServerStore("c", url="http://127.0.0.1:1")
    store.close()
    with pytest.raises(CollectionClosed):
        store.exists()


def test_only_a_synchronous_client_will_do():
    from qdrant_client import AsyncQdrantClient

    client = AsyncQdrantClient(":memory:")
    for wrong in (client, object()):
        with pytest.raises(InvalidInput, match="QdrantClient"):
            ServerStore("c", client=wrong)
    asyncio.run(client.close())


def test_local_mode_on_disk_keeps_everything(tmp_path):
    from qdrant_client import QdrantClient

    for expected in (0, 3):
        client = QdrantClient(path=str(tmp_path))
        store = ServerStore("c", client=client)
        if not store.exists():
            store.create(Schema((VectorSpec("v", 4),)), {"a": [1.5]})
        assert store.count() == expected
        assert store.metadata() == {"a": [1.5]}
        assert str(tmp_path) in store.location
        store.upsert([Point(i, np.eye(4, dtype=np.float32)[i], {"i": i}) for i in range(3)], vector_name="v")
        client.close()


def test_threads_may_share_local_mode():
    from qdrant_client import QdrantClient

    client = QdrantClient(":memory:")
    store = ServerStore("c", client=client)
    store.create(Schema((VectorSpec("", 8),)), {})
    vectors = np.random.default_rng(0).standard_normal((800, 8)).astype(np.float32)
    errors = []

    def run(work):
        try:
            for i in range(10):
                work(i)
        except BaseException as error:
            errors.append(error)

    def write(part):
        return lambda i: store.upsert(
            [Point(j, vectors[j], {}) for j in range(part * 200 + i * 20, part * 200 + i * 20 + 20)], vector_name=""
        )

    jobs = [write(part) for part in range(4)]
    jobs += [lambda i: store.query(vectors[:5], vector_name="", filters=[None] * 5, limit=3)] * 4
    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert store.count() == 800
    client.close()


def test_messages_stay_below_what_servers_take(server):
    from xling.store.request_size import batches, payload_bytes

    payload = {"text": "語\x01" * 50_000}
    sizes = [payload_bytes(payload)] * 50
    parts = list(batches(range(50), sizes))
    assert [i for part in parts for i in part] == list(range(50))
    assert all(len(json.dumps(payload, ensure_ascii=False)) * len(part) < 4_000_000 for part in parts)
    assert [len(b) for b in batches(range(2500), [10] * 2500)] == [1000, 1000, 500]
