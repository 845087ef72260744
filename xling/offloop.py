"""Where an asynchronous collection computes and waits: threads beside the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import inspect
import os
import threading
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

from xling.errors import XlingError
from xling.store.loop import Stopped, begin, finish, wait_for
from xling.types import Progress


class _Closes(Protocol):
    def close(self) -> None: ...


_T = TypeVar("_T")
_Closable = TypeVar("_Closable", bound=_Closes)
_AHEAD = 64
"""Documents taken from an asynchronous iterable at a time; as many again are under way."""


class Threads:
    """A few threads for computing and reading, and one for writing, since one call writes at a time."""

    def __init__(self) -> None:
        self._readers = ThreadPoolExecutor(min(32, (os.cpu_count() or 1) + 4), thread_name_prefix="xling-async")
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="xling-async-write")

    async def read(self, function: Callable[[], _T]) -> _T:
        """Run `function` in a thread. If the task is cancelled, its result is thrown away."""
        context = contextvars.copy_context()
        return await asyncio.get_running_loop().run_in_executor(self._readers, context.run, function)

    async def write(self, function: Callable[[], _T], stop: threading.Event | None = None) -> _T:
        """Run `function` in the writing thread, after those before it.

        If the task is cancelled, `stop` is set, and what is being done is waited for: then nothing more is written.
        """
        job = self._writer.submit(contextvars.copy_context().run, function)
        waiting = asyncio.wrap_future(job)
        try:
            return await asyncio.shield(waiting)
        except asyncio.CancelledError:
            if stop is not None:
                stop.set()
            if not job.cancel():
                await asyncio.wait([waiting])
                waiting.cancelled() or waiting.exception()
            raise

    async def open(self, function: Callable[[], _Closable]) -> _Closable:
        """Run a function that opens something. If the task is cancelled, what comes of it is closed."""
        job = self._readers.submit(contextvars.copy_context().run, function)
        try:
            return await asyncio.shield(asyncio.wrap_future(job))
        except asyncio.CancelledError:
            if not job.cancel():
                job.add_done_callback(lambda done: done.exception() or done.result().close())
            raise

    def close(self) -> None:
        """Let the threads end when they have done what they are at."""
        self._readers.shutdown(wait=False)
        self._writer.shutdown(wait=False)


def progress_on_loop(
    progress: Callable[[Progress], Any] | None, loop: asyncio.AbstractEventLoop, stop: threading.Event
) -> Callable[[Progress], None]:
    """A callback for a thread that calls `progress` (a function or a coroutine function) on the event loop."""

    async def told(now: Progress) -> None:
        assert progress is not None
        answer = progress(now)
        if inspect.isawaitable(answer):
            await answer

    def tell(now: Progress) -> None:
        if stop.is_set():
            raise Stopped
        if progress is not None:
            wait_for(told(now), loop)

    return tell


def from_loop(items: AsyncIterable[_T], loop: asyncio.AbstractEventLoop, stop: threading.Event) -> Iterator[_T]:
    """The items of an asynchronous iterable, for a thread. No more are taken than it uses, but for a few ahead."""
    source = items.__aiter__()
    job = begin(_taken(source, _AHEAD), loop)
    try:
        more = True
        while more:
            taken, more = finish(job, loop, stop.is_set)
            if more:  # the next few are fetched while the thread works with these
                job = begin(_taken(source, _AHEAD), loop)
            yield from taken
    finally:
        # Not waited for: this may run wherever an unfinished generator is thrown away, on the loop too.
        job.cancel()
        with contextlib.suppress(XlingError):
            begin(_closed(source), loop)


async def _taken(source: AsyncIterator[_T], most: int) -> tuple[list[_T], bool]:
    taken: list[_T] = []
    while len(taken) < most:
        try:
            taken.append(await source.__anext__())
        except StopAsyncIteration:  # noqa: PERF203
            return taken, False
    return taken, True


async def _closed(source: AsyncIterator[Any]) -> None:
    close = getattr(source, "aclose", None)
    if close is not None:
        with contextlib.suppress(Exception):
            await close()
