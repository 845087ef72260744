"""Another model for a collection: nothing is lost, nothing changes before it is done, and every way out is open."""

import json
import signal
import subprocess
import sys
import time
import uuid

import pytest

import xling
from tests.tiny_models import make_model
from xling.attach import MOVED_KEY
from xling.cli import main
from xling.space.stats import LanguageStats
from xling.transfer import reembed as module

ID = uuid.UUID("9f5bd9a5-3c3c-4a64-9a39-3d6c2f3b2f10")
DOCUMENTS = [
    {"text": "thank you", "id": "a", "lang": "en"},
    {"text": "ありがとう", "id": 7, "lang": "ja", "source": "feed"},
    {"text": "good morning", "id": "7", "lang": "fr-CA", "metadata": {"year": 1954, "deep": {"x": [1, None]}}},
    {"text": "hello", "id": ID},
    {"text": "world", "id": 2**70, "lang": "und"},
    {"text": "no id at all, this one", "metadata": {"tags": ["a", "b"]}},
    {"text": "good morning world. " * 30, "id": "long", "lang": "en"},
]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return str(make_model(tmp_path_factory.mktemp("models") / "tiny"))


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    return str(make_model(tmp_path_factory.mktemp("models") / "other", seed=1))


@pytest.fixture
def docs(make):
    collection = make("docs", indexes={"year": "integer"})
    collection.add(DOCUMENTS)
    return collection


def contents(collection):
    """Every document, whole, as it would be given to `add`."""
    return sorted((repr(d) for d in module._documents(collection.store)), key=str)


def test_the_name_leads_to_the_new_model_when_all_is_there(docs, place, tiny):
    before, old_points = contents(docs), docs.store.count()
    moved = xling.reembed(**place("docs"), model=tiny)
    assert moved.documents == len(DOCUMENTS)
    with xling.open(**place("docs")) as new:
        assert (new.space.dimension, new.name) == (16, moved.collection)
        assert contents(new) == before
        assert new.store.count() == moved.points != old_points  # this model reads less at a time
        assert [new.get(d["id"]) for d in DOCUMENTS if "id" in d] == [docs.get(d["id"]) for d in DOCUMENTS if "id" in d]
        assert new.search("hello", neutral=0, where={"year": 1954})[0].id == "7"
        assert new.add(DOCUMENTS).unchanged == len(DOCUMENTS)
        assert new.store.schema().indexes == docs.store.schema().indexes
        counts = LanguageStats.from_dict(new.store.metadata()["xling_languages"]).counts
        assert set(counts) >= {"en", "ja", "fr-CA"} or set(counts) >= {"en", "ja", "fr"}
    with xling.open(**place("docs"), follow=False) as old:
        assert old.space.dimension == 384
        assert contents(old) == before


def test_the_old_model_given_afterwards_is_refused_and_not_taken_for_the_old_collection(docs, place, tiny, encoder):
    xling.reembed(**place("docs"), model=tiny)
    with pytest.raises(xling.SpaceMismatch):
        xling.open(**place("docs"), model=encoder)


def test_dropping_the_previous_keeps_the_name(docs, place, tiny, other):
    xling.reembed(**place("docs"), model=tiny)
    last = xling.reembed(**place("docs"), model=other, into=place("second")["name"])
    with xling.open(**place("docs")) as new:
        assert new.name == last.collection
        assert new.drop_previous().deleted == 2 * len(DOCUMENTS)
        assert new.drop_previous().deleted == 0
    docs.close()
    with xling.open(**place("docs")) as again:
        assert again.count() == len(DOCUMENTS)
        again.drop()
    with pytest.raises(xling.CollectionNotFound):
        xling.open(**place("docs"), create=False)


def test_nothing_changes_before_it_is_done_and_it_goes_on_where_it_was(docs, place, tiny):
    calls = []

    def interrupt(progress):
        calls.append(progress.done)
        if len(calls) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        xling.reembed(**place("docs"), model=tiny, batch_size=2, progress=interrupt)
    with xling.open(**place("docs")) as still:
        assert still.space.dimension == 384
    docs.add([{"text": "added meanwhile", "id": "new"}])
    docs.delete("a")
    encoded = []
    encoder = _Noting(xling.space.resolve.load_encoder(tiny), encoded)
    moved = xling.reembed(**place("docs"), model=encoder, batch_size=2)
    assert moved.documents == len(DOCUMENTS)
    with xling.open(**place("docs")) as new:
        assert new.get("a") is None
        assert new.get("new").text == "added meanwhile"
        assert contents(new) == contents(docs)
        assert len(encoded) < new.store.count()  # what was written is not encoded again


class _Noting:
    def __init__(self, encoder, encoded):
        self._encoder, self._encoded = encoder, encoded

    def __getattr__(self, name):
        return getattr(self._encoder, name)

    def encode_documents(self, texts):
        self._encoded += texts
        return self._encoder.encode_documents(texts)


@pytest.mark.parametrize("moment", [1, 2])
def test_a_crash_at_the_switch_leaves_one_of_the_two(docs, place, tiny, moment, monkeypatch):
    """The last two steps are changes of metadata: stop before the first, or between them."""
    kind = type(docs.store)
    update, seen = kind.update_metadata, []

    def crash(self, changes):
        if MOVED_KEY in changes or module.BEGUN_KEY in changes:
            seen.append(changes)
            if len(seen) == moment:
                raise SystemExit("killed")
        update(self, changes)

    with monkeypatch.context() as patch:
        patch.setattr(kind, "update_metadata", crash)
        with pytest.raises(SystemExit):
            xling.reembed(**place("docs"), model=tiny)
    with xling.open(**place("docs")) as now:
        assert now.space.dimension == {1: 384, 2: 16}[moment]
        assert now.count() == len(DOCUMENTS)
    assert xling.reembed(**place("docs"), model=tiny).documents == len(DOCUMENTS)
    with xling.open(**place("docs")) as now:
        assert now.space.dimension == 16
        assert module.BEGUN_KEY not in now.store.metadata()


def test_what_cannot_be_is_refused(docs, make, place, tiny, encoder):
    with pytest.raises(xling.InvalidInput, match="already"):
        xling.reembed(**place("docs"), model=encoder)
    with pytest.raises(xling.CollectionNotFound):
        xling.reembed(**place("nowhere"), model=tiny)
    occupied = make("occupied")
    occupied.add(["mine"])
    with pytest.raises(xling.InvalidInput, match="into="):
        xling.reembed(**place("docs"), model=tiny, into=occupied.name)
    assert occupied.count() == 1
    with xling.open(**place("docs")) as same:
        assert same.space.dimension == 384


def test_a_document_that_cannot_be_encoded_stops_the_switch(docs, place, tiny):
    class Failing(_Noting):
        def encode_documents(self, texts):
            vectors = self._encoder.encode_documents(texts)
            vectors[[i for i, text in enumerate(texts) if text == "hello"]] = float("nan")
            return vectors

    with pytest.raises(xling.StoreError, match="could not be encoded"):
        xling.reembed(**place("docs"), model=Failing(xling.space.resolve.load_encoder(tiny), []))
    with xling.open(**place("docs")) as same:
        assert same.space.dimension == 384
    assert xling.reembed(**place("docs"), model=tiny).documents == len(DOCUMENTS)


def test_the_new_one_gone_is_said_and_the_old_one_can_be_had(docs, place, tiny):
    moved = xling.reembed(**place("docs"), model=tiny)
    docs.store.sibling(moved.collection).drop()
    with pytest.raises(xling.CollectionNotFound, match="follow=False"):
        xling.open(**place("docs"))
    with xling.open(**place("docs"), follow=False) as old:
        assert old.count() == len(DOCUMENTS)


def test_killed_at_any_moment_it_goes_on(tmp_path, tiny, encoder):
    texts = [f"hello world {i}" for i in range(200)]
    with xling.open("docs", path=tmp_path, model=encoder) as docs:
        docs.add([{"text": text, "id": i} for i, text in enumerate(texts)])
    script = f"import xling; xling.reembed('docs', path={str(tmp_path)!r}, model={tiny!r}, batch_size=4)"
    started = time.monotonic()
    child = subprocess.Popen([sys.executable, "-c", script])
    while not list(tmp_path.glob("docs@*/collection.json")):
        assert child.poll() is None
        time.sleep(0.01)
    begins = time.monotonic() - started
    killed = 0
    for wait in (0.1, 0.3, 0.6):
        if killed:
            child = subprocess.Popen([sys.executable, "-c", script])
            time.sleep(begins)
        time.sleep(wait)
        child.send_signal(signal.SIGKILL)
        killed += child.wait() == -signal.SIGKILL
        with xling.open("docs", path=tmp_path) as docs:
            assert docs.count() == len(texts)
    assert killed
    with xling.open("docs", path=tmp_path) as docs:
        done = docs.space.dimension == 16
    if not done:
        xling.reembed("docs", path=tmp_path, model=tiny)
    with xling.open("docs", path=tmp_path) as docs:
        assert (docs.count(), docs.space.dimension) == (len(texts), 16)
        assert [document.text for document in docs.get(list(range(len(texts))))] == texts


def test_the_command_line(tmp_path, tiny, encoder, capsys):
    with xling.open("docs", path=tmp_path, model=encoder) as docs:
        docs.add(DOCUMENTS)
    here = ["-c", "docs", "--path", str(tmp_path)]
    assert main(["reembed", *here]) == 2
    assert main(["reembed", *here, "--model", tiny, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["documents"] == len(DOCUMENTS)
    assert main(["info", *here, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["dimension"] == 16
    assert main(["reembed", *here, "--drop-old"]) == 2  # not asked on a terminal
    assert main(["reembed", *here, "--drop-old", "--yes"]) == 0
    assert f"{len(DOCUMENTS)} deleted" in capsys.readouterr().out
    assert main(["list", "--path", str(tmp_path)]) == 0
