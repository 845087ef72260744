"""A real HTTP server with OpenAI's embeddings API, whose vectors are hashed words, and which misbehaves on cue."""

from __future__ import annotations

import base64
import contextlib
import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tests.hashing import HashingEncoder

DIMENSION = HashingEncoder.dimension


class EmbeddingsServer(http.server.ThreadingHTTPServer):
    """A server on loopback.

    Attributes:
        fault: Gives the fault of each request by its number from 0, or None: a status; `refused` (closed unanswered),
            `cut` (half of the answer), `slow` (answered after `delay` seconds), `fewer` (a vector less than asked),
            `wider` (a number more), `ragged`, `page` (HTML), `empty` (no data), `mixed` (answered in another order).
        bodies: Of the requests.
        keys: What the requests had in `Authorization`.
        key: The only key that is taken, if any.
        most: Texts of a request, at most; more are answered by `too_much`.
        base64: Whether vectors are sent so where that is asked for.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.lock = threading.Lock()
        self.fault: Callable[[int], str | None] = lambda number: None
        self.bodies: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.key: str | None = None
        self.most, self.too_much, self.delay, self.base64 = 10_000, 413, 0.0, True
        self.url = f"http://127.0.0.1:{self.server_port}/v1"

    @property
    def texts(self) -> list[str]:
        """All that was asked for."""
        return [text for body in self.bodies for text in body["input"]]

    def handle_error(self, *_: object) -> None:
        """A client that went away is what some tests are about."""


@contextlib.contextmanager
def embeddings_server() -> Iterator[EmbeddingsServer]:
    """A server for the time of a test."""
    with EmbeddingsServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: EmbeddingsServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        key = self.headers.get("Authorization", "").removeprefix("Bearer ")
        with self.server.lock:
            number = len(self.server.bodies)
            self.server.bodies.append(body)
            self.server.keys.append(key)
        fault = self.server.fault(number)
        if self.path != "/v1/embeddings":
            self._send(404, _error("no such path"))
        elif self.server.key not in (None, key):
            self._send(401, _error(f"Incorrect API key provided: {key}"))
        elif fault is not None and fault.isdigit():
            self._send(int(fault), _error(f"not just now, {key}"))
        elif fault == "refused":
            self.close_connection = True
        elif len(body["input"]) > self.server.most:
            self._send(self.server.too_much, _error("batch size too large"))
        elif fault == "page":
            self._send(200, "<html>Sign in</html>", kind="text/html")
        else:
            time.sleep(self.server.delay if fault == "slow" else 0)
            self._send(200, self._embedded(body, fault), cut=fault == "cut")

    def _embedded(self, body: dict[str, Any], fault: str | None) -> dict[str, Any]:
        size = body.get("dimensions") or DIMENSION
        vectors = np.zeros((len(body["input"]), size + (fault == "wider")), np.float32)
        hashed = HashingEncoder().encode_documents(body["input"])[:, : vectors.shape[1]]
        vectors[:, : hashed.shape[1]] = 3 * hashed  # not of unit length: not all servers' are
        rows: list[Any] = [vector.tolist() for vector in vectors]
        if self.server.base64 and body.get("encoding_format") == "base64":
            rows = [base64.b64encode(vector.astype("<f4").tobytes()).decode() for vector in vectors]
        if fault == "ragged":
            rows[0] = [1.0]
        data = [{"object": "embedding", "index": i, "embedding": row} for i, row in enumerate(rows)]
        data = {"fewer": data[:-1], "empty": [], "mixed": data[::-1]}.get(fault or "", data)
        tokens = sum(len(text.split()) for text in body["input"])
        return {
            "object": "list",
            "data": data,
            "model": body["model"],
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        }

    def _send(self, status: int, answer: Any, *, kind: str = "application/json", cut: bool = False) -> None:
        data = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        if status == 429:
            self.send_header("Retry-After", "0.05")
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if cut else data)
        if cut:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


def _error(text: str) -> dict[str, Any]:
    return {"error": {"message": text, "type": "invalid_request_error", "code": None}}
