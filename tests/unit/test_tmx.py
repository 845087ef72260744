"""TMX, read and written."""

from __future__ import annotations

import gzip
import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import xling
from xling.translate import Note, Property, Segment, Tag, Unit, read_tmx, write_tmx
from xling.translate.xml_cutting import Cutter, marks

DTD = Path(__file__).parent.parent / "resources" / "tmx14.dtd"
HEAD = '<?xml version="1.0"?>\n<!DOCTYPE tmx SYSTEM "tmx14.dtd">\n<tmx version="1.4"><header srclang="en"/>\n<body>\n'
GOOD = '<tu><tuv xml:lang="en"><seg>Hello</seg></tuv><tuv xml:lang="ja"><seg>こんにちは</seg></tuv></tu>\n'
TAIL = "</body></tmx>\n"


def read(text: str | bytes):
    reader = read_tmx(io.BytesIO(text.encode() if isinstance(text, str) else text))
    return list(reader), reader


def tuv(seg: str, lang: str = "en") -> str:
    return f'<tuv xml:lang="{lang}"><seg>{seg}</seg></tuv>'


BROKEN = {
    "an ampersand": (f"<tu>{tuv('a & b')}</tu>", "no XML"),
    "a bare <": (f"<tu>{tuv('a < b')}</tu>", "no XML"),
    "a tag left open": (f"<tu>{tuv('<ph>a')}</tu>", "no XML"),
    "a control character": (f"<tu>{tuv('a&#1;')}</tu>", "no XML"),
    "an unknown entity": (f"<tu>{tuv('&nope;')}</tu>", "no XML"),
    "a unit left open": (f"<tu>{tuv('a')}", "not closed"),
    "a unit that does not begin": ("</tu>", "does not begin"),
    "no segments": ("<tu></tu>", "no segment"),
    "an empty element": ('<tu tuid="1"/>', "no segment"),
    "no language": ("<tu><tuv><seg>a</seg></tuv></tu>", "without a language"),
    "no seg": ('<tu><tuv xml:lang="en"></tuv></tu>', "no text"),
    "two segs": ('<tu><tuv xml:lang="en"><seg>a</seg><seg>b</seg></tuv></tu>', "two texts"),
    "an unknown inline tag": (f"<tu>{tuv('<b>a</b>')}</tu>", "<b>"),
    "an unknown element": ("<tu><x/></tu>", "<x>"),
    "a tag without its number": (f"<tu>{tuv('<bpt>a</bpt>')}</tu>", "without i="),
    "a wrong position": (f"<tu>{tuv('<it pos=' + chr(34) + 'mid' + chr(34) + '/>')}</tu>", "pos="),
    "a property without type": (f"<tu><prop>a</prop>{tuv('a')}</tu>", "without type="),
}


@pytest.mark.parametrize(("unit", "reason"), BROKEN.values(), ids=BROKEN)
def test_a_broken_unit_loses_no_other(unit, reason):
    units, reader = read(HEAD + GOOD + unit + "\n" + GOOD * 2 + TAIL)
    assert [u.segment("ja").text for u in units] == ["こんにちは"] * 3
    assert (reader.units, reader.broken_count) == (3, 1)
    assert reader.broken[0].line == 6
    assert reason in reader.broken[0].reason


def test_every_broken_form_at_once_is_counted():
    units, reader = read(HEAD + "".join(unit + "\n" + GOOD for unit, _ in BROKEN.values()) * 20 + TAIL)
    assert len(units) == len(BROKEN) * 20
    assert reader.broken_count == len(BROKEN) * 20
    assert [b.line for b in reader.broken] == list(range(5, 5 + 2 * len(BROKEN) * 20, 2))


def test_a_file_that_ends_within_a_unit_gives_those_before():
    units, reader = read(HEAD + GOOD * 3 + GOOD[:40])
    assert len(units) == 3
    assert [(b.line, b.reason) for b in reader.broken] == [(8, "the file ends within the unit")]


def test_bytes_of_another_encoding_break_only_their_unit():
    units, reader = read((HEAD + GOOD + GOOD.replace("Hello", "X") + GOOD + TAIL).encode().replace(b"X", b"caf\xe9"))
    assert len(units) == 2
    assert reader.broken_count == 1
    assert "encoding" in reader.broken[0].reason


@pytest.mark.parametrize("text", [HEAD + TAIL, HEAD + "<tu></tu>" + TAIL, "", "plain text", "<html></html>"])
def test_nothing_read_is_an_error(text):
    with pytest.raises(xling.InvalidInput):
        read(text)


@pytest.mark.parametrize(
    "declaration",
    [
        '<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">',
        '<!ENTITY c SYSTEM "file:///etc/passwd">',
        '<!ENTITY % c SYSTEM "http://127.0.0.1/x.dtd"> %c;',
        "<!ENTITY c \"<tu><tuv xml:lang='en'><seg>x</seg></tuv></tu>\">",
    ],
)
def test_entities_are_refused(declaration):
    with pytest.raises(xling.InvalidInput):
        read(f'<!DOCTYPE tmx [{declaration}]><tmx version="1.4"><header/><body><tu>{tuv("&c;")}</tu>{TAIL}')


def test_comments_and_cdata_that_hold_units_are_none():
    units, reader = read(f"{HEAD}<!-- {GOOD} --><tu>{tuv('<![CDATA[</tu><tu>]]>')}</tu>{GOOD}{TAIL}")
    assert [u.segment("en").text for u in units] == ["</tu><tu>", "Hello"]
    assert reader.broken_count == 0


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "shift_jis", "euc-jp"])
def test_encodings(encoding):
    declared = HEAD.replace('"1.0"', f'"1.0" encoding="{encoding.removesuffix("-sig")}"')
    units, reader = read((declared + GOOD + TAIL).encode(encoding))
    assert units[0].segment("ja").text == "こんにちは"
    assert reader.header.attributes["srclang"] == "en"
    assert list(read_tmx(io.BytesIO(gzip.compress((declared + GOOD + TAIL).encode(encoding))))) == units


def test_codes_are_found_in_any_case_and_region():
    unit = read(f"{HEAD}<tu>{tuv('us', 'EN-us')}{tuv('gb', 'en_GB')}{tuv('pt', 'PT')}{tuv('x', '??')}</tu>{TAIL}")[0][0]
    found = {code: unit.segment(code) for code in ("en", "en-GB", "EN", "pt-BR", "por", "de")}
    assert {code: s and s.text for code, s in found.items()} == {
        "en": "us", "en-GB": "gb", "EN": "us", "pt-BR": "pt", "por": "pt", "de": None,
    }  # fmt: skip


def test_old_versions_name_the_language_lang():
    assert read(HEAD + GOOD.replace("xml:lang", "lang") + TAIL)[0][0].segments[0].lang == "en"


def test_tags_are_kept_and_taken_out_for_matching():
    seg = (
        'Press <bpt i="1">&lt;b&gt;</bpt><hi type="x">OK</hi><ept i="1">&lt;/b&gt;</ept> or'
        '<ph>{0}<sub>a footnote</sub></ph><it pos="begin">[</it> wait<ut>\\par</ut>.'
    )
    segment = read(f"{HEAD}<tu>{tuv(seg)}</tu>{TAIL}")[0][0].segments[0]
    assert segment.text == "Press OK or wait."
    assert segment.content[1] == Tag("bpt", ("<b>",), {"i": "1"})
    assert [part.kind for part in segment.content if isinstance(part, Tag)] == ["bpt", "hi", "ept", "ph", "it", "ut"]


def test_a_file_of_many_blocks_is_read_whole():
    units, reader = read(HEAD + GOOD * 9000 + "<tu>\n\n&</tu>" + GOOD + TAIL)
    assert len(units) == 9001
    assert [b.line for b in reader.broken] == [9007]


@pytest.mark.parametrize("size", [1, 7, 5000])
def test_where_blocks_end_makes_no_difference(size):
    text = HEAD + "".join(f"{unit}\n{GOOD}<!-- {GOOD} -->" for unit, _ in BROKEN.values()) + TAIL
    whole = list(Cutter(iter([text]), "one", "TMX", marks("tu")).pieces())
    assert len(whole) > 2 * len(BROKEN)
    assert (
        list(Cutter((text[at : at + size] for at in range(0, len(text), size)), "many", "TMX", marks("tu")).pieces())
        == whole
    )


@pytest.mark.parametrize(
    "unit",
    [
        Unit(()),
        Unit((Segment("en", ("a\0",)),)),
        Unit((Segment("en", ("\ud800",)),)),
        Unit((Segment(" ", ("a",)),)),
        Unit((Segment("en", (Tag("bpt"),)),)),
        Unit((Segment("en", (Tag("b"),)),)),
        Unit((Segment("en", ("a",)),), attributes={"colour": "red"}),
    ],
)
def test_what_tmx_cannot_hold_is_not_written(unit, tmp_path):
    path = tmp_path / "old.tmx"
    path.write_text("old")
    with pytest.raises(xling.InvalidInput, match="unit 1"):
        write_tmx(path, [Unit((Segment("en", ("a",)),)), unit])
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


_text = st.text(st.characters(exclude_categories=["Cs", "Cn", "Cc"]) | st.sampled_from("\t\n\r&<>\"'"), max_size=12)
_codes = st.builds(Tag, st.sampled_from(["bpt", "ept"]), st.tuples(_text.filter(bool)), st.just({"i": "1"}))
_placeholders = st.builds(Tag, st.just("ph"), st.just(()), st.fixed_dictionaries({}, optional={"x": _text}))
_marked = st.builds(Tag, st.just("hi"), st.tuples(_codes, _text.filter(bool), _placeholders))
_contents = st.lists(st.tuples(_text.filter(bool), _codes | _placeholders | _marked), max_size=3).map(
    lambda pairs: tuple(part for pair in pairs for part in pair)
)
_properties = st.lists(st.builds(Property, _text, _text), max_size=2).map(tuple)
_notes = st.lists(st.builds(Note, _text, st.just({"xml:lang": "en"})), max_size=2).map(tuple)
_dates = st.fixed_dictionaries({}, optional={"creationdate": _text, "changeid": _text})
_segments = st.builds(
    Segment, st.sampled_from(["en", "EN-gb", "ja", "zh-Hant"]), _contents, _dates, _properties, _notes
)
_units = st.builds(
    Unit, st.lists(_segments, min_size=1, max_size=4).map(tuple), st.none() | _text, _dates, _properties, _notes
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=60)
@given(st.lists(_units, min_size=1, max_size=5), st.sampled_from(["utf-8", "utf-16"]))
def test_what_is_written_is_valid_and_reads_back_equal(units, encoding):
    from lxml import etree

    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "units.tmx"
        assert write_tmx(path, units, source_language="en", encoding=encoding) == len(units)
        reader = read_tmx(path)
        assert list(reader) == units
        assert not reader.broken
        dtd = etree.DTD(str(DTD))
        assert dtd.validate(etree.parse(str(path))), dtd.error_log
