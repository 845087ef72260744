"""gettext PO, read and written."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xling.errors import InvalidInput
from xling.translate import Note, Property, Segment, Tag, Unit, read_po, write_po

HEAD = 'msgid ""\nmsgstr ""\n"Language: ja\\n"\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'
GOOD = 'msgid "Hello"\nmsgstr "こんにちは"\n\n'


@pytest.fixture
def read(tmp_path):
    def read(text, **options):
        path = tmp_path / "file.po"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        reader = read_po(path, **options)
        return list(reader), reader

    return read


def texts(units):
    return [tuple(segment.text for segment in unit.segments) for unit in units]


def test_an_entry_is_read_whole(read):
    units, reader = read(
        '# A translator\'s comment\nmsgid ""\nmsgstr ""\n"Language: pt_BR\\n"\n"X-Source-Language: de\\n"\n\n'
        '# checked\n#. A button.\n#: ui/main.c:12 ui/other.c:3\n#, fuzzy, c-format\n#| msgid "Drück"\n'
        'msgctxt "menu"\nmsgid ""\n"Drücke %s\\n"\n"jetzt"\nmsgstr "Prima \\"%s\\" agora"\n'
    )
    (unit,) = units
    assert reader.header["Language"] == "pt_BR"
    assert [(s.lang, s.text) for s in unit.segments] == [("de", "Drücke %s\njetzt"), ("pt-BR", 'Prima "%s" agora')]
    assert [(one.type, one.value) for one in unit.properties] == [
        ("x-context", "menu"),
        ("sourcefile", "ui/main.c"),
        ("linenumber", "12"),
        ("sourcefile", "ui/other.c"),
        ("linenumber", "3"),
        ("x-flags", "c-format"),
        ("x-previous-msgid", "Drück"),
    ]
    assert unit.segments[1].properties == (Property("x-state", "needs-review-translation"),)
    assert unit.notes == (Note("checked"), Note("A button.", {"from": "developer"}))


def test_forms_of_a_plural_are_units_and_one_entry_again(read, tmp_path):
    text = 'msgid "%d file"\nmsgid_plural "%d files"\nmsgstr[0] "%d soubor"\nmsgstr[1] "%d soubory"\nmsgstr[2] ""\n'
    units, _ = read(HEAD.replace("ja", "cs") + text + "\n" + GOOD)
    assert texts(units) == [
        ("%d file", "%d soubor"),
        ("%d files", "%d soubory"),
        ("%d files",),
        ("Hello", "こんにちは"),
    ]
    assert write_po(tmp_path / "out.po", units, ["en", "cs"]) == 4
    written = (tmp_path / "out.po").read_text("utf-8")
    assert text in written
    assert "nplurals=3" in written
    assert list(read_po(tmp_path / "out.po")) == units


def test_entries_without_a_translation_and_obsolete_ones(read, tmp_path):
    units, _ = read(HEAD + 'msgid "a"\nmsgstr ""\n\n' + GOOD + '#~ msgid "old"\n#~ msgstr "古い"\n#~ \n')
    assert texts(units) == [("a",), ("Hello", "こんにちは"), ("old", "古い")]
    assert units[2].value("x-obsolete") == "yes"
    write_po(tmp_path / "out.po", units, ["en", "ja"])
    assert list(read_po(tmp_path / "out.po")) == units


BROKEN = {
    "a quotation mark": ('msgid "a " b"\nmsgstr "x"', 1),
    "a word that is none": ('msgid "a"\nmsgstr "x"\nnonsense "y"', 3),
    "no translation": ('msgid "a"', 1),
    "no id": ('msgstr "x"', 1),
    "an empty id": ('msgctxt "c"\nmsgid ""\nmsgstr "x"', 1),
    "a form without number": ('msgid "a"\nmsgid_plural "b"\nmsgstr[x] "y"', 3),
    "no quotation mark": ("msgid a\nmsgstr b", None),
    "bytes of another encoding": ('msgid "a"\nmsgstr "\udce9"', 2),
}


@pytest.mark.parametrize(("entry", "line"), BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("apart", ["\n\n", "\n"])
def test_a_broken_entry_loses_no_other(read, entry, line, apart):
    text = HEAD + GOOD + entry + apart + "# next\n" + GOOD + GOOD.replace("Hello", "Bye")
    units, reader = read(text.encode("utf-8", "surrogateescape"))
    if line is None:  # polib takes the characters between the first and the last for the text
        return
    assert texts(units) == [("Hello", "こんにちは"), ("Hello", "こんにちは"), ("Bye", "こんにちは")]
    assert [one.line for one in reader.broken] == [8 + line]


def test_every_broken_form_at_once_is_counted(read):
    bad = [entry for entry, line in BROKEN.values() if line]
    units, reader = read((HEAD + "".join(f"{b}\n\n{GOOD}" for b in bad * 30)).encode("utf-8", "surrogateescape"))
    assert len(units) == reader.broken_count == len(bad) * 30


@pytest.mark.parametrize("text", ["", HEAD, HEAD + 'msgid "a"\n', "# only a comment\n", "\xff"])
def test_nothing_read_is_an_error(read, text):
    with pytest.raises(InvalidInput):
        read(text)


def test_the_languages_have_to_be_known(read):
    with pytest.raises(InvalidInput, match="languages="):
        read(GOOD)
    assert read(GOOD, languages=["en", "ja"])[0][0].segments[1].lang == "ja"
    assert texts(read('msgid "a"\nmsgstr ""\n')[0]) == [("a",)]  # a template


def test_the_declared_encoding_and_gzip(read):
    text = HEAD.replace("UTF-8", "shift_jis") + GOOD
    assert texts(read(gzip.compress(text.encode("shift_jis")))[0]) == [("Hello", "こんにちは")]
    assert texts(read(HEAD.replace("UTF-8", "CHARSET") + GOOD)[0]) == [("Hello", "こんにちは")]


def test_entries_without_blank_lines_between_them_and_many_of_them(read):
    units, reader = read(HEAD + GOOD.replace("\n\n", "\n") * 500 + "# c\n\n" + GOOD)
    assert len(units) == 501
    assert reader.broken == []


def test_what_po_cannot_hold_is_not_written(tmp_path):
    path = tmp_path / "old.po"
    path.write_text("old")
    good = Unit((Segment("en", ("a",)), Segment("ja", ("b",))))
    for bad in (good, *(Unit((Segment(*one),)) for one in [("ja", ("b",)), ("en", ("\0",)), ("en", ("\ud800",))])):
        with pytest.raises(InvalidInput, match="unit 1"):
            write_po(path, [good, bad], ["en", "ja"])
    assert path.read_text() == "old"
    told = []
    write_po(path, [good, good], ["en", "ja"], on_refused=lambda *one: told.append(one))
    assert [(number, unit) for number, unit, _ in told] == [(1, good)]


def test_tags_are_written_as_what_they_hold(tmp_path):
    tags = ("a ", Tag("bpt", ("<b>",), {"i": "1"}), "b", Tag("ept", ("</b>",), {"i": "1"}))
    more = (Tag("pc", ("c",), {"id": "1", "dataStart": "<i>", "dataEnd": "</i>"}), Tag("x", (), {"equiv-text": "{0}"}))
    write_po(tmp_path / "a.po", [Unit((Segment("en", tags), Segment("ja", more)))], ["en", "ja"])
    assert texts(read_po(tmp_path / "a.po")) == [("a <b>b</b>", "<i>c</i>{0}")]


_stand_ins = "".join(map(chr, range(0xFDD0, 0xFDF0)))
_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=f"\0{_stand_ins}"))
_full = _text.filter(bool)
_line = st.text(st.characters(categories=["L", "N", "P"], exclude_characters="#"), min_size=1)
_place = st.tuples(
    st.builds(Property, st.just("sourcefile"), st.from_regex(r"[a-z/]{1,9}\.c", fullmatch=True)),
    st.builds(Property, st.just("linenumber"), st.from_regex("[1-9][0-9]{0,3}", fullmatch=True)),
)
_target = st.builds(
    Segment,
    st.just("ja"),
    st.tuples(_full),
    properties=st.just(()) | st.just((Property("x-state", "needs-review-translation"),)),
)


@st.composite
def units_of(draw):
    context = draw(st.just(()) | st.tuples(st.builds(Property, st.just("x-context"), _text)))
    flags = draw(st.just(()) | st.just((Property("x-flags", "c-format, no-wrap"),)))
    both = st.tuples(st.builds(Note, _line), st.builds(Note, _line, st.just({"from": "developer"})))
    notes = draw(st.just(()) | both)
    segments = (Segment("en", (draw(_full),)), *draw(st.just(()) | st.tuples(_target)))
    return Unit(segments, properties=(*context, *draw(st.just(()) | _place), *flags), notes=notes)


@settings(deadline=None, max_examples=60)
@given(st.lists(units_of(), min_size=1, max_size=4, unique_by=lambda u: (u.value("x-context"), u.segments[0].text)))
def test_what_is_written_reads_back_equal(units):
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "units.po"
        assert write_po(path, units, ["en", "ja"]) == len(units)
        reader = read_po(path)
        assert list(reader) == units
        assert not reader.broken
