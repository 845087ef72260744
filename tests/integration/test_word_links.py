"""Words that answer each other, in two texts and in the hits of a search."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import xling
from tests.hashing import HashingEncoder
from tests.stores import ASYNC_KINDS, places
from tests.tiny_models import make_model
from xling.space.sentence_transformer import SentenceTransformerEncoder
from xling.text import problem_of
from xling.translate import word_links

PAIRS = [
    ("Where is the station?", "駅はどこですか。", {("Where", "どこ"), ("station", "駅")}),
    ("나는 서울에서 태어났다.", "I was born in Seoul.", {("나는", "I"), ("서울에서", "Seoul"), ("태어났다", "born")}),
    ("เขาไปโรงเรียน", "He goes to school", {("เขา", "He"), ("โรงเรียน", "school")}),
    ("The XR-2000 costs 1,299 dollars.", "XR-2000 kostet 1.299 Dollar.", {("XR-2000", "XR-2000"), ("1,299", "1.299")}),
    ("dog", "Hund", {("dog", "Hund")}),
    ("dog", "Banane", set()),
]


def words(links):
    return {(link.source.text, link.target.text) for link in links}


@pytest.mark.parametrize(("source", "target", "wanted"), PAIRS)
def test_words_of_translations_are_linked_either_way(encoder, source, target, wanted):
    links = word_links(source, target, model=encoder)
    assert words(links) >= wanted
    assert bool(links) == bool(wanted)
    for link in links:
        assert source[link.source.start : link.source.end] == link.source.text
        assert target[link.target.start : link.target.end] == link.target.text
        assert 0.4 <= link.weight <= 1
    back = word_links(target, source, model=encoder)
    assert {(b, a) for a, b in words(back)} == words(links)


def test_few_words_of_unrelated_texts_are_linked(encoder):
    a = "The museum is closed on Mondays and on public holidays."
    b = "いつか孫に会うために船で島へ渡りたいと祖母は言った。"
    assert len(word_links(a, b, model=encoder)) <= 2
    assert len(word_links(a, b, model=encoder, min_weight=0)) >= len(word_links(a, b, model=encoder))


def test_long_texts_are_linked_to_their_end(encoder):
    filler = "The weather was fine and nothing of note happened on that day. " * 60
    links = word_links(filler + "Then an elephant arrived.", "Dann kam ein Elefant.", model=encoder)
    assert [link.source.start > len(filler) for link in links if link.target.text == "Elefant"] == [True]


@given(st.text(alphabet="helo wrdgnmti日本語。 3,", min_size=1, max_size=120), st.text(min_size=1, max_size=40))
@settings(max_examples=30, deadline=None)
def test_links_lie_in_the_texts_whatever_those_are(tiny, source, target):
    assume(problem_of(source) is None and problem_of(target) is None)
    links = word_links(source, target, model=tiny, min_weight=0)
    for link in links:
        assert source[link.source.start : link.source.end] == link.source.text != ""
        assert target[link.target.start : link.target.end] == link.target.text != ""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return SentenceTransformerEncoder(make_model(tmp_path_factory.mktemp("tiny") / "m"), device="cpu", runtime="torch")


def test_both_runtimes_give_the_same_tokens_midway(tmp_path):
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    directory = make_model(tmp_path / "m")
    texts = ["hello world", "thank you, good morning"]
    torch = SentenceTransformerEncoder(directory, device="cpu", runtime="torch")
    light = SentenceTransformerEncoder(directory, device="cpu", runtime="onnx")
    for one, other, last in zip(
        torch.encode_tokens_midway(texts), light.encode_tokens_midway(texts), torch.encode_tokens(texts), strict=True
    ):
        assert (one.spans == other.spans).all()
        assert np.allclose(one.vectors, other.vectors, atol=1e-4)
        assert not np.allclose(one.vectors, last.vectors, atol=1e-3)


def test_hits_are_explained_one_or_several_at_once(make):
    docs = make("c")
    docs.add(["The station is next to the post office.", "おはよう"])
    hits = docs.search("Wo ist der Bahnhof?")
    several = docs.explain("Wo ist der Bahnhof?", hits)
    assert len(several) == len(hits) == 2
    assert ("Bahnhof", "station") in words(several[0])
    assert docs.explain("Wo ist der Bahnhof?", hits[0]) == several[0]
    assert docs.explain("Wo ist der Bahnhof?", hits[0].text) == several[0]
    assert docs.explain("Bahnhof", []) == []
    assert isinstance(several[0][0], xling.WordLink)
    assert several[0][0].to_dict()["source"].keys() == {"text", "start", "end"}


@pytest.mark.parametrize("kind", ASYNC_KINDS)
def test_hits_are_explained_by_the_asynchronous_collection(kind, tmp_path, encoder):
    with places(kind, tmp_path) as place:
        docs = place.open(**place("c"), model=encoder)
        docs.add(["The dog sleeps."])
        assert ("chien", "dog") in words(docs.explain("chien", docs.search("chien")[0]))
        docs.close()


def test_what_cannot_be_explained_is_refused(make, encoder):
    with pytest.raises(xling.InvalidInput, match="vectors of its tokens"):
        word_links("a b", "a b", model=HashingEncoder())
    with pytest.raises(xling.InvalidInput, match="no words to link"):
        word_links("dog", "  ", model=encoder)
    with pytest.raises(xling.InvalidInput, match="0 to 1"):
        word_links("dog", "Hund", model=encoder, min_weight=2)
    docs = make("c")
    with pytest.raises(xling.InvalidInput, match="not int"):
        docs.explain("dog", [3])
    with pytest.raises(xling.InvalidInput, match="not list"):
        docs.explain(["dog"], "Hund")
    docs.close()
    with pytest.raises(xling.CollectionClosed):
        docs.explain("dog", "Hund")
