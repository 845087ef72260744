"""Topics across languages, and what a language lacks of them, over every store with the real model."""

from __future__ import annotations

from collections import Counter

import pytest

import xling
from tests.texts_of_topics import LANGUAGES, TOPICS


@pytest.fixture
def news(make):
    news = make("news")
    news.add(
        xling.Document(text=text, id=f"{topic}-{lang}-{i}", lang=lang, metadata={"topic": topic})
        for topic, of_topic in TOPICS.items()
        for lang, texts in of_topic.items()
        for i, text in enumerate(texts)
    )
    return news


def test_topics_go_across_languages(news):
    found = news.clusters(3, label="topic")
    assert len(found.ids) == len(found.labels) == 45
    assert found.agreement.v_measure > 0.8
    assert found.one_language == 0
    assert found.by_language < 0.1
    assert found.languages == {"en": 15, "de": 15, "ja": 15}
    topics = {}
    for cluster in found.clusters:
        members = found.of(cluster.number)
        assert cluster.size == len(members) == sum(cluster.languages.values())
        topic, _ = Counter(id.split("-")[0] for id in members).most_common(1)[0]
        topics[topic] = cluster
        assert {member.lang for member in cluster.documents} == set(LANGUAGES)  # one of each speaks for it
        assert all(member.id in members for member in cluster.documents)
    assert set(topics) == set(TOPICS)
    assert [cluster.size for cluster in found.clusters] == sorted((c.size for c in found.clusters), reverse=True)
    weather, football = topics["weather"], topics["football"]
    assert "rain" in weather.words["en"]
    assert "Regen" in weather.words["de"]
    assert "大雨" in weather.words["ja"]
    assert "goal" in football.words["en"]
    assert "ゴール" in football.words["ja"]
    assert "rain" in weather.name
    words = {word for cluster in found.clusters for of_lang in cluster.words.values() for word in of_lang}
    assert not words & {"the", "The", "and", "der", "die", "und", "です", "ます"}
    again = news.clusters(3, label="topic")
    assert again == found
    assert type(found).model_validate_json(found.model_dump_json()) == found


def test_what_neutrality_does_to_clusters(news):
    raw, neutral = (news.clusters(9, label="topic", neutral=given) for given in (False, 1.0))
    assert raw.neutral == 0
    assert raw.by_language > neutral.by_language
    assert raw.one_language > neutral.one_language


def test_more_documents_than_the_sample_are_assigned(news):
    whole, sampled = news.clusters(3, label="topic"), news.clusters(3, label="topic", sample=24)
    assert set(sampled.ids) == set(whole.ids)
    assert sum(cluster.size for cluster in sampled.clusters) == 45
    assert sampled.agreement.v_measure > 0.6


def test_the_number_of_clusters_and_density(news):
    assert 2 <= len(news.clusters().clusters) <= 7
    assert len(news.clusters(1).clusters) == 1
    dense = news.clusters(method="hdbscan", least=4)
    assert min(dense.labels) >= -1
    assert sum(cluster.size for cluster in dense.clusters) + len(dense.of(-1)) == 45
    selected = news.clusters(2, languages=["ja"], where={"topic": ["weather", "cooking"]})
    assert selected.languages == {"ja": 10}
    assert selected.one_language == 1


def test_a_topic_that_a_language_lacks(news):
    assert news.coverage(3).gaps == ()
    news.delete([f"football-ja-{i}" for i in range(5)])
    found = news.coverage(3)
    [gap] = found.gaps
    assert gap.lang == "ja"
    assert gap.documents == 0
    assert gap.expected > 3
    assert {member.lang for member in gap.examples} == {"en", "de"}
    assert "goal" in gap.name
    row = found.table()[gap.cluster]
    assert dict(zip(found.languages, row, strict=True)) == {"en": 5, "de": 5, "ja": 0}
    assert news.coverage(clusters=news.clusters(3)).gaps == found.gaps


def test_what_makes_no_clusters(news, make):
    for arguments, message in (
        ({"count": 0}, "count="),
        ({"count": 46}, "46 clusters cannot be made of 45"),
        ({"count": 2000}, "at most"),
        ({"method": "spectral"}, "method="),
        ({"method": "hdbscan", "count": 3}, "leave count out"),
        ({"method": "hdbscan", "least": 30}, "lower least="),
        ({"least": 1}, "least="),
        ({"sample": 0}, "sample="),
        ({"words": -1}, "words="),
        ({"neutral": 2}, "neutral=2"),
        ({"label": "nothing"}, "no document has the metadata field"),
        ({"languages": ["ko"]}, "no documents here"),
    ):
        with pytest.raises(xling.InvalidInput, match=message):
            news.clusters(**arguments)
    for arguments, message in (
        ({"share": 1}, "share"),
        ({"languages": ["ja"]}, "all in one"),
        ({"clusters": news.clusters(2), "count": 2}, "leave out"),
    ):
        with pytest.raises(xling.InvalidInput, match=message):
            news.coverage(**arguments)
    with pytest.raises(xling.InvalidInput, match="no documents here"):
        make("empty").clusters(2)
