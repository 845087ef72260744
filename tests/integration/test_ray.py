"""Encoding by a real Ray on this machine: two workers, one of which is killed midway."""

import json
import os
import signal
import threading
import time

import numpy as np
import pytest

import xling
from tests.hashing import HashingEncoder
from xling.cli import main

ray = pytest.importorskip("ray", reason="needs Ray: pip install 'xling[ray]'")


@pytest.fixture(scope="module")
def cluster():
    """A Ray of two processors, whatever the machine has."""
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, configure_logging=False)
    yield
    ray.shutdown()


def vectors(collection):
    records, _ = collection.store.scroll(limit=10_000, with_vector="")
    return {r.id: (r.payload, r.vector.tobytes()) for r in records}


def test_a_killed_worker_costs_nothing_but_time(cluster, tmp_path):
    from xling.ingest.ray import RayWorkers

    notes = tmp_path / "notes"
    notes.mkdir()
    documents = [{"text": f"number {i} of many", "id": i, "metadata": {"i": i}} for i in range(900)]
    documents += [{"text": "long words " * 300, "id": "long"}, "no id", "  ", {"text": "x", "colour": "red"}, 17]
    with xling.open("alone", path=tmp_path, model=HashingEncoder()) as alone:
        expected = alone.add(documents)
        wanted = vectors(alone)
    killed = []

    def kill_one():
        while not killed:
            for note in notes.glob("encoded-*"):
                pid = int(note.name.partition("-")[2])
                if pid != os.getpid() and len(list(notes.glob("made-*"))) >= 2:
                    os.kill(pid, signal.SIGKILL)
                    killed.append(pid)
                    return
            time.sleep(0.01)

    killer = threading.Thread(target=kill_one, daemon=True)
    killer.start()
    with xling.open("docs", path=tmp_path, model=HashingEncoder(notes)) as docs:
        with RayWorkers(docs, block=32, make_encoder=lambda: HashingEncoder(notes, seconds=0.05)) as workers:
            report = docs.add(workers.encode(iter(documents)))
        assert docs.space.cache is None  # as it was
        assert killed
        assert (report.added, len(report.skipped)) == (expected.added, len(expected.skipped)) == (902, 3)
        found = vectors(docs)
        mine = sorted((p["text"], p["metadata"], p["lang"], p["chunk"], v) for p, v in found.values())
        assert mine == sorted((p["text"], p["metadata"], p["lang"], p["chunk"], v) for p, v in wanted.values())
        here = notes / f"encoded-{os.getpid()}"
        assert not here.exists()  # all of it was encoded by the workers
        assert len(list(notes.glob("made-*"))) >= 4  # this process, two workers, and the one that replaced the killed
        before = sorted((p.name, p.read_text()) for p in notes.glob("encoded-*"))
        with RayWorkers(docs, block=32, make_encoder=lambda: HashingEncoder(notes)) as workers:
            again = docs.add(workers.encode(iter(documents)))
        assert (again.unchanged, again.added) == (902, 0)
        assert sorted((p.name, p.read_text()) for p in notes.glob("encoded-*")) == before  # nothing encoded twice


@pytest.mark.slow
def test_a_worker_with_another_model_is_found_out(cluster, tmp_path):
    from xling.ingest.ray import RayWorkers

    class Other(HashingEncoder):
        identity = {"name": "other"}  # noqa: RUF012

    with xling.open("docs", path=tmp_path, model=HashingEncoder()) as docs:
        texts = [f"text {i}" for i in range(100)]
        with (
            RayWorkers(docs, workers=1, block=10, make_encoder=Other) as workers,
            pytest.raises(xling.ModelError, match="not the collection's"),
        ):
            docs.add(workers.encode(texts))
        assert docs.space.cache is None


def test_numbers_that_make_no_sense(tmp_path):
    from xling.ingest.ray import RayWorkers

    with xling.open("docs", path=tmp_path, model=HashingEncoder()) as docs:
        for wrong in ({"workers": 0}, {"window": 0}, {"block": -1}):
            with pytest.raises(xling.InvalidInput, match="must be a whole number"):
                RayWorkers(docs, **wrong)


@pytest.mark.slow
def test_the_bundled_model_in_several_windows(cluster, tmp_path, encoder):
    from xling.ingest.ray import RayWorkers

    texts = [f"{word} number {i}" for i in range(120) for word in ("hello", "ありがとう")]
    with xling.open("docs", path=tmp_path, model=encoder) as docs:
        with RayWorkers(docs, workers=2, block=32, window=150) as workers:
            assert docs.add(workers.encode(texts)).added == len(texts)
        direct = docs.space.documents([texts[5]])[0]
        records, _ = docs.store.scroll(limit=1000, with_vector="")
        stored = next(r.vector for r in records if r.payload["text"] == texts[5])
        assert np.abs(stored - direct).max() < 1e-4
        assert docs.search("hello number 7")[0].text.endswith("number 7")


@pytest.mark.slow
def test_the_command_line_starts_a_ray_of_its_own(tmp_path, encoder, capsys):
    ray.shutdown()  # that of the tests before, the last of which this is
    file = tmp_path / "texts.txt"
    file.write_text("".join(f"this is sentence number {i}\n" for i in range(300)), "utf-8")
    arguments = ["add", str(file), "-c", "docs", "--path", str(tmp_path), "--json"]
    assert main([*arguments, "--engine", "ray", "--workers", "1"]) == 0
    assert json.loads(capsys.readouterr().out)["added"] == 300
    assert not ray.is_initialized()
    file.write_text("".join(f"this is sentence number {i}\n" for i in range(200, 600)), "utf-8")
    synced = [
        "sync",
        str(file),
        "--lines",
        "--source",
        "texts.txt",
        *arguments[2:],
        "--engine",
        "ray",
        "--workers",
        "1",
    ]
    assert main([*synced, "--dry-run"]) == 0
    planned = json.loads(capsys.readouterr().out)
    assert main(synced) == 0
    done = json.loads(capsys.readouterr().out)
    for found in (planned, done):
        assert (found["added"], found["unchanged"], found["deleted"]) == (300, 100, 200)
    assert main([*arguments, "--engine", "spark"]) == 2
    assert main([*arguments, "--engine", "ray", "--devices", "cuda:0"]) == 2
