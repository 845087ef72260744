"""Parallel files other than TMX: what is written reads back equal, and what is broken loses nothing else."""

import gzip
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xling.errors import InvalidInput
from xling.translate import Note, Property, Segment, Tag, Unit, read_tmx, read_units, write_units

LANGUAGES = ("en", "ja")


def unit(en, ja, id=None):
    return Unit(tuple(Segment(lang, (text,)) for lang, text in (("en", en), ("ja", ja)) if text), id)


GOOD = [unit("Thank you", "ありがとう", "1"), unit('a "b", c', "二\n行\tと"), unit("no translation", "", "3")]
ANY = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufdd0"))
LINE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\ufdd0"))


def units_of(texts, ids):
    return st.lists(st.builds(unit, texts, texts, ids).filter(lambda one: one.segments), min_size=1)


@pytest.mark.parametrize("ending", ["csv", "tsv"])
@settings(deadline=None)
@given(units=units_of(ANY, st.none() | ANY.filter(bool)))
def test_tables_read_back_equal(ending, units):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"units.{ending}"
        assert write_units(path, units, languages=LANGUAGES) == len(units)
        reader = read_units(path)
        assert (list(reader), reader.broken) == (units, [])


@settings(deadline=None)
@given(units=units_of(LINE, st.none()))
def test_moses_reads_back_equal(units):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "corpus"
        assert write_units(path, units, format="moses", languages=LANGUAGES) == len(units)
        assert list(read_units(path, format="moses", languages=LANGUAGES)) == units


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_are_told_by_the_mark_and_gzip_by_its_bytes(tmp_path, encoding):
    path = tmp_path / "u.csv.gz"
    path.write_bytes(gzip.compress("en,ja\r\nThank you,ありがとう\r\n".encode(encoding)))
    assert list(read_units(path)) == [unit("Thank you", "ありがとう")]


def test_an_encoding_can_be_named(tmp_path):
    path = tmp_path / "u.csv"
    path.write_bytes("en,ja\nThank you,ありがとう\n".encode("shift_jis"))
    assert list(read_units(path, encoding="shift_jis")) == [unit("Thank you", "ありがとう")]


def test_broken_rows_are_counted_with_line_and_reason_and_lose_no_other(tmp_path):
    path = tmp_path / "u.csv"
    rows = [
        b"en,ja",
        b"one,\xe4\xb8\x80",
        b"two",
        b'"three"x,3',
        b"\xff,4",
        b",",
        b"",
        b'"f\nive",5',
        b"six,7,8",
        b"end,9",
    ]
    path.write_bytes(b"\n".join(rows))
    reader = read_units(path)
    assert list(reader) == [unit("one", "一"), unit("f\nive", "5"), unit("end", "9")]
    assert [one.line for one in reader.broken] == [3, 4, 5, 6, 10]
    assert (reader.units, reader.broken_count) == (3, 5)
    assert "1 cells" in reader.broken[0].reason
    assert "encoding" in reader.broken[2].reason


@pytest.mark.parametrize("below", [3, 20_000])
def test_a_quotation_mark_that_is_not_closed_loses_its_row_alone(tmp_path, below):
    path = tmp_path / "u.csv"
    path.write_text('en,ja\none,1\n"two,2\n' + "".join(f"row {i},{i}\n" for i in range(below)), "utf-8")
    reader = read_units(path)
    assert list(reader) == [unit("one", "1"), *(unit(f"row {i}", str(i)) for i in range(below))]
    assert [one.line for one in reader.broken] == [3]


def test_columns_are_named_where_they_are_no_languages(tmp_path):
    path = tmp_path / "u.tsv"
    path.write_text("tuid\tsource\tstate\ttarget\n7\tThank you\tfinal\tありがとう\n", "utf-8")
    read = read_units(path, columns={"source": "en", "target": "ja"})
    assert list(read) == [unit("Thank you", "ありがとう", "7")]
    with pytest.raises(InvalidInput, match="columns="):
        list(read_units(path))
    with pytest.raises(InvalidInput, match="no column 'quelle'"):
        list(read_units(path, columns={"quelle": "en", "target": "ja"}))


def test_moses_files_of_unequal_length(tmp_path):
    (tmp_path / "c.en").write_bytes(b"one\r\ntwo\n\nfour\nfive\n")
    (tmp_path / "c.ja").write_text("一\n\n\n四\n", "utf-8")
    reader = read_units(tmp_path / "c", format="moses", languages=LANGUAGES)
    assert list(reader) == [unit("one", "一"), unit("two", ""), unit("four", "四")]
    assert [(one.line, one.reason) for one in reader.broken] == [(3, "it has no text"), (5, "c.ja has no such line")]


@pytest.mark.parametrize("content", [b"", b"en,ja\n", b"en,ja\n,\n", b"\xff\xff"])
def test_nothing_read_is_an_error(tmp_path, content):
    path = tmp_path / "u.csv"
    path.write_bytes(content)
    with pytest.raises(InvalidInput):
        list(read_units(path))


@pytest.mark.parametrize(
    ("bad", "why"),
    [(unit("two\nlines", "x"), "two lines"), (unit("\ud800", "x"), "surrogate"), (Unit(()), "no text")],
)
def test_what_cannot_be_written_leaves_the_old_files(tmp_path, bad, why):
    write_units(tmp_path / "c", GOOD[:1], format="moses", languages=LANGUAGES)
    with pytest.raises(InvalidInput, match=why):
        write_units(tmp_path / "c", [GOOD[0], bad], format="moses", languages=LANGUAGES)
    assert list(read_units(tmp_path / "c", format="moses", languages=LANGUAGES)) == [unit("Thank you", "ありがとう")]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.en", "c.ja"]


def test_formats_into_each_other(tmp_path):
    write_units(tmp_path / "u.tmx", GOOD)
    write_units(tmp_path / "u.csv", read_units(tmp_path / "u.tmx"), languages=LANGUAGES)
    write_units(tmp_path / "v.tmx", read_units(tmp_path / "u.csv"))
    assert list(read_tmx(tmp_path / "v.tmx")) == list(read_tmx(tmp_path / "u.tmx"))


def test_tables_hold_the_text_without_its_tags(tmp_path):
    tagged = Unit((Segment("en", ("a ", Tag("ph", ("<br/>",)), "b")), Segment("ja", ("c",))))
    write_units(tmp_path / "u.csv", [tagged], languages=LANGUAGES)
    assert list(read_units(tmp_path / "u.csv")) == [unit("a b", "c")]


@pytest.mark.parametrize("xliff", ["xliff", "xliff2"])
def test_xliff_and_tmx_into_each_other(tmp_path, xliff):
    tags = ("Press ", Tag("bpt", ("<b>",), {"i": "1"}), "OK", Tag("ept", ("</b>",), {"i": "1"}))
    parts = {"properties": (Property("x-state", "final"),), "attributes": {"changedate": "20240101T000000Z"}}
    units = [Unit((Segment("en", tags), Segment("ja", ("押す",), **parts)), "1", notes=(Note("n", {"from": "me"}),))]
    write_units(tmp_path / "u.xlf", units, format=xliff, languages=LANGUAGES)
    write_units(tmp_path / "u.tmx", read_units(tmp_path / "u.xlf"))
    assert list(read_units(tmp_path / "u.tmx")) == [replace(units[0], notes=(Note("n"),))]
    with pytest.raises(InvalidInput, match="two languages"):
        write_units(tmp_path / "u.xliff", units)


@pytest.mark.parametrize(
    ("name", "arguments", "why"),
    [
        ("u.xlf", {"encoding": "utf-8"}, "does not belong"),
        ("u.xliff", {"columns": {"a": "en"}}, "does not belong"),
        ("u.docx", {}, "format="),
        ("u.tmx", {"encoding": "utf-8"}, "does not belong"),
        ("u.csv", {"languages": LANGUAGES}, "does not belong"),
        ("u.po", {"columns": {"a": "en"}}, "does not belong"),
        ("u.po", {"languages": ["en"]}, "two languages"),
        ("u", {"format": "moses"}, "languages="),
        ("missing.csv", {}, "cannot be read"),
    ],
)
def test_misuse_is_told(tmp_path, name, arguments, why):
    with pytest.raises(InvalidInput, match=why):
        list(read_units(tmp_path / name, **arguments))
