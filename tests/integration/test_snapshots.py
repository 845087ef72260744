"""Snapshots on a server, and what is said where there is none."""

import asyncio
import json

import pytest

import xling
from tests.answerer import answerer
from tests.killed_writer import HashEncoder
from xling.cli import main
from xling.errors import InvalidInput

ROWS = [{"id": f"d{i}", "text": f"document {i}", "lang": "en"} for i in range(30)]


@pytest.fixture
def server():
    with answerer() as server:
        yield server


def test_a_snapshot_brings_back_what_was(server):
    with xling.open("docs", url=server.url, model=HashEncoder()) as docs:
        docs.add(ROWS)
        made = docs.snapshot()
        assert docs.snapshots() == [made.model_copy(update={"created": None})]
        docs.delete(["d0", "d1"])
        docs.add([{"id": "later", "text": "later", "lang": "fr"}])
        assert docs._statistics.current().counts == {"en": 28, "fr": 1}
        docs.restore(made.name)
        assert docs.count() == 30
        assert docs.get("later") is None
        assert docs._statistics.current().counts == {"en": 30}
        with pytest.raises(InvalidInput, match="no-such"):
            docs.restore("no-such.snapshot")


def test_it_is_not_repeated_where_it_may_have_been_done(server):
    with xling.open("docs", url=server.url, model=HashEncoder()) as docs:
        docs.add(ROWS)
        server.fault = lambda number, request: "lost" if request.endswith("/snapshots") else None
        with pytest.raises(xling.StoreUnavailable):
            docs.snapshot()
        server.fault = lambda *_: None
        assert len(docs.snapshots()) == 1


def test_a_part_is_no_snapshot_of_the_whole(server):
    with xling.open("docs", url=server.url, model=HashEncoder()) as docs:
        docs.add(ROWS)
        copy = {"shard_id": 0, "peer_id": 2, "state": "Active"}
        server.client.__dict__["parts_elsewhere"] = [copy]
        docs.snapshot()
        server.client.__dict__["parts_elsewhere"] = [copy, {**copy, "shard_id": 1}]
        with pytest.raises(InvalidInput, match=r"1 of the 2 parts .* use export"):
            docs.snapshot()
        assert len(docs.snapshots()) == 1


def test_async(server):
    async def main():
        async with xling.aopen("docs", url=server.url, model=HashEncoder()) as docs:
            await docs.add(ROWS)
            made = await docs.snapshot()
            await docs.delete(["d0"])
            await docs.restore(made.name)
            return await docs.count(), len(await docs.snapshots())

    assert asyncio.run(main()) == (30, 1)


def test_where_there_is_no_server(make):
    docs = make("docs", model=HashEncoder())
    if docs.info().store["engine"] == "qdrant":
        pytest.skip("this one has snapshots")
    for call in (docs.snapshot, docs.snapshots, lambda: docs.restore("x.snapshot")):
        with pytest.raises(InvalidInput, match="export"):
            call()


def test_the_command_line(server, capsys, encoder):
    with xling.open("docs", url=server.url, model=encoder) as docs:
        docs.add(ROWS[:3])
    place = ["-c", "docs", "--url", server.url]
    assert main(["snapshot", *place, "--json"]) == 0
    (made,) = json.loads(capsys.readouterr().out)
    assert main(["snapshot", *place, "--list"]) == 0
    assert made["name"] in capsys.readouterr().out
    assert main(["snapshot", *place, "--restore", made["name"]]) == 2  # not asked on a terminal
    assert main(["snapshot", *place, "--restore", made["name"], "--yes"]) == 0
    assert main(["snapshot", *place, "--restore", "no-such", "--yes"]) == 2
    assert main(["snapshot", "-c", "docs", "--path", "/nowhere/at/all"]) != 0
