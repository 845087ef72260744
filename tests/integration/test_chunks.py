"""Documents longer than the model reads, or than is wanted: split, found by their best chunk, given back whole."""

import pytest
from hypothesis import HealthCheck, given, settings

import xling
from tests.texts import PIECES
from xling.text import problem_of

GUIDE = """# Mountain guide

Boots should be worn in before the first long walk. Take water with you.

## Weather

Clouds that grow tall before noon mean a storm. Leave the ridge at once. Lightning strikes the highest point.

## Huts

Huts are open from June to October. Bring a sleeping bag liner and cash. Dinner is served at six.
"""


class Lines:
    name = "lines"

    def split(self, text, lang):
        return text.splitlines(keepends=True)


def test_a_long_document_is_found_by_its_best_chunk_and_given_back_whole(make):
    docs = make("guide", chunk_tokens=40)
    docs.add(
        [{"id": "g", "text": GUIDE, "lang": "en"}, {"id": "s", "text": "Bread is baked in an oven.", "lang": "en"}]
    )
    hit = docs.search("lightning and storms on the ridge", limit=1)[0]
    assert hit.id == "g"
    assert hit.text.startswith("## Weather\n")
    assert hit.chunk is not None
    assert GUIDE[hit.chunk.start : hit.chunk.end] == hit.text
    assert docs.get("g").text == GUIDE
    assert docs.count() == 2
    assert docs.info().points > 3


@pytest.mark.parametrize("overlap", [0, 1, 3])
def test_overlap_changes_nothing_of_the_document(make, overlap):
    docs = make("guide", chunk_tokens=32, chunk_overlap=overlap)
    assert docs.add({"id": "g", "text": GUIDE, "lang": "en"}).added == 1
    assert docs.get("g").text == GUIDE
    assert docs.add({"id": "g", "text": GUIDE, "lang": "en", "metadata": {"a": 1}}).updated == 1
    assert docs.get("g") == xling.Document(text=GUIDE, id="g", lang="en", metadata={"a": 1})
    assert docs.add({"id": "g", "text": "Now short.", "lang": "en"}).updated == 1
    assert docs.info().points == 1


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PIECES.filter(lambda text: problem_of(text) is None))
def test_any_text_comes_back_exactly(embedded, text):
    embedded.add({"id": "x", "text": text, "lang": "und"})
    assert embedded.get("x").text == text


@pytest.fixture(scope="module")
def embedded(encoder, tmp_path_factory):
    with xling.open(
        "any", path=tmp_path_factory.mktemp("any"), model=encoder, chunk_tokens=16, chunk_overlap=1
    ) as docs:
        yield docs


def test_the_way_of_splitting_is_recorded(place, encoder):
    options = {"chunk_tokens": 40, "chunk_overlap": 1}
    xling.open(**place("c"), model=encoder, **options).close()
    with xling.open(**place("c")) as docs:  # without saying it again
        docs.add({"id": "g", "text": GUIDE, "lang": "en"})
        assert docs.info().points > 3
    xling.open(**place("c"), **options).close()
    for wrong in ({"chunk_tokens": 50}, {"chunk_overlap": 0}, {"splitter": Lines()}):
        with pytest.raises(xling.InvalidInput, match="another way to split"):
            xling.open(**place("c"), **wrong)


def test_a_splitter_of_the_users_own(place, encoder):
    with xling.open(**place("c"), model=encoder, chunk_tokens=40, splitter=Lines()) as docs:
        docs.add({"id": "g", "text": GUIDE, "lang": "en"})
        assert all(hit.text.endswith("\n") for hit in docs.search("storm"))
    with xling.open(**place("c")) as docs:
        assert docs.get("g").text == GUIDE
        docs.add({"id": "s", "text": "Short."})
        with pytest.raises(xling.InvalidInput, match="'lines', which is not xling's own"):
            docs.add({"id": "h", "text": GUIDE + GUIDE, "lang": "en"})


def test_a_chunk_that_does_not_fit_the_model_is_refused_before_anything_is_made(place, encoder):
    with pytest.raises(xling.InvalidInput, match="more than the 512"):
        xling.open(**place("c"), model=encoder, chunk_tokens=1000)
    with pytest.raises(xling.CollectionNotFound):
        xling.open(**place("c"), model=encoder, create=False)


def test_another_model_keeps_the_chunks(place, encoder, tmp_path):
    from tests.tiny_models import make_model

    where = place("c")
    with xling.open(**where, model=encoder, chunk_tokens=40, chunk_overlap=1) as docs:
        docs.add({"id": "g", "text": GUIDE, "lang": "en"})
    xling.reembed(**where, model=make_model(tmp_path / "tiny"))
    with xling.open(**where) as docs:
        assert docs.get("g").text == GUIDE
        assert docs.info().points > 3
