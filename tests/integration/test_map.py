"""Maps of collections, over every store: languages are islands before, topics are after."""

from __future__ import annotations

import json

import numpy as np
import pytest

import xling
from tests.hashing import HashingEncoder

pytest.importorskip("openTSNE")

TOPICS = {"sea": "sea wave ship port", "mountain": "peak ridge hut snow", "food": "bread rice soup salt"}
LANGUAGES = ["en", "ja", "ar", "hi", "th"]


def documents():
    """Texts of a few words; each language has words of its own that stand in all of its texts."""
    rng = np.random.default_rng(0)
    for topic, words in TOPICS.items():
        for lang in LANGUAGES:
            for i in range(12):
                text = " ".join([f"{lang}-mark"] * 4 + list(rng.choice(words.split(), 5)))
                metadata = {"topic": topic, "year": 1990 + i, "even": i % 2 == 0}
                yield xling.Document(text=f"{text} <{i}>", id=f"{topic}-{lang}-{i}", lang=lang, metadata=metadata)


@pytest.fixture
def texts(make):
    texts = make("texts", model=HashingEncoder())
    texts.add(documents())
    return texts


def shared(made, layer, of):
    """Share of the five nearest on a map that have the same value."""
    places, values = made.layers[layer].places, np.array(of)
    distances = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    return float((values[np.argsort(distances, axis=1)[:, :5]] == values[:, None]).mean())


def test_languages_are_islands_before_and_topics_after(texts, tmp_path):
    made = texts.map(compare=True)
    assert len(made) == made.total == 180
    assert made.fields == ("language", "topic", "year", "even")
    topics = made.colouring("topic").values
    assert [layer.title for layer in made.layers] == ["raw", "neutral"]
    assert shared(made, 0, made.langs) > 0.9
    assert shared(made, 1, made.langs) < 0.5
    assert shared(made, 1, topics) > 0.9
    assert dict(zip(made.ids, topics, strict=True))["sea-ja-3"] == "sea"

    [placed, other] = made.place(["ja-mark sea ship port", "bread soup"])
    at = dict(zip(made.ids, made.places, strict=True))
    for found, topic in ((placed, "sea"), (other, "food")):
        assert {id.split("-")[0] for id in found.nearest} == {topic}
        near = min(at, key=lambda id: np.hypot(*(at[id] - (found.x, found.y))))
        assert near.split("-")[0] == topic

    for name in ("map.html", "map.png", "map.svg", "map.json"):
        made.save(tmp_path / name, color_by="topic", queries=["sea"])
        assert (tmp_path / name).stat().st_size > 10_000
    assert len(json.loads((tmp_path / "map.json").read_text("utf-8"))["points"]) == 180


def test_a_map_of_some_documents(texts):
    made = texts.map(languages=["ja"], where={"year": {"lt": 1995}}, fields=["year"])
    assert set(made.langs) == {"ja"}
    assert len(made) == 15
    assert made.fields == ("language", "year")
    some = texts.map(most=50)
    assert (len(some), some.total) == (50, 180)
    assert np.array_equal(some.places, texts.map(most=50).places)
    labels = {"mood": {"sea-ja-1": "good", "sea-ja-2": "bad"}}
    assert texts.map(most=180, neutral=0, labels=labels).colouring("mood").names[-1] is None


def test_what_cannot_be_mapped_is_refused(texts):
    for arguments, message in (
        ({"neutral": 2}, "between 0 and 1"),
        ({"most": 0}, "1 or more"),
        ({"fields": ["nothing"]}, "no document"),
        ({"languages": ["fi"]}, "no documents here"),
    ):
        with pytest.raises(xling.InvalidInput, match=message):
            texts.map(**arguments)
