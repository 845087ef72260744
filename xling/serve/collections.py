"""The collections of the service: opened when they are first asked for, and kept open."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from xling.aio import AsyncCollection, aopen
from xling.attach import brief, check_name, collection_names
from xling.cache_dir import data_dir
from xling.errors import CollectionNotFound, InvalidInput, ModelError, SpaceMismatch
from xling.serve.problems import Problem
from xling.serve.settings import Settings
from xling.space import Encoder, SharedSpace
from xling.store.async_server import BridgeClient
from xling.store.server_address import connect_async

if TYPE_CHECKING:
    from qdrant_client import AsyncQdrantClient, QdrantClient

_FRESH, _PATIENCE = 2.0, 5.0
"""Seconds that an answer to whether Qdrant is there is good for, and that it may take."""


class Collections:
    """Opens, makes and drops. Belongs to the event loop that `start` is called on.

    Args:
        settings: Where they are, and which.
        client: A client of the caller's instead, which stays open.
    """

    def __init__(self, settings: Settings, client: QdrantClient | AsyncQdrantClient | None = None) -> None:
        self._settings, self._client, self._owned = settings, client, False
        self._model: Encoder | None = None
        self._open: dict[str, AsyncCollection] = {}
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._spaces: dict[str, SharedSpace] = {}
        self._directory = settings.path or data_dir() / "collections"
        self._blocking: Any = client
        self._asked, self._answered = float("-inf"), False

    async def start(self) -> None:
        """Make the client of a server, on this event loop. Nothing is sent yet."""
        settings = self._settings
        if self._client is None and settings.url is not None:
            key, timeout = settings.qdrant_key(), settings.qdrant_timeout
            self._client = connect_async(settings.url, key, settings.prefer_grpc, timeout, settings.grpc_port)
            self._owned = True
            self._blocking = BridgeClient(self._client, asyncio.get_running_loop())

    def use(self, model: Encoder) -> None:
        """The model of new collections, and of those of other tools."""
        self._model = model

    @property
    def opened(self) -> int:
        """How many are open."""
        return len(self._open)

    @property
    def location(self) -> str:
        """What kind of place it is, for people."""
        return "embedded" if self._client is None else "server"

    async def reachable(self) -> bool:
        """Whether the Qdrant server answers; asked once in a while. Embedded collections are always there."""
        if self._client is None:
            return True
        now = time.monotonic()
        if now - self._asked > _FRESH:
            try:
                await asyncio.wait_for(asyncio.to_thread(self._blocking.get_collections), _PATIENCE)
                self._answered = True
            except Exception:  # whatever qdrant-client and its transport raise
                self._answered = False
            self._asked = now
        return self._answered

    async def briefs(self, allowed: Any) -> list[dict[str, Any]]:
        """What is known of each collection that `allowed` says yes to, without opening it."""

        def look() -> list[dict[str, Any]]:
            names = self._settings.collections or collection_names(**self._place())
            return [found for name in names if allowed(name) and (found := brief(name, **self._place())) is not None]

        return await asyncio.to_thread(look)

    async def get(self, name: str) -> AsyncCollection:
        """The open collection.

        Raises:
            Problem: There is none of this name, or it is not served.
        """
        known = self._open.get(name)
        if known is not None:
            return known
        self._check(name)
        async with self._lock(name):
            if name in self._open:
                return self._open[name]
            try:
                return self._keep(name, await self._found(name))
            except CollectionNotFound:
                raise Problem(404, f"there is no collection {name!r}") from None

    async def create(self, name: str, options: Mapping[str, Any]) -> tuple[AsyncCollection, bool]:
        """The open collection, and whether it was made now.

        Raises:
            InvalidInput: An option makes no sense, or the collection is there and was made otherwise.
        """
        self._check(name)
        async with self._lock(name):
            if name in self._open and not options:
                return self._open[name], False
            there = await asyncio.to_thread(brief, name, **self._place()) is not None
            known = self._open.get(name)
            if not there:
                made = await self._opened(name, model=self._model, create=True, **options)
                if known is not None:  # somebody else deleted it
                    await known.close()
                return self._keep(name, made), True
            collection = await self._found(name, **options)  # which compares them with how it was made
            if known is None:
                return self._keep(name, collection), False
            await collection.close()  # others are using the one that is open
            return known, False

    async def drop(self, name: str) -> None:
        """Delete a collection.

        Raises:
            Problem: There is none of this name.
        """
        collection = await self.get(name)
        async with self._lock(name):
            self._open.pop(name, None)
            await collection.drop()

    def forget(self, name: str) -> None:
        """Open it anew the next time: it was deleted by somebody else."""
        self._open.pop(name, None)

    async def close(self) -> None:
        """Close all, once what is being written is done."""
        while self._open:
            _, collection = self._open.popitem()
            await collection.close()
        if self._owned and self._client is not None:
            await self._client.close()  # type: ignore[misc]  # an owned one is asynchronous

    def _check(self, name: str) -> None:
        check_name(name)
        if self._settings.collections and name not in self._settings.collections:
            raise Problem(404, f"there is no collection {name!r}")

    def _lock(self, name: str) -> asyncio.Lock:
        return self._locks.setdefault(name, asyncio.Lock())

    def _place(self) -> dict[str, Any]:
        return {"path": self._directory} if self._client is None else {"client": self._blocking}

    async def _opened(self, name: str, **options: Any) -> AsyncCollection:
        place = {"path": self._directory} if self._client is None else {"client": self._client}
        settings = self._settings
        return await aopen(name, **place, device=settings.device, runtime=settings.runtime, **options)

    async def _found(self, name: str, **options: Any) -> AsyncCollection:
        """A collection that is there, with its own model."""
        try:
            return await self._opened(name, model=None, create=False, **options)
        except (InvalidInput, ModelError):
            # One of another tool does not say its model, and one of an encoder of the caller's own only its name.
            try:
                return await self._opened(name, model=self._model, create=False, **options)
            except SpaceMismatch:
                pass
            raise

    def _keep(self, name: str, collection: AsyncCollection) -> AsyncCollection:
        # What one collection's query was encoded to serves those of the others of its space.
        first = self._spaces.setdefault(collection.space.fingerprint, collection.space)
        collection.space.keep_queries_with(first)
        collection.space.query_prompt_alone = self._settings.prompts == "query"
        self._open[name] = collection
        return collection
