"""A collection made equal to a source: what changed is written, what is gone is deleted, nothing else is touched."""

import pytest

import xling
from xling.errors import NotDeletedWarning

FIRST = [
    {"id": "a", "text": "The ferry leaves at noon.", "lang": "en"},
    {"id": "b", "text": "船は正午に出ます。", "lang": "ja", "metadata": {"port": "Kobe"}},
    {"id": "c", "text": "Le bateau part à midi.", "lang": "fr"},
]


class Counting:
    """An encoder that keeps what it was given."""

    def __init__(self, encoder):
        self._encoder, self.documents = encoder, []

    def __getattr__(self, name):
        return getattr(self._encoder, name)

    def encode_documents(self, texts):
        self.documents += texts
        return self._encoder.encode_documents(texts)


@pytest.fixture
def counting(encoder):
    return Counting(encoder)


@pytest.fixture
def docs(make, counting):
    collection = make("docs", model=counting)
    collection.add({"id": "other", "text": "Of another source."}, source="elsewhere")
    assert collection.sync(FIRST, source="feed").added == 3
    counting.documents.clear()
    return collection


def counts(report):
    names = ("added", "updated", "unchanged", "deleted", "kept")
    return {name: value for name in names if (value := getattr(report, name))}


def test_it_adds_updates_leaves_and_deletes(docs, counting):
    now = [FIRST[0], {**FIRST[1], "text": "船は一時に出ます。"}, {"id": "d", "text": "Das Schiff legt ab."}]
    assert counts(docs.sync(iter(now), source="feed")) == {"added": 1, "updated": 1, "unchanged": 1, "deleted": 1}
    assert sorted(counting.documents) == ["Das Schiff legt ab.", "船は一時に出ます。"]
    assert [d.id if d else None for d in docs.get(["a", "b", "c", "d", "other"])] == ["a", "b", None, "d", "other"]
    assert docs.get("b").text == "船は一時に出ます。"
    assert counts(docs.sync(now, source="feed")) == {"unchanged": 3}


def test_other_metadata_alone_encode_nothing(docs, counting):
    now = [FIRST[0], {**FIRST[1], "metadata": {"port": "Osaka"}}, {**FIRST[2], "lang": "fr-CA"}]
    assert counts(docs.sync(now, source="feed")) == {"updated": 2, "unchanged": 1}
    assert counting.documents == []
    assert (docs.get("b").metadata, docs.get("c").lang) == ({"port": "Osaka"}, "fr-CA")


def test_two_ids_that_swap_their_texts_are_both_updated(docs):
    a, b, c = FIRST
    swapped = [{**a, "text": b["text"]}, {**b, "text": a["text"]}, c]
    for size in (1, 2, 3):
        assert counts(docs.sync(swapped, source="feed", batch_size=size)) == {"updated": 2, "unchanged": 1}
        assert [d.text for d in docs.get(["a", "b"])] == [b["text"], a["text"]]
        assert docs.search(a["text"], limit=1, neutral=0)[0].id == "b"
        docs.sync(FIRST, source="feed")


def test_a_document_that_shrinks_leaves_no_chunk_behind(make, encoder):
    docs = make("long", chunk_tokens=32)
    sentences = [f"This is sentence number {i} of the report, and it is about the weather." for i in range(10)]
    docs.sync({"id": "r", "text": " ".join(sentences)}, source="feed")
    many = docs.store.count()
    docs.sync({"id": "r", "text": " ".join(sentences[:4])}, source="feed")
    few = docs.store.count()
    assert many > few > 1
    assert docs.get("r").text == " ".join(sentences[:4])
    assert counts(docs.sync([], source="feed", allow_empty=True)) == {"deleted": 1}
    assert docs.store.count() == 0


def test_a_dry_run_says_what_would_happen(docs, counting):
    now = [FIRST[0], {**FIRST[1], "text": "新しい"}, {"id": "d", "text": "New"}, {"id": "e", "text": " "}]
    planned = docs.sync(now, source="feed", dry_run=True, batch_size=1)
    assert counting.documents == []
    assert (docs.count(), docs.get("d"), docs.get("b").text) == (4, None, FIRST[1]["text"])
    done = docs.sync(now, source="feed")
    assert planned == done
    assert counts(done) == {"added": 1, "updated": 1, "unchanged": 1, "deleted": 1}
    assert [(s.index, s.id) for s in done.skipped] == [(3, "e")]


def test_the_same_id_twice_is_the_last_one_in_a_dry_run_too(docs):
    now = [*FIRST, {"id": "n", "text": "one"}, {"id": "n", "text": "two"}, {"id": "n", "text": "two"}]
    planned = docs.sync(now, source="feed", dry_run=True, batch_size=1)
    assert counts(planned) == {"added": 1, "updated": 1, "unchanged": 4}
    assert docs.sync(now, source="feed", batch_size=2) == planned
    assert docs.get("n").text == "two"


@pytest.mark.parametrize("rows", [[], [{"id": "a", "text": ""}, {"id": 1.5, "text": "x"}]])
def test_a_source_that_has_become_empty_is_asked_about(docs, rows):
    with pytest.raises(xling.InvalidInput, match="allow_empty") as raised:
        docs.sync(rows, source="feed")
    assert len(raised.value.report.skipped) == len(rows)
    assert docs.count() == 4
    if not rows:
        assert counts(docs.sync(rows, source="feed", allow_empty=True)) == {"deleted": 3}
        assert docs.count() == 1


def test_what_cannot_be_stored_keeps_what_is_there(docs):
    report = docs.sync(
        [FIRST[0], {"id": "b", "text": "\u3000"}, xling.Unreadable(reason="damaged", id="c")], source="feed"
    )
    assert counts(report) == {"unchanged": 1}
    assert [s.id for s in report.skipped] == ["b", "c"]
    assert docs.get("b").text == FIRST[1]["text"]
    assert docs.get("c") is not None


@pytest.mark.parametrize("row", [xling.Unreadable(reason="line 3 is no JSON"), {"id": 1.5, "text": "bad id"}])
def test_nothing_is_deleted_where_a_row_might_be_any_document(docs, row):
    with pytest.warns(NotDeletedWarning, match="2 documents"):
        report = docs.sync([FIRST[0], row], source="feed")
    assert counts(report) == {"unchanged": 1, "kept": 2}
    assert docs.count() == 4


def test_a_source_that_breaks_off_deletes_nothing(docs):
    def broken():
        yield {"id": "new", "text": "This one came through."}
        raise OSError("the connection is gone")

    with pytest.raises(OSError, match="gone") as raised:
        docs.sync(broken(), source="feed")
    assert counts(raised.value.report) == {"added": 1}
    assert docs.count() == 5


def test_a_document_of_another_source_is_refused_and_an_id_of_another_is_taken_over(docs):
    report = docs.sync([*FIRST, {"id": "x", "text": "X", "source": "elsewhere"}], source="feed")
    assert "elsewhere" in report.skipped[0].reason
    assert counts(docs.sync([*FIRST, {"id": "other", "text": "Of another source."}], source="feed")) == {
        "updated": 1,
        "unchanged": 3,
    }
    assert docs.get("other").source == "feed"


@pytest.mark.parametrize("source", ["", "  ", None, 3])
def test_a_source_has_a_name(docs, source):
    with pytest.raises(xling.InvalidInput, match="name"):
        docs.sync(FIRST, source=source)


def test_documents_without_ids_are_known_by_their_texts(docs):
    texts = ["eins", "zwei", "drei"]
    assert counts(docs.sync(texts, source="list")) == {"added": 3}
    assert counts(docs.sync(["zwei", "vier"], source="list")) == {"added": 1, "unchanged": 1, "deleted": 2}
    assert docs.count() == 6


def test_statistics_follow(docs):
    docs.sync([FIRST[0]], source="feed")
    langs = [record.payload["lang"] for record in docs.store.scroll(limit=100)[0]]
    assert docs._statistics.current().counts == {lang: langs.count(lang) for lang in sorted(set(langs))}


def test_progress_reaches_the_end_and_says_what_is_waited_for(docs):
    seen = []
    docs.sync([f"text {i}" for i in range(10)], source="list", batch_size=3, progress=seen.append)
    assert [p.done for p in seen if p.waiting_for != "deleting"] == [3, 6, 9, 10]
    assert {p.total for p in seen} == {10}
    assert {p.waiting_for for p in seen} <= {"reading", "encoding", "writing", "deleting"}


def test_async(encoder, tmp_path):
    import asyncio

    async def main():
        async def feed():
            for row in FIRST:
                yield row

        async with xling.aopen("docs", path=tmp_path, model=encoder) as docs:
            first = await docs.sync(feed(), source="feed")
            second = await docs.sync(FIRST[:1], source="feed")
            return counts(first), counts(second), await docs.count()

    assert asyncio.run(main()) == ({"added": 3}, {"unchanged": 1, "deleted": 2}, 1)
