"""`AsyncCollection`: the verbs of `Collection` as coroutines, and `aopen`, the way to it.

A verb that is written as steps is taken on the event loop, where the collection is on a Qdrant server: its requests go
out through the asynchronous client. Encoding, Qdrant Edge, and verbs that are not written as steps run in threads;
what those ask of a server goes through the same asynchronous client.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import threading
from collections.abc import AsyncIterable, AsyncIterator, Callable, Coroutine, Generator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, overload

from xling.collection import Collection
from xling.errors import InvalidInput
from xling.offloop import Threads, from_loop, progress_on_loop
from xling.opening import open
from xling.search.explaining import Explained
from xling.search.filters import Where
from xling.space import SharedSpace
from xling.store.async_server import AsyncCalls, BridgeClient
from xling.store.base import PointId, Store
from xling.store.server import ServerStore
from xling.store.server_address import connect_async
from xling.store.steps import arun
from xling.types import Document, DocumentId, WordLink

if TYPE_CHECKING:
    from qdrant_client import AsyncQdrantClient

_P = ParamSpec("_P")
_T = TypeVar("_T")
_D = TypeVar("_D")


def _verb(
    verb: Callable[Concatenate[Collection, _P], _T], *, writes: bool = False
) -> Callable[Concatenate[AsyncCollection, _P], Coroutine[Any, Any, _T]]:
    """A verb of `Collection` as a coroutine function of the same signature. Writing ones run one at a time."""

    async def called(self: AsyncCollection, /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        return await self._call(verb, writes, args, kwargs)

    functools.update_wrapper(called, verb)
    return called


def _verb_of_documents(
    verb: Callable[Concatenate[Collection, _D, _P], _T],
) -> Callable[Concatenate[AsyncCollection, _D | AsyncIterable[Any], _P], Coroutine[Any, Any, _T]]:
    """A writing verb whose documents may come from an asynchronous iterable too."""
    return _verb(verb, writes=True)  # type: ignore[arg-type]  # `_call` makes an iterator of it


class AsyncCollection:
    """A `Collection` for asyncio. Made by `xling.aopen`; the verbs are those of `Collection`, to be awaited.

    Encoding never holds up the event loop. On a Qdrant server requests are natively asynchronous: a search that is
    cancelled takes its request back. `add` takes asynchronous iterables of documents too, no faster than it writes
    them. A call that writes and is cancelled ends with the batch at hand; what was written stays.

    Attributes:
        name: The collection's name.
        space: The encoder and its identity.
        store: The store underneath, for what xling does not cover. Its methods wait: `await asyncio.to_thread(…)`.
    """

    name: str
    space: SharedSpace
    store: Store

    def __init__(self, collection: Collection, threads: Threads, client: AsyncQdrantClient | None, owned: bool) -> None:
        self._collection, self._threads = collection, threads
        self._client, self._owned = client, owned
        self._loop = asyncio.get_running_loop()
        self.name, self.space, self.store = collection.name, collection.space, collection.store
        self._native: AsyncCalls | None = None
        if client is not None and isinstance(collection.store, ServerStore):
            self._native = AsyncCalls(collection.store, client, threads.read)

    @property
    def blocking(self) -> Collection:
        """The same collection with verbs that wait, for code that runs in threads; not to be called on the loop."""
        return self._collection

    add = _verb_of_documents(Collection.add)
    sync = _verb_of_documents(Collection.sync)
    search = _verb(Collection.search)
    search_many = _verb(Collection.search_many)
    search_by_vector = _verb(Collection.search_by_vector)
    retrieve = _verb(Collection.retrieve)
    similar = _verb(Collection.similar)
    recommend = _verb(Collection.recommend)
    fit_classifier = _verb(Collection.fit_classifier)
    classify = _verb(Collection.classify)
    clusters = _verb(Collection.clusters)
    coverage = _verb(Collection.coverage)
    map = _verb(Collection.map)
    near_duplicates = _verb(Collection.near_duplicates)
    outliers = _verb(Collection.outliers)
    probe = _verb(Collection.probe)
    vectors = _verb(Collection.vectors)

    if TYPE_CHECKING:  # what a type checker does not see through `_verb`: what comes back depends on what is given

        @overload
        async def get(self, ids: DocumentId) -> Document | None: ...  # type: ignore[overload-overlap]
        @overload
        async def get(self, ids: Sequence[DocumentId]) -> list[Document | None]: ...
        async def get(self, ids: Any) -> Any: ...
        @overload
        async def explain(  # type: ignore[overload-overlap]
            self, query: str, hits: Explained, *, min_weight: float = ...
        ) -> list[WordLink]: ...
        @overload
        async def explain(
            self, query: str, hits: Sequence[Explained], *, min_weight: float = ...
        ) -> list[list[WordLink]]: ...
        async def explain(self, query: str, hits: Any, *, min_weight: float = 0.0) -> Any: ...
    else:
        get = _verb(Collection.get)
        explain = _verb(Collection.explain)

    async def documents(
        self, *, languages: Sequence[str] | None = None, where: Where | None = None, source: str | None = None
    ) -> AsyncIterator[Document]:
        """All documents, or those that meet a filter, whole, in no order that means something; read page by page."""
        filter = await self._call(Collection._listed, False, (languages, where, source), {})
        offset: PointId | None = None
        while True:
            page, offset = await self._call(Collection._page, False, (filter, offset), {})
            for document in page:
                yield document
            if offset is None:
                return

    documents_page = _verb(Collection.documents_page)
    delete = _verb(Collection.delete, writes=True)
    count = _verb(Collection.count)
    info = _verb(Collection.info)
    export = _verb(Collection.export, writes=True)
    snapshot = _verb(Collection.snapshot, writes=True)
    snapshots = _verb(Collection.snapshots)
    restore = _verb(Collection.restore, writes=True)
    add_lexical = _verb(Collection.add_lexical, writes=True)
    optimize = _verb(Collection.optimize, writes=True)
    drop_previous = _verb(Collection.drop_previous, writes=True)

    async def drop(self) -> None:
        """Delete the whole collection, documents and all, and close it. There is no way back.

        If its model was changed, the ones before it are deleted too.
        """
        await self._call(Collection.drop, True, (), {})
        await self._release()

    async def close(self) -> None:
        """Release the collection's files or connection, once what is being written is done.

        A client that was handed in stays open.
        """
        if not self._collection._closed:
            await self._call(Collection.close, True, (), {})
            await self._release()

    async def __aenter__(self) -> AsyncCollection:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return repr(self._collection).replace("xling.Collection", "xling.AsyncCollection", 1)

    async def _call(
        self, verb: Callable[..., _T], writes: bool, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> _T:
        loop = asyncio.get_running_loop()
        if self._client is not None and loop is not self._loop:
            raise InvalidInput(
                f"the collection {self.name!r} was opened on another event loop, which its connections belong to; "
                f"open it again on this one with xling.aopen()"
            )
        steps = getattr(verb, "steps", None)
        if steps is not None and self._native is not None:
            return await arun(steps(self._collection, *args, **kwargs), self._native, self._threads.read)
        self._collection._check_open()
        stop = threading.Event()
        here = functools.partial(_in_thread, loop=loop, stop=stop)
        given, named = [here(x) for x in args], {key: here(x) for key, x in kwargs.items()}
        parameters = inspect.signature(verb).parameters
        if "optimize" in parameters:  # Qdrant Edge lets nothing else of the process run while it builds its index
            named["optimize"] = bool(named.get("optimize"))
        if "progress" in parameters:
            named["progress"] = progress_on_loop(named.get("progress"), loop, stop)
        function = functools.partial(verb, self._collection, *given, **named)
        if writes:
            return await self._threads.write(function, stop)
        return await self._threads.read(function)

    async def _release(self) -> None:
        self._threads.close()
        if self._owned and self._client is not None:
            await self._client.close()


def _in_thread(argument: Any, *, loop: asyncio.AbstractEventLoop, stop: threading.Event) -> Any:
    return from_loop(argument, loop, stop) if isinstance(argument, AsyncIterable) else argument


class _Opening:
    """What `aopen` gives: await it for the collection, or use it in `async with`, which closes the collection."""

    def __init__(self, make: Callable[[], Coroutine[Any, Any, AsyncCollection]]) -> None:
        self._make = make
        self._opened: AsyncCollection | None = None

    def __await__(self) -> Generator[Any, None, AsyncCollection]:
        return self._make().__await__()

    async def __aenter__(self) -> AsyncCollection:
        self._opened = await self._make()
        return self._opened

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._opened is not None:
            await self._opened.close()


def _opener(open: Callable[_P, Collection]) -> Callable[_P, _Opening]:
    def aopen(*args: _P.args, **kwargs: _P.kwargs) -> _Opening:
        """`xling.open` for asyncio: `async with xling.aopen("docs") as docs`, or `docs = await xling.aopen("docs")`.

        The arguments and errors are those of `xling.open`. A server is talked to by an `AsyncQdrantClient`, which
        `client=` takes as well; with a `QdrantClient`, and for embedded collections, calls run in threads. Finding and
        loading the model does not hold up the event loop.
        """
        return _Opening(functools.partial(_open, open, args, kwargs))

    own = aopen.__doc__
    functools.update_wrapper(aopen, open)
    aopen.__name__ = aopen.__qualname__ = "aopen"
    aopen.__module__, aopen.__doc__ = __name__, own
    return aopen


aopen = _opener(open)


async def _open(open: Callable[..., Collection], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> AsyncCollection:
    arguments = dict(inspect.signature(open).bind(*args, **kwargs).arguments)
    client, owned = arguments.get("client"), False
    if client is None and arguments.get("url") is not None and arguments.get("path") is None:
        keys = ("url", "api_key", "prefer_grpc", "timeout")
        url, api_key, prefer_grpc, timeout = (arguments.pop(key, None) for key in keys)
        port = arguments.pop("grpc_port", 6334)
        client, owned = connect_async(url, api_key, bool(prefer_grpc), timeout, port), True
    asynchronous: AsyncQdrantClient | None = client if _is_async(client) else None
    if asynchronous is not None:
        arguments["client"] = BridgeClient(asynchronous, asyncio.get_running_loop())
    threads = Threads()
    try:
        collection = await threads.open(functools.partial(open, **arguments))
        return AsyncCollection(collection, threads, asynchronous, owned)
    except BaseException:
        threads.close()
        if owned and client is not None:
            await client.close()
        raise


def _is_async(client: object) -> bool:
    return inspect.iscoroutinefunction(getattr(client, "query_batch_points", None))
