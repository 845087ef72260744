"""Asynchronous collections behind the synchronous verbs, so that the same tests run over both."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import Any

import xling


class LoopThread:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="test-loop", daemon=True)
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """What a coroutine gives, run on the loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(120)

    def open(self, **arguments: Any) -> Driven:
        """`xling.aopen`."""

        async def opened() -> xling.AsyncCollection:
            return await xling.aopen(**arguments)

        return Driven(self.run(opened()), self)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


class Driven:
    """An `AsyncCollection` whose verbs are waited for."""

    def __init__(self, collection: xling.AsyncCollection, driver: LoopThread) -> None:
        self._collection, self._driver = collection, driver

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._collection, name)
        if inspect.isasyncgenfunction(value):
            return lambda *args, **kwargs: self._driver.run(_listed(value(*args, **kwargs)))
        if not inspect.iscoroutinefunction(value):
            return value
        return lambda *args, **kwargs: self._driver.run(value(*args, **kwargs))

    def __enter__(self) -> Driven:
        return self

    def __exit__(self, *error: object) -> None:
        self._driver.run(self._collection.__aexit__(*error))


async def _listed(items: AsyncIterator[Any]) -> list[Any]:
    return [item async for item in items]


@contextlib.contextmanager
def loop_thread() -> Iterator[LoopThread]:
    """A loop for the time of a test."""
    driver = LoopThread()
    try:
        yield driver
    finally:
        driver.close()
