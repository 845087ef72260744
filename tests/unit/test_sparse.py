"""Sparse vectors of terms: what becomes equal, what is found by what, and what holds for any text."""

import math
import unicodedata

import numpy as np
import pytest
import qdrant_edge as qe
from hypothesis import given
from hypothesis import strategies as st

from tests.lexical_pairs import PAIRS
from xling.space.sparse import AVERAGE_LENGTH, K1, encode_document, encode_query, term_id, terms
from xling.text.folding import fold

any_text = st.text(max_size=60)
# With the marks that belong to them: Thai, Lao, Khmer and Burmese put vowels and tones over and under a letter.
CHARACTERS = [*"東京都に住んでいる機械的體서울에서", "ที่", "รุ", "ง", "เ", "ດີ", "ພ", "ភា", "សា", "မြ", "န်", "ဘာ"]


def shared(query: str, document: str) -> set[str]:
    return set(terms(query, query=True)[0]) & set(terms(document, query=False)[0])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Crème Brûlée", "creme brulee"),
        ("STRASSE", "straße"),
        ("Łódź", "lodz"),
        ("İstanbul", "istanbul"),
        ("ΑΘΗΝΑ", "Αθήνα"),
        ("ＸＲ－２０００", "xr-2000"),
        ("ｶﾞｲﾄﾞ", "ガイド"),
        ("が", "か\u3099"),
        ("서울", unicodedata.normalize("NFD", "서울")),
        ("繁體中文", "繁体中文"),
        ("頭髮發財", "头发发财"),
        ("٣٤ ३४ ๓๔", "34 34 34"),
        ("hy\u00adphen zero\u200bwidth", "hyphen zerowidth"),
    ],
)
def test_what_reads_the_same_is_equal(one, other):
    assert fold(one) == fold(other)


def test_what_differs_stays_different():
    assert fold("й") != fold("и")
    assert fold("が") != fold("か")
    assert fold("का") != fold("कि")


@pytest.mark.parametrize("query", ["XR-2000", "xr2000", "XR_2000", "ＸＲ－２０００", "XR 2000", "2000"])
def test_a_code_is_found_whole_and_by_its_parts(query):
    assert shared(query, "型番XR-2000の説明書")


def test_the_whole_code_counts_for_more_than_its_parts():
    assert len(shared("XR-2000", "XR-2000")) == 3
    assert shared("XR-2000", "XR-2100") == {"xr"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3.14", ["3.14", "3", "14"]),
        ("1,000", ["1000"]),
        ("C++", ["c++", "c"]),
        ("e-mail", ["email", "e", "mail"]),
        ("हिन्दी", ["हिन्दी"]),
        ("東京tower", ["东京", "tower"]),
        ("桜", ["桜"]),
        ("… !?", []),
    ],
)
def test_terms_of_a_query(text, expected):
    assert terms(text, query=True)[0] == expected


def test_ids_never_change():
    # They are in every collection that was written.
    assert [term_id(term) for term in ("东京", "xr2000")] == [2873664652, 3179220746]


def test_length_holds_a_document_back_by_a_fixed_measure():
    def weight_of_x(length: int) -> float:
        vector = encode_document("x" + " y" * (length - 1))
        return float(vector.values[list(vector.indices).index(term_id("x"))])

    short, average, long = weight_of_x(2), weight_of_x(int(AVERAGE_LENGTH)), weight_of_x(1000)
    assert short > average > long
    assert average == pytest.approx(1.0)


def test_repetition_counts_less_and_less():
    one, two, many = (float(encode_document("word " * n).values[0]) for n in (1, 2, 50))
    assert one < two < many < K1 + 1
    assert two - one < one


def test_a_query_without_words_is_empty():
    assert len(encode_query("… !?")) == len(encode_document("")) == 0


@given(any_text)
def test_folding_is_stable(text):
    once = fold(text)
    assert fold(once) == once


@given(any_text)
def test_forms_of_a_text_are_equal(text):
    for form in ("NFC", "NFD"):
        assert terms(unicodedata.normalize(form, text), query=False) == terms(text, query=False)


@given(any_text)
def test_a_text_finds_itself(text):
    assert set(terms(text, query=True)[0]) <= set(terms(text, query=False)[0])


@given(st.lists(st.sampled_from(CHARACTERS), min_size=1, max_size=30), st.data())
def test_any_part_of_a_text_without_spaces_finds_it(characters, data):
    start = data.draw(st.integers(0, len(characters) - 1))
    end = data.draw(st.integers(start + 1, len(characters)))
    wanted = terms("".join(characters[start:end]), query=True)[0]
    assert len(wanted) == max(end - start - 1, 1)
    assert set(wanted) <= set(terms("".join(characters), query=False)[0])


@given(any_text)
def test_vectors_are_what_qdrant_takes(text):
    for vector in (encode_document(text), encode_query(text)):
        assert vector.indices.dtype == np.uint32
        assert (np.diff(vector.indices.astype(np.int64)) > 0).all()
        assert ((vector.values > 0) & (vector.values < K1 + 1) & np.isfinite(vector.values)).all()


@pytest.fixture
def shard(tmp_path):
    config = qe.EdgeConfig(sparse_vectors={"lexical": qe.EdgeSparseVectorParams(modifier=qe.Modifier.Idf)})
    shard = qe.EdgeShard.create(str(tmp_path), config)
    points = []
    for id, (_, text) in enumerate(PAIRS):
        vector = encode_document(text)
        points.append(qe.Point(id, {"lexical": qe.SparseVector(vector.indices.tolist(), vector.values.tolist())}, {}))
    shard.update(qe.UpdateOperation.upsert_points(points))
    yield shard
    shard.close()


def test_every_pair_is_found_and_none_scores_above_it(shard):
    wrong = []
    for id, (text, _) in enumerate(PAIRS):
        query = encode_query(text)
        vector = qe.SparseVector(query.indices.tolist(), query.values.tolist())
        found = shard.query(qe.QueryRequest(limit=10, query=qe.Query.Nearest(vector, using="lexical")))
        scores = {int(point.id): point.score for point in found}
        if not scores.get(id, -math.inf) > max((s for i, s in scores.items() if i != id), default=-1.0):
            wrong.append((text, scores))
    assert wrong == []
