"""A `ServerStore` over an asynchronous client: on the event loop by its steps, from threads through the loop."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from xling.errors import XlingError
from xling.store.loop import wait_for
from xling.store.server import ServerStore
from xling.store.steps import Call, arun

if TYPE_CHECKING:
    from qdrant_client import AsyncQdrantClient


class BridgeClient:
    """An asynchronous client as a synchronous one, for threads: each call is made on the event loop.

    Args:
        client: The asynchronous client.
        loop: The loop it belongs to. Its own thread must not call: it would wait for itself.
    """

    def __init__(self, client: AsyncQdrantClient, loop: asyncio.AbstractEventLoop) -> None:
        self._bridged, self._loop = client, loop

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._bridged, name)
        if not inspect.iscoroutinefunction(value):
            return value

        @functools.wraps(value)
        def call(*args: Any, **kwargs: Any) -> Any:
            return wait_for(value(*args, **kwargs), self._loop)

        # It is no coroutine function, whatever the one it wraps is.
        del call.__dict__["__wrapped__"]
        return call


class AsyncCalls:
    """Does the calls of steps about a `Store` (`xling.store.steps.arun`), natively asynchronous.

    Args:
        store: The collection, on a client of whatever kind: it is not called.
        client: The client that is called.
        off_loop: Runs a function in a thread.
    """

    def __init__(
        self,
        store: ServerStore,
        client: AsyncQdrantClient,
        off_loop: Callable[[Callable[[], Any]], Coroutine[Any, Any, Any]],
    ) -> None:
        self._store, self._client, self._off_loop = store, client, off_loop

    async def __call__(self, call: Call) -> Any:
        """The answer of a method of the store."""
        steps = getattr(type(self._store), call.method).steps(self._store, *call.args, **call.kwargs)
        return await arun(steps, self._ask, self._off_loop)

    async def _ask(self, call: Call) -> Any:
        tries = self._store.tries(call)
        while True:
            try:
                with self._store.errors(call):
                    return self._store.answered(await getattr(self._client, call.method)(*call.args, **call.kwargs))
            except XlingError as exc:
                pause = self._store.pause(tries, exc)
            await asyncio.sleep(pause)
