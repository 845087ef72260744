"""Collections to files and back, between all stores: what arrives is what was sent, bit for bit."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid

import numpy as np
import pyarrow
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import xling
from tests.stores import KINDS, places
from xling.cli import main
from xling.space.stats import LanguageStats
from xling.store.base import Record
from xling.transfer.rows import point_of, row_of

ID = uuid.UUID("9f5bd9a5-3c3c-4a64-9a39-3d6c2f3b2f10")
DOCUMENTS = [
    {"text": "Thank you", "id": "a"},
    {"text": "ありがとう\u2028\n  — 感謝", "id": 7, "lang": "ja"},
    {"text": "Merci", "id": "7", "lang": "fr-CA", "source": "feed"},
    {"text": "Danke 🙏🏽", "id": ID, "metadata": {"year": 1954, "deep": {"x": [1, 2.5, None, True, "ß"]}, "π": 0.1}},
    {"text": "Gracias", "id": 2**70, "metadata": {"empty": {}, "list": [], "big": 2**62 + 1}},
    {"text": "No id at all", "metadata": {"tags": ["a", "b"]}},
    {"text": "Спасибо. " * 400, "id": "long", "metadata": {"pages": 3}},
]


def everything(collection):
    """Points with payloads and vectors as bytes, and the metadata."""
    collection._statistics.save(now=True)
    records, _ = collection.store.scroll(limit=1000, with_vector="")
    return {r.id: (r.payload, r.vector.tobytes()) for r in records}, collection.store.metadata()


@pytest.fixture
def filled(make):
    collection = make("docs", indexes={"year": "integer"})
    assert collection.add(DOCUMENTS).added == len(DOCUMENTS)
    return collection


@pytest.mark.parametrize("there", KINDS)
def test_from_any_store_to_any_other(filled, there, tmp_path, encoder):
    file = tmp_path / "docs.parquet"
    moved = filled.export(file)
    points, metadata = everything(filled)
    assert (moved.documents, moved.points) == (len(DOCUMENTS), len(points))
    assert moved.points > moved.documents  # one is long
    with places(there, tmp_path / "there") as place:
        arguments = place("docs")
        done = xling.import_collection(file, **arguments)
        assert (done.documents, done.points) == (moved.documents, moved.points)
        with xling.open(**arguments, model=encoder) as copy:
            arrived, metadata_there = everything(copy)
            if there == "local":
                # It normalises unit vectors again, by NumPy: their last bit may differ, nothing else.
                for id, (payload, vector) in arrived.items():
                    mine = np.frombuffer(vector, np.float32), np.frombuffer(points[id][1], np.float32)
                    assert np.abs(mine[0] - mine[1]).max() < 2e-7
                    points[id] = (points[id][0], vector)
                    assert payload == points[id][0]
            assert arrived == points
            assert metadata_there == metadata
            assert [copy.get(d["id"]) for d in DOCUMENTS if "id" in d] == [
                filled.get(d["id"]) for d in DOCUMENTS if "id" in d
            ]
            assert copy.store.schema().vectors == filled.store.schema().vectors
            assert copy.add(DOCUMENTS).unchanged == len(DOCUMENTS)
            again = tmp_path / "again.parquet"
            copy.export(again)
            assert pq.read_table(again).equals(pq.read_table(file)) or there == "local"
            assert [h.id for h in copy.search("thanks")] == [h.id for h in filled.search("thanks")]


def test_the_file_can_be_read_by_other_tools(filled, tmp_path):
    filled.export(tmp_path / "docs.parquet")
    rows = pq.read_table(tmp_path / "docs.parquet").to_pylist()
    row = next(r for r in rows if r["id"] == str(ID))
    assert (row["text"], row["id_type"], row["lang"]) == ("Danke 🙏🏽", "uuid", filled.get(ID).lang)
    assert json.loads(row["metadata"]) == filled.get(ID).metadata
    assert np.isclose(np.linalg.norm(row["vector"]), 1)
    assert {r["id_type"] for r in rows} == {"str", "int", "uuid", None}


def test_an_empty_collection_too(make, tmp_path, encoder):
    make("empty").export(tmp_path / "e.parquet")
    assert xling.import_collection(tmp_path / "e.parquet", "new", path=tmp_path / "there").points == 0
    with xling.open("new", path=tmp_path / "there", model=encoder) as collection:
        assert collection.count() == 0
        assert collection.add(["now"]).added == 1


def test_an_existing_file_is_replaced_only_when_asked(filled, tmp_path):
    file = tmp_path / "docs.parquet"
    file.write_text("precious")
    with pytest.raises(xling.InvalidInput, match="exists already"):
        filled.export(file)
    assert file.read_text() == "precious"
    filled.export(file, overwrite=True)
    assert pq.read_metadata(file).num_rows > 0
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []
    with pytest.raises(xling.InvalidInput, match="cannot be written"):
        filled.export(tmp_path / "no" / "such" / "directory.parquet")


def test_into_an_existing_collection_only_by_merge(make, tmp_path, place):
    one = make("docs")
    texts = [("old", "en"), ("Words. " * 1500, "de"), ("kept", "ja")]
    one.add([{"text": text, "lang": lang, "id": i} for i, (text, lang) in enumerate(texts, 1)])
    one.export(tmp_path / "before.parquet")
    texts = [(1, "new", "en"), (2, "short now", "en"), (4, "added", "fr")]
    one.add([{"text": text, "lang": lang, "id": i} for i, text, lang in texts])
    one.export(tmp_path / "after.parquet")
    wanted = everything(one)
    with pytest.raises(xling.InvalidInput, match="merge=True"):
        xling.import_collection(tmp_path / "before.parquet", **place("docs"))
    assert everything(one)[0] == wanted[0]
    xling.import_collection(tmp_path / "before.parquet", **place("docs"), merge=True)
    assert [one.get(i).text[:5] for i in (1, 2, 3, 4)] == ["old", "Words", "kept", "added"]
    xling.import_collection(tmp_path / "after.parquet", **place("docs"), merge=True)
    assert [one.get(i).text for i in (1, 2, 3, 4)] == ["new", "short now", "kept", "added"]
    assert one.store.count() == 4  # no pieces of what was long are left
    counts = LanguageStats.from_dict(one.store.metadata()["xling_languages"]).counts
    assert counts == {"en": 2, "ja": 1, "fr": 1}


def test_merging_what_does_not_belong_together_is_refused(make, tmp_path, place, encoder):
    one = make("one")
    one.add(["text"])
    one.export(tmp_path / "one.parquet")
    make("two").add(["text"])
    with pytest.raises(xling.InvalidInput, match="ids"):
        xling.import_collection(tmp_path / "one.parquet", **place("two"), merge=True)
    make("three", model=_Other(encoder)).add(["text"])
    with pytest.raises(xling.SpaceMismatch):
        xling.import_collection(tmp_path / "one.parquet", **place("three"), merge=True)


class _Other:
    """The real encoder under another identity."""

    def __init__(self, encoder):
        self._encoder = encoder
        self.identity = {**encoder.identity, "weights": "others"}

    def __getattr__(self, name):
        return getattr(self._encoder, name)


def _damaged(file, how):
    data = bytearray(file.read_bytes())
    if how == "truncated":
        data = data[: len(data) // 2]
    elif how == "text":
        data = bytearray(b"id,text\n1,hello\n")
    elif how == "empty":
        data = bytearray()
    elif how == "bits":
        at = len(data) // 3
        data[at : at + 64] = os.urandom(64)
    file.write_bytes(data)


@pytest.mark.parametrize("how", ["truncated", "text", "empty", "bits"])
def test_a_damaged_file_is_named(make, tmp_path, how, encoder):
    file = tmp_path / "docs.parquet"
    with xling.open("docs", path=tmp_path / "here", model=encoder) as one:
        one.add([{"text": f"number {i}", "id": i} for i in range(50)])
        one.export(file)
    _damaged(file, how)
    with pytest.raises(xling.InvalidInput, match=r"docs\.parquet cannot be read"):
        xling.import_collection(file, path=tmp_path / "there")


def test_parquet_of_others_and_of_the_future_is_refused(tmp_path, encoder):
    pq.write_table(pyarrow.table({"text": ["a"], "vector": [[1.0]]}), tmp_path / "theirs.parquet")
    with pytest.raises(xling.InvalidInput, match="xling add"):
        xling.import_collection(tmp_path / "theirs.parquet", path=tmp_path)
    with pytest.raises(xling.InvalidInput, match="no file"):
        xling.import_collection(tmp_path / "nowhere.parquet", path=tmp_path)
    with xling.open("docs", path=tmp_path / "here", model=encoder) as one:
        one.export(tmp_path / "docs.parquet")
    table = pq.read_table(tmp_path / "docs.parquet")
    header = json.loads(table.schema.metadata[b"xling"])
    future = table.replace_schema_metadata({b"xling": json.dumps({**header, "format": 99}).encode()})
    pq.write_table(future, tmp_path / "future.parquet")
    with pytest.raises(xling.InvalidInput, match="newer xling"):
        xling.import_collection(tmp_path / "future.parquet", path=tmp_path)
    pq.write_table(table.drop_columns(["rest"]), tmp_path / "less.parquet")
    with pytest.raises(xling.InvalidInput, match="rest"):
        xling.import_collection(tmp_path / "less.parquet", path=tmp_path)
    assert not (tmp_path / "docs").exists()


def test_a_killed_import_is_gone_on_with(tmp_path, encoder):
    file, there = tmp_path / "docs.parquet", tmp_path / "there"
    with xling.open("docs", path=tmp_path / "here", model=encoder) as one:
        one.add(["the first"])
        [record], _ = one.store.scroll(with_vector="")
        points = [
            xling.store.base.Point(i, record.vector, {**record.payload, "doc": str(i), "n": i})
            for i in range(1, 10_000)
        ]
        one.store.upsert(points, vector_name="")
        one.export(file)
        wanted = one.store.count()
    script = f"import xling; xling.import_collection({str(file)!r}, path={str(there)!r})"
    child = subprocess.Popen([sys.executable, "-c", script])
    while not (there / "docs" / "collection.json").exists():
        assert child.poll() is None
        time.sleep(0.01)
    time.sleep(0.1)
    child.send_signal(signal.SIGKILL)
    child.wait()
    with pytest.warns(xling.UnfinishedWarning, match="Import the file again"):
        xling.open("docs", path=there, model=encoder).close()
    assert xling.import_collection(file, path=there).points == wanted
    with (
        xling.open("docs", path=there, model=encoder) as copy,
        xling.open("docs", path=tmp_path / "here", model=encoder) as one,
    ):
        assert copy.store.count() == wanted
        assert copy.store.metadata() == one.store.metadata()


def test_a_change_while_exporting_writes_nothing(filled, tmp_path):
    def meddle(progress):
        records, _ = filled.store.scroll(limit=100)
        filled.store.delete(ids=[records[-1].id])

    from xling.transfer import copying

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(copying, "_PAGE", 2)
        with pytest.raises(xling.InvalidInput, match="changed while"):
            filled.export(tmp_path / "docs.parquet", progress=meddle)
    assert list(tmp_path.glob("*.parquet")) == []
    assert list(tmp_path.glob(".*.tmp")) == []


def test_collections_of_other_tools_are_not_exported(place, encoder, tmp_path):
    arguments = place("theirs")
    if "client" not in arguments:
        pytest.skip("other tools have no embedded collections")
    from qdrant_client import models

    arguments["client"].create_collection(
        arguments["name"], vectors_config=models.VectorParams(size=encoder.dimension, distance=models.Distance.COSINE)
    )
    with xling.open(**arguments, model=encoder) as theirs, pytest.raises(xling.InvalidInput, match="another tool"):
        theirs.export(tmp_path / "x.parquet")


def test_the_command_line(tmp_path, capsys, encoder):
    with xling.open("docs", path=tmp_path / "here", model=encoder) as one:
        one.add(DOCUMENTS)
    file, here, there = str(tmp_path / "d.parquet"), str(tmp_path / "here"), str(tmp_path / "there")
    assert main(["export", file, "-c", "docs", "--path", here]) == 0
    assert "7 documents of docs" in capsys.readouterr().out
    assert main(["export", file, "-c", "docs", "--path", here]) == 2
    assert main(["import", file, "--path", there, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["documents"], found["collection"]) == (7, "docs")
    assert main(["import", file, "--path", there]) == 2
    assert main(["import", file, "--path", there, "-c", "copy"]) == 0
    assert main(["import", file, "--path", there, "-c", "copy", "--merge"]) == 0
    assert sorted(p.name for p in (tmp_path / "there").iterdir()) == ["copy", "docs"]


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
keys = st.sampled_from(["text", "id", "id_type", "lang", "source", "metadata", "chunk", "chunks", "start", "end"])


@given(st.dictionaries(keys | st.text(), json_values, max_size=8), st.uuids().map(str) | st.integers(0, 2**64 - 1))
@example({"id": False}, 1)
@settings(max_examples=300)
def test_any_payload_comes_back_as_it_was(payload, id):
    row = row_of(Record(id, payload))
    point = point_of(row, [1.0])
    assert (point.id, point.payload) == (id, payload)
    assert {k: type(v) for k, v in point.payload.items()} == {k: type(v) for k, v in payload.items()}
