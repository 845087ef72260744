"""Searching by words as they are written, and by words and meaning together, on every store."""

from __future__ import annotations

import numpy as np
import pytest

import xling
from tests.answerer import answerer
from tests.hashing import HashingEncoder
from tests.identifiers import DOCUMENTS, QUESTIONS
from tests.lexical_pairs import PAIRS
from tests.stores import ASYNC_KINDS, places
from xling.store.base import LEXICAL

TEXTS = [
    "The XR-2000 costs 300 euros.",
    "XR-2000の価格は三百ユーロです。",
    "The weather is nice.",
    "今日はいい天気です。",
]


@pytest.fixture
def pairs(make):
    docs = make("pairs")
    _skip_old_server(docs, 17)
    docs.add([{"id": i, "text": text} for i, (_, text) in enumerate(PAIRS)])
    return docs


def test_short_queries_find_their_document_and_no_other_before_it(pairs):
    found = pairs.search_many([query for query, _ in PAIRS], mode="lexical")
    for i, hits in enumerate(found):
        assert hits[0].id == i, PAIRS[i]
        assert all(hit.score < hits[0].score for hit in hits[1:]), PAIRS[i]
        assert hits[0].confidence is None


def test_hybrid_finds_what_words_find(pairs):
    found = pairs.search_many([query for query, _ in PAIRS], mode="hybrid", limit=5)
    assert [i for i, hits in enumerate(found) if i not in [hit.id for hit in hits]] == []


def test_identifiers_are_found_whatever_the_language_of_the_question(make):
    docs = make("articles")
    _skip_old_server(docs, 17)
    docs.add([{"id": i, "text": text} for i, text in enumerate(DOCUMENTS)])
    found = docs.search_many([question for question, _ in QUESTIONS], mode="hybrid", limit=5)
    missed = [q for (q, i), hits in zip(QUESTIONS, found, strict=True) if i not in [hit.id for hit in hits]]
    assert missed == []
    first = [hits[0].id == i for (_, i), hits in zip(QUESTIONS, found, strict=True)]
    assert sum(first) >= 0.98 * len(first)


def test_a_server_that_knows_no_weights_is_told_of():
    with answerer() as server, xling.open("docs", url=server.url, model=HashingEncoder()) as docs:
        docs.add(TEXTS)
        for phrasing in ("XR-2000", ["XR-2000", "the price of it"]):
            with pytest.raises(xling.StoreError, match=r"1\.17 or newer, and the server is 1\.16\.3.*dbsf"):
                docs.search(phrasing, mode="hybrid", neutral=0)
        assert docs.search("XR-2000", mode="hybrid", fusion="dbsf", neutral=0)[0].id is not None
        assert docs.search("XR-2000", mode="lexical")
        server.client.__dict__["says_version"] = "1.17.0"
        assert docs.search("XR-2000", mode="hybrid", neutral=0)
        asked = server.requests.count("GET /")
        docs.search("weather", mode="hybrid", neutral=0)
        assert server.requests.count("GET /") == asked, "it was remembered"


@pytest.fixture
def prices(make):
    docs = make("prices")
    _skip_old_server(docs, 17)
    docs.add([{"id": i, "text": text, "metadata": {"n": i}} for i, text in enumerate(TEXTS)])
    return docs


@pytest.mark.parametrize("fusion", ["rrf", "dbsf"])
def test_both_legs_are_fused(prices, fusion):
    hits = prices.search("XR-2000", mode="hybrid", fusion=fusion)
    assert {hit.id for hit in hits[:2]} == {0, 1}
    assert {hit.id for hit in hits} == {0, 1, 2, 3}  # what has no term in common is found by its meaning
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_confidence_is_about_the_meaning_in_either_mode(prices):
    question = "How much is the XR-2000?"
    dense = {hit.id: hit.confidence for hit in prices.search(question)}
    hybrid = {hit.id: hit.confidence for hit in prices.search(question, mode="hybrid")}
    assert hybrid == pytest.approx(dense, abs=2e-4)
    sure = prices.search(question, mode="hybrid", min_confidence=sorted(dense.values())[-2])
    assert len(sure) == 2


def test_a_leg_that_finds_nothing_leaves_the_other_as_it_is(prices):
    for question in ["Where can I buy food in this town?", "!?", "ZZ-99999"]:
        dense, hybrid = prices.search(question), prices.search(question, mode="hybrid")
        assert [hit.id for hit in hybrid] == [hit.id for hit in dense]
    assert prices.search("!?", mode="lexical") == []
    assert prices.search("ZZ-99999", mode="lexical") == []


def test_words_of_a_long_question_do_not_bring_its_own_language_first(prices):
    question = "The weather is what I would like to know about, is it nice?"
    assert prices.search(question, mode="lexical", limit=1)[0].id == 2
    dense, hybrid = prices.search(question), prices.search(question, mode="hybrid")
    assert [hit.id for hit in hybrid] == [hit.id for hit in dense]
    weighed = prices.search(question, mode="hybrid", lexical_weight=50)
    assert weighed[0].id == 2


def test_filters_pages_and_phrasings_go_with_words(prices):
    assert [hit.id for hit in prices.search("XR-2000", mode="lexical", languages=["ja"])] == [1]
    assert [hit.id for hit in prices.search("XR-2000", mode="hybrid", where={"n": {"gte": 1}}, limit=1)] == [1]
    both = [hit.id for hit in prices.search("XR-2000", mode="lexical")]
    assert sorted(both) == [0, 1]
    assert [hit.id for hit in prices.search("XR-2000", mode="lexical", limit=1, offset=1)] == both[1:]
    found = prices.search(["天気", "weather"], mode="lexical")
    assert {hit.id for hit in found} == {2, 3}
    fused = prices.search(["天気", "weather"], mode="hybrid", combine="fuse", limit=2)
    assert {hit.id for hit in fused} == {2, 3}
    assert [p.id for p in prices.retrieve("XR-2000", mode="lexical", group=False).passages] == both


def test_what_changes_changes_its_terms(prices):
    prices.add([{"id": 0, "text": "The QX-77 is sold out."}])
    assert [hit.id for hit in prices.search("XR-2000", mode="lexical")] == [1]
    assert [hit.id for hit in prices.search("QX-77", mode="lexical")] == [0]
    prices.add([{"id": 0, "text": "The QX-77 is sold out.", "metadata": {"n": 9}}])  # the metadata alone
    assert [hit.id for hit in prices.search("QX-77", mode="lexical")] == [0]
    prices.delete(0)
    assert prices.search("QX-77", mode="lexical") == []


def test_terms_are_added_in_place_to_a_collection_without(make):
    docs = make("plain", lexical=False)
    docs.add([{"id": i, "text": text} for i, text in enumerate(TEXTS)])
    before = docs.vectors(docs.search("weather"))
    for mode in ("lexical", "hybrid"):
        with pytest.raises(xling.InvalidInput, match="add_lexical"):
            docs.search("XR-2000", mode=mode)
    assert not docs.info().lexical
    seen = []
    _skip_old_server(docs)
    assert docs.add_lexical(progress=seen.append).updated == 4
    assert (seen[-1].done, seen[-1].total) == (4, 4)
    assert docs.info().lexical
    docs.add([{"id": "new", "text": "The XR-2000 is back."}])
    assert {hit.id for hit in docs.search("XR-2000", mode="lexical")} == {0, 1, "new"}
    assert np.allclose(docs.vectors(docs.search("weather", where=None)[:4])[:1], before[:1], atol=1e-6)
    again = make("plain")
    assert {hit.id for hit in again.search("XR-2000", mode="lexical")} == {0, 1, "new"}
    assert again.add_lexical().updated == 5  # once more, as after a kill
    assert {hit.id for hit in again.search("XR-2000", mode="lexical")} == {0, 1, "new"}


def test_terms_half_added_do_not_count(make):
    docs = make("half", lexical=False)
    docs.add(TEXTS)
    _skip_old_server(docs)
    docs.store.add_lexical()  # and then the process was killed
    assert docs.store.schema().lexical
    again = make("half")
    with pytest.raises(xling.InvalidInput, match="add_lexical"):
        again.search("XR-2000", mode="hybrid")
    again.add_lexical()
    assert len(again.search("XR-2000", mode="lexical")) == 2


def test_a_collection_is_opened_as_it_was_made(make):
    make("with").add(["a"])
    make("without", lexical=False).add(["a"])
    make("with", lexical=True)
    make("without", lexical=False)
    with pytest.raises(xling.InvalidInput, match="keeps no terms"):
        make("without", lexical=True)
    with pytest.raises(xling.InvalidInput, match="keeps terms"):
        make("with", lexical=False)
    with pytest.raises(xling.InvalidInput, match="vector_name"):
        make("clash", vector_name=LEXICAL)


@pytest.mark.parametrize(
    "options",
    [
        {"mode": "sparse"},
        {"mode": "hybrid", "fusion": "sum"},
        {"mode": "hybrid", "lexical_weight": -1},
        {"mode": "hybrid", "lexical_weight": float("nan")},
        {"mode": "hybrid", "lexical_weight": 1, "fusion": "dbsf"},
        {"lexical_weight": 1},
        {"mode": "hybrid", "balance": True},
        {"mode": "lexical", "rescore": True},
        {"mode": "lexical", "prefer": ["en"]},
        {"mode": "lexical", "min_confidence": 0.5},
    ],
)
def test_what_makes_no_sense_is_refused(prices, options):
    with pytest.raises(xling.InvalidInput):
        prices.search("XR-2000", **options)
    with pytest.raises(xling.InvalidInput):
        prices.search(" ", mode="lexical")


def test_a_named_vector_has_terms_beside_it(make):
    docs = make("named", vector_name="text")
    _skip_old_server(docs, 17)
    docs.add(TEXTS)
    assert len(docs.search("XR-2000", mode="lexical")) == 2
    assert len(docs.search("XR-2000", mode="hybrid")) == 4


def test_terms_move_with_a_collection(make, place, tmp_path):
    docs = make("first")
    _skip_old_server(docs, 17)
    docs.add([{"id": i, "text": text} for i, text in enumerate(TEXTS)])
    docs.export(tmp_path / "file.parquet")
    target = {**place("second")}
    xling.import_collection(tmp_path / "file.parquet", target.pop("name"), **target)
    assert {hit.id for hit in make("second").search("XR-2000", mode="hybrid", limit=2)} == {0, 1}


@pytest.mark.parametrize("kind", ASYNC_KINDS)
def test_a_collection_on_the_event_loop_is_searched_by_words(kind, tmp_path, encoder):
    with places(kind, tmp_path) as arguments:
        docs = arguments.open(**arguments("a"), model=encoder, lexical=False)
        docs.add([{"id": i, "text": text} for i, text in enumerate(TEXTS)])
        _skip_old_server(docs)
        docs.add_lexical()
        assert {hit.id for hit in docs.search("XR-2000", mode="hybrid", limit=2)} == {0, 1}
        assert {hit.id for hit in docs.search("XR-2000", mode="lexical")} == {0, 1}
        docs.close()


def test_a_collection_of_another_tool_says_what_is_missing(tmp_path, encoder):
    from qdrant_client import QdrantClient, models

    client = QdrantClient(":memory:")
    client.create_collection("other", vectors_config=models.VectorParams(size=384, distance=models.Distance.COSINE))
    client.upsert("other", [models.PointStruct(id=1, vector=[0.1] * 384, payload={"text": "hello"})])
    docs = xling.open("other", client=client, model=encoder)
    with pytest.raises(xling.InvalidInput, match="another tool"):
        docs.search("hello", mode="hybrid")
    with pytest.raises(xling.InvalidInput, match="another tool"):
        docs.add_lexical()
    with pytest.raises(xling.InvalidInput, match="another tool"):
        xling.open("other", client=client, model=encoder, lexical=True)
    client.close()


def _skip_old_server(docs, minor: int = 18) -> None:
    version = docs.store.stats().get("version")
    if version is not None and tuple(int(n) for n in version.split(".")[:2]) < (1, minor):
        pytest.skip(f"needs Qdrant 1.{minor}: 1.17 fuses with weights, 1.18 adds terms to a collection")
