"""Batches that waste little on padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def batches(counts: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Positions in batches of texts alike in length, each at most `budget` tokens when padded to its longest."""
    batch: list[int] = []
    for i in sorted(range(len(counts)), key=lambda i: -counts[i]):
        if batch and (len(batch) + 1) * counts[batch[0]] > budget:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch
