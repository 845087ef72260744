"""Ids of any form come back as given, and are told apart."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xling.store.ids import (
    chunk_uuid,
    collection_namespace,
    document_uuid,
    id_from_payload,
    id_to_payload,
    problem_of_id,
)

SPACE = collection_namespace("phrases")
TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1)
IDS = TEXT | st.integers() | st.uuids()


def key(id, source=None, text="x"):
    return document_uuid(SPACE, id, source=source, text=text)


@given(IDS)
def test_every_id_comes_back_as_given(id):
    back = id_from_payload({"text": "x", **id_to_payload(id)})
    assert back == id
    assert type(back) is type(id)


@given(IDS, IDS)
def test_different_ids_are_different_documents(a, b):
    same = (a == b and type(a) is type(b)) or (
        str(a).lower() == str(b).lower() and isinstance(b, uuid.UUID) != isinstance(a, uuid.UUID)
    )
    assert (key(a) == key(b)) == bool(same)


def test_number_and_string_are_two_ids():
    assert key(1) != key("1")


def test_a_uuid_stands_for_itself_in_any_case():
    u = uuid.uuid4()
    assert key(u) == key(str(u)) == key(str(u).upper()) == str(u)
    assert key(u.hex) != str(u), "32 hex digits are somebody's hash, not a UUID"


@given(TEXT, TEXT, st.none() | TEXT, st.none() | TEXT)
def test_without_id_text_and_source_are_the_document(text_a, text_b, source_a, source_b):
    same = (text_a, source_a) == (text_b, source_b)
    assert (key(None, source_a, text_a) == key(None, source_b, text_b)) == same


def test_chunks_have_points_of_their_own_and_the_first_is_the_document():
    document = key("a")
    points = [chunk_uuid(document, i) for i in range(50)]
    assert points[0] == document
    assert len(set(points)) == 50


@pytest.mark.parametrize("id", [1.5, True, b"a", None, "", "a\ud800", ("a",)])
def test_what_cannot_be_an_id_is_named(id):
    assert problem_of_id(id)


def test_namespaces_differ_by_collection():
    assert collection_namespace("a") != collection_namespace("b")
    assert collection_namespace("a") == collection_namespace("a")
