"""Micro-batching: what is asked at the same time goes through the encoder together.

Nothing waits for a batch to fill: while one is being encoded, the next one gathers. So a single query is encoded at
once, and under load batches grow by themselves.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from xling.serve.problems import overloaded

_In = TypeVar("_In")
_Out = TypeVar("_Out")
_MEMORY = 0.2
"""How much the newest batch counts in the estimate of the pace."""


@dataclass(slots=True)
class _Job(Generic[_In, _Out]):
    item: _In
    size: int
    since: float
    answer: asyncio.Future[_Out] = field(repr=False)


class Batcher(Generic[_In, _Out]):
    """Does jobs in batches, in a thread. Belongs to the event loop that it is first used on.

    Args:
        work: Does a batch; gives one result a job, in their order.
        executor: Where it is done.
        most: Largest size of a batch, summed over its jobs.
        waiting: Largest size of what may wait.
        seconds: Longest wait of a job.
        on_batch: Told the size of each batch, and the seconds that its jobs waited.
    """

    def __init__(
        self,
        work: Callable[[Sequence[_In]], Sequence[_Out]],
        executor: Executor,
        *,
        most: int,
        waiting: int,
        seconds: float,
        on_batch: Callable[[int, Sequence[float]], None] = lambda size, waits: None,
    ) -> None:
        self._work, self._executor, self._on_batch = work, executor, on_batch
        self._most, self._waiting_most, self._seconds = most, waiting, seconds
        self._jobs: deque[_Job[_In, _Out]] = deque()
        self._waiting = 0
        self._pace: float | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """Size of what waits."""
        return self._waiting

    async def do(self, item: _In, size: int = 1) -> _Out:
        """The result of one job.

        Raises:
            Problem: 503 at once if too much waits already, or what waits will take too long; or later, if it did.
        """
        expected = self._waiting * self._pace if self._pace is not None else 0.0
        if self._waiting + size > max(self._waiting_most, size) or expected > self._seconds:
            raise overloaded("more is being asked than the model can answer; try again shortly", expected)
        job = _Job[_In, _Out](item, size, time.monotonic(), asyncio.get_running_loop().create_future())
        self._jobs.append(job)
        self._waiting += size
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        return await job.answer

    async def finish(self) -> None:
        """Wait until nothing waits any more."""
        while self._task is not None and not self._task.done():
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        await asyncio.sleep(0)  # what arrived in the same moment comes along
        while batch := self._next():
            started = time.monotonic()
            results = await self._done(batch)
            size = sum(job.size for job in batch)
            each = (time.monotonic() - started) / size
            self._pace = each if self._pace is None else self._pace + _MEMORY * (each - self._pace)
            for job, result in zip(batch, results, strict=True):
                if job.answer.done():
                    continue
                if isinstance(result, BaseException):
                    job.answer.set_exception(result)
                else:
                    job.answer.set_result(result)
            with contextlib.suppress(Exception):
                self._on_batch(size, [started - job.since for job in batch])
            await asyncio.sleep(0)  # those who have their answer, and new ones, come before the next batch

    def _next(self) -> list[_Job[_In, _Out]]:
        batch: list[_Job[_In, _Out]] = []
        size, now = 0, time.monotonic()
        while self._jobs and (not batch or size + self._jobs[0].size <= self._most):
            job = self._jobs.popleft()
            self._waiting -= job.size
            if job.answer.done():  # nobody waits for it any more
                continue
            if now - job.since > self._seconds:
                job.answer.set_exception(overloaded("the model had too much to do for too long; try again shortly", 2))
                continue
            batch.append(job)
            size += job.size
        return batch

    async def _done(self, batch: Sequence[_Job[_In, _Out]]) -> Sequence[_Out | BaseException]:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._executor, self._work, [job.item for job in batch])
        except Exception as error:
            if len(batch) == 1:
                return [error]
        # One of them is at fault: the others are not to suffer for it.
        results: list[_Out | BaseException] = []
        for job in batch:
            try:
                results += await loop.run_in_executor(self._executor, self._work, [job.item])
            except Exception as error:  # noqa: PERF203
                results.append(error)
        return results
