"""The HTTP service under load: one client, many clients, and a soak of searches, additions and deletions.

python tests/benchmarks/serve.py [--data ../shared/data] [--documents 5000] [--clients 32] [--seconds 20] [--soak 600]
    [--prompts query] [--runtime openvino]

The service is `xling serve` in a process of its own, the client is this process, over loopback with connections that
are kept. Queries and documents are lines of Tatoeba in ten languages; no query is asked twice, since the service
remembers the latest. Beside the load the same queries go through `search_many`, 32 at a time, in this process: what the
library does without HTTP, in alternating rounds, so that a noisy minute of the machine falls on both. CPU seconds are
the service's own, which other work on the machine changes little.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LANGUAGES = ("jpn", "deu", "fra", "rus", "cmn", "kor", "ara", "hin", "tha", "spa")
BATCH = 32


def sentences(data: Path) -> tuple[list[str], list[str]]:
    """Documents in ten languages, and queries: their English sides, and the same with a word more."""
    documents, queries = [], []
    for language in LANGUAGES:
        stem = data / "tatoeba" / f"tatoeba.{language}-eng"
        documents += Path(f"{stem}.{language}").read_text("utf-8").splitlines()
        queries += Path(f"{stem}.eng").read_text("utf-8").splitlines()
    random.Random(0).shuffle(documents)
    random.Random(1).shuffle(queries)
    return documents, list(dict.fromkeys(queries + documents))


def endless(queries: list[str]) -> Iterator[str]:
    for turn in itertools.count():
        for query in queries:
            yield query if not turn else f"{query} {turn}"


class Connection:
    """HTTP/1.1 with as little of the machine as can be: what is measured is the service."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, path: str, body: Any = None) -> tuple[int, bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        content = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(content)}\r\n"
        writer.write(f"{head}Content-Type: application/json\r\n\r\n".encode() + content)
        headers = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(headers.partition("content-length: ")[2].partition("\r")[0] or 0)
        return int(headers.split(" ", 2)[1]), await reader.readexactly(length)


class Served:
    """`xling serve` on a directory of its own."""

    def __init__(self, directory: Path, threads: int, prompts: str, runtime: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        environment = {
            **os.environ,
            "OMP_NUM_THREADS": str(threads),
            "XLING_CACHE": "0",
            "XLING_SERVE_LOG_LEVEL": "warning",
            "XLING_SERVE_PROMPTS": prompts,
            "XLING_SERVE_RUNTIME": runtime,
        }
        command = [sys.executable, "-m", "xling.cli", "serve", "--port", str(self.port), "--path", str(directory)]
        self._process = subprocess.Popen(command, env=environment)

    async def ready(self) -> None:
        while True:
            try:
                if (await Connection(self.port).ask("GET", "/ready"))[0] == 200:
                    return
            except OSError:
                pass
            if self._process.poll() is not None:
                raise SystemExit("the service did not start")
            await asyncio.sleep(0.1)

    def cpu(self) -> float:
        """Seconds of both cores so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """Resident MiB."""
        text = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(text.partition("VmRSS:")[2].split()[0]) / 1024

    def stop(self) -> int:
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(60)


async def fill(connection: Connection, documents: list[str]) -> None:
    await connection.ask("PUT", "/v1/collections/load")
    for start in range(0, len(documents), 500):
        rows = [{"text": text, "id": f"base-{start + i}"} for i, text in enumerate(documents[start : start + 500])]
        status, body = await connection.ask("POST", "/v1/collections/load/documents", {"documents": rows})
        assert status == 200, body


async def searching(
    port: int, queries: Iterator[str], until: float, taken: list[float], wrong: list[int], mode: str = "dense"
) -> None:
    connection = Connection(port)
    while time.perf_counter() < until:
        start = time.perf_counter()
        status, _ = await connection.ask(
            "POST", "/v1/collections/load/search", {"query": next(queries), "limit": 10, "mode": mode}
        )
        taken.append(1000 * (time.perf_counter() - start))
        if status != 200:
            wrong.append(status)


def quantiles(taken: list[float]) -> str:
    return f"{statistics.median(taken):.1f} ms | {statistics.quantiles(taken, n=100)[98]:.1f} ms"


async def load(served: Served, queries: Iterator[str], directory: Path, options: argparse.Namespace) -> None:
    import xling

    rounds = 4
    one: list[float] = []
    many: list[float] = []
    plain: list[float] = []
    alone: list[float] = []
    words: list[float] = []
    wrong: list[int] = []
    spent = seconds = spent_words = seconds_words = 0.0
    with xling.open("here", path=directory) as here:
        here.space.query_prompt_alone = options.prompts == "query"
        here.add(options.texts)
        here.search_many(list(itertools.islice(queries, BATCH)))
        for _ in range(rounds):
            await searching(served.port, queries, time.perf_counter() + options.seconds / rounds / 2, one, wrong)
            for _ in range(10):
                start = time.perf_counter()
                here.search(next(queries))
                alone.append(1000 * (time.perf_counter() - start))
            start, before = time.perf_counter(), served.cpu()
            until = start + options.seconds / rounds
            await asyncio.gather(*(searching(served.port, queries, until, many, wrong) for _ in range(options.clients)))
            seconds, spent = seconds + time.perf_counter() - start, spent + served.cpu() - before
            start, before = time.perf_counter(), served.cpu()
            until = start + options.seconds / rounds / 4
            await asyncio.gather(
                *(searching(served.port, queries, until, words, wrong, "lexical") for _ in range(options.clients))
            )
            seconds_words += time.perf_counter() - start
            spent_words += served.cpu() - before
            until = time.perf_counter() + options.seconds / rounds
            while time.perf_counter() < until:
                start = time.perf_counter()
                here.search_many(list(itertools.islice(queries, BATCH)))
                plain.append(BATCH / (time.perf_counter() - start))
    print("| what | searches/s | p50 | p99 |\n| --- | --- | --- | --- |")
    print(f"| `search`, in process | | {quantiles(alone)} |")
    print(f"| one client over HTTP | {1000 / statistics.mean(one):.0f} | {quantiles(one)} |")
    print(f"| {options.clients} clients over HTTP | {len(many) / seconds:.0f} | {quantiles(many)} |")
    print(f"| the same, `mode=lexical`: no model | {len(words) / seconds_words:.0f} | {quantiles(words)} |")
    print(f"| `search_many` of {BATCH}, in process | {statistics.mean(plain):.0f} | | |")
    print(f"\n{len(one) + len(many)} searches, {len(wrong)} of them not answered with 200 {sorted(set(wrong))}")
    print(
        f"the service took {1000 * spent / len(many):.1f} ms of CPU a search, {spent / seconds:.2f} cores at a time; "
    )
    print(f"without the model {1000 * spent_words / len(words):.1f} ms")


async def soak(served: Served, queries: Iterator[str], options: argparse.Namespace) -> None:
    until = time.perf_counter() + options.soak
    taken: list[float] = []
    wrong: list[int] = []
    kept: set[str] = set()
    gone: set[str] = set()
    memory: list[float] = []

    async def writing(number: int) -> None:
        connection = Connection(served.port)
        for turn in itertools.count():
            if time.perf_counter() > until:
                return
            ids = [f"soak-{number}-{turn}-{i}" for i in range(4)]
            rows = [{"id": id, "text": f"{next(queries)} ({id})"} for id in ids]
            status, _ = await connection.ask("POST", "/v1/collections/load/documents", {"documents": rows})
            wrong.extend([] if status == 200 else [status])
            kept.update(ids)
            drop = [*ids[:3], *([f"soak-{number}-{turn - 1}-3"] if turn % 10 else [])]
            status, body = await connection.ask("POST", "/v1/collections/load/documents/delete", {"ids": drop})
            wrong.extend(
                [] if status == 200 and json.loads(body)["deleted"] == len([x for x in drop if x in kept]) else [status]
            )
            kept.difference_update(drop)
            gone.update(drop)
            await asyncio.sleep(0.2)

    async def watching() -> None:
        while time.perf_counter() < until:
            memory.append(served.memory())
            await asyncio.sleep(1)

    searchers = [searching(served.port, queries, until, taken, wrong) for _ in range(options.clients // 4)]
    await asyncio.gather(*searchers, *(writing(n) for n in range(2)), watching())
    connection = Connection(served.port)
    lost = back = 0
    for ids, expected in ((sorted(kept), True), (sorted(gone), False)):
        for start in range(0, len(ids), 500):
            _, body = await connection.ask(
                "POST", "/v1/collections/load/documents/get", {"ids": ids[start : start + 500]}
            )
            there = [document is not None for document in json.loads(body)["documents"]]
            lost += expected * there.count(False)
            back += (not expected) * there.count(True)
    tenth = max(1, len(memory) // 10)
    early, late = statistics.median(memory[tenth : 2 * tenth]), statistics.median(memory[-tenth:])
    print(
        f"\nsoak of {options.soak:.0f} s: {len(taken)} searches ({quantiles(taken)}), {len(kept) + len(gone)} added, "
    )
    print(
        f"{len(gone)} deleted, {len(wrong)} errors {sorted(set(wrong))}, {lost} lost, {back} not gone; resident memory "
    )
    print(f"{early:.0f} MiB in the second tenth, {late:.0f} MiB in the last: {100 * (late / early - 1):+.1f} %")


async def measure(options: argparse.Namespace) -> None:
    documents, texts = sentences(options.data)
    options.texts = documents[: options.documents]
    queries = endless(texts)
    with tempfile.TemporaryDirectory() as directory:
        served = Served(Path(directory) / "served", options.threads, options.prompts, options.runtime)
        try:
            await served.ready()
            await fill(Connection(served.port), options.texts)
            if options.seconds:
                await load(served, queries, Path(directory) / "here", options)
            if options.soak:
                await soak(served, queries, options)
        finally:
            print(f"\nthe service ended with {served.stop()}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--documents", type=int, default=5000)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--soak", type=float, default=0.0)
    parser.add_argument("--prompts", choices=("both", "query"), default="both")
    parser.add_argument("--runtime", choices=("torch", "onnx", "onnx-int8", "openvino", "auto"), default="auto")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    os.environ.update(OMP_NUM_THREADS=str(options.threads), XLING_CACHE="0")
    asyncio.run(measure(options))


if __name__ == "__main__":
    main()
