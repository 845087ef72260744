"""The MCP server, tried with the SDK's own client: in this process, over pipes, and over HTTP."""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import time

import pytest

import xling
from xling.cli import main
from xling.errors import InvalidInput

pytest.importorskip("mcp", reason="needs the MCP SDK: pip install 'xling[mcp]'")

from mcp.client import Client
from mcp.client.stdio import StdioServerParameters

from xling.integrations.mcp import Limits, make_server

ROWS = [
    {"id": "thanks", "text": "Thank you very much.", "lang": "en", "metadata": {"title": "Manners", "year": 2001}},
    {"id": 7, "text": "おはようございます。", "lang": "ja", "metadata": {"year": 2002}},
    {"id": "ferry", "text": "Die Fähre legt um zwölf ab.", "lang": "de"},
]
WRITING = {"add", "delete"}
READING = {"search", "retrieve", "get", "languages", "info"}


@pytest.fixture
def docs(tmp_path, encoder):
    with xling.open("docs", path=tmp_path, model=encoder, indexes={"year": "integer"}) as docs:
        docs.add(ROWS)
        yield docs


def call(server, *calls):
    """The answers of a server to calls, each a tool's name and its arguments; and the names of its tools."""

    async def ask():
        async with Client(server) as client:
            tools = {tool.name for tool in (await client.list_tools()).tools}
            return tools, [await client.call_tool(name, arguments) for name, arguments in calls]

    return asyncio.run(asyncio.wait_for(ask(), 120))


def text(answer):
    return answer.content[0].text


def test_every_tool(docs):
    tools, answers = call(
        make_server(docs),
        ("info", {}),
        ("languages", {}),
        ("search", {"query": "ありがとう", "limit": 1, "languages": ["en", "de"]}),
        ("search", {"query": "morning", "languages": ["ja"], "where": {"year": {"gte": 2002}}}),
        ("retrieve", {"question": "When does the ship leave?", "token_budget": 200}),
        ("get", {"ids": [7, "nobody"]}),
        ("add", {"documents": [{"text": "Merci !", "id": "m", "metadata": {"a": 1}}, {"text": " "}]}),
        ("delete", {"ids": ["m", "nobody"]}),
    )
    assert tools == READING | WRITING
    assert not any(answer.is_error for answer in answers)
    info, languages, thanks, morning, passages, got, added, deleted = (answer.structured_content for answer in answers)
    assert (info["documents"], info["read_only"], info["filterable"]) == (3, False, ["year"])
    assert languages == {"de": 1, "en": 1, "ja": 1} or languages["result"] == {"de": 1, "en": 1, "ja": 1}
    assert (thanks["result"][0]["id"], thanks["result"][0]["title"]) == ("thanks", "Manners")
    assert 0 <= thanks["result"][0]["confidence"] <= 1
    assert [hit["id"] for hit in morning["result"]] == [7]
    assert "Die Fähre" in passages["result"]
    assert "[1]" in passages["result"]
    assert [(d["id"], d["text"]) for d in got["result"]] == [(7, "おはようございます。")]
    assert (added["added"], len(added["skipped"])) == (1, 1)
    assert deleted["deleted"] == 1
    assert docs.count() == 3


def test_words_as_they_are_written(docs):
    docs.add([{"id": "code", "text": "Die Fähre XR-2000 fährt um acht."}])
    _, answers = call(
        make_server(docs),
        ("search", {"query": "XR-2000", "mode": "lexical"}),
        ("search", {"query": "When does the XR-2000 leave today?", "mode": "hybrid", "limit": 1}),
        ("retrieve", {"question": "When does the XR-2000 leave?", "mode": "hybrid"}),
        ("search", {"query": "XR-2000", "mode": "by heart"}),
    )
    assert [hit["id"] for hit in answers[0].structured_content["result"]] == ["code"]
    assert answers[1].structured_content["result"][0]["id"] == "code"
    assert "XR-2000" in answers[2].structured_content["result"]
    assert answers[3].is_error


def test_read_only_has_no_tool_that_writes(docs):
    tools, (refused,) = call(make_server(docs, read_only=True), ("delete", {"ids": ["thanks"]}))
    assert tools == READING
    assert refused.is_error
    assert docs.count() == 3


def test_limits_and_mistakes_are_said_in_words(docs):
    limits = Limits(results=2, characters=10, documents=2, text=50)
    _, answers = call(
        make_server(docs, limits=limits),
        ("search", {"query": "anything", "limit": 50}),
        ("add", {"documents": [{"text": "x"}] * 3}),
        ("add", {"documents": [{"text": "x" * 51}]}),
        ("get", {"ids": ["thanks", 7, "ferry"]}),
        ("search", {"query": " "}),
        ("search", {"query": "x", "where": {"year": {"nope": 1}}}),
        ("search", {"query": "x", "limit": 0}),
    )
    hits = answers[0].structured_content["result"]
    assert len(hits) == 2
    assert all(len(hit["text"]) <= 10 for hit in hits)
    assert any(hit["cut"] for hit in hits)
    assert all(answer.is_error for answer in answers[1:])
    for answer, word in zip(answers[1:6], ["3", "51", "at most 2", "blank", "nope"], strict=True):
        assert word in text(answer)
    assert docs.count() == 3
    with pytest.raises(InvalidInput, match="results"):
        Limits(results=0)


@pytest.fixture
def stored(tmp_path, encoder):
    with xling.open("docs", path=tmp_path, model=encoder) as docs:
        docs.add(ROWS)
    return ["mcp", "-c", "docs", "--path", str(tmp_path)]


def test_over_standard_input_and_output(stored):
    server = StdioServerParameters(
        command=sys.executable, args=["-m", "xling.cli", *stored, "--read-only"], env=dict(os.environ)
    )
    tools, (found,) = call(server, ("search", {"query": "船はいつ出ますか", "limit": 1}))
    assert tools == READING
    assert found.structured_content["result"][0]["id"] == "ferry"


def test_over_http(stored):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "xling.cli", *stored, "--http", "--port", str(port)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        try:
            for _ in range(600):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                assert server.poll() is None, server.stderr.read()
                time.sleep(0.1)
            tools, (added, found) = call(
                f"http://127.0.0.1:{port}/mcp",
                ("add", {"documents": [{"text": "The last bus leaves at nine.", "id": "bus"}]}),
                ("search", {"query": "最終バス", "limit": 1}),
            )
        finally:
            server.terminate()
    assert tools == READING | WRITING
    assert added.structured_content["added"] == 1
    assert found.structured_content["result"][0]["id"] == "bus"


def test_a_collection_that_is_not_there_is_one_line(tmp_path, capsys):
    assert main(["mcp", "-c", "nowhere", "--path", str(tmp_path)]) == 1
    assert capsys.readouterr().err.count("\n") == 1
