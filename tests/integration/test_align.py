"""Documents aligned with the bundled model, from texts and from the command line."""

import json

from xling.cli import main
from xling.translate import align, read_units

ENGLISH = (
    "The ferry leaves at noon. I would like a cup of coffee. Where is the nearest station? It rained all night long."
)
JAPANESE = (
    "船は正午に出ます。コーヒーを一杯ください。お米の値段が上がりました。一番近い駅はどこですか。一晩中雨が降りました。"
)


def test_an_inserted_sentence_stays_alone(encoder):
    found = align(ENGLISH, JAPANESE, model=encoder)
    assert (found.source_lang, found.target_lang) == ("en", "ja")
    assert [link.kind for link in found.links] == ["1-1", "1-1", "0-1", "1-1", "1-1"]
    assert "".join(text for link in found.links for text in link.target) == JAPANESE


def test_the_command_line(tmp_path, capsys):
    source, target, page = tmp_path / "en.txt", tmp_path / "ja.txt", tmp_path / "page.html"
    source.write_text(ENGLISH, "utf-8")
    target.write_text(JAPANESE, "utf-8")
    assert main(["align", str(source), str(target), "--model", "bundled", "--json"]) == 0
    links = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [link["target_start"] for link in links] == [0, 1, 2, 3, 4]
    assert main(["align", str(source), str(tmp_path / "none.txt"), "--out", str(page)]) == 2
    assert main(["align", str(source), str(target), "--out", str(tmp_path / "a.doc")]) == 2
    assert "Traceback" not in capsys.readouterr().err
    assert not page.exists()
    assert main(["align", str(source), str(target), "--model", "bundled", "--out", str(page)]) == 0
    assert page.read_text("utf-8").count("<tr class=") == 5
    for name in ("a.tmx", "a.xlf", "a.po", "a.csv"):
        assert main(["align", str(source), str(target), "--model", "bundled", "--out", str(tmp_path / name)]) == 0
        read = [[segment.text for segment in unit.segments] for unit in read_units(tmp_path / name)]
        assert [texts[0] for texts in read] == ENGLISH.replace(". ", ".\n").replace("? ", "?\n").split("\n")
