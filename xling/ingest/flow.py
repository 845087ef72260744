"""Reading, preparing, working and writing at once, in constant memory: the caller's thread reads, three do the rest.

The caller's thread does the reading, since an iterable may belong to it (a cursor of SQLite, a session of an ORM), and
since it is the one that Ctrl-C interrupts.
"""

from __future__ import annotations

import contextvars
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Generic, Literal, TypeVar

_I = TypeVar("_I")
_R = TypeVar("_R")
_P = TypeVar("_P")

Waiting = Literal["reading", "encoding", "writing"]
_POLL = 0.2
"""Seconds between looks while waiting: on Windows a wait without end is not interrupted by Ctrl-C."""


class Stopped(Exception):  # for `work` to raise, never seen outside
    """The work on a batch was given up."""


class Flow(Generic[_I, _R, _P]):
    """Items are read in batches; while one batch is worked on, those after it are prepared and the one before written.

    At most six batches and `ahead` are held at a time: read, waiting, being prepared, prepared (`ahead`), worked on,
    waiting, being written. Batches go through each stage in the order in which they were read.

    Args:
        prepare: Makes a batch ready: what need not wait for the work on those before it.
        work: Makes of a prepared batch what is to be written; the costly stage, which is never to wait for another.
        write: Writes that.
        on_written: Told of each batch that was written, in the caller's thread.
        size: Most items of a batch.
        weight: Most that the items of a batch weigh together; a single item may weigh more.
        weigh: What an item weighs.
        ahead: Batches that wait prepared.
        seconds: A batch is not held back longer than this for the items to come, as long as some come.

    `prepare` and `work` may raise `Stopped` as soon as `stopping` is set.
    """

    def __init__(
        self,
        prepare: Callable[[list[_I]], _R],
        work: Callable[[_R], _P],
        write: Callable[[_P], None],
        on_written: Callable[[_P], None],
        *,
        size: int,
        weight: int,
        weigh: Callable[[_I], int],
        ahead: int = 1,
        seconds: float = 5.0,
    ) -> None:
        self._prepare, self._work, self._write, self._on_written = prepare, work, write, on_written
        self._size, self._weight, self._weigh, self._seconds = size, weight, weigh, seconds
        self._ahead = ahead
        self._changed = threading.Condition()
        self._read: deque[list[_I]] = deque()
        self._prepared: deque[_R] = deque()
        self._worked: deque[_P] = deque()
        self._written: deque[_P] = deque()
        self._all_read = self._all_prepared = self._all_worked = self._all_written = False
        self._preparing = False
        self._failure: BaseException | None = None
        self._spent: dict[Waiting, float] = {"reading": 0.0, "encoding": 0.0, "writing": 0.0}
        self.stopping = threading.Event()
        """Set when batches that are not worked out yet are to be dropped."""

    def run(self, items: Iterable[_I]) -> None:
        """Take all items through.

        If `items` or `prepare` raises an `Exception`, the batches before that are written first. If a later stage
        fails, or at Ctrl-C, what was worked out is written and the rest is dropped. Then the exception is raised.
        """
        context = contextvars.copy_context()
        stages = ((self._prepare_loop, "prepare"), (self._work_loop, "encode"), (self._write_loop, "write"))
        threads = [
            threading.Thread(target=context.copy().run, args=(loop,), name=f"xling-{name}", daemon=True)
            for loop, name in stages
        ]
        for thread in threads:
            thread.start()
        error: BaseException | None = None
        try:
            self._read_all(items)
        except BaseException as raised:
            error = raised
            if not isinstance(raised, Exception):  # Ctrl-C, or the task that waits for this was cancelled
                self.stopping.set()
        error = self._finish(error)
        if self._all_written:  # else it was interrupted a second time, and a stage hangs
            for thread in threads:
                thread.join()
        if error is not None or self._failure is not None:
            raise error or self._failure  # type: ignore[misc]  # one of them is there

    def waiting_for(self) -> Waiting:
        """What most of the time went into since this was asked last."""
        with self._changed:
            longest = max(self._spent, key=self._spent.__getitem__)
            self._spent = dict.fromkeys(self._spent, 0.0)
            return longest

    def _read_all(self, items: Iterable[_I]) -> None:
        batch: list[_I] = []
        weight, begun = 0, 0.0
        failure: Exception | None = None
        iterator = iter(items)
        while True:
            try:
                item = next(iterator)
            except StopIteration:
                break
            except Exception as error:
                failure = error
                break
            own = self._weigh(item)
            if batch and weight + own > self._weight:
                if not self._hand_over(batch):
                    return
                batch, weight = [], 0
            if not batch:
                begun = time.monotonic()
            batch.append(item)
            weight += own
            if len(batch) >= self._size or time.monotonic() - begun > self._seconds:
                if not self._hand_over(batch):
                    return
                batch, weight = [], 0
            if self._failure is not None:
                return
            self._tell()
        if batch:
            self._hand_over(batch)
        if failure is not None:
            raise failure

    def _hand_over(self, batch: list[_I]) -> bool:
        """Wait until the batch can be taken; False if a stage has failed."""
        while True:
            with self._changed:
                if self._failure is not None:
                    return False
                if not self._read:
                    self._read.append(batch)
                    self._changed.notify_all()
                    return True
                if not self._written:
                    self._changed.wait(_POLL)
            self._tell()

    def _tell(self) -> None:
        while self._written:
            written = self._written.popleft()
            try:
                self._on_written(written)
            except BaseException:
                self.stopping.set()
                raise

    def _finish(self, error: BaseException | None) -> BaseException | None:
        """Wait for the stages to end; give the first error. A second Ctrl-C ends the waiting."""
        with self._changed:
            self._all_read = True
            self._changed.notify_all()
        ended = False
        while not ended:
            try:
                with self._changed:
                    if not self._written and not self._all_written:
                        self._changed.wait(_POLL)
                    ended = self._all_written and len(self._written) <= 1
                self._tell()
            except BaseException as raised:  # noqa: PERF203  # each turn of it waits anyway
                ended = ended or (error is not None and not isinstance(raised, Exception))
                self.stopping.set()
                error = error or raised
        return error

    def _prepare_loop(self) -> None:
        try:
            while True:
                with self._changed:
                    self._preparing = False
                    self._changed.notify_all()
                    self._changed.wait_for(lambda: self._read or self._all_read or self._failure)
                    if self._failure or not self._read or self.stopping.is_set():
                        return
                    batch = self._read.popleft()
                    self._preparing = True
                    self._changed.notify_all()
                prepared = self._prepare(batch)
                del batch
                with self._changed:
                    self._changed.wait_for(lambda: len(self._prepared) < self._ahead or self._failure)
                    self._prepared.append(prepared)
                    self._changed.notify_all()
                del prepared
        except Stopped:
            pass
        except BaseException as error:
            self._fail(error, drop=not isinstance(error, Exception))
        finally:
            with self._changed:
                self._preparing, self._all_prepared = False, True
                self._changed.notify_all()

    def _work_loop(self) -> None:
        try:
            while (prepared := self._next_prepared()) is not None:
                with self._spending("encoding"):
                    worked = self._work(prepared[0])
                del prepared
                with self._spending("writing"), self._changed:
                    self._changed.wait_for(lambda: not self._worked or self.stopping.is_set())
                    self._worked.append(worked)
                    self._changed.notify_all()
                del worked
        except Stopped:
            pass
        except BaseException as error:
            self._fail(error)
        finally:
            with self._changed:
                self._all_worked = True
                self._prepared.clear()
                self._changed.notify_all()

    def _next_prepared(self) -> tuple[_R] | None:
        """The next batch to work on, when it is prepared; preparing counts as work, if that is what is waited for."""
        with self._changed:
            while not self._prepared and not self._all_prepared and not self.stopping.is_set():
                with self._spending("encoding" if self._preparing else "reading"):
                    self._changed.wait()
            if self.stopping.is_set() or not self._prepared:
                return None
            prepared = self._prepared.popleft()
            self._changed.notify_all()
            return (prepared,)

    def _write_loop(self) -> None:
        try:
            while True:
                with self._changed:
                    self._changed.wait_for(lambda: self._worked or self._all_worked)
                    if not self._worked:
                        return
                    worked = self._worked[0]  # its place is taken until it is written: no more wait than one
                self._write(worked)
                with self._changed:
                    self._written.append(self._worked.popleft())
                    self._changed.notify_all()
                del worked
        except BaseException as error:
            self._fail(error)
        finally:
            with self._changed:
                self._all_written = True
                self._changed.notify_all()

    def _fail(self, error: BaseException, *, drop: bool = True) -> None:
        with self._changed:
            if self._failure is None:
                self._failure = error
            if drop:
                self.stopping.set()
            self._changed.notify_all()

    def _spending(self, on: Waiting) -> Any:
        return _Clock(self._spent, on)


class _Clock:
    def __init__(self, spent: dict[Waiting, float], on: Waiting) -> None:
        self._spent, self._on = spent, on

    def __enter__(self) -> None:
        self._begun = time.monotonic()

    def __exit__(self, *_: object) -> None:
        self._spent[self._on] += time.monotonic() - self._begun
