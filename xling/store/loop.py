"""For threads: have something done on an event loop, and wait for it, without ever waiting for a loop that is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any, TypeVar

from xling.errors import CollectionClosed, InvalidInput

_T = TypeVar("_T")
_POLL = 0.5
"""Seconds between looks whether the loop is still there."""


class Stopped(BaseException):
    """Ends work in a thread because the task that waits for it was cancelled."""


def begin(coroutine: Coroutine[Any, Any, _T], loop: asyncio.AbstractEventLoop) -> Future[_T]:
    """Start a coroutine on an event loop. Raises `CollectionClosed` if the loop is closed."""
    try:
        return asyncio.run_coroutine_threadsafe(coroutine, loop)
    except RuntimeError as exc:
        coroutine.close()
        raise CollectionClosed("the event loop that the collection was opened on is closed") from exc


def finish(future: Future[_T], loop: asyncio.AbstractEventLoop, stopped: Callable[[], bool] = lambda: False) -> _T:
    """Wait for what was begun.

    Raises:
        CollectionClosed: The loop was closed meanwhile.
        Stopped: `stopped` said so.
    """
    while True:
        try:
            return future.result(_POLL)
        except FutureTimeout:  # noqa: PERF203
            if future.done():  # it was the coroutine that timed out, or is done by now
                return future.result()
            if loop.is_closed():
                raise CollectionClosed("the event loop that the collection was opened on was closed") from None
            if stopped():
                future.cancel()
                raise Stopped from None
        except CancelledError as exc:
            raise CollectionClosed("the event loop that the collection was opened on is being closed") from exc


def wait_for(coroutine: Coroutine[Any, Any, _T], loop: asyncio.AbstractEventLoop) -> _T:
    """Run a coroutine on an event loop, and wait for it in this thread."""
    try:
        here: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
    except RuntimeError:
        here = None
    if here is loop:
        coroutine.close()
        raise InvalidInput("a call that waits for the event loop was made on it; await the collection's own verbs")
    return finish(begin(coroutine, loop), loop)
