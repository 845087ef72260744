"""`where=` → Qdrant's filter: what it becomes, and what is refused."""

import datetime as dt

import pytest

from xling.errors import InvalidInput
from xling.store.filters import and_filters, field_names, quote_path, where_to_filter

M = "metadata."


def test_nothing_is_no_filter():
    assert where_to_filter() is None
    assert where_to_filter({}) is None
    assert and_filters(None, None) is None


@pytest.mark.parametrize(
    ("where", "condition"),
    [
        ({"a": "x"}, {"key": M + "a", "match": {"value": "x"}}),
        ({"a": True}, {"key": M + "a", "match": {"value": True}}),
        ({"a": 1.5}, {"key": M + "a", "range": {"gte": 1.5, "lte": 1.5}}),
        ({"a": ["x", "y"]}, {"key": M + "a", "match": {"any": ["x", "y"]}}),
        ({"a": None}, {"is_empty": {"key": M + "a"}}),
        ({"a": {"gte": 1, "lt": 2}}, {"key": M + "a", "range": {"gte": 1, "lt": 2}}),
        ({"a": {"gt": dt.date(2024, 5, 6)}}, {"key": M + "a", "range": {"gt": "2024-05-06"}}),
        ({"a": {"exists": False}}, {"is_empty": {"key": M + "a"}}),
        ({"a": {"not": "x"}}, {"must_not": [{"key": M + "a", "match": {"value": "x"}}]}),
        ({"a.b": 1}, {"key": M + "a.b", "range": {"gte": 1, "lte": 1}}),
        ({"a": [1, 2.5]}, {"should": [{"key": M + "a", "range": {"gte": v, "lte": v}} for v in (1, 2.5)]}),
        ({"a": 2**60}, {"key": M + "a", "match": {"value": 2**60}}),
        ({'"a.b".著[].c': "x"}, {"key": M + '"a.b"."著"[].c', "match": {"value": "x"}}),
        ({"must": ["x"]}, {"key": M + "must", "match": {"any": ["x"]}}),
        ({"should": {"gt": 1}}, {"key": M + "should", "range": {"gt": 1}}),
        ({"著者": "x"}, {"key": M + '"著者"', "match": {"value": "x"}}),
        ({"a b": "x"}, {"key": M + '"a b"', "match": {"value": "x"}}),
    ],
)
def test_what_a_condition_becomes(where, condition):
    assert where_to_filter(where) == {"must": [condition]}


def test_conditions_of_all_kinds_come_together():
    filter = where_to_filter({"a": 1, "or": [{"b": 2}, {"c": 3}]}, languages=["en"], source="s")
    assert [sorted(c)[0] for c in filter["must"]] == ["key", "key", "key", "should"]
    assert field_names(filter) == ["langs", "source", M + "a", M + "b", M + "c"]


def test_a_filter_of_should_stays_one_condition_when_joined():
    own = {"should": [{"key": "a", "match": {"value": 1}}], "must_not": [{"key": "b", "match": {"value": 2}}]}
    joined = and_filters(own, {"must": [{"key": "c", "match": {"value": 3}}]})
    assert joined == {"must": [own, {"key": "c", "match": {"value": 3}}]}


def test_a_qdrant_filter_is_taken_as_it_is():
    from qdrant_client import models

    given = models.Filter(
        should=[models.FieldCondition(key="x.y", match=models.MatchAny(any=["a"]))],
        must_not=models.IsEmptyCondition(is_empty=models.PayloadField(key="z")),
    )
    filter = where_to_filter(given)
    assert field_names(filter) == ["x.y", "z"]
    assert models.Filter.model_validate(filter).should == given.should
    assert where_to_filter(filter) == filter


@pytest.mark.parametrize(
    "where",
    [
        "genre = drama",
        [("a", 1)],
        {1: "x"},
        {"a": []},
        {"a": ["x", 1]},
        {"a": [True, 1]},
        {"a": ["x", None]},
        {"a": {}},
        {"a": {"above": 1}},
        {"a": {"gt": "yesterday"}},
        {"a": {"gt": True}},
        {"a": {"gt": float("nan")}},
        {"a": {"gt": 1, "lt": "2024-01-01"}},
        {"a": {"exists": 1}},
        {"and": {"a": 1}},
        {"or": []},
        {"or": [{}]},
        {"not": {}},
        {"not": ["a"]},
        {"": 1},
        {"a..b": 1},
        {'a"b': 1},
        {'"a"b': 1},
        {'""': 1},
        {"a.": 1},
        {".a": 1},
        {"a": float("nan")},
    ],
)
def test_what_makes_no_sense_is_refused(where):
    with pytest.raises(InvalidInput):
        where_to_filter(where)


@pytest.mark.parametrize("languages", ["en", []])
def test_languages_are_a_list_of_codes(languages):
    with pytest.raises(InvalidInput, match="languages="):
        where_to_filter(languages=languages)


def test_paths_are_quoted_only_where_they_must_be():
    assert quote_path("a_1.b-c") == "a_1.b-c"
    assert quote_path("tags[].name[0][]") == "tags[].name[0][]"
    assert quote_path("a[b") == '"a[b"'
    assert quote_path("a b.ü") == '"a b"."ü"'


def test_fields_inside_nested_conditions_are_named_in_full():
    inner = {"must": [{"key": "name", "match": {"value": "x"}}, {"is_null": {"key": "age"}}]}
    filter = {"must_not": [{"nested": {"key": "people", "filter": inner}}], "should": [{"has_id": [1]}]}
    assert field_names(filter) == ["people[].name", "people[].age"]


def test_every_condition_of_qdrants_keeps_its_meaning_on_the_way_to_json():
    from qdrant_client import models

    given = models.Filter(
        must=[
            models.FieldCondition(key="a", match=models.MatchExcept(**{"except": ["x"]})),
            models.FieldCondition(
                key="b", range=models.DatetimeRange(gt=dt.datetime(2024, 1, 1, tzinfo=dt.timezone.utc))
            ),
            models.FieldCondition(key="c", values_count=models.ValuesCount(gt=1)),
            models.HasIdCondition(has_id=[1, "00000000-0000-0000-0000-000000000002"]),
            models.Filter(should=[models.IsNullCondition(is_null=models.PayloadField(key="d"))]),
        ],
        min_should=models.MinShould(
            conditions=[models.FieldCondition(key="e", match=models.MatchValue(value=True))], min_count=1
        ),
    )
    filter = where_to_filter(given)
    assert filter["must"][0]["match"] == {"except": ["x"]}
    assert models.Filter.model_validate(filter) == given
    assert sorted(field_names(filter)) == ["a", "b", "c", "d", "e"]
