"""What only an asynchronous collection does; that its verbs do the same is tested in test_collection.py."""

import asyncio
import inspect
import subprocess
import sys
import threading

import pytest
from qdrant_client import AsyncQdrantClient, QdrantClient

import xling
from tests.integration.test_collection import PHRASES, Wrapped

WAIT = 60


class Gated(Wrapped):
    """The real encoder, which waits at a gate before it encodes documents."""

    def __init__(self, encoder):
        super().__init__(encoder)
        self.reached, self.gate = threading.Event(), threading.Event()

    def encode_documents(self, texts):
        self.reached.set()
        assert self.gate.wait(WAIT), "nobody opened the gate: the event loop is held up"
        return super().encode_documents(texts)


class Slow(AsyncQdrantClient):
    """Local mode that answers no query before `answer` is set."""

    def __init__(self):
        super().__init__(":memory:")
        self.asked, self.taken_back, self.answer = 0, 0, asyncio.Event()
        self.all_asked = asyncio.Event()

    async def query_batch_points(self, *args, **kwargs):
        self.asked += 1
        if self.asked == 64:
            self.all_asked.set()
        try:
            await self.answer.wait()
        except asyncio.CancelledError:
            self.taken_back += 1
            raise
        return await super().query_batch_points(*args, **kwargs)


@pytest.fixture(params=["edge", "async client", "client"])
def where(request, tmp_path):
    """Arguments of `xling.aopen`, to be made on the event loop."""

    def arguments():
        if request.param == "edge":
            return {"path": tmp_path}
        return {"client": (AsyncQdrantClient if request.param == "async client" else QdrantClient)(":memory:")}

    return arguments


def run(main):
    return asyncio.run(asyncio.wait_for(main, WAIT))


def public_functions(kind):
    return {name: value for name, value in inspect.getmembers(kind, callable) if not name.startswith("_")}


def test_every_verb_is_there_with_the_same_signature():
    verbs, coroutines = public_functions(xling.Collection), public_functions(xling.AsyncCollection)
    assert set(coroutines) == set(verbs), "a verb of Collection needs a line in AsyncCollection"
    for name, verb in verbs.items():
        waits = inspect.isasyncgenfunction if inspect.isgeneratorfunction(verb) else inspect.iscoroutinefunction
        assert waits(coroutines[name]), name
        mine, its = inspect.signature(coroutines[name]), inspect.signature(verb)
        assert list(mine.parameters.values()) == list(its.parameters.values()), name
        assert coroutines[name].__doc__, name
    assert inspect.signature(xling.aopen) == inspect.signature(xling.open)


def test_more_like_this(where, encoder):
    async def main():
        async with xling.aopen("c", model=encoder, **where()) as collection:
            for lang, texts in PHRASES.items():
                await collection.add(texts, langs=lang)
            text = PHRASES["en"][0]
            assert text not in [hit.text for hit in await collection.similar(text, limit=3)]
            for strategy in ("average", "best_score"):
                assert len(await collection.recommend(liked=[text], limit=2, strategy=strategy)) == 2

    run(main())


def test_64_searches_and_adds_at_once(where, encoder):
    async def main():
        async with xling.aopen("c", model=encoder, **where()) as collection:
            for lang, texts in PHRASES.items():
                await collection.add(texts, langs=lang)
            queries = [text for texts in PHRASES.values() for text in texts]
            alone = {q: [h.text for h in await collection.search(q, limit=1)] for q in queries}
            jobs = []
            for i in range(64):
                jobs.append(collection.search(queries[i % len(queries)], limit=1, languages=list(PHRASES)))
                jobs.append(collection.add(f"{i} {'A' * i}", ids=[f"n-{i}"], langs="und"))
            done = await asyncio.gather(*jobs)
            for i in range(64):
                query = queries[i % len(queries)]
                assert [hit.text for hit in done[2 * i]] == alone[query]
                assert done[2 * i + 1].added == 1
            assert await collection.count() == len(queries) + 64
            stored = await collection.get([f"n-{i}" for i in range(64)])
            assert [document.text for document in stored] == [f"{i} {'A' * i}" for i in range(64)]

    run(main())


def test_a_search_that_waits_for_the_server_holds_no_thread(encoder):
    async def main():
        client = Slow()
        async with xling.aopen("c", model=encoder, client=client) as collection:
            await collection.add(["Thank you", "Good morning"])
            searches = [asyncio.create_task(collection.search("Thank you so much", limit=1)) for _ in range(64)]
            await client.all_asked.wait()
            client.answer.set()
            assert {hits[0].text for hits in await asyncio.gather(*searches)} == {"Thank you"}

    run(main())


def test_a_search_that_is_cancelled_takes_its_request_back(encoder):
    async def main():
        client = Slow()
        async with xling.aopen("c", model=encoder, client=client) as collection:
            await collection.add("Thank you")
            search = asyncio.create_task(collection.search("Merci"))
            while not client.asked:
                await asyncio.sleep(0.01)
            search.cancel()
            with pytest.raises(asyncio.CancelledError):
                await search
            assert client.taken_back == 1
            client.answer.set()
            assert [hit.text for hit in await collection.search("Merci")] == ["Thank you"]

    run(main())


def test_the_loop_runs_while_documents_are_encoded(where, encoder):
    async def main():
        gated = Gated(encoder)
        async with xling.aopen("c", model=gated, **where()) as collection:
            add = asyncio.create_task(collection.add(["Thank you"]))
            while not gated.reached.is_set():
                await asyncio.sleep(0.01)
            assert await collection.count() == 0  # other verbs are answered meanwhile
            gated.gate.set()
            assert (await add).added == 1

    run(main())


def test_an_add_that_is_cancelled_ends_with_the_batch_at_hand(where, encoder):
    async def main():
        written = []
        async with xling.aopen("c", model=encoder, **where()) as collection:
            texts = [f"text {i}" for i in range(5000)]
            add = asyncio.create_task(collection.add(texts, langs="en", batch_size=4, progress=written.append))
            while len(written) < 3:
                await asyncio.sleep(0.01)
            add.cancel()
            with pytest.raises(asyncio.CancelledError):
                await add
            count = await collection.count()
            assert 4 <= count < 5000
            assert count % 4 == 0
            assert (await collection.add(texts[: count + 2], langs="en")).added == 2  # as after any other end
            assert await collection.count() == count + 2

    run(main())


def test_an_add_that_waits_its_turn_is_cancelled_before_it_begins(where, encoder):
    async def main():
        gated = Gated(encoder)
        async with xling.aopen("c", model=gated, **where()) as collection:
            first = asyncio.create_task(collection.add("first"))
            while not gated.reached.is_set():
                await asyncio.sleep(0.01)
            second = asyncio.create_task(collection.add("second"))
            await asyncio.sleep(0.05)
            second.cancel()
            with pytest.raises(asyncio.CancelledError):
                await second
            gated.gate.set()
            await first
            assert await collection.count() == 1

    run(main())


def test_documents_from_an_asynchronous_iterable_no_faster_than_they_are_written(where, encoder):
    async def main():
        gated, taken, closed = Gated(encoder), [], []

        async def source():
            try:
                for i in range(400):
                    taken.append(i)
                    await asyncio.sleep(0)
                    yield {"text": f"text {i}", "id": i, "lang": "en"}
            finally:
                closed.append(True)

        async with xling.aopen("c", model=gated, **where()) as collection:
            add = asyncio.create_task(collection.add(source(), batch_size=8, metadata={"of": "all"}))
            while not gated.reached.is_set():
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.1)
            assert len(taken) < 200  # a batch, and a few ahead
            gated.gate.set()
            assert (await add).added == len(taken) == 400
            assert closed == [True]
            assert (await collection.get(399)).metadata == {"of": "all"}

    run(main())


def test_an_asynchronous_source_that_fails_or_is_left_is_closed(where, encoder):
    async def main():
        closed = asyncio.Event()

        async def failing():
            yield "one"
            raise OSError("the feed broke")

        async def endless():
            try:
                yield "first"
                await asyncio.sleep(WAIT)
            finally:
                closed.set()

        async with xling.aopen("c", model=encoder, **where()) as collection:
            with pytest.raises(OSError, match="the feed broke"):
                await collection.add(failing())
            add = asyncio.create_task(collection.add(endless()))
            await asyncio.sleep(0.1)
            add.cancel()
            with pytest.raises(asyncio.CancelledError):
                await add
            await closed.wait()
            assert (await collection.add("second")).added == 1

    run(main())


def test_progress_is_told_on_the_event_loop(where, encoder):
    async def main():
        told = []

        async def progress(now):
            await asyncio.sleep(0)
            told.append((now.done, now.total, threading.get_ident()))

        async with xling.aopen("c", model=encoder, **where()) as collection:
            await collection.add(["a", "b", "c"], batch_size=2, progress=progress)
            assert told == [(2, 3, threading.get_ident()), (3, 3, threading.get_ident())]

            def spoilt(now):
                raise LookupError("of the callback")

            with pytest.raises(LookupError, match="of the callback"):
                await collection.add(["d"], progress=spoilt)

    run(main())


def test_it_is_closed_by_async_with_and_by_close(where, encoder):
    async def main():
        arguments = where()
        async with xling.aopen("c", model=encoder, **arguments) as collection:
            await collection.add("Thank you")
        collection_too = await xling.aopen("c", model=encoder, **arguments)
        assert await collection_too.count() == 1
        assert "AsyncCollection 'c'" in repr(collection_too)
        await collection_too.close()
        await collection_too.close()
        for closed in (collection, collection_too):
            for verb in (closed.count(), closed.search("x"), closed.add("x"), closed.info(), closed.drop()):
                with pytest.raises(xling.CollectionClosed, match="open it again"):
                    await verb
        if isinstance(client := arguments.get("client"), AsyncQdrantClient):
            assert await client.collection_exists("c"), "a client that was handed in stays open"

    run(main())


def test_errors_are_those_of_open(where, encoder):
    async def main():
        with pytest.raises(xling.CollectionNotFound, match="'c'"):
            await xling.aopen("c", create=False, model=encoder, **where())
        with pytest.raises(xling.InvalidInput, match="name"):
            await xling.aopen("a/b", model=encoder, **where())
        with pytest.raises(TypeError, match="no_such"):
            await xling.aopen("c", no_such=1, **where())

    run(main())


def test_a_server_that_is_not_there():
    async def main():
        with pytest.raises(xling.StoreUnavailable, match=r"127\.0\.0\.1:9"):
            await xling.aopen("c", url="http://127.0.0.1:9", timeout=2)
        with pytest.raises(xling.InvalidInput, match="only one of"):
            await xling.aopen("c", url="http://127.0.0.1:9", path="here")

    run(main())


def test_a_client_for_asyncio_is_sent_to_aopen():
    async def main():
        with pytest.raises(xling.InvalidInput, match=r"xling.aopen\(\)"):
            xling.open("c", client=AsyncQdrantClient(":memory:"))

    run(main())


def test_a_collection_belongs_to_the_loop_of_its_client(encoder):
    async def opened():
        return await xling.aopen("c", model=encoder, client=AsyncQdrantClient(":memory:"))

    collection = asyncio.run(opened())

    async def main():
        with pytest.raises(xling.InvalidInput, match="another event loop"):
            await collection.count()

    run(main())


def test_its_store_says_so_where_it_is_called_on_the_loop(encoder):
    async def main():
        async with xling.aopen("c", model=encoder, client=AsyncQdrantClient(":memory:")) as collection:
            with pytest.raises(xling.InvalidInput, match="await"):
                collection.store.count()
            assert await asyncio.to_thread(collection.store.count) == 0

    run(main())


@pytest.mark.parametrize("kind", ["edge", "client"])
def test_a_loop_that_ends_in_the_middle_of_an_add_leaves_nothing_hanging(kind, tmp_path):
    script = f"""
import asyncio, numpy, xling
from qdrant_client import AsyncQdrantClient

class Own:
    name, dimension, max_tokens, identity = "own", 4, 512, {{"name": "own"}}
    def encode_documents(self, texts):
        return numpy.full((len(texts), 4), 0.5, numpy.float32)
    encode_queries = encode_documents

async def endless():
    i = 0
    while True:
        i += 1
        yield f"text {{i}}"
        await asyncio.sleep(0)

async def main():
    place = {{"path": {str(tmp_path)!r}}} if {kind!r} == "edge" else {{"client": AsyncQdrantClient(":memory:")}}
    collection = await xling.aopen("c", model=Own(), **place)
    begun = asyncio.Event()
    task = asyncio.create_task(collection.add(endless(), batch_size=2, progress=lambda now: begun.set()))
    await begun.wait()

asyncio.run(main())
print("ended")
"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=WAIT, check=False)
    assert (result.returncode, result.stdout.strip()) == (0, "ended"), result.stderr
