"""More like this, and recommendations, over every store with the real model."""

from __future__ import annotations

import pytest

import xling

FILMS = [
    ("samurai", "ja", "七人の侍が野武士から村を守る。"),
    ("samurai", "en", "Seven samurai defend a village from bandits."),
    ("samurai", "fr", "Sept samouraïs défendent un village contre des bandits."),
    ("ronin", "en", "A swordsman without a master fights the gangs of a small town."),
    ("ronin", "fr", "Un guerrier sans maître combat les bandes armées d'une petite ville."),
    ("castle", "ja", "武将が城をめぐって戦をする。"),
    ("castle", "en", "Warlords fight a battle over a castle."),
    ("wedding", "en", "A couple in Paris prepares their wedding and falls in love again."),
    ("wedding", "fr", "Un couple parisien prépare son mariage et retombe amoureux."),
    ("cooking", "fr", "Un rat devient chef cuisinier dans un restaurant."),
    ("cooking", "en", "A rat becomes a chef in a restaurant."),
    ("robot", "ja", "ロボットが宇宙船で地球を離れる。"),
    ("robot", "en", "A robot leaves the Earth on a spaceship."),
    ("space", "fr", "Des astronautes traversent l'espace pour sauver la Terre."),
]
OF_WAR = {"samurai", "ronin", "castle"}


@pytest.fixture
def films(make):
    films = make("films")
    films.add(
        xling.Document(text=text, id=f"{film}-{lang}", lang=lang, metadata={"film": film}) for film, lang, text in FILMS
    )
    return films


def names(hits):
    return [str(hit.id) for hit in hits]


def test_similar_leaves_out_the_item_and_its_translations(films):
    hits = films.similar("samurai-ja", limit=3)
    assert not [n for n in names(hits) if n.startswith("samurai")]
    assert {hit.metadata["film"] for hit in hits[:2]} <= OF_WAR
    assert {"samurai-en", "samurai-fr"} <= set(names(films.similar("samurai-ja", limit=3, translations=True)))
    assert "samurai-ja" not in names(films.similar("samurai-ja", limit=14, translations=True))


def test_similar_takes_a_text_a_hit_and_a_document(films):
    by_id = films.similar("robot-en", limit=3)
    hit = films.search("A robot leaves the Earth on a spaceship.", limit=1)[0]
    assert names(films.similar(hit, limit=3)) == names(films.similar(films.get("robot-en"), limit=3)) == names(by_id)
    assert films.similar("Un robot voyage dans l'espace", limit=1)[0].metadata["film"] in {"robot", "space"}
    copies = films.similar("A rat becomes a chef in a restaurant.", limit=5)
    assert not [n for n in names(copies) if n.startswith("cooking")]


def test_similar_only_in_other_languages(films):
    for item, lang in (("castle-en", "en"), ("Des guerriers défendent leur château.", "fr")):
        hits = films.similar(item, limit=14, other_languages=True)
        assert hits
        assert lang not in {hit.lang for hit in hits}
    both = films.similar("castle-en", limit=14, other_languages=True, languages=["en", "fr"])
    assert {hit.lang for hit in both} == {"fr"}


def test_similar_leaves_out_the_same_item_of_a_field(films):
    hits = films.similar("ronin-en", limit=14, distinct="film", neutral=0)
    found = [hit.metadata["film"] for hit in hits]
    assert len(found) == len(set(found))
    assert "ronin" not in found


def test_long_documents_stand_for_the_mean_of_their_chunks(make):
    docs = make("docs", chunk_tokens=40)
    sea = " ".join(["The ship sails across the sea.", "Waves break on the hull.", "Sailors set the sails."] * 6)
    docs.add([sea, "海を渡る船と船乗りの話。", "税金の申告の手引き。"], ids=["sea", "fune", "zei"])
    hits = docs.similar("sea", limit=5)
    assert names(hits)[0] == "fune"
    assert "sea" not in names(hits)


def test_recommendations_cross_languages(films):
    for strategy in ("average", "best_score", "sum_scores"):
        hits = films.recommend(
            liked=["samurai-ja", "castle-ja"],
            disliked=["wedding-fr"],
            limit=1,
            languages=["en", "fr"],
            distinct="film",
            strategy=strategy,
        )
        assert [hit.metadata["film"] for hit in hits] == ["ronin"], strategy
        assert {hits[0].lang, *(other.lang for other in hits[0].others)} == {"en", "fr"}, strategy


def test_what_was_disliked_is_kept_away_from(films):
    options = {"liked": ["Astronauts fly through space", "Samurai fight a battle"], "limit": 14, "balance": False}
    plain = names(films.recommend(**options))
    without = names(films.recommend(**options, disliked=["Rockets, planets and science fiction"]))
    assert without.index("robot-en") > plain.index("robot-en")


def test_the_newest_weighs_most_and_the_seen_is_left_out(films):
    war, space = "Samurai fight a battle", "Astronauts fly a spaceship"
    for history, first in (([space, war], OF_WAR), ([war, space], {"robot", "space"})):
        assert films.recommend(history=history, limit=1, half_life=0.5)[0].metadata["film"] in first
    seen = [f"{film}-{lang}" for film, lang, _ in FILMS if film != "castle"]
    assert set(names(films.recommend(history=seen, limit=14))) <= {"castle-ja", "castle-en"}


def test_languages_are_balanced(films):
    hits = films.recommend(liked=["Knights fight a war over a castle"], limit=6, balance=True)
    assert {hit.lang for hit in hits} == {"ja", "en", "fr"}


def test_only_disliked_is_enough_for_the_best_score(films):
    found = films.recommend(disliked=["samurai-en"], strategy="best_score", limit=14)
    assert found
    assert not [n for n in names(found) if n.startswith("samurai")]


def test_what_cannot_be_recommended_from_is_refused(films):
    for arguments, message in (
        ({}, "nothing to recommend from"),
        ({"disliked": ["robot-en"]}, "nothing to recommend from"),
        ({"liked": "robot-en"}, "is a list"),
        ({"liked": ["robot-en"], "disliked": ["robot-en"]}, "liked and as disliked"),
        ({"liked": [12]}, "no document of the id 12"),
        ({"liked": [" "]}, "neither a document of the collection nor a text"),
        ({"liked": ["robot-en"], "strategy": "best"}, "strategy="),
        ({"liked": ["robot-en"], "half_life": 0}, "half_life="),
        ({"liked": ["robot-en"], "limit": 0}, "limit must be"),
    ):
        with pytest.raises(xling.InvalidInput, match=message):
            films.recommend(**arguments)


def test_a_collection_of_another_tool(place, make, encoder):
    where = place("foreign")
    if "client" not in where:
        pytest.skip("other tools write to servers")
    from qdrant_client import models

    client, name = where["client"], where["name"]
    client.create_collection(name, vectors_config=models.VectorParams(size=384, distance=models.Distance.COSINE))
    rows = encoder.encode_documents([text for _, _, text in FILMS])
    points = [
        models.PointStruct(id=i, vector=row.tolist(), payload={"text": text, "lang": lang, "film": film})
        for i, (row, (film, lang, text)) in enumerate(zip(rows, FILMS, strict=True))
    ]
    client.upsert(name, points)
    films = make("foreign", vector_name="")
    hits = films.similar(0, limit=2, distinct="film")
    assert {hit.metadata["film"] for hit in hits} == OF_WAR - {"samurai"}
    assert films.recommend(liked=[0, "Warlords fight over a castle"], limit=1, distinct="film")[0].id not in {0, 1, 2}
