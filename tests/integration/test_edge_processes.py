"""Embedded collections across processes, crashes, threads and damage."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from xling.errors import CollectionClosed, CollectionLocked, CollectionNotFound, InvalidInput, StoreError
from xling.store import Point, Schema, VectorSpec
from xling.store.edge import EdgeStore

SIZE = 16
SCHEMA = Schema((VectorSpec("", SIZE),), {"lang": "keyword"})
RNG = np.random.default_rng(3)

PREAMBLE = """
import sys, os, time, pathlib
import numpy as np
from xling.store import Point, Schema, VectorSpec
from xling.store.edge import EdgeStore
root = pathlib.Path(sys.argv[1])
schema = Schema((VectorSpec("", 16),), {"lang": "keyword"})
vectors = np.random.default_rng(3).standard_normal((3000, 16)).astype(np.float32)
points = [Point(i, vectors[i], {"n": i, "lang": "en"}) for i in range(3000)]
store = EdgeStore(root, "c")
def say(text):
    print(text, flush=True)
"""


def child(code: str, root: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PREAMBLE + code, str(root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def said(process: subprocess.Popen[str], word: str) -> None:
    assert process.stdout is not None
    assert process.stdout.readline().strip() == word


def points(n: int, start: int = 0) -> list[Point]:
    vectors = RNG.standard_normal((n, SIZE)).astype(np.float32)
    return [Point(start + i, vectors[i], {"n": start + i, "lang": "en"}) for i in range(n)]


@pytest.fixture
def store(tmp_path):
    store = EdgeStore(tmp_path, "c")
    store.create(SCHEMA, {"made": "here"})
    yield store
    store.close()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_what_was_written_before_a_kill_is_there_after_it(tmp_path, how):
    process = child(
        'store.create(schema, {"a": 1}); store.upsert(points, vector_name=""); say("written"); input()', tmp_path
    )
    said(process, "written")
    process.send_signal(how)
    process.wait()
    store = EdgeStore(tmp_path, "c")
    assert store.count() == 3000
    assert store.metadata() == {"a": 1}
    assert store.facet("lang") == {"en": 3000}
    store.upsert(points(1, start=3000), vector_name="")
    assert store.count() == 3001
    store.close()


def test_a_kill_amid_writing_leaves_a_collection_that_opens(tmp_path):
    code = """
store.create(schema, {})
say("begun")
while True:
    store.upsert(points, vector_name="")
    store.delete(filter={"must": [{"key": "n", "range": {"gte": 2500}}]})
"""
    process = child(code, tmp_path)
    said(process, "begun")
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(1.5)
    process.kill()
    process.wait()
    store = EdgeStore(tmp_path, "c")
    found = store.count()
    assert 0 <= found <= 3000
    records, _ = store.scroll(limit=3001)
    assert len(records) == found
    store.upsert(points(3000), vector_name="")
    assert store.count() == 3000
    store.close()


def test_a_second_process_is_refused_with_the_way_out_and_does_no_harm(store, tmp_path):
    store.upsert(points(50), vector_name="")
    store.ensure_indexes({"n": "integer", "kind": "keyword"})
    code = """
from xling.errors import CollectionLocked
write, describe = lambda: store.upsert(points[:1], vector_name=""), lambda: store.update_metadata({"x": 1})
for call in (store.count, store.drop, write, describe):
    try:
        call()
    except CollectionLocked as error:
        say("refused" if "url=" in str(error) and sys.argv[2] in str(error) else str(error))
say(str(store.metadata()))
"""
    process = subprocess.run(
        [sys.executable, "-c", PREAMBLE + code, str(tmp_path), f"process {os.getpid()}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert process.stdout.split("\n")[:5] == ["refused"] * 4 + ["{'made': 'here'}"]
    store.upsert(points(50, start=50), vector_name="")
    store._shard().flush()  # fails where another process has so much as tried to open the shard
    store.close()
    again = EdgeStore(tmp_path, "c")
    assert again.count() == 100
    assert again.schema().indexes == {"lang": "keyword", "n": "integer", "kind": "keyword"}
    again.close()


def test_it_opens_again_after_the_other_process_closed_it(tmp_path):
    process = child('store.create(schema, {}); say("made"); input(); store.close(); say("closed"); input()', tmp_path)
    said(process, "made")
    store = EdgeStore(tmp_path, "c")
    with pytest.raises(CollectionLocked, match=f"process {process.pid}"):
        store.count()
    assert process.stdin is not None
    print(file=process.stdin, flush=True)
    said(process, "closed")
    assert store.count() == 0
    store.close()
    process.communicate("\n")


def test_processes_that_create_at_once_end_up_with_one_collection(tmp_path):
    code = """
input()
store.create(schema, {"by": os.getpid()})
say(str(store.metadata()["by"]))
store.close()
"""
    processes = [child(code, tmp_path) for _ in range(4)]
    for process in processes:
        assert process.stdin is not None
        print(file=process.stdin, flush=True)
    makers = {process.communicate()[0].strip() for process in processes}
    assert len(makers) == 1
    assert makers < {str(process.pid) for process in processes}


def test_a_creation_that_was_killed_is_done_again(tmp_path):
    code = """
def stop(*args):
    say("shard made")
    input()
store._write = stop
store.create(schema, {"first": 1})
"""
    process = child(code, tmp_path)
    said(process, "shard made")
    process.kill()
    process.wait()
    store = EdgeStore(tmp_path, "c")
    assert not store.exists()
    with pytest.raises(CollectionNotFound):
        store.count()
    store.create(SCHEMA, {"second": 2})
    assert store.metadata() == {"second": 2}
    store.upsert(points(3), vector_name="")
    assert store.count() == 3
    store.close()


def test_points_whose_description_was_lost_are_put_aside_not_deleted(store, tmp_path):
    store.upsert(points(5), vector_name="")
    store.close()
    (tmp_path / "c" / "collection.json").unlink()
    again = EdgeStore(tmp_path, "c")
    again.create(SCHEMA, {})
    assert again.count() == 0
    again.drop()
    (aside,) = (tmp_path / "c").iterdir()
    assert any(file.is_file() for file in (aside / "segments").rglob("*"))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"format": 1'])
def test_a_damaged_description_is_said_and_nothing_is_made_anew(store, tmp_path, text):
    store.close()
    (tmp_path / "c" / "collection.json").write_text(text)
    again = EdgeStore(tmp_path, "c")
    again.create(SCHEMA, {})  # it exists, so this does nothing
    with pytest.raises(StoreError, match="damaged"):
        again.schema()
    again.close()


def test_a_newer_format_is_refused(store, tmp_path):
    store.close()
    file = tmp_path / "c" / "collection.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"format": 2}))
    again = EdgeStore(tmp_path, "c")
    with pytest.raises(StoreError, match="upgrade xling"):
        again.metadata()
    again.close()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_directory_that_may_not_be_written_is_an_error_of_ours(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StoreError, match="Permission denied"):
            EdgeStore(tmp_path, "c").create(SCHEMA, {})
    finally:
        tmp_path.chmod(0o700)


def test_a_file_in_the_way_is_an_error_of_ours(tmp_path):
    (tmp_path / "c").write_text("a file")
    with pytest.raises(StoreError, match="cannot create the collection"):
        EdgeStore(tmp_path, "c").create(SCHEMA, {})


def test_openers_of_one_process_share_the_collection(store, tmp_path):
    other = EdgeStore(tmp_path, "c")
    other.upsert(points(3), vector_name="")
    store.close()
    assert other.count() == 3
    with pytest.raises(CollectionClosed):
        store.count()
    other.close()


def test_dropping_closes_it_for_the_others_of_the_process(store, tmp_path):
    other = EdgeStore(tmp_path, "c")
    assert other.count() == 0
    store.drop()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(CollectionClosed):
        other.count()
    other.create(Schema((VectorSpec("v", 4),)), {"new": True})
    other.upsert([Point(1, np.ones(4, np.float32), {})], vector_name="v")
    assert other.count() == 1
    other.close()


def test_threads_write_read_and_index_at_once(store):
    errors: list[BaseException] = []
    query = RNG.standard_normal((4, SIZE)).astype(np.float32)

    def run(work):
        try:
            for i in range(10):
                work(i)
        except BaseException as error:
            errors.append(error)

    def write(part):
        return lambda i: store.upsert(points(50, start=part * 500 + i * 50), vector_name="")

    jobs = [write(part) for part in range(3)]
    jobs += [lambda i: store.query(query, vector_name="", filters=[None] * 4, limit=5)] * 2
    jobs += [lambda i: store.ensure_indexes({f"field{i}": "keyword"}), lambda i: store.update_metadata({f"key{i}": i})]
    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert store.count() == 1500
    assert len(store.schema().indexes) == 11
    assert store.metadata() == {"made": "here", **{f"key{i}": i for i in range(10)}}


def test_closing_under_a_search_is_no_crash(tmp_path):
    store = EdgeStore(tmp_path, "c")
    store.create(SCHEMA, {})
    store.upsert(points(2000), vector_name="")
    queries = RNG.standard_normal((64, SIZE)).astype(np.float32)
    ends: list[str] = []

    def search():
        try:
            while True:
                store.query(queries, vector_name="", filters=[None] * 64, limit=5)
        except BaseException as error:
            ends.append(type(error).__name__)

    threads = [threading.Thread(target=search) for _ in range(4)]
    for thread in threads:
        thread.start()
    store.close()
    for thread in threads:
        thread.join(30)
    assert ends == ["CollectionClosed"] * 4
    again = EdgeStore(tmp_path, "c")
    assert again.count() == 2000
    again.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_neither_uses_nor_closes_its_parents_shard(store, tmp_path):
    code = """
store.create(schema, {})
store.upsert(points[:10], vector_name="")
child = os.fork()
if child == 0:
    from xling.errors import CollectionLocked
    try:
        EdgeStore(root, "c").count()
    except CollectionLocked:
        store.close()
        os._exit(7)
    os._exit(1)
say(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])))
store.upsert(points[10:20], vector_name="")
store.close()
store = EdgeStore(root, "c")
say(str(store.count()))
"""
    store.drop()
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PREAMBLE + code, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["7", "20"], done.stderr


def test_optimising_keeps_every_point_and_its_answers(store):
    given = points(400)
    store.upsert(given, vector_name="")
    store.delete(ids=[point.id for point in given[:100]])
    before = store.query(given[200].vector[None], vector_name="", filters=[None], limit=5, exact=True)[0]
    store.optimize()
    after = store.query(given[200].vector[None], vector_name="", filters=[None], limit=5, exact=True)[0]
    assert [r.id for r in before] == [r.id for r in after]
    assert store.count() == store.stats()["points"] == 300


def test_the_log_is_flushed_as_it_grows(store, monkeypatch):
    monkeypatch.setattr("xling.store.edge_shards._FLUSH_EVERY", 100)
    store.upsert(points(250), vector_name="")
    assert store._held().unflushed == 0
    store.upsert(points(99), vector_name="")
    assert store._held().unflushed == 99


def test_importing_the_embedded_store_leaves_qdrant_client_alone():
    code = "import sys, xling.store.edge; print('qdrant_client' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_impossible_things_are_refused_in_our_words(store):
    vector = np.ones(SIZE, np.float32)
    for id in ("tm-1", -1, 2**64, True, ""):
        with pytest.raises(InvalidInput, match="point id"):
            store.upsert([Point(id, vector, {})], vector_name="")
    with pytest.raises(InvalidInput, match="kind of index"):
        store.ensure_indexes({"a": "fancy"})
