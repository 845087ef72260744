"""A process killed at any moment of `add` or `sync`: nothing is lost or doubled, nothing acknowledged encoded again."""

import random
import re
import signal
import subprocess
import sys
import time

import pytest

import xling
from tests.killed_writer import HashEncoder, documents


class Writers:
    """Child processes that write into one directory, and what they noted."""

    def __init__(self, folder):
        self.folder = folder

    def start(self, version, verb):
        for log in ("acked.log", "encoded.log"):
            (self.folder / log).write_text("")
        command = [sys.executable, "-m", "tests.killed_writer", str(self.folder), str(version), verb]
        child = subprocess.Popen(command)
        while child.poll() is None and not self.encoded() and not self.acked():
            time.sleep(0.002)
        return child

    def encoded(self):
        """Number and edition of each document of which a piece was encoded."""
        return set(re.findall(r"Document (\d+) of edition (\d+)", (self.folder / "encoded.log").read_text()))

    def acked(self):
        """How many documents were reported as done."""
        return max(map(int, (self.folder / "acked.log").read_text().split()), default=0)


def check_whole(folder, version):
    """The collection holds the documents of a version, each once and whole, and no other point."""
    expected = {row["id"]: row for row in documents(version)}
    with xling.open("docs", path=folder, model=HashEncoder(), create=False) as docs:
        found = docs.get(list(expected))
        assert [(d.text, d.metadata) for d in found] == [(r["text"], r["metadata"]) for r in expected.values()]
        assert docs.count() == len(expected)
        records, rest = docs.store.scroll(limit=100_000)
        assert rest is None
        assert len(records) == sum({r.payload["doc"]: r.payload["chunks"] for r in records}.values())
        counted = docs._statistics.current().counts
        assert list(counted) == ["en"]
        assert counted["en"] == pytest.approx(len(records), rel=0.1)  # what they are estimates of


@pytest.mark.parametrize("kills", [6, pytest.param(50, marks=pytest.mark.slow)])
def test_at_any_moment(tmp_path, kills):
    draw, writers = random.Random(kills), Writers(tmp_path)
    version, verb, killed, done = 1, "add", 0, set()
    while killed < kills:
        child = writers.start(version, verb)
        time.sleep(draw.uniform(0, 0.5))
        child.send_signal(signal.SIGKILL)
        ended = child.wait()
        assert not writers.encoded() & done, "encoded again although it was reported as done"
        rows = documents(version)[: writers.acked()]
        done |= {tuple(re.match(r"Document (\d+) of edition (\d+)", row["text"]).groups()) for row in rows}
        if ended == 0:  # it was done before the signal came
            check_whole(tmp_path, version)
            version, verb, done = 3 - version, "sync", set()
        else:
            assert ended == -signal.SIGKILL
            killed += 1
    child = writers.start(version, verb)
    assert child.wait() == 0
    check_whole(tmp_path, version)
