"""Faults on the way to a server and back: what may be asked twice is asked again, and the right documents are there."""

import asyncio
import logging
import random

import pytest

import xling
from tests.answerer import FAULTS, answerer
from tests.killed_writer import HashEncoder
from xling.errors import CollectionNotFound, StoreUnavailable
from xling.store.retry import Fault, RetryPolicy, Tries
from xling.store.server import ServerStore

ROWS = [{"id": f"d{i}", "text": f"document number {i}", "lang": "en", "metadata": {"n": i}} for i in range(40)]


@pytest.fixture
def server():
    with answerer() as server:
        yield server


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch):
    quick = RetryPolicy(pause=0.002, retries=6)
    monkeypatch.setattr("xling.store.server.RetryPolicy", lambda retries=6: quick)


def opened(server, **options):
    return xling.open("docs", url=server.url, model=HashEncoder(), **options)


@pytest.mark.parametrize("calls", [600, pytest.param(10_000, marks=pytest.mark.slow)])
def test_one_call_in_ten_fails_and_the_right_documents_are_there(server, calls):
    draw = random.Random(calls)
    server.fault = lambda number, request: draw.choice(FAULTS) if draw.random() < 0.1 else None
    expected = {}
    with opened(server) as docs:
        while len(server.requests) < calls:
            first = draw.randrange(400)
            rows = [
                {
                    "id": f"d{i}",
                    "text": f"document {i} in state {draw.randrange(3)}",
                    "lang": "en",
                    "metadata": {"n": i},
                }
                for i in range(first, first + 8)
            ]
            report = docs.add(rows, batch_size=4)
            assert report.total == 8
            expected |= {row["id"]: row["text"] for row in rows}
            gone = [f"d{draw.randrange(400)}" for _ in range(3)]
            docs.delete(gone)
            for id in gone:
                expected.pop(id, None)
            if expected:
                id, text = draw.choice(list(expected.items()))
                assert docs.search(text, limit=1, neutral=0)[0].id == id or list(expected.values()).count(text) > 1
        assert docs.count() == len(expected)
        assert {id: d.text for id, d in zip(expected, docs.get(list(expected)), strict=True)} == expected
    server.fault = lambda *_: None
    with opened(server) as docs:
        assert {d.id: d.text for d in docs.documents()} == expected


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("path", ["PUT /collections/docs", "PATCH /collections/docs", "PUT /collections/docs/points"])
def test_every_step_of_making_and_filling_may_fail(server, fault, path):
    failed = set()

    def once(number, request):
        if request == path and request not in failed:
            failed.add(request)
            return fault
        return None

    server.fault = once
    with opened(server) as docs:
        assert docs.add(ROWS).added == len(ROWS)
        assert docs.info().model == "hash"
    assert failed
    with opened(server) as docs:
        assert docs.count() == len(ROWS)


@pytest.mark.parametrize("fault", FAULTS)
def test_async_is_no_different(server, fault):
    server.fault = lambda number, request: fault if number % 5 == 3 else None

    async def main():
        async with xling.aopen("docs", url=server.url, model=HashEncoder()) as docs:
            await docs.add(ROWS, batch_size=8)
            hits = await docs.search(ROWS[3]["text"], limit=1, neutral=0)
            return await docs.count(), hits[0].id

    assert asyncio.run(main()) == (len(ROWS), "d3")


def test_a_late_answer_is_asked_for_again(server):
    server.delay = 2.0
    slow = iter(["slow"])
    with opened(server, timeout=1) as docs:
        server.fault = lambda number, request: next(slow, None) if request.endswith("/points") else None
        assert docs.add(ROWS).added == len(ROWS)
        assert docs.count() == len(ROWS)


def test_what_does_not_pass_is_one_error_that_says_how_often_it_was_tried(server, caplog):
    with opened(server) as docs:
        docs.add(ROWS)
        server.fault = lambda *_: "503"
        before = len(server.requests)
        with pytest.raises(StoreUnavailable, match=r"tried 7 times"):
            docs.count()
        assert len(server.requests) == before + 7
        busy = iter(["429"])
        server.fault = lambda *_: next(busy, None)
        caplog.set_level(logging.INFO)
        assert docs.count() == len(ROWS)
    assert "trying again" in caplog.text


def test_dropping_a_collection_is_not_repeated_where_it_may_have_been_done(server):
    with opened(server) as docs:
        docs.add(ROWS)
        server.fault = lambda number, request: "lost" if request.startswith("DELETE") else None
        with pytest.raises(StoreUnavailable):
            docs.store.drop()
    assert sum(request.startswith("DELETE") for request in server.requests) == 1
    server.fault = lambda *_: None
    with pytest.raises(CollectionNotFound):
        opened(server, create=False)


def test_retries_are_a_choice(server, monkeypatch):
    monkeypatch.undo()
    store = ServerStore("docs", url=server.url, retries=0)
    server.fault = lambda *_: "503"
    with pytest.raises(StoreUnavailable):
        store.exists()
    assert len(server.requests) == 1
    with pytest.raises(xling.InvalidInput, match="retries"):
        ServerStore("docs", url=server.url, retries=-1)


def test_pauses_grow_are_not_the_same_for_all_and_end():
    policy = RetryPolicy(retries=5, pause=1.0, longest=4.0, patience=20.0)
    pauses = [policy.next_pause(Fault("refused"), tries=n, elapsed=0, chance=0.0) for n in range(1, 7)]
    assert pauses == [1.0, 2.0, 4.0, 4.0, 4.0, None]
    assert policy.next_pause(Fault("refused"), tries=1, elapsed=0, chance=1.0) == 0.5
    assert policy.next_pause(Fault("refused", wait=7), tries=1, elapsed=0, chance=1.0) == 7.5
    assert policy.next_pause(Fault("refused", wait=30), tries=1, elapsed=0) is None  # longer than anyone waits
    assert policy.next_pause(Fault("unanswered"), tries=1, elapsed=0, repeatable=False) is None
    assert policy.next_pause(Fault("refused"), tries=1, elapsed=0, repeatable=False) is not None
    assert policy.next_pause(Fault("unreached"), tries=1, elapsed=0, known=False) is None


def test_time_spent_waiting_is_counted():
    now = iter([0.0, 10.0, 119.0, 200.0])
    tries = Tries(RetryPolicy(), "count", known=True, clock=lambda: next(now))
    assert tries.pause_after(Fault("refused")) is not None
    assert tries.pause_after(Fault("refused", wait=5)) is None
    assert tries.pause_after(None) is None
