"""What stands before the routes: who asks, how much at a time, how large, how deep and how long."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import secrets
import time
from collections import Counter
from collections.abc import Awaitable
from urllib.parse import unquote_to_bytes, urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xling.errors import XlingError
from xling.serve.keys import Door, Key
from xling.serve.metrics import Metrics
from xling.serve.problems import Problem, answer, log_unexpected, overloaded, problem_of_error
from xling.serve.settings import Settings

_log = logging.getLogger("xling.serve")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_STREAMED = re.compile(r"/v1/collections/[^/]+/(sync|files)")
_WRITES = re.compile(r"/v1/collections/[^/]+(/(documents|documents/.+|sync|files))?")
_OPEN = ("/v1/service",)
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)
_HEADER_BYTES = 32_768
_DRAIN = 5.0
"""Seconds for what is still being sent when the answer is clear already."""
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
)


class Guard:
    """ASGI middleware: lets a request through to the routes, or answers it at once.

    It reads a body whole before a route sees it, so that a client that sends slowly holds nothing but its own
    connection. Streams and files are left for the route to read.

    Args:
        app: What comes behind.
        settings: The limits.
        door: Who is let in.
        metrics: Told of each request.
    """

    def __init__(self, app: ASGIApp, settings: Settings, door: Door, metrics: Metrics) -> None:
        self._app, self._settings, self._door, self._metrics = app, settings, door, metrics
        self._hosts = {host.lower() for host in settings.hosts(door.keys_required)}
        self._under_way, self._of_client = 0, Counter[str]()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers, receive = _headers(scope), _Receiving(receive)
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        scope["xling.request_id"] = request_id
        reply = _Reply(send, request_id)
        started = time.perf_counter()
        self._metrics.under_way.inc()
        try:
            await self._guarded(scope, headers, receive, reply)
        except Problem as problem:
            await self._drain(receive, reply)
            await reply.with_problem(problem, scope, receive)
        except XlingError as error:
            await reply.with_problem(problem_of_error(error), scope, receive)
        except Exception as error:
            log_unexpected(error)
            text = "something unexpected went wrong; the service's log says where"
            await reply.with_problem(Problem(500, text), scope, receive)
        finally:
            self._metrics.under_way.dec()
            self._note(scope, reply.status, time.perf_counter() - started)

    async def _guarded(self, scope: Scope, headers: dict[str, str], receive: Receive, reply: _Reply) -> None:
        path, method = scope["path"], scope["method"]
        _check_form(scope)
        self._check_host(headers)
        caller = self._caller(scope, headers, path)
        client = caller.id if caller is not None and caller.id else str((scope.get("client") or ("",))[0])
        counted = path.startswith("/v1/")  # health and metrics are answered however busy it is
        if counted:
            self._take(client)
        try:
            writes = method != "GET" and _WRITES.fullmatch(path) is not None and not path.endswith("/documents/get")
            if _STREAMED.fullmatch(path) and method == "POST":
                await self._app(scope, receive, reply)
                return
            body = await self._body(scope, headers, receive)
            seconds = self._settings.write_seconds if writes else self._settings.request_seconds
            await _within(seconds, self._app(scope, _again(body, receive), reply), None if writes else receive)
        finally:
            if counted:
                self._under_way -= 1
                self._of_client[client] -= 1
                if not self._of_client[client]:
                    del self._of_client[client]

    async def _drain(self, receive: _Receiving, reply: _Reply) -> None:
        """Take what is still being sent, within reason: most clients listen for an answer only when all is sent."""
        if receive.whole or reply.started:
            return
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(receive.rest(2 * self._settings.max_body_bytes), _DRAIN)

    def _check_host(self, headers: dict[str, str]) -> None:
        host = headers.get("host", "")
        if self._hosts and _name(host) not in self._hosts:
            raise Problem(421, "this service is not known by that name: see the setting allowed_hosts")
        origin = headers.get("origin")
        if self._door.keys_required or origin is None or origin in self._settings.cors_origins:
            return
        if urlsplit(origin).netloc.lower() != host.lower():
            raise Problem(403, "pages of other origins may not ask: see the setting cors_origins")

    def _caller(self, scope: Scope, headers: dict[str, str], path: str) -> Key | None:
        caller = self._door.caller(headers.get("authorization"))
        scope["xling.caller"] = caller
        closed = (path.startswith("/v1/") and path not in _OPEN) or path == "/metrics"
        if caller is None and closed:
            what = "this key is not known, or no longer good" if "authorization" in headers else "a key is needed"
            raise Problem(401, f"{what}: send the header 'Authorization: Bearer <key>'")
        return caller

    def _take(self, client: str) -> None:
        if self._under_way >= self._settings.max_requests:
            self._metrics.refused.labels("requests").inc()
            raise overloaded("the service has as many requests under way as it takes on; try again shortly")
        if self._of_client[client] >= self._settings.max_client_requests:
            self._metrics.refused.labels("client").inc()
            raise Problem(429, "you have as many requests under way as one client may have", retry_after=1)
        self._under_way += 1
        self._of_client[client] += 1

    async def _body(self, scope: Scope, headers: dict[str, str], receive: Receive) -> bytes:
        most = self._settings.max_body_bytes
        try:
            stated = int(headers.get("content-length", "0"))
        except ValueError:
            raise Problem(400, "Content-Length is no number") from None
        if stated > most:
            raise too_large(most)
        try:
            body = await asyncio.wait_for(_read(receive, most), self._settings.body_seconds)
        except asyncio.TimeoutError:  # not the built-in one in Python 3.10
            raise Problem(408, "the body took too long to arrive", headers={"Connection": "close"}) from None
        if body and scope["method"] in ("POST", "PUT", "PATCH"):
            kind = headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind != "application/json":
                raise Problem(415, "the body is to be JSON, with the header 'Content-Type: application/json'")
            check_depth(body, self._settings.max_depth)
        return body

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", None) or "unknown"
        caller = scope.get("xling.caller")
        self._metrics.on_request(scope["method"] if status != 405 else "other", route, status, seconds)
        told = {
            "id": scope["xling.request_id"],
            "method": scope["method"],
            "route": route,
            "collection": scope.get("path_params", {}).get("name"),
            "status": status,
            "ms": round(1000 * seconds, 1),
            "key": caller.id if caller is not None and caller.id else None,
            "client": (scope.get("client") or (None,))[0],
        }
        quiet = route in ("/health", "/ready", "/metrics")
        _log.log(logging.DEBUG if quiet else logging.INFO, "request", extra={"told": told})


class _Reply:
    """`send`, with the headers that every answer has; knows what went out."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send, self._request_id = send, request_id
        self.status, self.started = 499, False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.started = message["status"], True
            own = [(b"x-request-id", self._request_id.encode())]
            there = {name for name, _ in message.get("headers", ())}
            own += [header for header in _HEADERS if header[0] not in there]
            message = {**message, "headers": [*message.get("headers", ()), *own]}
        await self._send(message)

    async def with_problem(self, problem: Problem, scope: Scope, receive: Receive) -> None:
        if self.started:  # too late for another answer: the connection is cut, so that nobody takes it for whole
            raise problem
        with contextlib.suppress(OSError):
            await answer(problem, self._request_id)(scope, receive, self)


class _Receiving:
    """`receive`, which knows whether the body has come whole."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.whole = False

    async def __call__(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            self.whole = True
        return message

    async def rest(self, most: int) -> None:
        """Throw away what is still to come, up to `most` bytes."""
        size = 0
        while not self.whole and size < most:
            size += len((await self()).get("body", b""))


def _check_form(scope: Scope) -> None:
    """Refuse what is HTTP but no text: addresses that are not UTF-8, and headers without end."""
    try:
        unquote_to_bytes(b"?".join((scope.get("raw_path") or b"", scope.get("query_string") or b""))).decode("utf-8")
    except UnicodeDecodeError:
        raise Problem(400, "the address is not UTF-8", code="malformed_address") from None
    if sum(len(name) + len(value) for name, value in scope["headers"]) > _HEADER_BYTES:
        raise Problem(431, f"the headers are too large: at most {_HEADER_BYTES:,} bytes are taken", code="too_large")


def too_large(most: int) -> Problem:
    """A body of more bytes than are taken."""
    return Problem(413, f"the body is too large: at most {most:,} bytes are taken", headers={"Connection": "close"})


def check_depth(body: bytes, most: int) -> None:
    """Refuse JSON that is nested deeper. Looks at brackets only: whether it is JSON is found out later.

    Raises:
        Problem: It is too deep.
    """
    if body.count(b"[") + body.count(b"{") <= most:
        return
    depth = 0
    for match in _TOKEN.finditer(body):
        first = body[match.start()]
        if first in b"[{":
            depth += 1
            if depth > most:
                raise Problem(422, f"the JSON is nested too deeply: at most {most} levels are taken")
        elif first in b"]}":
            depth -= 1


async def _read(receive: Receive, most: int) -> bytes:
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Problem(400, "the connection was closed before the body was whole")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > most:
            raise too_large(most)
        more = message.get("more_body", False)
    return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body once more, then what comes after."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def _within(seconds: float, work: Awaitable[None], receive: Receive | None) -> None:
    """Do `work`, but not for longer; nor, where `receive` is given, for a client that has gone."""
    task = asyncio.ensure_future(work)
    gone = asyncio.create_task(_gone(receive)) if receive is not None else None
    waited = {task} if gone is None else {task, gone}
    try:
        await asyncio.wait(waited, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            await task
            return
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        if gone is None or not gone.done():
            raise Problem(504, f"this took longer than {seconds:g} seconds")
    finally:
        task.cancel()
        if gone is not None:
            gone.cancel()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _name(host: str) -> str:
    return host.lower().rpartition(":")[0] if re.search(r":\d+$", host) else host.lower()
