"""The service under load, with slow clients, and when it is told to stop. Counts and answers are checked, not speed."""

import asyncio
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

pytest.importorskip("fastapi")

from tests.hashing import HashingEncoder
from tests.serving import error_of, running
from xling.serve.batching import Batcher
from xling.serve.problems import Problem


class Slow(HashingEncoder):
    """Takes its time, and notes how many texts it was given at a time."""

    def __init__(self, seconds):
        super().__init__()
        self.given, self.pause = [], seconds

    def encode_queries(self, texts):
        self.given.append(len(texts))
        time.sleep(self.pause)
        return self.encode_documents(texts)


def at_once(number, call):
    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(call, range(number)))


def test_queries_that_come_together_are_encoded_together(tmp_path):
    encoder = Slow(0.1)
    words = (f"word{n}" for n in itertools.count())
    texts = list({tuple(encoder.encode_documents([word])[0]): word for word in itertools.islice(words, 300)}.values())[
        :16
    ]
    assert len(texts) == 16  # all of different vectors
    with running(tmp_path, model=encoder) as url, httpx.Client(base_url=f"{url}/v1/collections", timeout=60) as client:
        for name in "ab":
            client.put(f"/{name}")
            client.post(f"/{name}/documents", json={"documents": texts})
        client.post("/a/search", json={"query": "warm"})
        encoder.given.clear()

        def ask(n):
            asked = {"query": texts[n], "limit": 1, "neutral": 0, "compare": [0.0]}
            return client.post(f"/{'ab'[n % 2]}/search", json=asked).json()["hits"][0]["text"]

        assert at_once(16, ask) == texts  # each its own answer
        assert sum(encoder.given) == 16  # each once, although it is searched for twice
        assert len(encoder.given) <= 6  # in a few batches, over both collections


class Counting(HashingEncoder):
    """Notes which prompt texts were encoded with."""

    def __init__(self):
        super().__init__()
        self.with_prompt = {"query": [], "document": []}

    def encode_queries(self, texts):
        self.with_prompt["query"] += texts
        return HashingEncoder.encode_documents(self, texts)

    def encode_documents(self, texts):
        self.with_prompt["document"] += texts
        return HashingEncoder.encode_documents(self, texts)


@pytest.mark.parametrize("prompts", ["both", "query"])
def test_queries_can_be_encoded_with_one_prompt_instead_of_both(tmp_path, prompts):
    encoder = Counting()
    with running(tmp_path, model=encoder, prompts=prompts) as url:
        httpx.put(f"{url}/v1/collections/c", timeout=60)
        httpx.post(f"{url}/v1/collections/c/documents", json={"documents": ["a text"]}, timeout=60)
        assert httpx.post(f"{url}/v1/collections/c/search", json={"query": "asked"}, timeout=60).json()["hits"]
    assert encoder.with_prompt["query"].count("asked") == 1
    assert encoder.with_prompt["document"].count("asked") == (1 if prompts == "both" else 0)


def test_too_much_is_refused_at_once_and_what_was_accepted_is_answered(tmp_path):
    encoder = Slow(0.3)
    settings = {"batch_size": 2, "batch_waiting": 4, "batch_seconds": 60}
    with running(tmp_path, model=encoder, **settings) as url, httpx.Client(base_url=url, timeout=60) as client:
        client.put("/v1/collections/c")
        client.post("/v1/collections/c/documents", json={"documents": ["a text"]})

        def ask(n):
            started = time.monotonic()
            answer = client.post("/v1/collections/c/search", json={"query": f"q{n}", "neutral": 0})
            return answer, time.monotonic() - started

        answers = at_once(24, ask)
        good = [taken for answer, taken in answers if answer.status_code == 200]
        refused = [(answer, taken) for answer, taken in answers if answer.status_code != 200]
        assert len(good) + len(refused) == 24
        assert len(good) >= 4
        assert len(refused) >= 8
        for answer, _ in refused:
            assert (answer.status_code, error_of(answer)["code"]) == (503, "overloaded")
            assert int(answer.headers["retry-after"]) >= 1
        assert sorted(taken for _, taken in refused)[len(refused) // 2] < max(good)
        assert client.post("/v1/collections/c/search", json={"query": "after"}).status_code == 200
        assert 'xling_refused_total{reason="encoding"}' in client.get("/metrics").text


def test_one_client_cannot_take_all_of_it(tmp_path):
    settings = {"max_requests": 8, "max_client_requests": 3}
    with running(tmp_path, model=Slow(0.5), **settings) as url, httpx.Client(base_url=url, timeout=60) as client:
        client.put("/v1/collections/c")
        answers = at_once(8, lambda n: client.post("/v1/collections/c/search", json={"query": f"q{n}", "neutral": 0}))
        statuses = [answer.status_code for answer in answers]
        assert set(statuses) == {200, 429}
        assert all("retry-after" in answer.headers for answer in answers if answer.status_code == 429)
        assert client.get("/health").status_code == 200


def test_slow_clients_hold_up_nobody(tmp_path):
    settings = {"body_seconds": 1.5, "upload_seconds": 1.5}
    with running(tmp_path, model=HashingEncoder(), **settings) as url, httpx.Client(base_url=url, timeout=60) as client:
        client.put("/v1/collections/c")
        host, port = client.base_url.host, client.base_url.port
        slow = []
        for n in range(40):
            connection = socket.create_connection((host, port), 30)
            path, kind = ("sync?source=s", "x-ndjson") if n % 2 else ("documents", "json")
            head = f"POST /v1/collections/c/{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/{kind}\r\n"
            connection.sendall(f"{head}Content-Length: 100000\r\n\r\n".encode() + b'"a"\n')
            slow.append(connection)
        for n in range(10):  # all verbs go on meanwhile, writing included
            assert client.post("/v1/collections/c/documents", json={"documents": [f"text {n}"]}).json()["added"] == 1
            assert client.post("/v1/collections/c/search", json={"query": f"text {n}", "limit": 1}).json()["hits"]
        for connection in slow:
            assert connection.recv(65536).startswith(b"HTTP/1.1 408")
            connection.close()
        assert client.get("/v1/collections/c").json()["documents"] == 10


def test_a_batch_does_not_suffer_for_one_of_its_queries():
    def work(items):
        if "bad" in items:
            raise ValueError("bad")
        return [item.upper() for item in items]

    async def run():
        sizes = []
        with ThreadPoolExecutor(1) as executor:
            batcher = Batcher(
                work, executor, most=8, waiting=8, seconds=5, on_batch=lambda size, waits: sizes.append(size)
            )
            found = await asyncio.gather(*(batcher.do(x) for x in ("a", "bad", "b")), return_exceptions=True)
            gone = asyncio.create_task(batcher.do("gone"))
            await asyncio.sleep(0)
            gone.cancel()
            assert await batcher.do("c") == "C"
            await batcher.finish()
            assert batcher.waiting == 0
            return found, sizes

    (a, bad, b), sizes = asyncio.run(run())
    assert (a, b) == ("A", "B")
    assert isinstance(bad, ValueError)
    assert sizes[0] == 3


def test_a_query_that_waited_too_long_is_not_encoded_any_more():
    done = []

    def work(items):
        time.sleep(0.2)
        done.extend(items)
        return items

    async def run():
        with ThreadPoolExecutor(1) as executor:
            batcher = Batcher(work, executor, most=1, waiting=8, seconds=0.25)
            found = await asyncio.gather(*(batcher.do(n) for n in range(5)), return_exceptions=True)
            with pytest.raises(Problem) as large:
                await asyncio.gather(*(batcher.do(n, 3) for n in range(5)))
            assert large.value.status == 503
            await batcher.finish()
            return found

    found = asyncio.run(run())
    assert found[0] == 0
    assert [one.status for one in found if isinstance(one, Problem)]
    assert found[4] not in done


@pytest.fixture
def process(tmp_path, xling_home):
    """`xling serve` in a process of its own, and its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "xling.cli", "serve", "--port", str(port), "--path", str(tmp_path / "c")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, env=dict(os.environ)) as server:
        lines = []
        reader = threading.Thread(target=lambda: lines.extend(server.stderr), daemon=True)
        reader.start()
        try:
            for _ in range(1200):
                assert server.poll() is None, lines
                try:
                    if httpx.get(f"http://127.0.0.1:{port}/ready", timeout=5).status_code == 200:
                        break
                except httpx.TransportError:
                    pass
                time.sleep(0.1)
            yield server, f"http://127.0.0.1:{port}", lines
        finally:
            server.kill()
            reader.join(10)


def test_it_finishes_what_it_accepted_when_it_is_told_to_stop(process, tmp_path, encoder):
    server, url, lines = process
    base = f"{url}/v1/collections/c"
    assert httpx.put(base, timeout=60).status_code == 201
    texts = [f"Sentence number {n} of a long list, to be stored before the end." for n in range(300)]
    assert httpx.post(f"{base}/search", json={"query": "secret words of a user"}, timeout=120).status_code == 200
    with ThreadPoolExecutor(1) as pool:
        adding = pool.submit(httpx.post, f"{base}/documents", json={"documents": texts}, timeout=120)
        while "xling_requests_under_way 2.0" not in httpx.get(f"{url}/metrics", timeout=60).text:  # this one, and it
            assert not adding.done()
        server.send_signal(signal.SIGTERM)
        assert adding.result().json()["added"] == 300
    assert server.wait(60) == 0

    import xling

    with xling.open("c", path=tmp_path / "c", model=encoder) as stored:
        assert stored.count() == 300
    told = [json.loads(line) for line in lines]  # every line of the log is JSON
    asked = [one for one in told if one["event"] == "request" and one.get("route", "").endswith("/search")]
    assert [(one["status"], one["collection"]) for one in asked] == [(200, "c")]
    assert not any(b"secret" in line or b"Sentence" in line for line in lines)
