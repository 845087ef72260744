"""Formats of translation units into each other, and what is told of what they lose."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from xling.cli import main
from xling.errors import InvalidInput
from xling.translate import Note, Property, Segment, Tag, Unit, convert, read_units, write_units

TAGGED = ("Press ", Tag("bpt", ("<b>",), {"i": "1"}), "OK", Tag("ept", ("</b>",), {"i": "1"}))
UNITS = [
    Unit(
        (Segment("en", TAGGED), Segment("ja", ("押す",), {"changeid": "kei"}, (Property("x-state", "final"),))),
        "1",
        {"changedate": "20240101T000000Z"},
        (Property("x-context", "menu"),),
        (Note("short", {"xml:lang": "en"}),),
    ),
    Unit((Segment("en", ("two\nlines",)), Segment("ja", ("二行",)), Segment("de", ("zwei\nZeilen",))), "2"),
    Unit((Segment("ja", ("三",)), Segment("de", ("drei",))), "3"),
]
WAYS = {one: f"u.{one}" for one in ("tmx", "xliff", "po", "csv", "tsv")} | {"xliff2": "u.xlf", "moses": "u"}


@pytest.fixture
def file(tmp_path):
    write_units(tmp_path / "in.tmx", UNITS)
    return tmp_path / "in.tmx"


@pytest.mark.parametrize(
    ("format", "units", "refused", "lost"),
    [
        ("tmx", 3, 0, {}),
        ("xliff", 2, 1, {"other languages": 1}),
        ("xliff2", 2, 1, {"other languages": 1}),
        (
            "po",
            2,
            1,
            {
                "tags (their codes are kept as text)": 1,
                "ids": 2,
                "dates and authors": 1,
                "other languages": 1,
                "attributes of notes": 1,
            },
        ),
        (
            "csv",
            3,
            0,
            {"tags": 1, "dates and authors": 1, "notes": 1, "properties": 1, "other languages": 2},
        ),
        (
            "moses",
            2,
            1,
            {"tags": 1, "dates and authors": 1, "notes": 1, "properties": 1, "ids": 2, "other languages": 1},
        ),
    ],
)
def test_what_is_lost_is_told(file, tmp_path, format, units, refused, lost):
    done = convert(file, tmp_path / WAYS[format], target_format=format)
    assert (done.units, done.refused_count, done.lost) == (units, refused, lost)
    assert done.languages == (() if format == "tmx" else ("en", "ja"))
    assert len(done.refused) == refused


@pytest.mark.parametrize("one", WAYS)
@pytest.mark.parametrize("other", WAYS)
def test_texts_go_from_every_format_into_every_other(tmp_path, one, other):
    units = [Unit((Segment("en", (f"text {i}",)), Segment("ja", (f"文 {i}",))), str(i)) for i in range(3)]
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    first, second = tmp_path / "a" / WAYS[one], tmp_path / "b" / WAYS[other]
    write_units(first, units, format=one, languages=() if one == "tmx" else ["en", "ja"])
    done = (
        convert(first, second, source_format=one, target_format=other)
        if one != "moses"
        else convert(first, second, source_format=one, target_format=other, languages=["en", "ja"])
    )
    read = read_units(second, format=other, languages=["en", "ja"] if other == "moses" else ())
    assert [[segment.text for segment in unit.segments] for unit in read] == [
        [segment.text for segment in unit.segments] for unit in units
    ]
    assert (done.units, done.broken_count, done.refused_count) == (3, 0, 0)


def test_the_source_is_the_one_that_the_file_names(tmp_path):
    from xling.translate import write_tmx

    write_tmx(tmp_path / "in.tmx", UNITS[:1], source_language="ja")
    assert convert(tmp_path / "in.tmx", tmp_path / "out.xlf").languages == ("ja", "en")
    own = [Unit(UNITS[0].segments, attributes={"srclang": "en"})]
    write_tmx(tmp_path / "in.tmx", own, source_language="ja")
    assert convert(tmp_path / "in.tmx", tmp_path / "out.xlf").languages == ("en", "ja")
    (tmp_path / "in.po").write_text(
        'msgid ""\nmsgstr ""\n"Language: fr\\n"\n\nmsgid "a"\nmsgstr ""\n\nmsgid "b"\nmsgstr "c"\n'
    )
    assert convert(tmp_path / "in.po", tmp_path / "out.csv").languages == ("en", "fr")


def test_what_is_broken_is_counted_and_the_old_file_kept_where_nothing_can_be_written(file, tmp_path):
    text = file.read_text("utf-8")
    file.write_text(text.replace("</tu>", "</tu><tu><tuv></tu>"), "utf-8")
    done = convert(file, tmp_path / "out.csv", languages=["en", "ja"])
    assert (done.units, done.broken_count) == (3, 3)
    (tmp_path / "old.xlf").write_text("old")
    with pytest.raises(InvalidInput, match="no unit"):
        convert(file, tmp_path / "old.xlf", languages=["fr", "ja"])
    assert (tmp_path / "old.xlf").read_text() == "old"


def test_misuse_is_told(file, tmp_path):
    with pytest.raises(InvalidInput, match="onto itself"):
        convert(file, file)
    with pytest.raises(InvalidInput, match="docx"):
        convert(file, tmp_path / "out.docx")
    write_units(tmp_path / "one.tmx", [Unit((Segment("en", ("a",)),))])
    with pytest.raises(InvalidInput, match="no unit has a translation"):
        convert(tmp_path / "one.tmx", tmp_path / "out.csv")


def test_the_command_line(file, tmp_path, capsys):
    assert main(["convert", str(file), str(tmp_path / "out.po"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["units"], said["refused"], said["languages"]) == (2, 1, ["en", "ja"])
    assert Counter(said["lost"])["ids"] == 2
    assert main(["convert", str(tmp_path / "out.po"), str(tmp_path / "po.csv"), "-l", "en-GB,ja"]) == 0
    assert (tmp_path / "po.csv").read_text("utf-8").startswith("tuid,en-GB,ja")
    capsys.readouterr()
    assert main(["convert", str(file), str(tmp_path / "out.csv"), "-l", "de,en"]) == 0
    captured = capsys.readouterr()
    assert "3 units" in captured.out
    assert "not kept: tags of 1 units" in captured.err
    table = tmp_path / "t.csv"
    table.write_text("quelle,ziel\na,b\n", "utf-8")
    assert main(["convert", str(table), str(tmp_path / "t.tmx"), "--column", "quelle=de", "--column", "ziel=en"]) == 0
    assert [s.lang for u in read_units(tmp_path / "t.tmx") for s in u.segments] == ["de", "en"]
    capsys.readouterr()
    assert main(["convert", str(table), str(tmp_path / "t.tmx"), "--column", "quelle"]) == 2
    assert main(["convert", str(tmp_path / "none.tmx"), str(tmp_path / "t.tmx")]) == 2
    assert "Traceback" not in capsys.readouterr().err
