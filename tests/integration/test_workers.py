"""Encoding in processes of their own, which really run: killed, interrupted, wrong, and left behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import xling
from tests.hashing import HashingEncoder
from xling.cli import main
from xling.ingest import workers as room
from xling.ingest.workers import EncoderWorkers
from xling.space.cache import EmbeddingCache

NOTES = "XLING_TEST_NOTES"


class Slow(HashingEncoder):
    """Notes where it runs."""

    def __init__(self):
        super().__init__(Path(os.environ[NOTES]) if NOTES in os.environ else None, 0.05)


class Other(HashingEncoder):
    identity = {"name": "other"}  # noqa: RUF012


class Raising(HashingEncoder):
    def encode_documents(self, texts):
        if "ready" not in texts:
            raise RuntimeError("out of order")
        return super().encode_documents(texts)


@pytest.fixture
def notes(tmp_path, monkeypatch):
    """Where the processes note what they do; there are two, whatever the machine has."""
    monkeypatch.setattr(room, "available_processors", lambda: 2)
    folder = tmp_path / "notes"
    folder.mkdir()
    monkeypatch.setenv(NOTES, str(folder))
    return folder


def encoded(notes):
    """Texts by process."""
    return {int(f.name.partition("-")[2]): sum(map(int, f.read_text().split())) for f in notes.glob("encoded-*")}


def runs(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def ended(pids):
    until = time.monotonic() + 20
    while any(map(runs, pids)) and time.monotonic() < until:
        time.sleep(0.02)
    return not any(map(runs, pids))


def vectors(collection):
    records, _ = collection.store.scroll(limit=10_000, with_vector="")
    return sorted((str(r.payload["text"]), r.payload["chunk"], np.asarray(r.vector).tobytes()) for r in records)


def documents(number):
    rows = [{"text": f"number {i % (number - 50)} of many " + "and " * (i % 40), "id": i} for i in range(number)]
    return [*rows, {"text": "long words " * 300, "id": "long"}, "no id", "  ", {"text": "x", "colour": "red"}, 17]


def test_all_is_as_without_and_encoded_elsewhere_once(make, notes, tmp_path):
    rows = documents(700)
    alone = make("alone", model=HashingEncoder())
    expected = alone.add(rows)
    cache = EmbeddingCache(tmp_path / "kept.sqlite")
    docs = make("docs", model=HashingEncoder(), cache=cache)
    with EncoderWorkers(docs, workers=2, make_encoder=Slow) as workers:
        report = docs.add(iter(rows), batch_size=100)
        assert report == expected
        assert vectors(docs) == vectors(alone)
        done = encoded(notes)
        assert len(done) == 2
        assert os.getpid() not in done
        assert docs.add(workers.encode(rows)).added == 0
        assert encoded(notes) == done  # nothing twice
    assert ended(done)
    other = make("other", model=HashingEncoder(), cache=cache)
    with EncoderWorkers(other, make_encoder=Slow):
        assert other.sync(rows, source="again").added == expected.added
    assert encoded(notes) == done  # all of it was in the cache
    cache.close()


def test_a_killed_process_is_an_error_and_what_was_stored_stays(notes, tmp_path):
    def kill_one():
        while not (there := encoded(notes)) or sum(there.values()) < 400:
            time.sleep(0.01)
        os.kill(next(iter(there)), signal.SIGKILL)

    rows = [f"number {i} of many, and some more words" for i in range(3000)]
    with xling.open("docs", path=tmp_path, model=HashingEncoder()) as docs:
        with EncoderWorkers(docs, workers=2, make_encoder=Slow):
            killer = threading.Thread(target=kill_one)
            killer.start()
            with pytest.raises(xling.ModelError, match=r"ended by signal 9 \(SIGKILL\).*memory") as caught:
                docs.add(rows, batch_size=100)
            killer.join()
        stored = caught.value.report.added
        assert stored == docs.count() < len(rows)
        assert ended(encoded(notes))
        with EncoderWorkers(docs, workers=2, make_encoder=HashingEncoder):
            again = docs.add(rows)
        assert (again.unchanged, again.added) == (stored, len(rows) - stored)


@pytest.mark.parametrize(
    ("maker", "message"), [(Other, "is not the collection's"), (Raising, "RuntimeError: out of order")]
)
def test_what_goes_wrong_in_a_process_is_told(notes, tmp_path, maker, message):
    with xling.open("docs", path=tmp_path, model=HashingEncoder()) as docs:
        with EncoderWorkers(docs, make_encoder=maker), pytest.raises(xling.ModelError, match=message):
            docs.add([f"text {i}" for i in range(200)])
        assert docs.count() == 0
        assert docs.add("works without").added == 1


def test_what_makes_no_sense(tmp_path):
    local = type("Local", (HashingEncoder,), {})
    with xling.open("docs", path=tmp_path, model=HashingEncoder()) as docs:
        for wrong in ({"workers": 0}, {"workers": 1.5}, {"devices": []}, {"devices": "cuda:0"}):
            with pytest.raises(xling.InvalidInput):
                EncoderWorkers(docs, make_encoder=HashingEncoder, **wrong)
        for maker in (lambda: HashingEncoder(), local, partial(HashingEncoder)):
            with pytest.raises(xling.InvalidInput, match="import"):
                EncoderWorkers(docs, make_encoder=maker)
        with pytest.raises(xling.InvalidInput, match="make_encoder"):
            docs.add("one", workers=2)
        assert docs.add("one").added == 1


SCRIPT = """
import signal
import sys
import xling
from tests.hashing import HashingEncoder
from tests.integration.test_workers import Slow
from xling.ingest.workers import EncoderWorkers

signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell runs in the background ignores it
with xling.open("docs", path=sys.argv[1], model=HashingEncoder()) as docs, EncoderWorkers(docs, make_encoder=Slow):
    rows = (f"text {i} and more of it, for some length" for i in range(1_000_000))
    docs.add(rows, progress=lambda now: open(sys.argv[1] + "/stored", "w").close())
"""


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("with_signal", [signal.SIGINT, signal.SIGKILL])
def test_no_process_is_left_behind_by_a_script_without_a_guard(notes, tmp_path, with_signal):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    paths = os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
    running = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path)], stderr=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": paths}
    )
    until = time.monotonic() + 120
    while not (tmp_path / "stored").exists() and time.monotonic() < until:
        time.sleep(0.02)
    there = encoded(notes)
    running.send_signal(with_signal)
    running.wait(60)
    assert there
    assert running.pid not in there
    assert ended(there)
    with xling.open("docs", path=tmp_path, model=HashingEncoder()) as docs:
        assert docs.count() > 0


def test_the_bundled_model_from_the_command_line(tmp_path, encoder, capsys, monkeypatch):
    file = tmp_path / "texts.txt"
    file.write_text("".join(f"this is sentence number {i}\n" for i in range(150)), "utf-8")
    arguments = ["add", str(file), "-c", "docs", "--path", str(tmp_path)]
    assert main([*arguments, "--workers", "0"]) == 2
    assert main([*arguments, "--devices", "cuda:0,,"]) == 2
    started = []
    start = room.EncoderProcess.start
    monkeypatch.setattr(room.EncoderProcess, "start", lambda process: started.append(process) or start(process))
    assert main([*arguments, "--workers", "1"]) == 0
    assert started
    capsys.readouterr()
    with xling.open("docs", path=tmp_path, model=encoder) as docs:
        assert docs.count() == 150
        records, _ = docs.store.scroll(limit=1000, with_vector="")
        for record in records[:5]:
            here = docs.space.documents([record.payload["text"]])[0]
            assert np.abs(np.asarray(record.vector) - here).max() < 1e-4
