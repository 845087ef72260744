"""`xling map` and `xling probe`."""

from __future__ import annotations

import json

import pytest

import xling

pytest.importorskip("typer")

from xling.cli import main

TEXTS = {
    "sea": {"en": "The ship sails over the sea.", "de": "Das Schiff fährt über das Meer.", "ja": "船が海を渡る。"},
    "food": {"en": "I bake bread every day.", "de": "Ich backe jeden Tag Brot.", "ja": "毎日パンを焼きます。"},
    "snow": {"en": "Snow lies on the roof.", "de": "Schnee liegt auf dem Dach.", "ja": "屋根に雪が積もっている。"},
}


@pytest.fixture
def place(encoder, xling_home, tmp_path):
    with xling.open("texts", path=tmp_path / "data", model=encoder) as texts:
        texts.add(
            xling.Document(text=text, id=f"{topic}-{lang}", lang=lang, metadata={"topic": topic})
            for topic, by_lang in TEXTS.items()
            for lang, text in by_lang.items()
        )
    return ["--collection", "texts", "--path", str(tmp_path / "data")]


def test_a_map_is_written(place, tmp_path, capsys):
    for name in ("map.html", "map.png", "map.svg", "map.json"):
        arguments = [str(tmp_path / name), "--compare", "--clusters", "3", "--query", "パン", "--title", "地図"]
        assert main(["map", *arguments, *place]) == 0
        assert capsys.readouterr().err.endswith(f"9 documents on {tmp_path / name}\n")
        assert (tmp_path / name).stat().st_size > 1000
    found = json.loads((tmp_path / "map.json").read_text("utf-8"))
    assert found["fields"] == ["language", "topic", "cluster"]
    assert main(["map", "--json", "--lang", "ja,de", "--most", "5", *place]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (len(found["points"]), found["total"]) == (5, 6)


def test_a_map_that_cannot_be_written(place, tmp_path, capsys):
    for arguments, message in (
        ([], "give a file"),
        ([str(tmp_path / "a.html"), "--json"], "give a file"),
        ([str(tmp_path / "a.pdf")], "a map is saved as .html"),
        ([str(tmp_path / "a.html"), "--color-by", "nothing"], "no field 'nothing'"),
        ([str(tmp_path / "no" / "a.html")], "cannot be written"),
    ):
        assert main(["map", *arguments, *place]) == 2
        assert message in capsys.readouterr().err


def test_a_probe_is_shown_and_drawn(place, tmp_path, capsys):
    assert main(["probe", "--plot", str(tmp_path / "probe.png"), *place]) == 0
    shown = capsys.readouterr().out
    for part in ("9 documents", "384 dimensions", "IsoScore", "int8", "binary", "first 192", "Robin Hood"):
        assert part in shown
    assert (tmp_path / "probe.png").read_bytes().startswith(b"\x89PNG")
    assert main(["probe", "--json", "-k", "2", *place]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["raw"]["mean_cosine"] > found["neutral"]["mean_cosine"]
    assert found["raw"]["own_share"] > found["neutral"]["own_share"]
    assert main(["probe", "--plot", str(tmp_path / "probe.pdf"), *place]) == 2
    assert "--plot draws" in capsys.readouterr().err
