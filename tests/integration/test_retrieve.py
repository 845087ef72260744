"""Questions → passages: neighbours, translations in one place, citations, budgets; queries in several phrasings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import xling
from xling.search.passages import runs_of
from xling.space.chunker import count_tokens
from xling.types import Chunk, Hit

GUIDE = """# Mountain guide

Boots should be worn in before the first long walk. Take water with you.

## Weather

Clouds that grow tall before noon mean a storm. Leave the ridge at once. Lightning strikes the highest point.

## Huts

Huts are open from June to October. Bring a sleeping bag liner and cash. Dinner is served at six.

## Maps

Paper maps do not run out of battery. Mark the huts on yours.
"""
TRANSLATIONS = [
    ("en", "The museum is closed on Mondays."),
    ("de", "Das Museum ist montags geschlossen."),
    ("fr", "Le musée est fermé le lundi."),
    ("en", "Bread is baked in an oven."),
]


@pytest.fixture
def guide(make):
    docs = make("guide", chunk_tokens=40)
    docs.add(
        [{"id": "g", "text": GUIDE, "lang": "en"}, {"id": "b", "text": "Bread is baked in an oven.", "lang": "en"}]
    )
    return docs


def test_what_was_found_comes_with_its_neighbours_in_one_piece(guide):
    alone = guide.retrieve("lightning and storms on the ridge", limit=1, expand=0).passages[0]
    assert alone.text.startswith("## Weather\n")
    wide = guide.retrieve("lightning and storms on the ridge", limit=1, expand=1).passages[0]
    assert wide.start < alone.start < alone.end < wide.end
    assert alone.text in wide.text
    for passage in (alone, wide):
        assert GUIDE[passage.start : passage.end] == passage.text
        assert (passage.id, passage.title, passage.lang) == ("g", "Mountain guide", "en")
    everything = guide.retrieve("lightning and storms on the ridge", expand=9).passages
    assert [p.text for p in everything if p.id == "g"] == [GUIDE]


def test_overlapping_chunks_are_not_told_twice(make):
    docs = make("guide", chunk_tokens=40, chunk_overlap=1)
    docs.add({"id": "g", "text": GUIDE, "lang": "en"})
    for passage in docs.retrieve("lightning and storms on the ridge", limit=1).passages:
        assert GUIDE[passage.start : passage.end] == passage.text


def test_the_context_is_numbered_cited_and_the_same_every_time(guide):
    found = guide.retrieve("lightning and storms on the ridge", limit=1, expand=0)
    passage = found.passages[0]
    assert found.as_context() == (
        f"[1] Mountain guide (g, en, characters {passage.start}-{passage.end})\n{passage.text.strip()}"
    )
    assert found.as_context() == guide.retrieve("lightning and storms on the ridge", limit=1, expand=0).as_context()
    assert found.questions == ("lightning and storms on the ridge",)
    assert found.to_dict()["passages"][0]["id"] == "g"


def test_a_title_in_the_metadata_comes_before_a_heading(make):
    docs = make("c")
    docs.add({"id": 7, "text": "# Heading\nThe text.", "lang": "en", "metadata": {"title": "The\n title"}})
    assert docs.retrieve("text").as_context().startswith("[1] The title (7, en, characters 0-19)\n# Heading")
    docs.add({"id": 7, "text": "# Heading ##\nThe text.", "lang": "en"})
    assert docs.retrieve("text").passages[0].title == "Heading"
    docs.add({"id": 7, "text": "The text.", "lang": "en"})
    assert docs.retrieve("text").as_context() == "[1] 7 (en, characters 0-9)\nThe text."


@pytest.mark.parametrize("budget", [20, 40, 60, 90, 150, 1000])
def test_the_context_keeps_the_budget(guide, encoder, budget):
    found = guide.retrieve("lightning and storms on the ridge", token_budget=budget)
    assert count_tokens(encoder, [found.as_context()]) == [found.tokens]
    assert found.tokens <= budget
    for passage in found.passages:
        if passage.id == "g":
            assert GUIDE[passage.start : passage.end] == passage.text
    if budget >= 40:
        assert "storm" in found.as_context()


def test_no_budget_takes_everything(guide):
    assert {p.id for p in guide.retrieve("storm", token_budget=None, expand=9).passages} == {"g", "b"}


def test_translations_and_copies_take_one_place(make):
    docs = make("c")
    docs.add([{"id": i, "text": text, "lang": lang} for i, (lang, text) in enumerate(TRANSLATIONS)])
    docs.add({"id": "copy", "text": "The museum is  closed on Mondays.", "lang": "en"})
    first, *rest = docs.retrieve("When is the museum closed?").passages
    assert {first.id, *(p.id for p in first.others)} == {0, 1, 2, "copy"}
    assert [p.id for p in rest] == [3]
    assert len(docs.retrieve("When is the museum closed?", group=False).passages) == 5
    assert {p.lang for p in docs.retrieve("When is the museum closed?", languages=["de", "fr"]).passages} <= {
        "de",
        "fr",
    }


def test_documents_of_one_item_are_grouped(make):
    docs = make("c")
    for i, text in enumerate(["Cats purr.", "Stones sink in water.", "Trains are late."]):
        docs.add({"id": i, "text": text, "lang": "en", "metadata": {"item": i // 2}})
    found = docs.retrieve("cats", distinct="item").passages
    assert sorted(tuple(sorted((p.id, *(o.id for o in p.others)))) for p in found) == [(0, 1), (2,)]


@pytest.mark.parametrize("combine", ["average", "fuse"])
def test_a_query_in_several_phrasings(make, combine):
    docs = make("c")
    docs.add([{"id": i, "text": text, "lang": lang} for i, (lang, text) in enumerate(TRANSLATIONS)])
    phrasings = ["museum opening days", "Wann hat das Museum zu?"]
    hits = docs.search(phrasings, limit=3, combine=combine)
    assert {hit.id for hit in hits} == {0, 1, 2}
    later = docs.search(phrasings, limit=2, offset=1, combine=combine)
    assert [hit.id for hit in later] == [hit.id for hit in hits[1:3]]
    assert [hit.score for hit in later] == pytest.approx([hit.score for hit in hits[1:3]])
    assert docs.retrieve(phrasings, combine=combine).questions == tuple(phrasings)
    alone, listed = docs.search("Museum", combine=combine), docs.search(["Museum"], combine=combine)
    assert [hit.id for hit in alone] == [hit.id for hit in listed]


def test_every_chunk_may_be_a_hit(guide):
    hits = guide.search("huts", chunks=True)
    assert [hit.id for hit in hits].count("g") > 2
    assert [hit.id for hit in guide.search("huts")].count("g") == 1


@pytest.mark.parametrize(
    ("question", "options"),
    [
        ([], {}),
        ("", {}),
        (["a", " "], {}),
        ("a", {"combine": "sum"}),
        ("a", {"expand": -1}),
        ("a", {"expand": True}),
        ("a", {"token_budget": 0}),
        ("a", {"limit": 0}),
        (["a", "b"], {"limit": 0, "combine": "fuse"}),
    ],
)
def test_what_makes_no_sense_is_refused(make, question, options):
    docs = make("c")
    with pytest.raises(xling.InvalidInput):
        docs.retrieve(question, **options)


def test_an_empty_collection_has_no_passages(make):
    found = make("c").retrieve("anything")
    assert (found.passages, found.as_context(), found.tokens) == ((), "", 0)


def test_a_collection_of_another_tool(encoder):
    from qdrant_client import QdrantClient, models

    client = QdrantClient(":memory:")
    client.create_collection("theirs", models.VectorParams(size=384, distance=models.Distance.COSINE))
    texts = [text for _, text in TRANSLATIONS]
    points = [
        models.PointStruct(id=i, vector=v.tolist(), payload={"page_content": t})
        for i, (t, v) in enumerate(zip(texts, encoder.encode_documents(texts), strict=True))
    ]
    client.upsert("theirs", points)
    with xling.open("theirs", client=client, model=encoder) as theirs:
        found = theirs.retrieve("When is the museum closed?", limit=3)
        assert {p.id for p in found.passages} == {0, 1, 2}
        assert "[1] " in found.as_context()


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 9)), unique=True, max_size=12), st.integers(0, 3))
def test_runs_cover_what_was_found_once(places, expand):
    hits = [
        Hit(text="", score=1 - i / 100, id=doc, chunk=Chunk(index=index, count=10, start=index, end=index + 1))
        for i, (doc, index) in enumerate(places)
    ]
    runs = runs_of(hits, [f"00000000-0000-0000-0000-00000000000{hit.id}" for hit in hits], expand)
    covered = sorted((run.hits[0].id, i) for run in runs for i in range(run.first, run.last + 1))
    expected = {(d, i) for d, at in places for i in range(max(at - expand, 0), min(at + expand, 9) + 1)}
    assert covered == sorted(expected)
    assert sum(len(run.hits) for run in runs) == len(hits)
    for run in runs:
        for other in runs:
            assert other is run or other.head != run.head or other.first > run.last + 1 or run.first > other.last + 1
