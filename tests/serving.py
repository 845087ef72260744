"""The HTTP service as tests run it: the real one, by uvicorn, on a port of its own."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from xling.serve import create_app, load_settings


@contextlib.contextmanager
def running(directory: Path, *, model: Any = None, client: Any = None, **settings: Any) -> Iterator[str]:
    """The address of a service that keeps its collections and keys in `directory`, ready to be asked."""
    given = {"path": None if client is not None else directory, "keys_file": directory / "keys.json", **settings}
    app = create_app(load_settings(**given), model=model, client=client)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(128)
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=10))
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        try:
            for _ in range(1200):
                with contextlib.suppress(httpx.TransportError):
                    if httpx.get(f"{address}/ready", timeout=30).status_code == 200:
                        break
                assert thread.is_alive(), "the service ended"
                time.sleep(0.05)
            yield address
        finally:
            server.should_exit = True
            thread.join(60)
            assert not thread.is_alive(), "the service did not end"


def error_of(response: httpx.Response) -> dict[str, Any]:
    """The error of an answer, whose form is checked."""
    assert response.headers["content-type"] == "application/json", response.text
    error = response.json()["error"]
    assert set(error) == {"code", "message", "details", "request_id"}
    assert error["message"]
    assert error["request_id"] == response.headers["x-request-id"]
    return error
