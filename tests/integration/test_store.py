"""Every store does the same: the operations one by one, and random filters against an oracle in plain Python."""

from __future__ import annotations

import datetime as dt
import uuid

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.stores import KINDS, places
from xling.attach import make_store
from xling.errors import CollectionNotFound, InvalidInput
from xling.store import Point, Schema, VectorSpec
from xling.store.filters import where_to_filter

SIZE = 8
RNG = np.random.default_rng(7)


def store_at(place, name="c"):
    arguments = {"path": None, "url": None, "client": None, **place(name)}
    return make_store(**arguments, api_key=None, prefer_grpc=False, timeout=None)


@pytest.fixture(params=KINDS)
def place(request, tmp_path):
    with places(request.param, tmp_path) as arguments:
        yield arguments


@pytest.fixture(params=["", "dense"])
def vector_name(request):
    return request.param


@pytest.fixture
def store(place, vector_name):
    store = store_at(place)
    store.create(Schema((VectorSpec(vector_name, SIZE),), {"lang": "keyword"}), {"a": {"b": [1, "二"]}})
    yield store
    store.close()


def points(n, **payload):
    vectors = RNG.standard_normal((n, SIZE)).astype(np.float32)
    return [Point(str(uuid.UUID(int=i + 1)), vectors[i], {"n": i, **payload}) for i in range(n)]


def test_schema_and_metadata_come_back(store, vector_name):
    assert store.exists()
    assert store.schema().vectors == (VectorSpec(vector_name, SIZE, "Cosine"),)
    assert store.metadata() == {"a": {"b": [1, "二"]}}
    store.update_metadata({"c": 2})
    assert store.metadata() == {"a": {"b": [1, "二"]}, "c": 2}
    store.update_metadata({"a": {"d": 1.5}, "c": None})
    assert store.metadata() == {"a": {"d": 1.5}}


def test_creating_again_keeps_what_is_there(store, place, vector_name):
    store.upsert(points(3), vector_name=vector_name)
    other = store_at(place)
    other.create(Schema((VectorSpec("other", 4),), {}), {"x": 1})
    assert other.count() == 3
    assert other.metadata() == {"a": {"b": [1, "二"]}}
    other.close()
    assert store.count() == 3, "closing one of two openers leaves the other open"


def test_a_collection_that_is_not_there(place):
    store = store_at(place, "nothing")
    assert not store.exists()
    for call in (store.schema, store.metadata, store.count, store.drop, lambda: store.retrieve([1])):
        with pytest.raises(CollectionNotFound, match="nothing"):
            call()
    store.close()


def test_points_come_back_in_the_order_asked(store, vector_name):
    given = points(5)
    store.upsert(given, vector_name=vector_name)
    asked = [given[3].id, str(uuid.UUID(int=99)), given[0].id.upper()]
    records = store.retrieve(asked, with_vector=vector_name)
    assert [r.payload["n"] for r in records] == [3, 0]
    assert [r.id for r in records] == [given[3].id, given[0].id]
    unit = given[3].vector / np.linalg.norm(given[3].vector)
    np.testing.assert_allclose(records[0].vector, unit, atol=1e-6)
    assert store.retrieve(asked)[0].vector is None
    assert store.retrieve([]) == []


def test_integers_and_uuids_are_ids(store, vector_name):
    vector = np.ones(SIZE, np.float32)
    ids = [0, 2**64 - 1, str(uuid.uuid4())]
    store.upsert([Point(id, vector, {}) for id in ids], vector_name=vector_name)
    assert [r.id for r in store.retrieve(ids)] == ids


def test_writing_again_replaces(store, vector_name):
    (point,) = points(1, old=True)
    store.upsert([point], vector_name=vector_name)
    store.upsert([Point(point.id, point.vector, {"n": 1})], vector_name=vector_name)
    assert store.retrieve([point.id])[0].payload == {"n": 1}
    store.set_payloads({point.id: {"only": ["x", {"y": None}]}})
    (record,) = store.retrieve([point.id], with_vector=vector_name)
    assert record.payload == {"only": ["x", {"y": None}]}
    assert record.vector is not None


@pytest.mark.parametrize(
    "vector", [np.zeros(SIZE), np.full(SIZE, np.nan), np.full(SIZE, np.inf), np.ones(SIZE - 1), np.ones((1, SIZE))]
)
def test_a_bad_vector_is_refused_and_nothing_is_written(store, vector_name, vector):
    good = points(2)
    bad = Point("00000000-0000-0000-0000-0000000000ff", vector.astype(np.float32), {})
    with pytest.raises(InvalidInput, match="0000000000ff"):
        store.upsert([good[0], bad, good[1]], vector_name=vector_name)
    assert store.count() == 0


def test_scroll_gives_every_point_once(store, vector_name):
    store.upsert(points(25), vector_name=vector_name)
    seen, offset = [], None
    while True:
        records, offset = store.scroll(limit=10, offset=offset)
        assert len(records) <= 10
        seen += [r.id for r in records]
        if offset is None:
            break
    assert seen == sorted(set(seen))
    assert len(seen) == 25


def test_a_batch_of_queries_each_with_its_filter(store, vector_name):
    given = points(20)
    store.upsert(given, vector_name=vector_name)
    only_even = {"must": [{"key": "n", "range": {"lt": 10}}]}
    queries = np.stack([given[3].vector, given[15].vector, given[15].vector])
    pages = store.query(queries, vector_name=vector_name, filters=[None, None, only_even], limit=4, with_vector=True)
    assert [page[0].payload["n"] for page in pages[:2]] == [3, 15]
    assert all(record.payload["n"] < 10 for record in pages[2])
    for page in pages:
        scores = [record.score for record in page]
        assert scores == sorted(scores, reverse=True)
        assert page[0].vector.shape == (SIZE,)
    assert abs(pages[0][0].score - 1) < 1e-5
    again = store.query(queries[:1], vector_name=vector_name, filters=[None], limit=3, offset=1, exact=True)
    assert [r.id for r in again[0]] == [r.id for r in pages[0][1:]]
    assert store.query(queries[:0], vector_name=vector_name, filters=[], limit=3) == []


def test_recommendations_by_several_examples(store, vector_name):
    written = points(40)
    store.upsert(written, vector_name=vector_name)
    rows = np.stack([point.vector for point in written])
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    examples = RNG.standard_normal((5, SIZE)).astype(np.float32)
    liked, disliked = np.split(examples / np.linalg.norm(examples, axis=1, keepdims=True), [3])
    options = {
        "vector_name": vector_name,
        "filters": [None, {"must": [{"key": "n", "range": {"gte": 20}}]}],
        "limit": 9,
    }

    def found(positive, negative, strategy):
        pages = store.recommend(positive, negative, strategy=strategy, **options)
        return [[record.payload["n"] for record in page] for page in pages]

    def expected(scores):
        order = [int(i) for i in np.argsort(-scores)]
        return [order[:9], [i for i in order if i >= 20][:9]]

    nothing = rows[:0]
    assert found(liked, nothing, "best_score") == expected((rows @ liked.T).max(axis=1))
    assert found(liked, disliked, "sum_scores") == expected(
        (rows @ liked.T).sum(axis=1) - (rows @ disliked.T).sum(axis=1)
    )
    assert found(nothing, disliked, "best_score") == expected(-(rows @ disliked.T).max(axis=1))
    with pytest.raises(InvalidInput, match="shape"):
        store.recommend(liked[:, :3], nothing, strategy="best_score", **options)


def test_delete_by_ids_and_by_filter(store, vector_name):
    given = points(10)
    store.upsert(given, vector_name=vector_name)
    store.delete(ids=[given[0].id, str(uuid.UUID(int=99))])
    store.delete(filter={"must": [{"key": "n", "range": {"gte": 5}}]})
    assert store.count() == 4
    assert store.count({"must": [{"key": "n", "range": {"lt": 3}}]}) == 2
    for wrong in ({}, {"ids": [1], "filter": {"must": []}}):
        with pytest.raises(InvalidInput):
            store.delete(**wrong)


def test_facets_count_values(store, vector_name):
    store.upsert([*points(3, lang="ja")], vector_name=vector_name)
    more = [Point(i, np.ones(SIZE, np.float32), {"lang": "en"}) for i in range(5)]
    store.upsert(more, vector_name=vector_name)
    assert store.facet("lang") == {"en": 5, "ja": 3}
    assert store.facet("lang", filter={"must": [{"key": "lang", "match": {"value": "ja"}}]}) == {"ja": 3}


def test_a_wrong_vector_name_or_filter_is_an_error_of_ours(store, vector_name):
    with pytest.raises(InvalidInput, match="nope"):
        store.upsert(points(1), vector_name="nope")
    store.upsert(points(1), vector_name=vector_name)
    for filter in ({"must": [{"key": "a", "match": {"nope": 1}}]}, {"must": [{"nonsense": 1}]}):
        with pytest.raises(InvalidInput):
            store.count(filter)


def test_drop_leaves_nothing(store, place):
    store.drop()
    fresh = store_at(place)
    assert not fresh.exists()
    fresh.close()


def test_closing_twice_is_fine(store):
    store.close()
    store.close()


def test_ids_come_back_in_one_form_however_they_are_written(store, vector_name):
    id = uuid.UUID("AB000000-0000-4000-8000-00000000CDEF")
    for form in (str(id).upper(), id.hex, id.urn, f"{{{id}}}"):
        store.upsert([Point(form, np.ones(SIZE, np.float32), {"form": form})], vector_name=vector_name)
        assert [r.id for r in store.retrieve([form])] == [str(id)]
        store.set_payloads({form: {"set": form}})
        assert store.scroll(offset=form)[0][0].payload == {"set": form}
    assert store.count() == 1
    store.delete(ids=[id.hex.upper()])
    assert store.count() == 0


def test_what_is_no_point_id_is_refused(store, vector_name):
    for id in ("tm-1", -1, 2**64, "", True, None, 1.5):
        for call in (
            lambda id=id: store.upsert([Point(id, np.ones(SIZE, np.float32), {})], vector_name=vector_name),
            lambda id=id: store.retrieve([id]),
            lambda id=id: store.delete(ids=[id]),
            lambda id=id: store.set_payloads({id: {}}),
        ):
            with pytest.raises(InvalidInput, match="point id"):
                call()


def test_nothing_is_deleted_by_no_condition(store, vector_name):
    store.upsert(points(3), vector_name=vector_name)
    for filter in ({}, {"must": []}, {"must": [], "must_not": None}):
        with pytest.raises(InvalidInput, match="no condition"):
            store.delete(filter=filter)
    store.delete(ids=[])
    assert store.count() == 3


@pytest.mark.parametrize("shape", [(1, SIZE - 1), (SIZE,), (2, SIZE, 1)])
def test_queries_of_another_shape_are_refused(store, vector_name, shape):
    with pytest.raises(InvalidInput, match="shape"):
        store.query(np.ones(shape, np.float32), vector_name=vector_name, filters=[None], limit=1)
    bad = np.full((1, SIZE), np.nan, np.float32)
    with pytest.raises(InvalidInput, match="NaN"):
        store.query(bad, vector_name=vector_name, filters=[None], limit=1)


def test_thousands_of_points_go_in_and_out_by_id(store, vector_name):
    given = points(2300)
    store.upsert(given, vector_name=vector_name)
    ids = [point.id for point in given]
    assert [r.id for r in store.retrieve(ids[::-1])] == ids[::-1]
    store.set_payloads({id: {"new": True} for id in ids})
    assert store.count({"must": [{"key": "new", "match": {"value": True}}]}) == 2300
    store.delete(ids=ids[1:])
    assert store.count() == 1


def test_an_unknown_kind_of_index_is_refused(store):
    with pytest.raises(InvalidInput, match="kind"):
        store.ensure_indexes({"a": "fancy"})


def test_a_facet_on_what_is_not_indexed_says_so(store, vector_name):
    store.upsert(points(2, tag="a"), vector_name=vector_name)
    if getattr(store, "_local", False):
        assert store.facet("tag") == {"a": 2}  # local mode needs no index
    else:
        with pytest.raises(InvalidInput, match="tag"):
            store.facet("tag")


RAW = [
    ({"must": [{"key": "b", "match": {"value": True}}]}, {0, 4}),
    ({"must_not": [{"key": "b", "match": {"value": False}}]}, {0, 2, 3}),
    ({"must": [{"key": "n", "match": {"value": 1}}]}, {1}),
    ({"must": [{"key": "t", "match": {"except": ["x"]}}]}, {1, 2}),
    ({"must": [{"key": "t", "match": {"any": ["x", "y"]}}]}, {0, 1, 2}),
    ({"must": {"key": "t", "values_count": {"gte": 2}}}, {2}),
    ({"must": [{"is_null": {"key": "z"}}]}, {0}),
    ({"must": [{"is_empty": {"key": "z"}}]}, {0, 1, 2, 3}),
    ({"must": [{"has_id": [0, 3, 99]}]}, {0, 3}),
    ({"must": [{"nested": {"key": "l", "filter": {"must": [{"key": "v", "match": {"value": True}}]}}}]}, {3}),
    ({"must": [{"key": "l[].v", "match": {"value": True}}]}, {3}),
    (
        {
            "min_should": {
                "conditions": [{"key": "t", "match": {"value": "x"}}, {"key": "b", "match": {"value": True}}],
                "min_count": 2,
            }
        },
        {0},
    ),
    ({"must": [{"should": [{"key": "n", "range": {"gt": 2}}, {"key": "n", "range": {"lt": 1}}]}]}, {0, 3, 4}),
    ({"must": [{"key": "d", "range": {"gte": "2024-05-01", "lt": "2024-05-02T00:00:00Z"}}]}, {1}),
    ({"must": [{"key": "g", "geo_radius": {"center": {"lon": 139.7, "lat": 35.7}, "radius": 50_000.0}}]}, {4}),
]


@pytest.mark.parametrize(("filter", "expected"), RAW)
def test_qdrants_own_filters_mean_the_same_everywhere(store, vector_name, filter, expected):
    payloads = [
        {"n": 0, "b": True, "t": "x", "z": None},
        {"n": 1, "b": False, "t": ["y"], "d": "2024-05-01T12:00:00+00:00"},
        {"n": 2, "b": 1, "t": ["x", "y"], "z": []},
        {"n": 3, "l": [{"v": False}, {"v": True}]},
        {"n": 4, "b": [True, False], "z": 0, "g": {"lon": 139.75, "lat": 35.68}, "d": "2024-06-01"},
    ]
    vector = np.ones(SIZE, np.float32)
    store.upsert([Point(i, vector, payload) for i, payload in enumerate(payloads)], vector_name=vector_name)
    records, _ = store.scroll(filter=filter)
    assert {record.id for record in records} == expected
    assert store.count(filter) == len(expected)


# --- random filters: both stores and an oracle agree

KEYS = ["genre", "year", "by.name", "tags", "seen", "rating", "著者", "two words"]
VALUES = {
    "genre": st.sampled_from(["drama", "action", "ドラマ"]),
    "year": st.integers(1990, 1996) | st.sampled_from([1990.0, 1993.0, 1994.5]),
    "by.name": st.sampled_from(["a", "b"]),
    "tags": st.sampled_from(["x", "y", "z"]),
    "seen": st.booleans(),
    "rating": st.sampled_from([0.5, 1.5, 2.5]),
    "著者": st.sampled_from(["夏目", "森"]),
    "two words": st.integers(0, 2),
}
DATES = [dt.datetime(2024, 5, day, tzinfo=dt.timezone.utc) for day in range(1, 6)]


def document(draw_value):
    def build(parts):
        metadata = {k: v for k, v in parts.items() if v is not None and k not in {"by.name", "tags", "day"}}
        if parts["by.name"] is not None:
            metadata["by"] = {"name": parts["by.name"]}
        if parts["tags"]:
            metadata["tags"] = parts["tags"]
        if parts["day"] is not None:
            metadata["day"] = parts["day"].isoformat()
        return metadata

    fields = {k: st.none() | v for k, v in VALUES.items() if k != "tags"}
    fields |= {"tags": st.lists(VALUES["tags"], max_size=2), "day": st.none() | st.sampled_from(DATES)}
    return st.fixed_dictionaries(fields).map(build)


def leaf():
    def for_key(key):
        value = VALUES[key]
        kinds = [value, st.lists(value, min_size=1, max_size=3, unique=True), st.none()]
        kinds += [st.fixed_dictionaries({"not": value}), st.fixed_dictionaries({"exists": st.booleans()})]
        if key in {"year", "rating", "two words"}:
            kinds.append(st.dictionaries(st.sampled_from(["gt", "gte", "lt", "lte"]), value, min_size=1, max_size=2))
        return st.one_of(kinds).map(lambda v: {key: v})

    days = st.dictionaries(st.sampled_from(["gt", "gte", "lt", "lte"]), st.sampled_from(DATES), min_size=1, max_size=2)
    return st.sampled_from(KEYS).flatmap(for_key) | days.map(lambda v: {"day": v})


WHERE = st.recursive(
    leaf(),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda c: {"and": c}),
        st.lists(inner, min_size=1, max_size=3).map(lambda c: {"or": c}),
        inner.map(lambda c: {"not": c}),
        st.tuples(inner, inner).map(lambda pair: {**pair[0], **pair[1]}),
    ),
    max_leaves=6,
)


def values_of(metadata, key):
    value = metadata
    for part in key.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return [] if value is None else value if isinstance(value, list) else [value]


def meets(metadata, where):
    return all(meets_one(metadata, key, condition) for key, condition in where.items())


def meets_one(metadata, key, condition):
    if key in {"and", "or"}:
        return (all if key == "and" else any)(meets(metadata, c) for c in condition)
    if key == "not":
        return not meets(metadata, condition)
    own = values_of(metadata, key)
    if condition is None:
        return not own
    if isinstance(condition, list):
        return any(same(v, c) for v in own for c in condition)
    if isinstance(condition, dict):
        return all(meets_operator(own, op, bound) for op, bound in condition.items() if op in {"not", "exists"}) and (
            not (bounds := {op: b for op, b in condition.items() if op not in {"not", "exists"}})
            or any(all(compare(v, op, b) for op, b in bounds.items()) for v in own)
        )
    return any(same(v, condition) for v in own)


def same(a, b):
    return a == b and isinstance(a, bool) == isinstance(b, bool)


def meets_operator(own, op, bound):
    return not any(same(v, bound) for v in own) if op == "not" else bool(own) == bound


def compare(value, op, bound):
    if isinstance(bound, dt.datetime):
        value = dt.datetime.fromisoformat(value)
    return {"gt": value > bound, "gte": value >= bound, "lt": value < bound, "lte": value <= bound}[op]


@pytest.fixture(params=KINDS)
def filled(request, tmp_path):
    """A store, made once for all the examples of a test; each example replaces its points."""
    with places(request.param, tmp_path) as place:
        store = store_at(place)
        store.create(Schema((VectorSpec("", 2),), {}), {})
        yield store
        store.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(documents=st.lists(document(None), min_size=1, max_size=8), wheres=st.lists(WHERE, min_size=1, max_size=6))
def test_random_filters_select_what_they_say(filled, documents, wheres):
    vector = np.ones(2, np.float32)
    filled.delete(ids=list(range(8)))
    filled.upsert([Point(i, vector, {"metadata": m}) for i, m in enumerate(documents)], vector_name="")
    filters = [where_to_filter(where) for where in wheres]
    pages = filled.query(np.ones((len(wheres), 2), np.float32), vector_name="", filters=filters, limit=10)
    for where, filter, page in zip(wheres, filters, pages, strict=True):
        expected = {i for i, metadata in enumerate(documents) if meets(metadata, where)}
        assert {record.id for record in page} == expected, where
        assert filled.count(filter) == len(expected)
