"""Labels from examples, in any language, over every store with the real model."""

from __future__ import annotations

import json

import pytest

import xling
from xling.explore import Classifier

EXAMPLES = {
    "positive": [
        "I love this phone, the screen is wonderful.",
        "Great service, we will come back!",
        "The best concert of my life.",
        "Delicious food and friendly people.",
        "It works perfectly and arrived early.",
        "What a beautiful film, I was moved to tears.",
    ],
    "negative": [
        "I hate this phone, the screen broke at once.",
        "Terrible service, never again!",
        "The worst concert of my life.",
        "Disgusting food and rude people.",
        "It does not work and arrived late.",
        "What a boring film, I fell asleep.",
    ],
}
POSTS = {
    "positive": [
        "とても美味しくて、また行きたいです！",
        "Wunderbar, ich bin sehr zufrieden.",
        "C'est magnifique, j'adore.",
    ],
    "negative": [
        "最悪でした。二度と行きません。",
        "Schrecklich, ich bin sehr enttäuscht.",
        "C'est nul, une vraie déception.",
    ],
}


@pytest.fixture
def posts(make):
    posts = make("posts")
    posts.add(
        xling.Document(text=text, id=f"{label}-{i}", lang="en", metadata={"mood": label, "n": i})
        for label, texts in EXAMPLES.items()
        for i, text in enumerate(texts)
    )
    posts.add(["The meeting is at noon."], ids=["plain"], langs="en")
    return posts


def given():
    return [text for texts in POSTS.values() for text in texts], [
        label for label, texts in POSTS.items() for _ in texts
    ]


def right(predictions, labels):
    return sum(one.label == label for one, label in zip(predictions, labels, strict=True))


def test_labels_learnt_in_english_are_given_in_other_languages(posts, tmp_path):
    texts, labels = given()
    assert right(posts.classify(texts, examples=EXAMPLES), labels) >= 5
    ids = {label: [f"{label}-{i}" for i in range(6)] for label in EXAMPLES}
    by_id, by_text = (posts.classify(texts, examples=found) for found in (ids, EXAMPLES))
    for one, other in zip(by_id, by_text, strict=True):
        assert one.probabilities == pytest.approx(other.probabilities, abs=0.02)
    classifier = posts.fit_classifier("mood")
    found = posts.classify(texts, classifier=classifier)
    assert right(found, labels) >= 5
    assert [one.lang for one in found] == ["ja", "de", "fr"] * 2
    assert all(sum(one.probabilities.values()) == pytest.approx(1) for one in found)
    assert classifier.examples == {"positive": 6, "negative": 6}
    assert 0.5 <= classifier.accuracy <= 1
    assert min(min(one.probabilities.values()) for one in found) > 0.001

    classifier.save(tmp_path / "mood.json")
    again = posts.classify(texts, classifier=Classifier.load(tmp_path / "mood.json"))
    for one, before in zip(again, found, strict=True):
        assert one.label == before.label
        assert one.probabilities == pytest.approx(before.probabilities, abs=1e-5)


def test_stored_documents_are_classified_where_they_are(posts):
    for method in ("nearest", "logistic"):
        classifier = posts.fit_classifier("mood", method=method, where={"n": {"lt": 5}})
        found = posts.classify(classifier=classifier, where={"n": 5})
        assert {one.id: one.label for one in found} == {"positive-5": "positive", "negative-5": "negative"}, method
        assert len(posts.classify(classifier=classifier)) == 13
        assert len(posts.classify(classifier=classifier, most=3)) == 3


def test_what_is_not_sure_enough_is_undecided(posts):
    [one] = posts.classify(["The table has four legs."], examples=EXAMPLES, threshold=0.99)
    assert one.label == "und"
    assert 0.5 <= one.probability < 0.99
    [sure] = posts.classify(["The table has four legs."], examples=EXAMPLES, threshold=0)
    assert sure.label in EXAMPLES
    assert posts.classify([], examples=EXAMPLES) == []


def test_what_cannot_be_learnt_from_is_refused(posts, tmp_path, make):
    for arguments, message in (
        ({"texts": ["x"]}, "one of the two"),
        ({"texts": ["x"], "examples": {}}, "two labels or more"),
        ({"texts": ["x"], "examples": {"a": ["b"]}}, "two labels or more"),
        ({"texts": ["x"], "examples": {"a": "b", "c": ["d"]}}, "are a list"),
        ({"texts": ["x"], "examples": {"und": ["b"], "c": ["d"]}}, "no label"),
        ({"texts": [" "], "examples": EXAMPLES}, "cannot be"),
        ({"texts": "x", "examples": EXAMPLES}, "list of texts"),
        ({"texts": ["x"], "examples": EXAMPLES, "where": {"n": 1}}, "leave texts out"),
        ({"texts": ["x"], "examples": EXAMPLES, "method": "svm"}, "method="),
        ({"texts": ["x"], "examples": EXAMPLES, "threshold": 2}, "threshold"),
    ):
        with pytest.raises(xling.InvalidInput, match=message):
            posts.classify(**arguments)
    with pytest.raises(xling.InvalidInput, match="one of the two"):
        posts.fit_classifier("mood", examples=EXAMPLES)
    with pytest.raises(xling.InvalidInput, match="no document has the metadata field 'nothing'"):
        posts.fit_classifier("nothing")
    with pytest.raises(xling.InvalidInput, match="no documents here"):
        posts.fit_classifier("mood", languages=["ja"])


def test_a_file_that_is_no_classifier(posts, tmp_path):
    path = tmp_path / "mood.json"
    with pytest.raises(xling.InvalidInput, match="cannot be read"):
        Classifier.load(path)
    posts.fit_classifier("mood", method="nearest").save(path)
    whole = json.loads(path.read_text("utf-8"))
    for broken in ({}, {**whole, "rows": "AAAA"}, {**whole, "shape": [1]}, {**whole, "xling_classifier": 9}, [1]):
        path.write_text(json.dumps(broken))
        with pytest.raises(xling.InvalidInput, match="classifier"):
            Classifier.load(path)
    with pytest.raises(xling.InvalidInput, match="cannot be written"):
        posts.fit_classifier("mood", method="nearest").save(tmp_path / "no" / "such.json")
    path.write_text(json.dumps({**whole, "space": "another"}))
    with pytest.raises(xling.SpaceMismatch, match="fit one for this collection"):
        posts.classify(["x"], classifier=Classifier.load(path))
