"""The embedding cache as users meet it: the same documents again cost no encoding."""

import numpy as np
import pytest

import xling
from xling.space.cache import EmbeddingCache

TEXTS = ["Thank you", "ありがとう", "Merci beaucoup", "Good morning"]


class Counting:
    """The real encoder, with a note of what it was given."""

    def __init__(self, encoder, **identity):
        self._encoder = encoder
        self.identity = {**encoder.identity, **identity}
        self.documents, self.queries = [], []

    def __getattr__(self, name):
        return getattr(self._encoder, name)

    def encode_documents(self, texts):
        self.documents += texts
        return self._encoder.encode_documents(texts)

    def encode_queries(self, texts):
        self.queries += texts
        return self._encoder.encode_queries(texts)


@pytest.fixture
def counting(encoder):
    return Counting(encoder)


def vectors(collection):
    records, _ = collection.store.scroll(limit=100, with_vector="")
    return {r.payload["text"]: r.vector for r in records}


def test_a_second_collection_of_the_same_texts_encodes_nothing(make, counting, tmp_path):
    first = make("one", model=counting, cache=tmp_path / "c.sqlite")
    first.add(TEXTS)
    assert sorted(counting.documents) == sorted(TEXTS)
    second = make("two", model=counting, cache=tmp_path / "c.sqlite")
    second.add([*TEXTS, "Good night"])
    assert counting.documents[len(TEXTS) :] == ["Good night"]
    one, two = vectors(first), vectors(second)
    assert all(np.array_equal(one[text], two[text]) for text in TEXTS)
    assert second.search("ありがとう")[0].text in ("ありがとう", "Thank you", "Merci beaucoup")


def test_another_space_finds_nothing_of_it(make, encoder, tmp_path):
    make("one", model=Counting(encoder), cache=tmp_path / "c.sqlite").add(TEXTS)
    other = Counting(encoder, document_prompt="other: ")
    make("two", model=other, cache=tmp_path / "c.sqlite").add(TEXTS)
    assert sorted(other.documents) == sorted(TEXTS)


def test_queries_are_remembered_but_never_written(make, counting, tmp_path):
    cache = EmbeddingCache(tmp_path / "c.sqlite")
    collection = make("one", model=counting, cache=cache)
    collection.add(TEXTS)
    kept = len(cache)
    first = collection.search("a secret question")
    given = len(counting.queries), len(counting.documents)
    assert collection.search("a secret question") == first
    assert (len(counting.queries), len(counting.documents)) == given
    assert len(cache) == kept == len(TEXTS)


@pytest.mark.parametrize(
    ("switch", "argument", "file"),
    [
        ("0", None, None),
        ("1", False, None),
        ("1", None, "default"),
        ("elsewhere", None, "elsewhere"),
        ("0", True, "default"),
    ],
)
def test_the_switches(make, counting, tmp_path, monkeypatch, switch, argument, file):
    monkeypatch.setenv("XLING_HOME", str(tmp_path / "home"))
    elsewhere = tmp_path / "elsewhere.sqlite"
    monkeypatch.setenv("XLING_CACHE", str(elsewhere) if switch == "elsewhere" else switch)
    collection = make("one", model=counting, cache=argument)
    collection.add(TEXTS)
    expected = {"default": tmp_path / "home" / "cache" / "embeddings.sqlite", "elsewhere": elsewhere, None: None}[file]
    assert (collection.space.cache.path if collection.space.cache else None) == expected
    assert elsewhere.exists() == (file == "elsewhere")


def test_an_encoder_without_a_hash_of_its_weights_is_cached_only_when_asked(make, encoder, tmp_path, monkeypatch):
    monkeypatch.setenv("XLING_CACHE", str(tmp_path / "c.sqlite"))
    own = Counting(encoder)
    own.identity = {"name": "mine"}
    assert make("one", model=own).space.cache is None
    assert make("two", model=own, cache=True).space.cache.path == tmp_path / "c.sqlite"


def test_damage_does_not_stop_an_add(make, counting, tmp_path):
    (tmp_path / "c.sqlite").write_bytes(b"garbage" * 1000)
    collection = make("one", model=counting, cache=tmp_path / "c.sqlite")
    with pytest.warns(xling.CacheWarning):
        report = collection.add(TEXTS)
    assert report.added == len(TEXTS)
