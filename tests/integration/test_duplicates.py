"""What is there twice, in one language or in two, and what does not belong, over every store with the real model."""

from __future__ import annotations

import pytest

import xling
from tests.texts_of_topics import TOPICS

NOTICES = [
    ("en", "The library will be closed next Monday because of building works."),
    ("en", "The bus to the station leaves every twenty minutes."),
    ("en", "Dogs must be kept on a lead in the park."),
    ("en", "Please take your passport with you when you travel."),
    ("en", "Our office has moved to the second floor."),
    ("ja", "工事のため、図書館は来週の月曜日に休館します。"),
    ("ja", "駅行きのバスは二十分おきに出ます。"),
    ("ja", "公園では犬をリードにつないでください。"),
    ("ja", "旅行の際はパスポートをお持ちください。"),
    ("ja", "当社の事務所は二階に移転しました。"),
]


@pytest.fixture
def notices(make):
    notices = make("notices")
    for lang in ("en", "ja"):
        texts = [text for given, text in NOTICES if given == lang]
        notices.add(texts, ids=[f"{lang}-{i}" for i in range(5)], langs=lang)
        # What else there is has no partner: each language has its own.
        others = TOPICS["weather"]["en"] + TOPICS["cooking"]["en"] if lang == "en" else TOPICS["football"]["ja"]
        notices.add(others, ids=[f"{lang}-other-{i}" for i in range(len(others))], langs=lang)
    return notices


def ids(pairs, kind):
    return {frozenset((pair.first.id, pair.second.id)) for pair in pairs if pair.kind == kind}


def test_the_same_notice_in_two_languages(notices):
    found = notices.near_duplicates()
    expected = {frozenset((f"en-{i}", f"ja-{i}")) for i in range(5)}
    assert found.documents == 25
    assert ids(found.pairs, "translation") >= expected
    assert len(found.pairs) <= len(expected) + 1
    assert [pair.score for pair in found.pairs] == sorted((pair.score for pair in found.pairs), reverse=True)
    assert all(0 < pair.score <= 1 for pair in found.pairs)
    assert {frozenset(member.id for member in group) for group in found.groups} >= expected
    assert type(found).model_validate_json(found.model_dump_json()) == found
    assert notices.near_duplicates(across_languages=False).pairs == ()
    assert ids(notices.near_duplicates(languages=["en"]).pairs, "translation") == set()


def test_copies_and_what_is_nearly_equal(notices):
    text = NOTICES[0][1]
    edited = text.replace("next Monday", "next Monday,").replace("because of", "due to")
    notices.add([text, f"  {text}", edited], ids=["copy", "spaced", "edited"], langs="en", source="another")
    notices.add(["これは図書館です。"] * 12, ids=[f"many-{i}" for i in range(12)], langs="ja")
    found = notices.near_duplicates()
    copies = ids(found.pairs, "copy")
    assert frozenset(("en-0", "copy")) in copies or frozenset(("en-0", "spaced")) in copies
    groups = [{member.id for member in group} for group in found.groups]
    assert {f"many-{i}" for i in range(12)} == groups[0]
    assert {"en-0", "copy", "spaced", "edited", "ja-0"} in groups
    near = [pair for pair in found.pairs if pair.kind == "near"]
    assert ["edited" in (pair.first.id, pair.second.id) for pair in near] == [True]
    assert "edited" not in {id for pair in ids(notices.near_duplicates(0.999).pairs, "near") for id in pair}


def test_long_documents_are_compared_whole(make):
    long = make("long", chunk_tokens=24, chunk_overlap=0)
    start = "The library will be closed next Monday because of building works. "
    rests = [" ".join(TOPICS[topic]["en"]) for topic in TOPICS]
    long.add([start + rest for rest in rests], ids=list(TOPICS))
    long.add([start + rests[0] + " Thank you for reading."], ids=["weather, again"])
    found = long.near_duplicates(0.95)
    assert ids(found.pairs, "near") == {frozenset(("weather", "weather, again"))}
    assert len(found.pairs) == 1


def test_what_does_not_belong(make):
    weather = make("weather")
    texts = [(lang, text) for lang, of_lang in TOPICS["weather"].items() for text in of_lang]
    weather.add([text for _, text in texts], langs=[lang for lang, _ in texts])
    weather.add(["Invoice 4711: please pay by bank transfer."] * 3, ids=["a", "b", "c"], langs="en")
    weather.add(["この契約書には印鑑が必要です。"], ids=["d"], langs="ja")
    found = weather.outliers(threshold=1.0)
    assert {one.document.id for one in found[:4]} == {"a", "b", "c", "d"}  # copies do not make it usual
    invoices = [one for one in found if one.document.id in ("a", "b", "c")]
    assert len(invoices) == 3
    assert all(one.score >= 1 and one.nearest.id not in ("a", "b", "c") for one in invoices)
    assert len(weather.outliers(2, threshold=0)) == 2
    assert weather.outliers(threshold=1e9) == []


def test_what_makes_no_sense(notices):
    for threshold in (0, 1.5, "x", True):
        with pytest.raises(xling.InvalidInput, match="threshold"):
            notices.near_duplicates(threshold)
    with pytest.raises(xling.InvalidInput, match="translation_threshold"):
        notices.near_duplicates(translation_threshold=0)
    with pytest.raises(xling.InvalidInput, match="limit="):
        notices.outliers(0)
    with pytest.raises(xling.InvalidInput, match="no documents here"):
        notices.near_duplicates(languages=["ko"])


def test_a_collection_of_another_tool(place, make, encoder):
    where = place("foreign")
    if "client" not in where:
        pytest.skip("other tools write to servers")
    from qdrant_client import models

    client, name = where["client"], where["name"]
    client.create_collection(name, vectors_config=models.VectorParams(size=384, distance=models.Distance.COSINE))
    texts = [text for _, text in NOTICES] + [NOTICES[0][1] + " "]
    rows = encoder.encode_documents(texts)
    points = [
        models.PointStruct(id=i, vector=row.tolist(), payload={"text": text})
        for i, (row, text) in enumerate(zip(rows, texts, strict=True))
    ]
    client.upsert(name, points)
    notices = make("foreign", vector_name="")
    found = notices.near_duplicates(0.6)  # without languages all are compared by their cosine
    assert ids(found.pairs, "copy") == {frozenset((0, 10))}
    assert len(ids(found.pairs, "near") & {frozenset((i, i + 5)) for i in range(5)}) >= 3
    assert {one.document.id for one in notices.outliers(threshold=-9)} == set(range(11))
    assert len(notices.clusters(3).labels) == 11
    with pytest.raises(xling.InvalidInput, match="all in one"):
        notices.coverage(3)
