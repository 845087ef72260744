"""Readers: benchmark files, and a user's own jsonl."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from xling.errors import InvalidInput
from xling.evaluate import TATOEBA_XTREME, RetrievalSet, bcp47, ntrex, read_pairs, tatoeba, tatoeba_codes, xquad_r

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the benchmark sets are not beside the repository")


def write(path, rows):
    path.write_text("\n".join(json.dumps(r, ensure_ascii=False) for r in rows), encoding="utf-8")
    return path


@needs_data
def test_tatoeba_has_112_languages_and_all_of_xtreme():
    codes = tatoeba_codes(DATA / "tatoeba")
    assert len(codes) == 112
    assert len(TATOEBA_XTREME) == len(set(TATOEBA_XTREME)) == 36
    assert set(TATOEBA_XTREME) <= {bcp47(c) for c in codes}
    assert len({bcp47(c) for c in codes}) == 112
    there, back = tatoeba(DATA / "tatoeba", "ja")
    assert (len(there.queries), len(there.documents)) == (1000, 1000)
    assert there.query_langs[0] == back.document_langs[0] == "ja"
    assert there.queries == back.documents
    assert there.relevant[7].tolist() == [7]


@needs_data
def test_every_tatoeba_file_is_read_line_by_line():
    for code in tatoeba_codes(DATA / "tatoeba"):
        there, _ = tatoeba(DATA / "tatoeba", code)
        assert len(there.queries) >= 100
        assert all(t.strip() for t in (*there.queries, *there.documents))


@needs_data
def test_xquad_r_has_one_answer_in_each_of_eleven_languages():
    s = xquad_r(DATA / "xquad-r")
    assert len(s.queries) == 11 * 1190
    langs = np.array(s.document_langs)
    assert s.languages == sorted(set(langs)) and len(s.languages) == 11  # noqa: PT018
    assert all(len(r) == 11 and len(set(langs[r])) == 11 for r in s.relevant)
    assert s.query_ids[0].startswith("ar-")


@needs_data
def test_xquad_r_answers_are_in_their_sentences():
    s = xquad_r(DATA / "xquad-r", ["en"])
    paragraphs = json.loads((DATA / "xquad-r" / "en.json").read_text(encoding="utf-8"))["data"]
    answers = [qa["answers"][0]["text"] for a in paragraphs for p in a["paragraphs"] for qa in p["qas"]]
    held = [answer in s.documents[r[0]] for answer, r in zip(answers, s.relevant, strict=True)]
    # A few of the answers span two sentences of the authors' own splitting.
    assert np.mean(held) > 0.98


@needs_data
def test_ntrex_finds_the_translations_of_each_line():
    s = ntrex(DATA / "ntrex", ["eng", "ja", "zho-CN"], lines=range(100, 150))
    assert s.languages == ["en", "ja", "zh"]
    assert len(s.queries) == len(s.documents) == 150
    assert s.relevant[3].tolist() == [53, 103]
    assert s.exclude is not None
    assert s.exclude[53] == 53
    assert s.document_ids[53] == "ja-103"
    assert len(ntrex(DATA / "ntrex").queries) == 10 * 1997


def test_lines_are_split_at_newlines_only(tmp_path):
    (tmp_path / "tatoeba.jpn-eng.jpn").write_bytes("一\u2028つ\r\n二つ\x85\n".encode())
    (tmp_path / "tatoeba.jpn-eng.eng").write_bytes(b"one\ntwo\n")
    there, _ = tatoeba(tmp_path, "jpn")
    assert there.queries == ["一\u2028つ", "二つ\x85"]


def test_missing_or_broken_benchmark_files_are_named(tmp_path):
    with pytest.raises(InvalidInput, match="tatoeba"):
        tatoeba_codes(tmp_path)
    with pytest.raises(InvalidInput, match="XQuAD-R"):
        xquad_r(tmp_path)
    with pytest.raises(InvalidInput, match=r"xx\.json"):
        xquad_r(tmp_path, ["xx"])
    (tmp_path / "xx.json").write_text("[]", encoding="utf-8")
    with pytest.raises(InvalidInput, match="not an XQuAD-R file"):
        xquad_r(tmp_path)
    with pytest.raises(InvalidInput, match="none"):
        ntrex(tmp_path)
    (tmp_path / "eng.txt").write_text("a\nb\n", encoding="utf-8")
    (tmp_path / "jpn.txt").write_text("a\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match="not parallel"):
        ntrex(tmp_path)
    with pytest.raises(InvalidInput, match="two or more"):
        ntrex(tmp_path, ["eng", "kor"])
    (tmp_path / "tatoeba.jpn-eng.eng").write_text("a\nb\n", encoding="utf-8")
    (tmp_path / "tatoeba.jpn-eng.jpn").write_text("a\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match="1 lines, but 2 in English"):
        tatoeba(tmp_path, "ja")


def test_a_set_that_does_not_fit_together_is_refused():
    with pytest.raises(InvalidInput, match="query_langs has 0, not 1"):
        RetrievalSet("bad", ["q"], [], ["d"], ["en"], [np.array([0])])
    with pytest.raises(InvalidInput, match="not among its 1 documents"):
        RetrievalSet("bad", ["q"], ["en"], ["d"], ["en"], [np.array([1])])


def test_take_keeps_the_pool():
    s = RetrievalSet(
        "s", ["a", "b"], ["en", "ja"], ["x", "y"], ["en", "ja"], [np.array([0]), np.array([1])],
        gains=[np.array([1.0]), np.array([2.0])], exclude=np.array([1, 0]), query_ids=["1", "2"],
    ).take([1])  # fmt: skip
    assert (s.queries, s.query_langs, s.query_ids) == (["b"], ["ja"], ["2"])
    assert s.documents == ["x", "y"]
    assert s.relevant[0].tolist() == [1]
    assert s.gains is not None and s.exclude is not None  # noqa: PT018
    assert (s.gains[0].tolist(), s.exclude.tolist()) == ([2.0], [0])


def test_queries_with_ids_and_their_documents(tmp_path):
    documents = write(
        tmp_path / "docs.jsonl",
        [
            {"id": "en-1", "text": "Thank you", "lang": "en"},
            {"id": 7, "text": "Merci", "lang": "fr"},
            {"id": "x", "text": "?"},
        ],
    )
    queries = write(
        tmp_path / "thanks.jsonl",
        [
            {"query": "ありがとう", "query_lang": "ja", "relevant": ["en-1", 7]},
            {"query": "謝謝", "relevant": {"en-1": 2, "7": 0.5, "x": 0}, "id": "q2"},
        ],
    )
    s = read_pairs(queries, documents)
    assert s.name == "thanks"
    assert s.query_langs == ["ja", "und"]
    assert s.document_langs == ["en", "fr", "und"]
    assert [r.tolist() for r in s.relevant] == [[0, 1], [0, 1]]
    assert s.gains is not None
    assert [g.tolist() for g in s.gains] == [[1.0, 1.0], [2.0, 0.5]]
    assert s.document_ids == ["en-1", "7", "x"]
    assert s.query_ids == ["0", "q2"]


def test_pairs_in_one_file_make_one_pool(tmp_path):
    rows = [
        {"query": "ありがとう", "query_lang": "ja", "document": "Thank you", "document_lang": "en"},
        {"query": "ありがとう", "query_lang": "ja", "document": "Merci", "document_lang": "fr"},
        {"query": "谢谢", "query_lang": "zh", "document": "Thank you", "document_lang": "en"},
    ]
    path = write(tmp_path / "p.jsonl", rows)
    path.write_text("\ufeff" + path.read_text(encoding="utf-8") + "\n\n", encoding="utf-8")
    s = read_pairs(path, name="mine")
    assert s.name == "mine"
    assert s.queries == ["ありがとう", "谢谢"]
    assert s.documents == ["Thank you", "Merci"]
    assert [r.tolist() for r in s.relevant] == [[0, 1], [0]]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", r"q\.jsonl line 2 is not JSON"),
        ("[]", "line 2 must be a JSON object"),
        ('{"query": " "}', "'query' must be a text"),
        ('{"query": "a", "query_lang": 1, "relevant": []}', "'query_lang' must be a language code"),
        ('{"query": "a"}', "'relevant' must be a list"),
        ('{"query": "a", "relevant": ["nowhere"]}', "has the id 'nowhere'"),
        ('{"query": "a", "relevant": [true]}', "an id must be"),
        ('{"query": "a", "relevant": {"d": -1}}', "a grade must be"),
        ('{"query": "a", "relevant": {"d": NaN}}', "a grade must be"),
        ('{"query": "a", "relevant": {"d": true}}', "a grade must be"),
    ],
)
def test_a_bad_line_is_named(tmp_path, line, words):
    documents = write(tmp_path / "d.jsonl", [{"id": "d", "text": "x"}])
    queries = tmp_path / "q.jsonl"
    queries.write_text('{"query": "ok", "relevant": ["d"]}\n' + line, encoding="utf-8")
    with pytest.raises(InvalidInput, match=words):
        read_pairs(queries, documents)


def test_files_that_cannot_be_a_set_are_refused(tmp_path):
    documents = write(tmp_path / "d.jsonl", [{"id": 1, "text": "x"}, {"id": "1", "text": "y"}])
    queries = write(tmp_path / "q.jsonl", [{"query": "a", "relevant": [1]}])
    with pytest.raises(InvalidInput, match="line 2: the id '1' was already given"):
        read_pairs(queries, documents)
    with pytest.raises(InvalidInput, match="by id; give the file of documents"):
        read_pairs(queries)
    with pytest.raises(InvalidInput, match="no file"):
        read_pairs(tmp_path / "none.jsonl")
    (tmp_path / "empty.jsonl").write_text("\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match="holds no queries"):
        read_pairs(tmp_path / "empty.jsonl")
    (tmp_path / "latin.jsonl").write_bytes('{"query": "é"}'.encode("latin-1"))
    with pytest.raises(InvalidInput, match="not UTF-8"):
        read_pairs(tmp_path / "latin.jsonl")
