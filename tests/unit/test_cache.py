"""The embedding cache by itself: kept, bounded, shared, and never fatal."""

import multiprocessing
import os
import sqlite3
import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import xling
from xling.space.cache import EmbeddingCache, RecentVectors, embedding_key, encode_through

DIMENSION = 48


def vector(seed):
    return np.random.default_rng(seed).normal(size=DIMENSION).astype(np.float32)


def filled(cache, numbers):
    cache.put({embedding_key("s", "document", str(i)): vector(i) for i in numbers})


def present(cache, numbers):
    keys = {embedding_key("s", "document", str(i)): i for i in numbers}
    return sorted(keys[key] for key in cache.get(list(keys), DIMENSION))


def test_vectors_come_back_bit_for_bit_also_in_another_opening(tmp_path):
    cache = EmbeddingCache(tmp_path / "deep" / "c.sqlite")
    filled(cache, range(1200))
    cache.close()
    again = EmbeddingCache(tmp_path / "deep" / "c.sqlite")
    found = again.get([embedding_key("s", "document", str(i)) for i in range(1300)], DIMENSION)
    assert len(found) == len(again) == 1200
    for i in range(1200):
        assert found[embedding_key("s", "document", str(i))].tobytes() == vector(i).tobytes()


@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), st.sampled_from(["query", "document"]), st.text()), unique=True))
def test_keys_differ_wherever_space_role_or_text_do(triples):
    assert len({embedding_key(*triple) for triple in triples}) == len(triples)


def test_a_vector_of_another_length_is_not_taken_for_one(tmp_path):
    cache = EmbeddingCache(tmp_path / "c.sqlite")
    filled(cache, [1])
    assert cache.get([embedding_key("s", "document", "1")], DIMENSION + 1) == {}


def test_what_is_not_finite_is_not_kept(tmp_path):
    for cache in (EmbeddingCache(tmp_path / "c.sqlite"), RecentVectors()):
        cache.put({b"nan": np.full(DIMENSION, np.nan, np.float32), b"fine": vector(1)})
        assert list(cache.get([b"nan", b"fine"], DIMENSION)) == [b"fine"]


def test_it_stays_within_its_size_and_forgets_what_was_used_longest_ago(tmp_path):
    cache = EmbeddingCache(tmp_path / "c.sqlite", max_bytes=1 << 20)
    filled(cache, range(1000))
    with sqlite3.connect(tmp_path / "c.sqlite") as other:  # used two days ago, but the first 50 again now
        other.execute("update vectors set used = used - 172800")
    assert present(cache, range(50)) == list(range(50))
    number = 1000
    while len(cache) == number:  # until the first are let go
        filled(cache, range(number, number + 100))
        number += 100
        assert number < 20_000
    left = present(cache, range(1000))
    assert left[:50] == list(range(50))
    assert left[50:] == list(range(1000 - len(left) + 50, 1000))
    for _ in range(10):
        filled(cache, range(number, number + 500))
        number += 500
        assert cache.bytes <= 1 << 20
    cache.close()
    assert (tmp_path / "c.sqlite").stat().st_size <= 1.2 * (1 << 20)


def test_a_size_that_keeps_nothing_is_refused():
    with pytest.raises(xling.InvalidInput, match="cache=False"):
        EmbeddingCache(max_bytes=10)


@pytest.mark.parametrize("damage", ["no database", "middle", "cut off"])
def test_a_damaged_file_is_set_aside_with_a_warning(tmp_path, damage):
    file = tmp_path / "c.sqlite"
    cache = EmbeddingCache(file)
    filled(cache, range(500))
    cache.close()
    data = bytearray(file.read_bytes())
    if damage == "no database":
        data = bytearray(b"this is not a database, " * 200)
    elif damage == "cut off":
        data = data[: len(data) // 3]
    else:
        data[4096:] = os.urandom(len(data) - 4096)
    file.write_bytes(data)
    again = EmbeddingCache(file)
    with pytest.warns(xling.CacheWarning, match="set aside"):
        found = present(again, range(500))
    assert found == []
    filled(again, range(3))
    assert present(again, range(3)) == [0, 1, 2]
    assert [p.name for p in tmp_path.glob("c.sqlite.damaged-*") if not p.name.endswith(("-wal", "-shm"))]


def test_a_flipped_bit_in_a_vector_is_a_miss(tmp_path):
    file = tmp_path / "c.sqlite"
    cache = EmbeddingCache(file)
    filled(cache, [1, 2])
    cache.close()
    data = file.read_bytes()
    at = data.index(vector(1).tobytes()[8:40]) + 3
    file.write_bytes(data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :])
    assert present(EmbeddingCache(file), [1, 2]) == [2]


def test_a_database_of_another_program_is_left_alone(tmp_path):
    file = tmp_path / "theirs.sqlite"
    with sqlite3.connect(file) as theirs:
        theirs.execute("create table vectors (whatever)")
    theirs.close()
    before = file.read_bytes()
    cache = EmbeddingCache(file)
    with pytest.warns(xling.CacheWarning, match="another program"):
        filled(cache, [1])
    assert present(cache, [1]) == []
    assert file.read_bytes() == before


def test_where_no_file_can_be_made_it_goes_on_without(tmp_path):
    (tmp_path / "file").write_text("not a directory")
    cache = EmbeddingCache(tmp_path / "file" / "c.sqlite")
    with pytest.warns(xling.CacheWarning, match="going on without"):
        filled(cache, [1])
    assert present(cache, [1]) == []  # and no second warning, which would be an error here
    assert len(cache) == 0


def test_a_full_disk_costs_only_the_new_vectors(tmp_path):
    """The system itself refuses to let the file grow, as a full disk or a quota would."""
    script = f"""
import resource, warnings
import tests.unit.test_cache as t
from xling.space.cache import EmbeddingCache
cache = EmbeddingCache({str(tmp_path / "c.sqlite")!r})
t.filled(cache, range(50))
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    for start in range(50, 2000, 50):
        t.filled(cache, range(start, start + 50))
assert [w.category.__name__ for w in caught] == ["CacheWarning"], caught
assert t.present(cache, range(50)) == list(range(50)), t.present(cache, range(50))
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
    cache = EmbeddingCache(tmp_path / "c.sqlite")  # there is room again
    filled(cache, [7000])
    assert present(cache, [0, 49, 7000]) == [0, 49, 7000]


def _write_many(path, start, errors):
    try:
        cache = EmbeddingCache(path)
        for at in range(start, start + 200, 10):
            filled(cache, range(at, at + 10))
            assert present(cache, range(at, at + 10)) == list(range(at, at + 10))
    except BaseException as error:
        errors.put(repr(error))


def test_four_processes_fill_it_at_once(tmp_path):
    context = multiprocessing.get_context("spawn")
    errors = context.Queue()
    processes = [context.Process(target=_write_many, args=(tmp_path / "c.sqlite", n * 200, errors)) for n in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert errors.empty(), errors.get()
    assert [process.exitcode for process in processes] == [0] * 4
    assert present(EmbeddingCache(tmp_path / "c.sqlite"), range(800)) == list(range(800))


def test_eight_threads_share_one(tmp_path):
    cache, failed = EmbeddingCache(tmp_path / "c.sqlite"), []

    def work(n):
        try:
            for at in range(0, 200, 20):
                filled(cache, range(at, at + 20))
                assert present(cache, range(at, at + 20)) == list(range(at, at + 20)), n
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert len(cache) == 200


def test_clear_gives_the_space_back(tmp_path):
    cache = EmbeddingCache(tmp_path / "c.sqlite")
    filled(cache, range(2000))
    before = cache.bytes
    cache.clear()
    assert len(cache) == 0
    assert cache.bytes < before / 4


@given(st.lists(st.sampled_from("abcdefgh"), max_size=12), st.sets(st.sampled_from("abcdefgh")))
def test_texts_are_encoded_once_and_come_in_order(texts, known):
    asked = []

    def encode(missing):
        asked.extend(missing)
        return np.array([vector(ord(text)) for text in missing], np.float32).reshape(len(missing), DIMENSION)

    cache = RecentVectors()
    cache.put({embedding_key("s", "document", text): vector(ord(text)) for text in known})
    found = encode_through(cache, encode, texts, space="s", role="document", dimension=DIMENSION)
    assert found.shape == (len(texts), DIMENSION)
    assert all((row == vector(ord(text))).all() for row, text in zip(found, texts, strict=True))
    assert set(asked) == set(texts) - known
    assert not known or len(asked) == len(set(asked)) or not (set(texts) & known)


def test_recent_vectors_keep_the_latest():
    recent = RecentVectors(size=3)
    for i in range(5):
        recent.put({b"%d" % i: vector(i)})
        recent.get([b"2"], DIMENSION)
    assert sorted(recent.get([b"%d" % i for i in range(5)], DIMENSION)) == [b"2", b"3", b"4"]
