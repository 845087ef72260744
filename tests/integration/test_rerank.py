"""Another order for the best hits, on every store."""

from __future__ import annotations

import numpy as np
import pytest

import xling
from tests.stores import ASYNC_KINDS, places
from tests.tiny_models import make_cross_encoder, make_model
from xling.search.late_interaction import MaxSim
from xling.space.sentence_transformer import SentenceTransformerEncoder

TEXTS = ["good morning", "thank you", "おはよう", "ありがとうございます", "The train is late.", "電車が遅れています"]


def shortest(query, texts):
    return [-len(text) for text in texts]


@pytest.fixture
def docs(make):
    docs = make("c")
    docs.add([{"id": i, "text": text, "metadata": {"n": i}} for i, text in enumerate(TEXTS)])
    return docs


@pytest.fixture(scope="module")
def cross_encoders(tmp_path_factory):
    directory = tmp_path_factory.mktemp("cross")
    make_model(directory / "m")
    bare = directory / "m-bare"
    return make_cross_encoder(directory / "one", bare), make_cross_encoder(directory / "three", bare, labels=3)


def test_a_function_gives_the_order_and_the_scores(docs):
    plain = {hit.id: hit for hit in docs.search("thanks")}
    hits = docs.search("thanks", rerank=shortest)
    assert [hit.score for hit in hits] == sorted((-len(text) for text in TEXTS), reverse=True)
    assert {hit.id: hit.confidence for hit in hits} == {id: hit.confidence for id, hit in plain.items()}
    assert isinstance(shortest, xling.Reranker)


def test_it_sees_the_candidates_alone_and_pages_are_cut_afterwards(docs):
    seen = []

    def reranker(query, texts):
        seen.append((query, list(texts)))
        return shortest(query, texts)

    best = docs.search("ありがとう", limit=3)
    hits = docs.search("ありがとう", limit=1, rerank=reranker, candidates=3)
    assert seen == [("ありがとう", [hit.text for hit in best])]
    assert hits[0].text == min((hit.text for hit in best), key=len)
    ordered = [hit.id for hit in docs.search("thanks", rerank=shortest)]
    assert [hit.id for hit in docs.search("thanks", rerank=shortest, limit=2, offset=1)] == ordered[1:3]
    assert len(docs.search("thanks", rerank=shortest, candidates=1, limit=4)) == 4


def test_many_queries_filters_phrasings_and_passages(docs):
    many = docs.search_many(["thanks", "電車"], rerank=shortest, where={"n": {"gte": 2}}, limit=2)
    assert [[hit.id for hit in hits] for hits in many] == [[2, 5], [2, 5]]
    assert docs.search_many([], rerank=shortest) == []
    asked = []

    def by_query(query, texts):
        asked.append(query)
        return [len(query)] * len(texts)

    for combine in ("average", "fuse"):
        hits = docs.search(["thanks", "merci beaucoup"], combine=combine, rerank=by_query)
        assert hits[0].score == pytest.approx((len("thanks") + len("merci beaucoup")) / 2)
    assert asked == ["thanks", "merci beaucoup"] * 2
    found = docs.retrieve("thanks", rerank=shortest, group=False, limit=2)
    assert found.passages[0].id == 2
    assert docs.search("nothing", where={"n": 99}, rerank=shortest) == []


def test_late_interaction_with_the_own_encoder(docs, encoder):
    hits = docs.search("How late is the train?", rerank="maxsim", limit=2)
    assert {hit.id for hit in hits} == {4, 5}
    assert 0 < hits[1].score <= hits[0].score <= 1
    same = docs.search("thank you", rerank="maxsim", neutral=0)[0]
    by_hand = MaxSim(encoder)("thank you", ["thank you"])[0]
    assert same.id == 1
    assert same.score == pytest.approx(by_hand, abs=1e-4)


def test_a_cross_encoder_by_its_directory_or_loaded(docs, cross_encoders):
    from sentence_transformers import CrossEncoder

    one, three = cross_encoders
    hits = docs.search("thank you", rerank=str(one))
    model = CrossEncoder(str(one))
    expected = dict(zip(TEXTS, model.predict([("thank you", text) for text in TEXTS]), strict=True))
    assert {hit.text: hit.score for hit in hits} == pytest.approx(expected, abs=1e-5)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert [hit.id for hit in docs.search("thank you", rerank=model)] == [hit.id for hit in hits]
    with pytest.raises(xling.ModelError, match="classify"):
        docs.search("thank you", rerank=three)
    with pytest.raises(xling.ModelError, match="maxsim"):
        docs.search("thank you", rerank="nobody/no-such-reranker")


@pytest.mark.parametrize("scores", [[], [1.0], [float("nan")] * len(TEXTS), [[1.0]] * len(TEXTS)])
def test_scores_that_do_not_fit_are_refused(docs, scores):
    with pytest.raises(xling.ModelError, match="one finite number"):
        docs.search("thanks", rerank=lambda query, texts: scores)


async def later(query, texts):
    return [1.0] * len(texts)


def test_what_is_no_list_of_numbers_is_refused(docs):
    for reranker in (
        lambda query, texts: ["good"] * len(texts),
        lambda query, texts: [[1.0], *[[1.0, 2.0]] * (len(texts) - 1)],
        lambda query, texts: (1.0 for _ in texts),
        later,
    ):
        with pytest.raises(xling.ModelError, match="one finite number"):
            docs.search("thanks", rerank=reranker)


@pytest.mark.parametrize(
    "options",
    [
        {"rerank": 5},
        {"rerank": MaxSim},
        {"rerank": " "},
        {"rerank": np.ones(2)},
        {"candidates": 5},
        {"rerank": shortest, "candidates": 0},
        {"rerank": shortest, "candidates": True},
        {"rerank": shortest, "candidates": 2.5},
    ],
)
def test_what_makes_no_sense_is_refused(docs, options):
    with pytest.raises(xling.InvalidInput):
        docs.search("thanks", **options)
    with pytest.raises(xling.InvalidInput):
        docs.search_many(["thanks"], **options)


def test_an_encoder_without_tokens_says_so(tmp_path):
    from tests.hashing import HashingEncoder

    with xling.open("c", path=tmp_path, model=HashingEncoder()) as docs:
        docs.add(TEXTS)
        with pytest.raises(xling.InvalidInput, match="tokens"):
            docs.search("thanks", rerank="maxsim", neutral=0)


@pytest.mark.parametrize("kind", ASYNC_KINDS)
def test_on_the_event_loop(kind, tmp_path, encoder):
    with places(kind, tmp_path) as arguments:
        docs = arguments.open(**arguments("a"), model=encoder)
        docs.add(TEXTS)
        assert docs.search("thanks", rerank=shortest, limit=1)[0].text == "おはよう"
        docs.close()


TOKENISED = [
    "Thank you very much.",
    "今日はいい天気ですね。",
    "  two  spaces ",
    "naïve café №5",
    "a\ud800b",
    "",
    "ขอบคุณมาก",
]


@pytest.mark.parametrize("query", [False, True])
def test_tokens_lie_where_they_are_in_the_text(encoder, query):
    for text, tokens in zip(TOKENISED, encoder.encode_tokens(TOKENISED, query=query), strict=True):
        assert tokens.vectors.shape == (len(tokens.spans), 384)
        assert np.allclose(np.linalg.norm(tokens.vectors, axis=1), 1, atol=1e-5)
        covered = {i for first, end in tokens.spans for i in range(first, end)}
        assert covered >= {i for i, c in enumerate(text) if not c.isspace()}
        assert all(0 <= first < end <= len(text) for first, end in tokens.spans)


def test_tokens_are_the_same_by_either_runtime_and_cut_where_the_model_ends(tmp_path):
    directory = make_model(tmp_path / "m", max_seq_length=12)
    texts = ["hello world", "thank you, good morning", "hello " * 40]
    torch = SentenceTransformerEncoder(directory, device="cpu", runtime="torch").encode_tokens(texts)
    light = SentenceTransformerEncoder(directory, device="cpu", runtime="onnx").encode_tokens(texts)
    for one, other in zip(torch, light, strict=True):
        assert (one.spans == other.spans).all()
        assert np.allclose(one.vectors, other.vectors, atol=1e-4)
    assert [len(tokens.spans) for tokens in torch] == [2, 5, 10]
