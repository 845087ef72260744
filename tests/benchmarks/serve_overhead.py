"""What a search over HTTP costs beyond the library's own: a client, the service, and a model that takes no time.

python tests/benchmarks/serve_overhead.py [--documents 1000] [--queries 500]

The service is a process of its own, asked over one connection that is kept; then the same queries go to the library in
this process. No query is asked twice. Processor is the time that the service, or this process, took for a query: other
work on the machine changes it less.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # for `tests`

from serve import Connection

import xling
from tests.hashing import HashingEncoder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=1000)
    parser.add_argument("--queries", type=int, default=500)
    parser.add_argument("--serve", type=int, metavar="PORT", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(given.serve)
        return
    texts = [f"document number {i} about topic {i % 37}" for i in range(given.documents)]
    queries = [f"topic {i % 37} of number {i}" for i in range(given.queries)]
    print("| | p50 | fastest | processor |\n| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as place:
        asyncio.run(over_http(Path(place), texts, queries))
        with xling.open("library", path=place, model=HashingEncoder(), cache=False) as collection:
            collection.add(texts, langs="en")
            collection.search("ready")
            taken, used = [], time.process_time()
            for query in queries:
                started = time.perf_counter()
                collection.search(query)
                taken.append(1000 * (time.perf_counter() - started))
            show("library", taken, time.process_time() - used)


def serve(port: int) -> None:
    import uvicorn

    from xling.serve.app import create_app

    uvicorn.run(create_app(model=HashingEncoder()), port=port, log_level="warning", access_log=False)


async def over_http(place: Path, texts: list[str], queries: list[str]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "XLING_SERVE_PATH": str(place), "XLING_SERVE_LOG_LEVEL": "warning"}
    service = subprocess.Popen([sys.executable, __file__, "--serve", str(port)], env=environment)
    try:
        while not await ready(port):
            await asyncio.sleep(0.1)
        connection = Connection(port)
        await connection.ask("PUT", "/v1/collections/c")
        rows = [{"text": text, "lang": "en"} for text in texts]
        await connection.ask("POST", "/v1/collections/c/documents", {"documents": rows})
        for i in range(50):
            await connection.ask("POST", "/v1/collections/c/search", {"query": f"ready {i}"})
        taken, used = [], cpu(service.pid)
        for query in queries:
            started = time.perf_counter()
            status, _ = await connection.ask("POST", "/v1/collections/c/search", {"query": query})
            taken.append(1000 * (time.perf_counter() - started))
            assert status == 200
        show("service", taken, cpu(service.pid) - used)
    finally:
        service.terminate()
        service.wait(30)


async def ready(port: int) -> bool:
    try:
        return (await Connection(port).ask("GET", "/ready"))[0] == 200
    except OSError:
        return False


def cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def show(name: str, taken: list[float], seconds: float) -> None:
    processor = 1000 * seconds / len(taken)
    print(f"| {name} | {statistics.median(taken):.2f} ms | {min(taken):.2f} ms | {processor:.2f} ms |", flush=True)


if __name__ == "__main__":
    main()
