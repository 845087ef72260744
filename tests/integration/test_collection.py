"""The user's verbs, over every store, with the real model; for threads and for asyncio."""

import json
import threading
import uuid
import warnings

import numpy as np
import pytest

import xling
from tests.stores import ASYNC_KINDS, KINDS
from xling.language import Detection

# An embedded collection for asyncio is the one for threads, in threads: what that changes, test_async.py covers.
THREADED = pytest.param("async-edge", marks=pytest.mark.slow)
pytestmark = pytest.mark.parametrize("place", [*KINDS, THREADED, *ASYNC_KINDS[1:]], indirect=True)

PHRASES = {
    "en": ["Thank you", "Good morning", "I am hungry", "Where is the station?"],
    "ja": ["ありがとう", "おはようございます", "お腹が空いた", "駅はどこですか"],
    "zh": ["谢谢", "早上好", "我饿了", "车站在哪里？"],
    "fr": ["Merci", "Bonjour", "J'ai faim", "Où est la gare ?"],
    "de": ["Danke", "Guten Morgen", "Ich habe Hunger", "Wo ist der Bahnhof?"],
    "ko": ["감사합니다", "좋은 아침이에요", "배고파요", "역이 어디예요?"],
}


class Wrapped:
    """The real encoder, with its calls counted and, where told so, its vectors spoilt."""

    def __init__(self, encoder, *, spoil=None, name=None):
        self._encoder, self._spoil = encoder, spoil
        self.encoded = []
        self.name = name or encoder.name
        self.dimension, self.max_tokens = encoder.dimension, encoder.max_tokens
        self.identity = dict(encoder.identity) | ({"name": name} if name else {})
        self.document_overhead, self.token_ends = encoder.document_overhead, encoder.token_ends

    def encode_documents(self, texts):
        self.encoded += texts
        vectors = self._encoder.encode_documents(texts)
        return vectors if self._spoil is None else self._spoil(list(texts), vectors.copy())

    def encode_queries(self, texts):
        return self._encoder.encode_queries(texts)


@pytest.fixture
def phrases(make):
    collection = make("phrases")
    for lang, texts in PHRASES.items():
        collection.add(texts, langs=lang)
    return collection


def texts(hits):
    return [hit.text for hit in hits]


def test_thank_you_is_found_from_arigatou_among_english(phrases):
    hits = phrases.search("ありがとう", languages=["en"], limit=2)
    assert texts(hits)[0] == "Thank you"
    assert {hit.lang for hit in hits} == {"en"}


@pytest.mark.parametrize("lang", [lang for lang in PHRASES if lang != "ja"])
def test_a_phrase_is_found_in_every_other_language(phrases, lang):
    found = [texts(hits)[0] for hits in phrases.search_many(PHRASES["ja"], languages=[lang], limit=1)]
    assert sum(a == b for a, b in zip(found, PHRASES[lang], strict=True)) >= 3


def test_coffee_comes_before_the_distractors(make):
    collection = make("coffee")
    right = ["How to brew drip coffee", "ドリップの手順"]
    collection.add([*right, "東京の天気予報", "How to change a bicycle tyre", "猫の飼い方"])
    assert set(texts(collection.search("コーヒーの入れ方", limit=2))) == set(right)


def test_optimised_it_finds_the_same_and_what_comes_later(phrases):
    before = [texts(hits) for hits in phrases.search_many(PHRASES["ja"], limit=5)]
    phrases.add("gone soon", ids=["gone"], langs="en")
    phrases.delete("gone")
    phrases.optimize()
    assert [texts(hits) for hits in phrases.search_many(PHRASES["ja"], limit=5)] == before
    phrases.add("The train to Kyoto is late", ids=["late"], langs="en")
    assert phrases.search("京都行きの電車が遅れています", languages=["en"], limit=1)[0].id == "late"


def test_search_many_equals_single_searches(phrases):
    queries = ["ありがとう", "station", "hungry"]
    many = phrases.search_many(queries, limit=5)
    for query, hits in zip(queries, many, strict=True):
        assert texts(hits) == texts(phrases.search(query, limit=5))
    assert phrases.search_many([]) == []


def test_scores_fall_and_paging_goes_on_where_it_stopped(phrases):
    whole = phrases.search("good morning", limit=12)
    scores = [hit.score for hit in whole]
    assert scores == sorted(scores, reverse=True)
    assert -1.0 <= scores[-1] <= scores[0] <= 1.0001
    pages = [*phrases.search("good morning", limit=5), *phrases.search("good morning", limit=7, offset=5)]
    assert texts(pages) == texts(whole)
    assert texts(phrases.search("good morning", limit=12, exact=True)) == texts(whole)


def test_min_score_leaves_out_what_scores_less(phrases):
    whole = phrases.search("Merci", limit=24)
    bar = whole[5].score
    assert len(phrases.search("Merci", limit=24, min_score=bar)) in (6, 5)
    assert all(hit.score >= bar for hit in phrases.search("Merci", limit=24, min_score=bar))


@pytest.mark.parametrize("query", ["", "　", "\u200b", None, 3, "a\ud800"])
def test_a_query_of_nothing_is_refused(phrases, query):
    with pytest.raises(xling.InvalidInput, match="query 0"):
        phrases.search(query)


@pytest.mark.parametrize("arguments", [{"limit": 0}, {"limit": -1}, {"limit": 10**6}, {"offset": -1}])
def test_impossible_limits_are_refused(phrases, arguments):
    with pytest.raises(xling.InvalidInput, match="limit"):
        phrases.search("x", **arguments)


def test_one_string_is_not_a_list_of_queries(phrases):
    with pytest.raises(xling.InvalidInput, match=r"search\(\)"):
        phrases.search_many("abc")


def test_a_query_longer_than_the_model_reads_is_not_cut(make):
    collection = make("c")
    collection.add(["The cat is black.", "Trains leave from platform nine."])
    filler = "Trains leave from platform nine. " * 120
    assert texts(collection.search(filler, limit=1)) == ["Trains leave from platform nine."]


# --- ids


IDS = ["tm-0001", "1", 1, -5, 2**70, uuid.UUID(int=7), str(uuid.UUID(int=8)), "日本", "a/b c"]


def test_ids_of_any_form_come_back_as_given(make):
    collection = make("c")
    sentences = [f"Sentence number {i}." for i in range(len(IDS))]
    assert collection.add(sentences, ids=IDS).added == len(IDS)
    assert collection.count() == len(IDS)
    for id, sentence in zip(IDS, sentences, strict=True):
        document = collection.get(id)
        assert (document.id, type(document.id), document.text) == (id, type(id), sentence)
    found = {hit.text: hit.id for hit in collection.search("Sentence number", limit=20)}
    assert found == dict(zip(sentences, IDS, strict=True))


def test_get_keeps_the_order_asked_and_says_what_is_missing(make):
    collection = make("c")
    collection.add(["one", "two"], ids=["a", "b"])
    assert [d and d.text for d in collection.get(["b", "nope", "a", "b"])] == ["two", None, "one", "two"]
    assert collection.get("nope") is None
    with pytest.raises(xling.InvalidInput, match="float"):
        collection.get([1.5])


def test_adding_twice_leaves_one_and_encodes_once(make, encoder):
    counting = Wrapped(encoder)
    collection = make("c", model=counting)
    first = collection.add(["Thank you", "Merci"], ids=["a", None])
    again = collection.add(["Thank you", "Merci"], ids=["a", None])
    assert (first.added, again.added, again.unchanged) == (2, 0, 2)
    assert collection.count() == 2
    assert len(counting.encoded) == 2


def test_adding_twice_in_one_call_leaves_one(make):
    collection = make("c")
    report = collection.add(["same", "same", "first", "second"], ids=[None, None, "x", "x"])
    assert (report.added, report.unchanged, report.updated) == (2, 1, 1)
    assert collection.count() == 2
    assert collection.get("x").text == "second"


def test_the_same_text_of_two_sources_is_two(make):
    collection = make("c")
    collection.add("Thank you", source="a.txt")
    collection.add("Thank you", source="b.txt")
    collection.add("Thank you", source="a.txt")
    assert collection.count() == 2
    assert [h.source for h in collection.search("Thank you", source="b.txt")] == ["b.txt"]


def test_a_new_text_is_encoded_and_new_metadata_alone_is_not(make, encoder):
    counting = Wrapped(encoder)
    collection = make("c", model=counting)
    collection.add(["old text", "other"], ids=[1, 2], metadata=[{"v": 1}, {"v": 1}])
    report = collection.add(["old text", "new text"], ids=[1, 2], metadata=[{"v": 2}, {"v": 1}])
    assert report.updated == 2
    assert counting.encoded[2:] == ["new text"]
    assert collection.get(1).metadata == {"v": 2}
    assert collection.get(2).text == "new text"
    assert texts(collection.search("new text", limit=1)) == ["new text"]


def test_a_document_got_can_be_added_again(make):
    collection = make("c")
    collection.add("Thank you", metadata={"a": 1})
    id = collection.search("Thank you")[0].id
    document = collection.get(id)
    collection.add(document.model_copy(update={"metadata": {"a": 2}}))
    assert collection.count() == 1
    assert collection.get(id).metadata == {"a": 2}


# --- bad input


BAD = ["", "   ", "\u3000", "\u200b", None, float("nan"), 7, "lone \ud800 surrogate", b"bytes"]


def test_bad_texts_are_reported_and_the_rest_is_stored(make):
    collection = make("c")
    given = [item for i, bad in enumerate(BAD) for item in (bad, f"good text {i}")]
    report = collection.add(given, metadata=[{"n": i} for i in range(len(given))])
    assert [s.index for s in report.skipped] == list(range(0, len(given), 2))
    assert all(s.reason for s in report.skipped)
    assert report.added == collection.count() == len(BAD)
    for hit in collection.search("good text", limit=50):
        assert given[hit.metadata["n"]] == hit.text, "metadata stays with its own text"


@pytest.mark.parametrize(
    ("document", "word"),
    [
        ({"text": "x", "id": 1.5}, "float"),
        ({"text": "x", "lang": "not a code!"}, "not a code!"),
        ({"text": "x", "metadata": [1]}, "list"),
        ({"text": "x", "page": 3}, "page"),
        ({"id": "a"}, "None"),
        ({"text": "x", "source": 4}, "source"),
    ],
)
def test_a_bad_field_is_reported_with_its_reason(make, document, word):
    report = make("c").add([document, "fine"])
    assert report.added == 1
    assert word in report.skipped[0].reason


def test_metadata_without_end_is_reported(make):
    loop = {}
    loop["self"] = loop
    report = make("c").add(["x", "y"], metadata=[loop, {}])
    assert (report.added, "nested" in report.skipped[0].reason) == (1, True)


class Noting:
    """A detector that notes what it was asked."""

    def __init__(self):
        self.asked = []

    def detect(self, text):
        self.asked.append([text])
        return Detection("ja", 1.0)

    def detect_many(self, texts):
        self.asked.append(list(texts))
        return [Detection("ja", 1.0) for _ in texts]


def test_languages_are_detected_only_where_none_is_given(make):
    detector = Noting()
    collection = make("given", language_detector=detector)
    collection.add(["Thank you", "Merci"], langs=["en", "fr"])
    assert detector.asked == []
    collection.add(["Danke", "ありがとう"], langs=["de", None])
    assert detector.asked == [["ありがとう"]]


@pytest.mark.parametrize("lists", [{"ids": ["a"]}, {"metadata": [{}] * 3}, {"langs": ["en"]}, {"ids": []}])
def test_lists_of_unequal_length_are_refused_before_anything_is_written(make, lists):
    collection = make("c")
    with pytest.raises(xling.InvalidInput, match="2 documents"):
        collection.add(["one", "two"], **lists)
    with pytest.raises(xling.InvalidInput, match="2 documents"):
        collection.add((t for t in ["one", "two"]), **lists)
    assert collection.count() == 0


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0])
def test_a_vector_that_is_none_costs_only_its_own_document(make, encoder, value):
    def spoil(texts, vectors):
        vectors[[i for i, t in enumerate(texts) if "bad" in t]] = value
        return vectors

    collection = make("c", model=Wrapped(encoder, spoil=spoil))
    report = collection.add(["good", "bad", "good too"], ids=[1, 2, 3])
    assert (report.added, [s.id for s in report.skipped]) == (2, [2])
    assert [d is not None for d in collection.get([1, 2, 3])] == [True, False, True]


def test_vectors_of_the_wrong_size_are_refused_before_writing(make, encoder):
    collection = make("c", model=Wrapped(encoder, spoil=lambda texts, vectors: vectors[:, :10]))
    with pytest.raises(xling.ModelError, match="shape"):
        collection.add(["one"])
    assert collection.count() == 0


def test_an_iterable_that_fails_keeps_what_came_before(make):
    def broken():
        yield from (f"text {i}" for i in range(5))
        raise OSError("the file went away")

    collection = make("c")
    with pytest.raises(OSError, match="went away"):
        collection.add(broken(), batch_size=2)
    assert collection.count() == 5


def test_progress_is_told_after_each_batch(make):
    seen = []
    make("c").add([f"text {i}" for i in range(10)], batch_size=4, progress=seen.append)
    assert [(p.done, p.total) for p in seen] == [(4, 10), (8, 10), (10, 10)]
    assert all(p.per_second > 0 for p in seen)


# --- long texts


def long_text(encoder, about, chunks):
    """Filler of another topic around one sentence, long enough for several chunks."""
    filler = "The committee discussed the budget of the region for the coming year. "
    half = filler * int(encoder.max_tokens * chunks / 28)
    return half + about + " " + half


def test_a_long_text_is_found_by_its_best_piece_and_comes_back_whole(make, encoder):
    text = long_text(encoder, "My cat sleeps on the warm roof.", 3)
    collection = make("c")
    collection.add([text, "Trains are late."], ids=["long", "short"])
    assert collection.count() == 2
    assert collection.info().points >= 4
    hits = collection.search("猫は屋根で寝る", limit=5)
    assert [hit.id for hit in hits].count("long") == 1
    best = next(hit for hit in hits if hit.id == "long")
    assert "cat" in best.text
    assert text[best.chunk.start : best.chunk.end] == best.text
    assert best.chunk.count >= 3
    assert collection.get("long").text == text


def test_no_piece_is_longer_than_the_model_reads(make, encoder):
    collection = make("c")
    for i, text in enumerate([long_text(encoder, "x", 3), "漢字と仮名の文章です。" * 300, "ก" * 3000, "x" * 9000]):
        collection.add(text, ids=[i])
        points, _ = collection.store.scroll(filter={"must": [{"key": "id", "match": {"value": i}}]}, limit=1000)
        assert len(points) > 1
        for point in points:
            assert len(encoder.token_ends(point.payload["text"])) + encoder.document_overhead <= encoder.max_tokens


def test_a_text_that_shrinks_leaves_no_piece_behind(make, encoder):
    collection = make("c")
    collection.add(long_text(encoder, "cat", 4), ids=["d"])
    before = collection.info().points
    collection.add(long_text(encoder, "cat", 2), ids=["d"])
    middle = collection.info().points
    collection.add("cat", ids=["d"])
    assert before > middle > collection.info().points == 1
    assert collection.get("d").text == "cat"


def test_metadata_of_every_piece_changes(make, encoder):
    collection = make("c")
    text = long_text(encoder, "My cat sleeps.", 2)
    collection.add(text, ids=["d"], metadata={"v": 1})
    collection.add(text, ids=["d"], metadata={"v": 2})
    assert collection.search("cat", where={"v": 1}) == []
    assert collection.search("cat", where={"v": 2})[0].metadata == {"v": 2}
    assert collection.delete(where={"v": 2}).deleted == 1
    assert collection.info().points == 0


def test_many_pieces_of_one_document_do_not_hide_the_others(make, encoder):
    collection = make("c")
    collection.add("The committee discussed the budget of the region. " * 600, ids=["long"])
    collection.add([f"Budget note {i}" for i in range(6)])
    assert len(collection.search("budget of the region", limit=5)) == 5


# --- filters


@pytest.fixture
def films(make):
    collection = make("films", indexes={"year": "integer", "genre": "keyword"})
    collection.add(
        ["A samurai film", "A love story", "Space war", "Un film d'amour"],
        ids=[1, 2, 3, 4],
        langs=["en-GB", "en", "en", "fr"],
        metadata=[
            {"year": 1954, "genre": "action", "by": {"name": "Kurosawa"}},
            {"year": 1997, "genre": "drama", "tags": ["sad", "long"]},
            {"year": 1977, "genre": "action", "rating": 8.5},
            {"year": 2001, "genre": "drama", "seen": True},
        ],
    )
    return collection


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"genre": "action"}, {1, 3}),
        ({"genre": ["action", "drama"]}, {1, 2, 3, 4}),
        ({"year": {"gte": 1977, "lt": 2001}}, {2, 3}),
        ({"year": 1954, "genre": "action"}, {1}),
        ({"or": [{"year": 1954}, {"genre": "drama"}]}, {1, 2, 4}),
        ({"not": {"genre": "action"}}, {2, 4}),
        ({"and": [{"genre": "drama"}, {"not": {"year": {"gt": 2000}}}]}, {2}),
        ({"by.name": "Kurosawa"}, {1}),
        ({"tags": "sad"}, {2}),
        ({"seen": True}, {4}),
    ],
)
def test_where_selects(films, where, expected):
    assert {hit.id for hit in films.search("film", where=where)} == expected
    assert films.count(where=where) == len(expected)


def test_a_language_includes_its_regions(films):
    assert {hit.id for hit in films.search("film", languages=["en"])} == {1, 2, 3}
    assert {hit.id for hit in films.search("film", languages=["en-GB"])} == {1}
    assert {hit.id for hit in films.search("film", languages=["fr", "EN-gb"])} == {1, 4}


def test_a_filter_of_qdrant_client_is_taken(films):
    from qdrant_client import models

    condition = models.FieldCondition(key="metadata.genre", match=models.MatchValue(value="drama"))
    assert {hit.id for hit in films.search("film", where=models.Filter(must=[condition]))} == {2, 4}


def test_a_field_that_no_document_has_gives_no_hits_and_a_warning(films):
    with pytest.warns(xling.UnknownFieldWarning, match="'gerne'"):
        assert films.search("film", where={"gerne": "drama"}) == []


def test_known_fields_give_no_warning(films):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        films.search("film", where={"year": 1954}, languages=["en"], source="nowhere")


@pytest.mark.parametrize("where", [{"year": {"above": 3}}, {"and": {}}, {"year": []}, [], "x", {1: 2}])
def test_a_filter_that_makes_no_sense_is_refused(films, where):
    with pytest.raises(xling.InvalidInput):
        films.search("film", where=where)


# --- delete, count, info


def test_delete_by_ids_and_by_filter(films):
    assert films.delete([1, "nope", 1]).deleted == 1
    assert films.delete(where={"genre": "drama"}).deleted == 2
    assert [d is not None for d in films.get([1, 2, 3, 4])] == [False, False, True, False]
    assert films.delete(3).deleted == 1
    assert films.count() == 0


@pytest.mark.parametrize("arguments", [{}, {"where": {}}, {"ids": [1], "where": {"year": 1}}])
def test_delete_wants_ids_or_a_filter(films, arguments):
    with pytest.raises(xling.InvalidInput):
        films.delete(**arguments)
    assert films.count() == 4


def test_info_tells_what_the_collection_is(films, encoder):
    info = films.info()
    assert (info.documents, info.points, info.dimension) == (4, 4, 384)
    assert info.languages == {"en": 2, "en-GB": 1, "fr": 1}
    assert info.model == encoder.name
    assert info.made_by_xling
    json.dumps(info.to_dict())


def test_hits_are_json_whatever_the_metadata(make):
    import datetime as dt

    collection = make("c")
    metadata = {"f": np.float32(0.5), "day": dt.date(2024, 5, 6), "deep": {"list": [np.int64(1), {2}]}, "nan": np.nan}
    collection.add("x y z", metadata=metadata)
    (hit,) = collection.search("x")
    assert json.loads(json.dumps(hit.to_dict()))["metadata"] == {
        "f": 0.5,
        "day": "2024-05-06",
        "deep": {"list": [1, [2]]},
        "nan": None,
    }


def test_languages_are_detected_where_not_given(make):
    collection = make("c")
    collection.add(["Where is the nearest station, please?", "駅はどこですか", "12345"])
    assert collection.info().languages == {"en": 1, "ja": 1, "und": 1}


def test_eight_threads_add_and_search(make):
    collection = make("c")
    errors = []

    def work(thread):
        try:
            for i in range(4):
                collection.add([f"thread {thread} text {i}"], ids=[f"{thread}-{i}"])
                assert collection.search(f"thread {thread}", limit=3)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert collection.count() == 32


def test_a_closed_collection_says_so(make):
    collection = make("c")
    with collection:
        collection.add("x")
    collection.close()
    for verb in (lambda: collection.add("y"), lambda: collection.search("y"), collection.count, collection.info):
        with pytest.raises(xling.CollectionClosed, match="open it again"):
            verb()


def test_drop_deletes_the_whole_collection(make):
    collection = make("c")
    collection.add("x")
    collection.drop()
    with pytest.raises(xling.CollectionNotFound, match="'c'"):
        make("c", create=False)
    assert make("c").count() == 0


def test_documents_are_listed_whole(make, encoder):
    collection = make("c")
    long = long_text(encoder, "cat", 2)
    given = {
        i: xling.Document(text=text, id=i, lang="en", metadata={"n": i})
        for i, text in enumerate([long, *(["a", "b", "c", "d"] * 80)])
    }
    collection.add(given.values())
    assert {document.id: document for document in collection.documents()} == given
    assert [d.text for d in collection.documents(where={"n": 0})] == [long]
    assert list(collection.documents(languages=["ja"])) == []


def test_documents_are_listed_page_by_page(make, encoder):
    collection = make("c")
    long = long_text(encoder, "cat", 2)
    rows = [xling.Document(text=long, id="long", lang="en")]
    rows += [xling.Document(text=f"text {i}", id=i, lang="ja" if i % 3 == 0 else "en", source="s") for i in range(25)]
    collection.add(rows)

    def read(limit, between=lambda: None, **selection):
        pages, cursor = [], None
        while True:
            pages.append(collection.documents_page(limit=limit, cursor=cursor, **selection))
            cursor = pages[-1].cursor
            if cursor is None:
                return pages
            between()

    pages = read(4)
    assert [len(page.documents) for page in pages] == [4] * 6 + [2]
    assert [d for page in pages for d in page.documents] == list(collection.documents())
    assert sorted(d.id for page in read(2, languages=["ja"]) for d in page.documents) == list(range(0, 25, 3))
    assert len(read(25, source="s")) == 1
    assert read(1000)[0].cursor is None
    assert collection.documents_page(languages=["de"]).documents == ()

    stays = {d.id for d in collection.documents()} - {3, 17}
    found = [d.id for page in read(3, lambda: collection.delete([3, 17])) for d in page.documents]
    assert len(found) == len(set(found))
    assert stays <= set(found)
    for wrong in ("", "no cursor", "-1", "9" * 30, "١٢", "0x10"):
        with pytest.raises(xling.InvalidInput, match="no cursor"):
            collection.documents_page(cursor=wrong)
    for wrong in (0, -1, 1.5, True):
        with pytest.raises(xling.InvalidInput, match="limit"):
            collection.documents_page(limit=wrong)


def test_search_by_a_vector(make, encoder):
    collection = make("c")
    collection.add(["Bread is baked in an oven.", "Trains are late."], ids=["bread", "train"], langs="en")
    vector = encoder.encode_queries(["bread"])[0]
    hits = collection.search_by_vector(vector * 3)
    assert [hit.id for hit in hits] == ["bread", "train"]
    assert [hit.id for hit in collection.search_by_vector(list(vector), limit=1)] == ["bread"]
    stored = collection.vectors(hits)
    assert np.allclose(np.linalg.norm(stored, axis=1), 1)
    assert np.allclose(
        stored @ encoder.encode_documents(["Bread is baked in an oven."])[0], [1, stored[1] @ stored[0]], atol=1e-3
    )
    for wrong in (vector[:3], vector * 0, vector * np.nan, [vector]):
        with pytest.raises(xling.InvalidInput, match="shape"):
            collection.search_by_vector(wrong)
