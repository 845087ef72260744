"""Maps of collections: drawn when they are first asked for, and kept while the number of documents stays the same."""

from __future__ import annotations

import asyncio

from xling.aio import AsyncCollection
from xling.explore.maps import Map

MOST_POINTS = 2_000
"""Documents on a map; of more a random part. So many are drawn in a few seconds, and a page shows them at once."""

_KEPT = 8


class Maps:
    """Belongs to the event loop that it is first used on. Whoever asks for a map that is being drawn waits for that."""

    def __init__(self) -> None:
        self._drawn: dict[str, tuple[int, asyncio.Task[Map]]] = {}

    async def get(self, collection: AsyncCollection) -> Map:
        """The map of a collection. It goes on being drawn if whoever asked goes away."""
        count = await collection.count()
        known = self._drawn.pop(collection.name, None)
        if known is None or known[0] != count or _failed(known[1]):
            known = (count, asyncio.create_task(_draw(collection)))
        self._drawn[collection.name] = known  # the newest is the last
        while len(self._drawn) > _KEPT:
            self._drawn.pop(next(iter(self._drawn)))
        return await asyncio.shield(known[1])


async def _draw(collection: AsyncCollection) -> Map:
    return await collection.map(most=MOST_POINTS)


def _failed(task: asyncio.Task[Map]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
