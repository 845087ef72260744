"""Collections whose model is a file of word vectors, on every store."""

from __future__ import annotations

import numpy as np
import pytest

import xling
from xling.errors import ModelError, SpaceMismatch
from xling.space import Encoder, TokenOffsets
from xling.space.encoders.word_vectors import WordVectorEncoder
from xling.space.resolve import load_encoder

# Two topics: words of a topic point the same way, function words are the commonest and point nowhere in particular.
ANIMALS, MONEY, COMMON = (
    words.split()
    for words in (
        "cat dog horse kitten puppy animal pet bird fish mouse",
        "bank money loan euro price cheap cost pay credit market",
        "the a of is and to in it that my was for on are with he as I his they",
    )
)


def write_vectors(path, *, seed=0):
    rng = np.random.default_rng(seed)
    topics = rng.standard_normal((3, 24))
    with path.open("w", encoding="utf-8") as file:
        for topic, words in zip(topics, (COMMON, ANIMALS, MONEY), strict=True):
            for word in words:
                row = topic + 0.4 * rng.standard_normal(24)
                file.write(f"{word} {' '.join(f'{x:.5f}' for x in row)}\n")
    return path


@pytest.fixture(scope="module")
def vectors(tmp_path_factory):
    return write_vectors(tmp_path_factory.mktemp("words") / "glove.txt")


def test_it_is_an_encoder(vectors):
    encoder = load_encoder(vectors)
    assert isinstance(encoder, WordVectorEncoder)
    assert isinstance(encoder, Encoder)
    assert isinstance(encoder, TokenOffsets)
    assert load_encoder(str(vectors)) is encoder
    texts = ["the dog is my pet", "my cat", "the price of credit", "", "Xyzzy", "!!", "\ud800"]
    found = encoder.encode_documents(texts)
    assert found.dtype == np.float32
    assert found.shape == (7, 24)
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    assert found[0] @ found[1] > 0.5 > found[0] @ found[2]
    assert np.array_equal(encoder.encode_queries(texts), found)
    assert encoder.encode_documents([]).shape == (0, 24)
    assert encoder.token_ends("my dog, a pet") == [2, 6, 9, 13]
    assert encoder.count_tokens(["my dog, a pet", ""]) == [4, 0]
    with pytest.raises(xling.InvalidInput, match="list"):
        encoder.encode_documents("text")


def test_the_identity_is_of_the_content(vectors, tmp_path):
    copy = tmp_path / "elsewhere.txt"
    copy.write_bytes(vectors.read_bytes())
    assert load_encoder(copy).identity == load_encoder(vectors).identity
    assert load_encoder(write_vectors(copy, seed=1)).identity != load_encoder(vectors).identity
    plain = WordVectorEncoder(vectors).identity
    for options in ({"max_words": 20}, {"counts": {"cat": 2.0}}, {"a": 0.01}):
        assert WordVectorEncoder(vectors, **options).identity != plain


def test_every_verb_works(make, vectors):
    words = make("words", model=vectors)
    texts = ["the dog is my pet", "a cat and a kitten", "the bank is a market", "credit to pay the price"]
    report = words.add([*texts, "Xyzzy plugh"])
    assert report.added == 5
    assert {hit.text for hit in words.search("my puppy", limit=2)} == set(texts[:2])
    assert words.search("xyzzy? plugh", limit=1, mode="hybrid")[0].text == "Xyzzy plugh"
    assert words.search("Xyzzy plugh", limit=1)[0].score > 0.99
    assert words.similar("my loan", limit=1)[0].text in texts[2:]
    assert words.info().model == vectors.as_posix()


def test_a_collection_finds_its_file_again(make, vectors, tmp_path):
    few = WordVectorEncoder(vectors, max_words=30)
    with make("few", model=few) as words:
        words.add(["my dog", "my bank"])
    with make("few", model=None) as words:
        assert words.space.identity == few.identity
        assert words.search("a cat", limit=1)[0].text == "my dog"
    with pytest.raises(SpaceMismatch, match="max_words"):
        make("few", model=vectors)
    other = write_vectors(tmp_path / "other.txt", seed=1)
    with pytest.raises(SpaceMismatch, match="weights"):
        make("few", model=other)


def test_long_documents_are_split_at_words(make, vectors):
    words = make("long", model=vectors)
    text = " ".join(["The dog is my pet."] * 100 + ["The bank is a market."] * 100)
    words.add([text])
    assert words.info().points > 1
    assert words.search("the loan", limit=1)[0].text in text[1000:]


def test_a_file_that_is_not_there(tmp_path):
    for name in (str(tmp_path / "none.vec"), "none.vec", "none.txt"):
        with pytest.raises(ModelError, match="no file"):
            load_encoder(name)
