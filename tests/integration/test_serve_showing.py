"""What the service offers a page that shows hits: words that answer the query's, and a map."""

from __future__ import annotations

import httpx
import pytest

pytest.importorskip("fastapi", reason="needs the extra serve: pip install 'xling[serve]'")

from tests.serving import error_of, running

TEXTS = {
    "en": "The station is next to the post office.",
    "ja": "おはようございます。",
    "fr": "Le chien dort.",
    "und": "🚉 42",
}


@pytest.fixture(scope="module")
def client(encoder, tmp_path_factory):
    with (
        running(tmp_path_factory.mktemp("service"), model=encoder) as url,
        httpx.Client(base_url=f"{url}/v1/collections/c", timeout=120) as client,
    ):
        client.put(f"{url}/v1/collections/c")
        documents = [{"id": lang, "lang": lang, "text": text} for lang, text in TEXTS.items()]
        assert client.post("/documents", json={"documents": [*documents, {"id": 7, "text": "Good morning"}]}).is_success
        yield client


def test_words_of_hits_are_linked_to_those_of_the_query(client):
    texts = ["🚉 " + TEXTS["en"], TEXTS["fr"]]
    first, second = client.post("/explain", json={"query": "Wo ist der Bahnhof?", "texts": texts}).json()["links"]
    link = next(link for link in first if link["source"]["text"] == "Bahnhof")
    assert link["target"] == {"text": "station", "start": 6, "end": 13}
    assert 0.4 <= link["weight"] <= 1
    asked = {"query": "Wo ist der Bahnhof?", "texts": texts, "min_weight": 1}
    assert client.post("/explain", json=asked).json()["links"] == [[], []]
    assert all(link["target"]["text"] != "chien" for link in second)


@pytest.mark.parametrize(
    "asked",
    [
        {"query": "x", "texts": []},
        {"query": " ", "texts": ["x"]},
        {"query": "x", "texts": [" "]},
        {"query": "x", "texts": ["x"] * 101},
        {"query": "x", "texts": ["x" * 200_001]},
        {"query": "x" * 5000, "texts": ["x"]},
        {"query": ["x"], "texts": ["x"]},
        {"query": "x", "texts": ["x"], "min_weight": 2},
        {"query": "x", "texts": ["x"], "unknown": 1},
    ],
)
def test_what_cannot_be_explained_is_refused(client, asked):
    answer = client.post("/explain", json=asked)
    assert answer.status_code == 422
    assert error_of(answer)["message"]


def test_a_map_and_the_place_of_a_text_on_it(client):
    pytest.importorskip("openTSNE", reason="needs the extra explore: pip install 'xling[explore]'")
    drawn = client.get("/map").json()
    assert {(point["id"], point["lang"]) for point in drawn["points"]} >= {(7, "en"), ("fr", "fr")}
    assert all(0 <= point["x"] <= 1 and 0 <= point["y"] <= 1 for point in drawn["points"])
    assert drawn["total"] == len(drawn["points"]) == 5
    assert client.get("/map").json() == drawn
    first, second = client.post("/map/place", json={"texts": ["chien", "駅"]}).json()["places"]
    assert all(0 <= value <= 1 for value in [*first.values(), *second.values()])
    assert client.post("/map/place", json={"texts": [" "]}).status_code == 422
    client.post("/documents", json={"documents": ["One more."]})
    assert client.get("/map").json()["total"] == 6
