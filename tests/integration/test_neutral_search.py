"""Language-neutral search as users meet it: on every store, on collections of other tools, and with each option."""

import logging

import numpy as np
import pytest

import xling
from xling.space.neutral import estimate_basis
from xling.space.stats import LanguageStats
from xling.store.base import Point, Schema, VectorSpec
from xling.store.steps import run

THANKS = ["Thank you", "Merci", "謝謝", "Danke schön"]
GREETINGS = ["おはよう", "さようなら", "おやすみなさい"]
OTHERS = ["Good morning", "See you tomorrow", "I'm hungry", "The cat is black", "コーヒーの入れ方", "こんにちは"]

# Three things said in four languages.
SAID = {
    "thanks": {"en": "Thank you very much.", "ja": "どうもありがとう。", "de": "Vielen Dank.", "fr": "Merci beaucoup."},
    "station": {
        "en": "Where is the station?",
        "ja": "駅はどこですか。",
        "de": "Wo ist der Bahnhof?",
        "fr": "Où est la gare ?",
    },
    "rain": {"en": "It is raining.", "ja": "雨が降っています。", "de": "Es regnet.", "fr": "Il pleut."},
}


def texts(hits):
    return [hit.text for hit in hits]


@pytest.fixture
def mixed(make):
    collection = make("mixed")
    collection.add([*THANKS, *GREETINGS, *OTHERS])
    return collection


@pytest.fixture
def said(make):
    collection = make("said")
    for item, versions in SAID.items():
        collection.add(
            list(versions.values()),
            langs=list(versions),
            metadata={"translation_of": item},
            ids=[f"{item}-{lang}" for lang in versions],
        )
    return collection


def test_thanks_of_every_language_come_before_greetings_of_ones_own(mixed):
    found = texts(mixed.search("ありがとう", limit=13))
    last_thanks = max(found.index(text) for text in THANKS)
    assert last_thanks < min(found.index(text) for text in GREETINGS)
    assert found.index("Thank you") < 2


def test_without_neutrality_the_model_ranks_its_own_language_first(mixed):
    found = texts(mixed.search("ありがとう", limit=4, neutral=0))
    assert found.index("こんにちは") < found.index("Thank you")
    assert found.index("おはよう") < found.index("Thank you")


def test_zero_is_the_model_as_it_is_and_one_half_lies_between(mixed, encoder):
    query = encoder.encode_queries(["ありがとう"])[0]
    everything = [*THANKS, *GREETINGS, *OTHERS]
    raw = dict(zip(everything, encoder.encode_documents(everything) @ query, strict=True))
    for hit in mixed.search("ありがとう", limit=13, neutral=0):
        assert hit.score == pytest.approx(raw[hit.text], abs=1e-4)

    def lead(neutral):  # of "Thank you" over a greeting in the query's own language
        score = {hit.text: hit.score for hit in mixed.search("ありがとう", limit=13, neutral=neutral)}
        return score["Thank you"] - score["おはよう"]

    assert lead(0) < lead(0.5) < lead(1)


def test_what_is_merely_of_the_querys_language_falls_back(said):
    """Mean rank, over the queries, of texts in the query's language that say something else."""

    def rank(neutral):
        ranks = []
        for item, versions in SAID.items():
            hits = said.search(versions["ja"], limit=12, neutral=neutral)
            ranks += [i for i, hit in enumerate(hits) if hit.lang == "ja" and hit.metadata["translation_of"] != item]
        return sum(ranks) / len(ranks)

    assert rank(1) > rank(0) + 1


# --- the collection's own statistics


def counted(collection):
    """The statistics that the points in the store lead to, counted from scratch."""
    stats = LanguageStats(collection.space.dimension)
    records, offset = collection.store.scroll(limit=1000, with_vector="")
    assert offset is None
    stats.add([r.payload["lang"] for r in records], np.stack([r.vector for r in records]))
    return stats


def same(a, b):
    return a.counts == b.counts and all(np.allclose(a.mean(lang), b.mean(lang), atol=1e-4) for lang in a.counts)


def test_statistics_follow_what_is_written_and_deleted(make, place):
    collection = make("c")
    for lang in ("en", "ja", "de"):
        collection.add([v[lang] for v in SAID.values()], langs=lang, ids=[f"{i}-{lang}" for i in range(3)])
    collection.add("An English text instead.", ids=["0-ja"], langs="en")  # a new text in another language
    collection.add("駅はどこですか。", ids=["1-ja"], langs="ja-JP")  # the same text under another code
    collection.delete(["0-en", "nothing"])
    collection.delete(languages=["de"])
    expected = counted(collection)
    assert expected.counts == {"en": 3, "ja": 1, "ja-JP": 1}
    assert same(collection._statistics.current(), expected)
    collection.close()
    again = make("c")
    assert same(again._statistics.current(), expected), "they are kept with the collection"
    assert again.search("thanks")


def test_pieces_of_long_documents_count_and_are_counted_out(make, encoder):
    collection = make("c")
    collection.add("The committee discussed the budget of the region. " * 150, ids=["d"], langs="en")
    assert collection._statistics.current().counts == {"en": collection.info().points}
    collection.add("Short now.", ids=["d"], langs="en")
    assert collection._statistics.current().counts == {"en": 1}
    assert same(collection._statistics.current(), counted(collection))


def test_two_writers_of_one_collection_do_not_forget_each_others_documents(make):
    one, two = make("c"), make("c")
    one.add("first", langs="en", ids=[1])
    two.add("zweiter", langs="de", ids=[2])
    one.close()
    two.close()
    assert make("c")._statistics.current().counts == {"de": 1, "en": 1}


def test_a_few_documents_more_leave_the_basis_and_a_new_language_does_not(make):
    collection = make("c")
    collection.add([f"Number {i} of many." for i in range(110)], langs="en", ids=list(range(110)))
    basis = run(collection._searcher.neutrality(), collection.store).basis

    def after(change):
        change()
        now = run(collection._searcher.neutrality(), collection.store).basis
        new = estimate_basis(collection._statistics.current(), collection._searcher.reference().stats)
        vectors = collection.space.queries(list(SAID["thanks"].values()))
        assert (now.project(vectors) * new.project(vectors)).sum(axis=1).min() > 0.9999, "as good as a new one"
        return now

    assert after(lambda: collection.add("One more.", langs="en", ids=[1000])) is basis
    assert after(lambda: collection.delete(1000)) is basis
    assert after(lambda: collection.add(SAID["thanks"]["ja"], langs="ja", ids=[1001])) is not basis
    many = after(lambda: collection.add(["Some more.", "And more."], langs="en"))
    assert many is not basis
    collection.close()
    again = make("c")
    again.add("Yet another.", langs="en")
    before = run(again._searcher.neutrality(), again.store).basis
    assert again.search("more")
    assert run(again._searcher.neutrality(), again.store).basis is before


# --- options


def test_balance_gives_every_language_its_place(said):
    for item, versions in SAID.items():
        hits = said.search(versions["ja"], limit=4, balance=True)
        assert {hit.id for hit in hits} == {f"{item}-{lang}" for lang in versions}


@pytest.mark.parametrize("options", [{"balance": 0.5}, {"rescore": True}, {"rescore": True, "balance": True}])
def test_other_orders_keep_scores_as_they_are(said, options):
    plain = {hit.id: hit.score for hit in said.search("雨", limit=12)}
    other = said.search("雨", limit=12, **options)
    assert {hit.id for hit in other} == set(plain)
    for hit in other:
        assert hit.score == pytest.approx(plain[hit.id], abs=1e-5)
    assert {hit.id.partition("-")[0] for hit in other[:4]} == {"rain"}


def test_balance_goes_with_filters(said):
    hits = said.search(
        "雨", limit=12, balance=True, languages=["de", "fr"], where={"translation_of": ["rain", "thanks"]}
    )
    assert {hit.lang for hit in hits} == {"de", "fr"}
    assert len(hits) == 4


def test_preferred_languages_come_first_among_equals(said):
    first = said.search("Vielen Dank.", limit=1, prefer=["fr"])[0]
    assert first.lang in {"fr", "de"}
    ranks = {}
    for prefer in (None, ["fr"]):
        hits = said.search("雨が降っています。", limit=12, prefer=prefer)
        ranks[bool(prefer)] = [hit.lang for hit in hits].index("fr")
    assert ranks[True] <= ranks[False]


def test_translations_of_one_item_take_one_place(said):
    hits = said.search("駅はどこですか。", limit=3, distinct="translation_of")
    assert hits[0].metadata["translation_of"] == "station"
    assert len({hit.metadata["translation_of"] for hit in hits}) == 3
    assert {other.id for other in hits[0].others} == {f"station-{lang}" for lang in SAID["station"]} - {hits[0].id}
    assert hits[0].to_dict()["others"][0]["id"].startswith("station-")


def test_documents_without_the_field_stand_for_themselves(make):
    collection = make("c")
    collection.add(["rain", "heavy rain", "snow"], metadata=[{"of": "a"}, {"of": "a"}, {}])
    collection.add("sun")
    hits = collection.search("weather", distinct="of")
    assert len(hits) == 3
    assert sorted(len(hit.others) for hit in hits) == [0, 0, 1]


def test_confidence_is_high_for_translations_and_low_for_the_rest(said):
    for item, versions in SAID.items():
        for hit in said.search(versions["de"], limit=12):
            assert 0 <= hit.confidence <= 1
            if hit.id == f"{item}-en":
                assert hit.confidence > 0.5
    sure = said.search("Where is the station?", limit=12, min_confidence=0.6)
    assert sure
    assert {hit.metadata["translation_of"] for hit in sure} == {"station"}


@pytest.mark.parametrize(
    "options",
    [{"neutral": 1.5}, {"neutral": -1}, {"balance": 2}, {"min_confidence": 3}, {"prefer": "ja"}, {"prefer": ["!"]}],
)
def test_options_out_of_range_are_refused(said, options):
    with pytest.raises(xling.InvalidInput):
        said.search("x", **options)


# --- collections of other tools


@pytest.fixture(params=["", "dense"])
def foreign(request, place, encoder):
    """A collection as plain qdrant-client (or any other tool) leaves it: no word of xling in it."""
    from xling.attach import make_store

    arguments = {"path": None, "url": None, "client": None, **place("foreign")}
    store = make_store(**arguments, api_key=None, prefer_grpc=False, timeout=None)
    store.create(Schema((VectorSpec(request.param, encoder.dimension),), {}), {})
    everything = [*THANKS, *GREETINGS, *OTHERS]
    vectors = encoder.encode_documents(everything)
    points = [Point(i, vectors[i], {"page_content": text, "metadata": {"n": i}}) for i, text in enumerate(everything)]
    store.upsert(points, vector_name=request.param)
    store.close()
    return place("foreign")


def test_a_collection_of_another_tool_is_searched_neutrally(foreign, encoder):
    with xling.open(**foreign, model=encoder) as collection:
        found = texts(collection.search("ありがとう", limit=13))
        assert max(found.index(text) for text in THANKS) < min(found.index(text) for text in GREETINGS)
        raw = texts(collection.search("ありがとう", limit=13, neutral=0))
        assert raw.index("おはよう") < raw.index("Thank you")
        hit = collection.search("ありがとう", where={"metadata.n": 0})[0]
        assert (hit.text, hit.id, hit.metadata) == ("Thank you", 0, {"metadata": {"n": 0}})
        assert collection.get(0).text == "Thank you"
        assert collection.count() == 13
        assert not collection.info().made_by_xling
        assert "xling" not in collection.store.metadata(), "nothing is written into it"


def test_a_collection_of_another_tool_is_not_written_to(foreign, encoder):
    with xling.open(**foreign, model=encoder) as collection:
        with pytest.raises(xling.InvalidInput, match="another tool"):
            collection.add("x")
        with pytest.raises(xling.InvalidInput, match="lang_key"):
            collection.search("x", languages=["en"])
        assert collection.count() == 13


def test_it_has_to_be_said_which_model_wrote_it(foreign):
    with pytest.raises(xling.InvalidInput, match="model="):
        xling.open(**foreign)


def test_payloads_without_text_are_searched_too(place, encoder):
    from xling.attach import make_store

    arguments = {"path": None, "url": None, "client": None, **place("bare")}
    store = make_store(**arguments, api_key=None, prefer_grpc=False, timeout=None)
    store.create(Schema((VectorSpec("", encoder.dimension),), {}), {})
    store.upsert([Point(7, encoder.encode_documents(["Thank you"])[0], {"n": 1})], vector_name="")
    store.close()
    with xling.open(**place("bare"), model=encoder) as collection:
        (hit,) = collection.search("ありがとう")
        assert (hit.id, hit.text, hit.metadata) == (7, "", {"n": 1})


# --- the space is guarded


def test_another_model_of_the_same_size_is_refused(make, encoder):
    from tests.integration.test_collection import Wrapped

    make("c").add("x", ids=[1])
    with pytest.raises(xling.SpaceMismatch) as caught:
        make("c", model=Wrapped(encoder, name="another/model"))
    assert encoder.name in str(caught.value)
    assert "another/model" in str(caught.value)
    assert make("c").get(1).text == "x"


def test_without_a_model_the_collection_opens_with_its_own(place, encoder, make):
    make("c").add("x")
    with xling.open(**place("c")) as collection:
        assert collection.space.name == encoder.name
        assert collection.search("x")


def test_a_model_that_xling_does_not_know_is_measured_once_and_says_so(make, encoder, tmp_path, caplog, monkeypatch):
    """With a share of the sample, since all of it takes a minute."""
    from tests.integration.test_collection import Wrapped
    from xling.space import reference

    some = tuple(s for s in reference.reference_sample() if s.lang in {"en", "ja", "de"})
    monkeypatch.setattr(reference, "reference_sample", lambda: some)
    monkeypatch.setenv("XLING_HOME", str(tmp_path / "home"))
    seen = []
    collection = make("c", model=Wrapped(encoder, name="new/model"), progress=seen.append)
    collection.add(["Thank you", "おはよう"])
    with caplog.at_level(logging.WARNING, "xling"):
        assert collection.search("ありがとう")[0].text == "Thank you"
    assert "new/model" in caplog.text
    assert seen[-1].done == seen[-1].total
    count = len(seen)
    assert make("d", model=Wrapped(encoder, name="new/model"), progress=seen.append).search("x") == []
    assert len(seen) == count, "the second time it comes from the cache"
