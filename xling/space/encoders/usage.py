"""What encoding cost, for encoders that are paid by the token."""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass
from typing import Any

from xling.space.protocols import Encoder


@dataclass(frozen=True, slots=True)
class Usage:
    """What an encoder has sent since it was made.

    Attributes:
        requests: Requests that were answered.
        texts: Texts in them.
        tokens: Tokens as the server counted them.
        cost: What they cost, in the currency of the encoder's `price`; None where it has none.
    """

    requests: int = 0
    texts: int = 0
    tokens: int = 0
    cost: float | None = None


class UsageMeter:
    """Counts, from any number of threads.

    Args:
        price: Of a million tokens.
    """

    def __init__(self, price: float | None = None) -> None:
        self._price, self._lock = price, threading.Lock()
        self._requests = self._texts = self._tokens = 0

    def add(self, texts: int, tokens: int) -> None:
        """Note an answered request."""
        with self._lock:
            self._requests += 1
            self._texts += texts
            self._tokens += tokens

    def read(self) -> Usage:
        """The sums by now."""
        with self._lock:
            cost = None if self._price is None else self._tokens * self._price / 1_000_000
            return Usage(self._requests, self._texts, self._tokens, cost)


def usage_of(encoder: Encoder) -> Usage | None:
    """What an encoder has used, through what cuts its vectors; None of one that runs on this machine."""
    encoder = getattr(encoder, "whole", encoder)
    usage = getattr(encoder, "usage", None)
    return usage if isinstance(usage, Usage) else None


def usage_record(encoder: Encoder) -> dict[str, Any]:
    """The same as plain values; empty of an encoder that runs on this machine."""
    usage = usage_of(encoder)
    return {} if usage is None else {key: value for key, value in asdict(usage).items() if value is not None}
