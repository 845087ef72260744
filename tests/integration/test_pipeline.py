"""Batches that are under way at once come to the same as batches one after the other."""

import random
import threading

import numpy as np
import pytest

import xling
from tests.hashing import HashingEncoder
from xling.errors import StoreError
from xling.ingest.flow import Flow


class Failing(HashingEncoder):
    """Gives no vector for what is said to be bad."""

    def encode_documents(self, texts):
        vectors = super().encode_documents(texts)
        vectors[[i for i, text in enumerate(texts) if "bad" in text]] = np.nan
        return vectors

    encode_queries = encode_documents


def contents(collection):
    return {document.id: document for document in collection.documents()}


def rows(number):
    """Few documents, which come again and again: as they were, with another text, with other metadata."""
    draw = random.Random(7)
    texts = ["one", "two of them", "three " * 200, "bad"]
    return [
        {
            "id": draw.randrange(4),
            "text": draw.choice(texts),
            "lang": "en",
            "metadata": draw.choice([{}, {"a": 1}]),
        }
        for _ in range(number)
    ]


@pytest.mark.parametrize("size", [1, 2, 3])
def test_documents_that_come_again_in_batches_under_way(tmp_path, size):
    documents = rows(40)
    with (
        xling.open("one", path=tmp_path, model=Failing()) as one,
        xling.open("many", path=tmp_path, model=Failing()) as many,
    ):
        alone = [one.add(documents[at : at + size]) for at in range(0, len(documents), size)]
        together = many.add(documents, batch_size=size)
        assert contents(many) == contents(one)
        assert many.store.count() == one.store.count()
        for kind in ("added", "updated", "unchanged"):
            assert getattr(together, kind) == sum(getattr(report, kind) for report in alone), kind
        skipped = [(at * size + s.index, s.id) for at, report in enumerate(alone) for s in report.skipped]
        assert [(s.index, s.id) for s in together.skipped] == skipped


def test_what_was_prepared_before_a_failure_is_stored(make, monkeypatch):
    docs = make("docs", model=HashingEncoder(seconds=0.02))
    retrieve, asked = docs.store.retrieve, []

    def failing(ids, **kwargs):
        asked.append(ids)
        if len(asked) == 4:
            raise StoreError("gone")
        return retrieve(ids, **kwargs)

    monkeypatch.setattr(docs.store, "retrieve", failing)
    with pytest.raises(StoreError, match="gone") as caught:
        docs.add([f"text {i}" for i in range(100)], batch_size=5)
    assert caught.value.report.added == docs.count() == 15


def test_work_never_waits_for_preparing_or_writing_that_keep_up():
    begun, order = threading.Event(), []

    def prepare(batch):
        if batch == [1]:  # prepared while batch 0 is worked on, or this never ends
            assert begun.wait(30)
        return batch

    def work(batch):
        begun.set()
        order.append(batch)
        if batch == [0]:
            assert prepared_next.wait(30)
        return batch

    prepared_next = threading.Event()

    def prepare_and_tell(batch):
        prepared = prepare(batch)
        if batch == [1]:
            prepared_next.set()
        return prepared

    written = []
    flow = Flow(prepare_and_tell, work, written.append, lambda _: None, size=1, weight=10, weigh=lambda _: 1)
    flow.run(range(5))
    assert order == written == [[i] for i in range(5)]


@pytest.mark.parametrize("stage", ["prepare", "work", "write"])
@pytest.mark.parametrize("batch", [0, 1, 7, 19])
def test_a_stage_that_fails_ends_the_flow_with_its_error(stage, batch):
    written = []

    def failing(name):
        def run(items):
            if name == stage and items == [batch]:
                raise OSError(f"{name} failed")
            if name == "write":
                written.append(items)
            return items

        return run

    flow = Flow(
        failing("prepare"), failing("work"), failing("write"), lambda _: None, size=1, weight=9, weigh=lambda _: 1
    )
    with pytest.raises(OSError, match=f"{stage} failed"):
        flow.run(range(20))
    assert written == [[i] for i in range(batch)]
    assert not [t for t in threading.enumerate() if t.name.startswith("xling-")]
