"""Whether a request to Qdrant that failed is made again, and when. Decides only: who asks does the waiting.

Almost all that xling asks for may be asked twice: points have their ids from their documents, payloads are replaced
whole, deleting what is deleted does nothing, a collection that was made meanwhile is kept. Deleting a collection may
not: between two tries another process may have made it anew. Such requests are repeated only where the first one
cannot have been done.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

FaultKind: TypeAlias = Literal["unreached", "refused", "unanswered"]
"""How a request failed for the time being: nobody was there; it was sent away (429); or it may have been done, and
its answer was lost, late, or an error of the server's."""

RETRIES = 4
"""Further tries after the first, where nothing else is asked for."""

UNREPEATABLE = frozenset({"delete_collection", "create_snapshot", "recover_snapshot", "delete_snapshot"})
"""Methods of qdrant-client that are not called again unless they surely did nothing."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A failure that may pass. `wait` is what the server asks for (Retry-After), in seconds."""

    kind: FaultKind
    wait: float | None = None


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long to try.

    Attributes:
        retries: Further tries after the first, 0 for none.
        pause: Seconds before the second try, doubled each time; up to half of it is taken off at random, so that
            many clients do not come back at once.
        longest: Longest pause, in seconds, unless the server asks for more.
        patience: Seconds after the first try began when no further one begins.
    """

    retries: int = RETRIES
    pause: float = 0.25
    longest: float = 8.0
    patience: float = 120.0

    def next_pause(
        self,
        fault: Fault,
        *,
        tries: int,
        elapsed: float,
        repeatable: bool = True,
        known: bool = True,
        chance: float = 0.5,
    ) -> float | None:
        """Seconds to wait before the next try, None to give up.

        Args:
            fault: How the last try failed.
            tries: Tries so far, 1 or more.
            elapsed: Seconds since the first one began.
            repeatable: Whether the request may be done twice.
            known: Whether the server has answered before: an address where nobody ever was is likely a wrong one.
            chance: A random number from 0 to 1.
        """
        if tries > self.retries:
            return None
        if fault.kind == "unanswered" and not repeatable:
            return None
        if fault.kind == "unreached" and not known:
            return None
        pause = min(self.longest, self.pause * 2.0 ** min(tries - 1, 30)) * (1 - chance / 2)
        if fault.wait is not None:
            pause += fault.wait  # the jitter comes on top: never sooner than asked
        return pause if elapsed + pause <= self.patience else None


class Tries:
    """The tries of one request, told of each failure.

    Args:
        policy: How often and how long.
        method: The client's method that is called.
        known: Whether the server has answered before.
        clock: Seconds, for tests.
    """

    def __init__(
        self, policy: RetryPolicy, method: str, *, known: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._policy, self._repeatable, self._known, self._clock = policy, method not in UNREPEATABLE, known, clock
        self._begun = clock()
        self.made = 1

    def pause_after(self, fault: Fault | None) -> float | None:
        """Seconds to wait before the next try, None to give up."""
        if fault is None:
            return None
        pause = self._policy.next_pause(
            fault,
            tries=self.made,
            elapsed=self._clock() - self._begun,
            repeatable=self._repeatable,
            known=self._known or self.made > 1,
            chance=random.random(),
        )
        if pause is not None:
            self.made += 1
        return pause

    def told(self) -> str:
        """For the message of the error in the end: how often, and for how long."""
        return f" (tried {self.made} times in {self._clock() - self._begun:.1f} s)" if self.made > 1 else ""
