"""Metadata of any kind becomes plain JSON."""

import dataclasses
import datetime as dt
import decimal
import enum
import json
import pathlib
import uuid

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xling import Hit
from xling._json import to_jsonable

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(alphabet=st.characters()) | st.binary(max_size=9)
    | st.dates() | st.datetimes() | st.times() | st.uuids() | st.decimals() | st.timedeltas()
)  # fmt: skip
NESTED = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner) | st.tuples(inner)
)


@given(NESTED)
def test_anything_nested_becomes_json_and_stays(value):
    plain = to_jsonable(value)
    text = json.dumps(plain, allow_nan=False, ensure_ascii=False)
    text.encode("utf-8")
    assert json.loads(text) == plain
    assert to_jsonable(plain) == plain


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Place:
    city: str


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.int64(3), 3),
        (np.float32(0.5), 0.5),
        (np.bool_(True), True),
        (np.str_("a"), "a"),
        (np.array([[1, 2]]), [[1, 2]]),
        (np.float64("nan"), None),
        (np.datetime64("2024-05-06"), "2024-05-06"),
        (dt.datetime(2024, 5, 6, 7, tzinfo=dt.timezone.utc), "2024-05-06T07:00:00+00:00"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (pathlib.PurePosixPath("a/b"), "a/b"),
        (decimal.Decimal("1.10"), "1.10"),
        ({3, 1, 2}, [1, 2, 3]),
        (Colour.RED, "red"),
        (Place("Kyoto"), {"city": "Kyoto"}),
        (2**70, str(2**70)),
        ({1: "a"}, {"1": "a"}),
        (b"\x00", "AA=="),
    ],
)
def test_what_each_kind_becomes(value, expected):
    assert to_jsonable(value) == expected


def test_a_hit_serialises_whatever_its_metadata():
    hit = Hit(text="x", score=0.5, id=uuid.UUID(int=2), metadata={"when": dt.date(2024, 1, 2), "v": np.arange(2)})
    assert json.loads(json.dumps(hit.to_dict()))["metadata"] == {"when": "2024-01-02", "v": [0, 1]}
    assert json.loads(hit.model_dump_json())["id"] == "00000000-0000-0000-0000-000000000002"
