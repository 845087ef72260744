"""A real HTTP peer for the server store: Qdrant's REST paths that xling uses, answered by qdrant-client's local mode.

It misbehaves on cue, so that the whole way of a request can be tested with faults in it: refused, lost before or after
it was carried out, cut off in the middle of the answer, answered too late.
"""

from __future__ import annotations

import contextlib
import http.server
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from qdrant_client import QdrantClient, models

FAULTS = ("429", "500", "502", "503", "refused", "lost", "cut")
"""`refused`: closed without being carried out; `lost`: carried out and closed without an answer; `cut`: half of the
answer. There is `slow` too: carried out, and answered after `delay` seconds."""


class Answerer(http.server.ThreadingHTTPServer):
    """A server on loopback.

    Attributes:
        fault: Gives the fault of each request (its number from 0, its method and path), or None.
        requests: Method and path of each request.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.client = QdrantClient(":memory:")
        self.lock = threading.Lock()
        self.fault: Callable[[int, str], str | None] = lambda number, request: None
        self.requests: list[str] = []
        self.delay, self.retry_after = 0.0, "0"
        self.url = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *_: object) -> None:
        """A client that went away is what some tests are about."""


@contextlib.contextmanager
def answerer() -> Iterator[Answerer]:
    """A server for the time of a test."""
    with Answerer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Answerer

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.partition("?")[0]
        with self.server.lock:
            number = len(self.server.requests)
            self.server.requests.append(f"{self.command} {path}")
        fault = self.server.fault(number, self.server.requests[number])
        if fault == "refused":
            self.close_connection = True
            return
        if fault is not None and fault.isdigit():
            self._send(int(fault), {"status": {"error": "not just now"}, "time": 0.0, "result": None})
            return
        with self.server.lock:
            status, answer = _answer(self.server.client, self.command, path, json.loads(body) if body else {})
        if fault == "slow":
            time.sleep(self.server.delay)
        if fault == "lost":
            self.close_connection = True
            return
        self._send(status, answer, cut=fault == "cut")

    do_GET = do_PUT = do_POST = do_DELETE = do_PATCH = answer  # noqa: N815

    def _send(self, status: int, answer: Any, *, cut: bool = False) -> None:
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        if status == 429:
            self.send_header("Retry-After", self.server.retry_after)
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if cut else data)
        if cut:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


def _answer(client: QdrantClient, method: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
    if path == "/":
        version = client.__dict__.get("says_version", "1.16.3")
        return 200, {"title": "qdrant", "version": version, "commit": None}
    for wanted, pattern, carry_out in _ROUTES:
        found = re.fullmatch(pattern, path)
        if wanted != method or found is None:
            continue
        name = found[1]
        try:
            if carry_out is not _create and carry_out is not _exists and not client.collection_exists(name):
                return 404, _error(f"Not found: Collection `{name}` doesn't exist!")
            return 200, {"result": carry_out(client, name, body), "status": "ok", "time": 0.0}
        except ValueError as error:
            return (409 if "already exists" in str(error) else 400), _error(str(error))
    return 404, _error(f"no such path: {method} {path}")


def _error(text: str) -> dict[str, Any]:
    return {"status": {"error": text}, "time": 0.0, "result": None}


_DONE = {"operation_id": 0, "status": "completed"}


def _plain(model: Any) -> Any:
    return [_plain(m) for m in model] if isinstance(model, list) else model.model_dump(mode="json", exclude_none=True)


def _exists(client: QdrantClient, name: str, _: dict[str, Any]) -> Any:
    return {"exists": client.collection_exists(name)}


def _create(client: QdrantClient, name: str, body: dict[str, Any]) -> Any:
    wanted = models.CreateCollection(**body)
    return client.create_collection(
        name, vectors_config=wanted.vectors, sparse_vectors_config=wanted.sparse_vectors, metadata=wanted.metadata
    )


def _info(client: QdrantClient, name: str, _: dict[str, Any]) -> Any:
    return _plain(client.get_collection(name))


def _update(client: QdrantClient, name: str, body: dict[str, Any]) -> Any:
    return client.update_collection(name, metadata=models.UpdateCollection(**body).metadata)


def _drop(client: QdrantClient, name: str, _: dict[str, Any]) -> Any:
    return client.delete_collection(name)


def _upsert(client: QdrantClient, name: str, body: dict[str, Any]) -> Any:
    client.upsert(name, models.PointsList(**body).points)
    return _DONE


def _points(client: QdrantClient, name: str, body: dict[str, Any]) -> Any:
    wanted = models.PointRequest(**body)
    return _plain(client.retrieve(name, wanted.ids, wanted.with_payload or False, wanted.with_vector or False))


def _delete(client: QdrantClient, name: str, body: dict[str, Any]) -> Any:
    selector = models.PointIdsList(**body) if "points" in body else models.FilterSelector(**body)
    client.delete(name, selector)
    return _DONE


def _count(client: QdrantClient, name: str, body: dict[str, Any]) -> Any:
    return _plain(client.count(name, models.CountRequest(**body).filter))


def _scroll(client: QdrantClient, name: str, body: dict[str, Any]) -> Any:
    wanted = models.ScrollRequest(**body)
    found, offset = client.scroll(
        name,
        wanted.filter,
        limit=wanted.limit or 10,
        offset=wanted.offset,
        with_payload=wanted.with_payload if wanted.with_payload is not None else True,
        with_vectors=wanted.with_vector or False,
    )
    return {"points": _plain(found), "next_page_offset": offset}


def _query(client: QdrantClient, name: str, body: dict[str, Any]) -> Any:
    requests = models.QueryRequestBatch(**body).searches
    for request in requests:
        request.params = None  # local mode is exact, and warns where it is asked to be
    return _plain(client.query_batch_points(name, requests))


def _facet(client: QdrantClient, name: str, body: dict[str, Any]) -> Any:
    wanted = models.FacetRequest(**body)
    return _plain(client.facet(name, wanted.key, wanted.filter, wanted.limit or 10))


def _batch(client: QdrantClient, name: str, body: dict[str, Any]) -> Any:
    client.batch_update_points(name, models.UpdateOperations(**body).operations)
    return [_DONE]


def _parts(client: QdrantClient, name: str, _: dict[str, Any]) -> Any:
    here = [{"shard_id": 0, "points_count": 0, "state": "Active"}]
    elsewhere = client.__dict__.get("parts_elsewhere", [])
    return {"peer_id": 1, "shard_count": 1, "local_shards": here, "remote_shards": elsewhere, "shard_transfers": []}


def _make_snapshot(client: QdrantClient, name: str, _: dict[str, Any]) -> Any:
    kept = client.__dict__.setdefault("kept_snapshots", {})
    points, _rest = client.scroll(name, limit=100_000, with_payload=True, with_vectors=True)
    made = f"{name}-{len(kept)}.snapshot"
    kept[made] = (client.get_collection(name).config.metadata, points)
    return {"name": made, "size": len(points), "creation_time": f"2026-01-01T00:00:{len(kept):02}"}


def _list_snapshots(client: QdrantClient, name: str, _: dict[str, Any]) -> Any:
    kept = client.__dict__.get("kept_snapshots", {})
    return [{"name": made, "size": len(points), "creation_time": None} for made, (_m, points) in kept.items()]


def _recover(client: QdrantClient, name: str, body: dict[str, Any]) -> Any:
    metadata, points = client.__dict__["kept_snapshots"].get(body["location"].rpartition("/")[2], (None, None))
    if points is None or body["location"] != f"file:///qdrant/snapshots/{name}/{body['location'].rpartition('/')[2]}":
        raise ValueError(f"Snapshot file {body['location']} does not exist")
    client.delete(name, models.FilterSelector(filter=models.Filter()))
    client.upsert(name, [models.PointStruct(id=p.id, vector=p.vector, payload=p.payload) for p in points])
    return client.update_collection(name, metadata=metadata)


_ROUTES: list[tuple[str, str, Callable[[QdrantClient, str, dict[str, Any]], Any]]] = [
    ("GET", r"/collections/([^/]+)/exists", _exists),
    ("PUT", r"/collections/([^/]+)", _create),
    ("GET", r"/collections/([^/]+)", _info),
    ("PATCH", r"/collections/([^/]+)", _update),
    ("DELETE", r"/collections/([^/]+)", _drop),
    ("PUT", r"/collections/([^/]+)/index", lambda *_: _DONE),
    ("PUT", r"/collections/([^/]+)/points", _upsert),
    ("POST", r"/collections/([^/]+)/points", _points),
    ("POST", r"/collections/([^/]+)/points/delete", _delete),
    ("POST", r"/collections/([^/]+)/points/count", _count),
    ("POST", r"/collections/([^/]+)/points/scroll", _scroll),
    ("POST", r"/collections/([^/]+)/points/query/batch", _query),
    ("POST", r"/collections/([^/]+)/points/batch", _batch),
    ("POST", r"/collections/([^/]+)/facet", _facet),
    ("POST", r"/collections/([^/]+)/snapshots", _make_snapshot),
    ("GET", r"/collections/([^/]+)/cluster", _parts),
    ("GET", r"/collections/([^/]+)/snapshots", _list_snapshots),
    ("PUT", r"/collections/([^/]+)/snapshots/recover", _recover),
]
