"""XLIFF 1.2 and 2, read and written."""

from __future__ import annotations

import gzip
import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import xling
from xling.translate import Note, Property, Segment, Tag, Unit, read_xliff, write_xliff
from xling.translate.tags import for_tmx, for_xliff_1, for_xliff_2

RESOURCES = Path(__file__).parent.parent / "resources"
VERSIONS = ("1.2", "2.0", "2.1")
HEAD = {
    "1": '<?xml version="1.0"?>\n<xliff version="1.2" xmlns="urn:oasis:names:tc:xliff:document:1.2">'
    '<file original="a.txt" source-language="en" target-language="ja" datatype="plaintext">\n<body>\n',
    "2": '<?xml version="1.0"?>\n<xliff version="2.0" xmlns="urn:oasis:names:tc:xliff:document:2.0" srcLang="en" '
    'trgLang="ja">\n<file id="f1" original="a.txt">\n',
}
TAIL = {"1": "</body></file></xliff>\n", "2": "</file></xliff>\n"}


def unit(content: str, kind: str, target: str = "こんにちは") -> str:
    """The element of a unit, on one line."""
    if kind == "1":
        return f'<trans-unit id="1"><source>{content}</source><target>{target}</target></trans-unit>\n'
    return f'<unit id="1"><segment><source>{content}</source><target>{target}</target></segment></unit>\n'


def read(text: str | bytes):
    reader = read_xliff(io.BytesIO(text.encode() if isinstance(text, str) else text))
    return list(reader), reader


def file(kind: str, *units: str) -> str:
    return HEAD[kind] + "".join(units) + TAIL[kind]


@pytest.fixture(params=["1", "2"])
def kind(request):
    return request.param


BROKEN = {
    "an ampersand": ("a & b", "no XML"),
    "a bare <": ("a < b", "no XML"),
    "a tag left open": ('<mrk id="1" mtype="term">a', "no XML"),
    "a control character": ("a&#1;", "no XML"),
    "an unknown entity": ("&nope;", "no XML"),
    "an unknown prefix": ("<nope:g>a</nope:g>", "no XML"),
    "an unknown inline tag": ("<b>a</b>", "no inline tag"),
    "a tag without its id": ("<ph/>", "without id="),
}


@pytest.mark.parametrize(("content", "reason"), BROKEN.values(), ids=BROKEN)
def test_a_broken_unit_loses_no_other(kind, content, reason):
    good = unit("Hello", kind)
    units, reader = read(file(kind, good, unit(content, kind), good, good))
    assert [u.segment("ja").text for u in units] == ["こんにちは"] * 3
    assert (reader.units, reader.broken_count) == (3, 1)
    assert reader.broken[0].line == 5
    assert reason in reader.broken[0].reason


STRUCTURE = {
    "a unit left open": {"1": "<trans-unit id='2'><source>a</source>\n", "2": "<unit id='2'><segment>\n"},
    "a unit that does not begin": {"1": "</trans-unit>\n", "2": "</unit>\n"},
    "no source": {"1": "<trans-unit id='2'/>\n", "2": "<unit id='2'><segment></segment></unit>\n"},
    "nothing at all": {"1": "<trans-unit id='2'></trans-unit>\n", "2": "<unit id='2'/>\n"},
}


@pytest.mark.parametrize("broken", STRUCTURE.values(), ids=STRUCTURE)
def test_broken_structure_is_counted_with_its_line(kind, broken):
    units, reader = read(file(kind, unit("Hello", kind), broken[kind], unit("Hello", kind)))
    assert len(units) == 2
    assert [b.line for b in reader.broken] == [5]


def test_every_broken_form_at_once_is_counted(kind):
    bad = [unit(content, kind) for content, _ in BROKEN.values()]
    units, reader = read(file(kind, *(one + unit("Hello", kind) for one in bad * 20)))
    assert len(units) == reader.broken_count == len(BROKEN) * 20
    assert [b.line for b in reader.broken] == list(range(4, 4 + 2 * len(BROKEN) * 20, 2))


def test_a_file_that_ends_within_a_unit_gives_those_before(kind):
    units, reader = read(HEAD[kind] + unit("a", kind) * 2 + unit("a", kind)[:30])
    assert len(units) == 2
    assert [b.reason for b in reader.broken] == ["the file ends within the unit"]


@pytest.mark.parametrize("text", ["", "plain text", "<html></html>", HEAD["1"] + TAIL["1"], HEAD["2"] + TAIL["2"]])
def test_nothing_read_is_an_error(text):
    with pytest.raises(xling.InvalidInput):
        read(text)


@pytest.mark.parametrize(
    "declaration",
    [
        '<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">',
        '<!ENTITY c SYSTEM "file:///etc/passwd">',
        '<!ENTITY c "<xliff>">',
    ],
)
def test_entities_are_refused(kind, declaration):
    start = file(kind, unit("&c;", kind)).replace("<xliff", f"<!DOCTYPE xliff [{declaration}]><xliff", 1)
    with pytest.raises(xling.InvalidInput):
        read(start)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "shift_jis"])
def test_encodings_and_gzip(kind, encoding):
    declared = file(kind, unit("Hello", kind)).replace('"1.0"', f'"1.0" encoding="{encoding.removesuffix("-sig")}"', 1)
    units, _ = read(declared.encode(encoding))
    assert units[0].segment("ja").text == "こんにちは"
    assert read(gzip.compress(declared.encode(encoding)))[0] == units


def test_bytes_of_another_encoding_break_only_their_unit(kind):
    units, reader = read(file(kind, unit("a", kind), unit("X", kind), unit("b", kind)).encode().replace(b"X", b"\xe9"))
    assert len(units) == 2
    assert "encoding" in reader.broken[0].reason


def test_a_unit_is_read_whole_from_1_2():
    text = """<trans-unit id="7" approved="no" resname="menu.ok" xml:space="preserve">
  <source>Press <g id="1" ctype="bold">OK<x id="2" equiv-text="{0}"/></g> or <bpt id="3" rid="3">&lt;i></bpt>not<ept
    id="4" rid="3">&lt;/i></ept></source>
  <target state="needs-review-translation" state-qualifier="fuzzy-match">押す</target>
  <context-group purpose="location"><context context-type="sourcefile">ui.c</context>
    <context context-type="linenumber">12</context></context-group>
  <context-group purpose="match"><context context-type="x-context">menu</context></context-group>
  <note from="dev" priority="2">a button</note><note annotates="target">short</note>
  <alt-trans><target>押下</target></alt-trans>
</trans-unit>"""
    (found,), reader = read(file("1", text))
    assert reader.version == "1.2"
    source, target = found.segments
    assert (source.lang, target.lang, found.id) == ("en", "ja", "7")
    assert source.text == "Press OK or not"
    assert source.content[1].content == ("OK", Tag("x", (), {"id": "2", "equiv-text": "{0}"}))
    assert [(one.type, one.value) for one in found.properties] == [
        ("x-approved", "no"),
        ("x-resname", "menu.ok"),
        ("x-file", "a.txt"),
        ("sourcefile", "ui.c"),
        ("linenumber", "12"),
        ("x-context", "menu"),
    ]
    assert [one.value for one in target.properties] == ["needs-review-translation", "fuzzy-match"]
    assert found.notes == (Note("a button", {"from": "dev", "priority": "2"}),)
    assert target.notes == (Note("short"),)


def test_a_unit_is_read_whole_from_2():
    text = """<unit id="u7" name="menu.ok" translate="yes">
  <mda:metadata xmlns:mda="urn:oasis:names:tc:xliff:metadata:2.0"><mda:metaGroup>
    <mda:meta type="x-approved">yes</mda:meta></mda:metaGroup></mda:metadata>
  <notes><note category="dev">a button</note><note appliesTo="source">short</note></notes>
  <originalData><data id="d1">&lt;b></data><data id="d2">&lt;/b></data><data id="d3">{0}</data></originalData>
  <segment id="s1" state="reviewed" subState="my:done">
    <source>Press <pc id="1" dataRefStart="d1" dataRefEnd="d2">OK</pc> <ph id="2" dataRef="d3"/></source>
    <target>押す</target>
  </segment>
</unit>"""
    (found,), reader = read(file("2", text))
    assert reader.version == "2.0"
    source, target = found.segments
    assert source.text == "Press OK "
    assert source.content[1] == Tag("pc", ("OK",), {"id": "1", "dataStart": "<b>", "dataEnd": "</b>"})
    assert source.content[3] == Tag("ph", ("{0}",), {"id": "2"})
    assert [found.value(type) for type in ("x-resname", "x-translate", "x-file", "x-approved")] == [
        "menu.ok", "yes", "a.txt", "yes",
    ]  # fmt: skip
    assert [(one.type, one.value) for one in target.properties] == [("x-state", "reviewed"), ("x-substate", "my:done")]
    assert (found.notes, source.notes) == ((Note("a button", {"category": "dev"}),), (Note("short"),))


def test_segments_of_a_unit_are_units():
    one = """<trans-unit id="7"><source>A. B.</source>
<seg-source><mrk mtype="seg" mid="0">A.</mrk> <g id="1"><mrk mtype="seg" mid="1">B.</mrk></g></seg-source>
<target><mrk mtype="seg" mid="0">あ。</mrk><g id="1"><mrk mtype="seg" mid="1">い。</mrk></g></target></trans-unit>"""
    two = """<unit id="7"><segment id="0"><source>A.</source><target>あ。</target></segment>
<ignorable><source> </source></ignorable><segment id="1"><source>B.</source><target>い。</target></segment></unit>"""
    for kind, text in (("1", one), ("2", two)):
        units = read(file(kind, text))[0]
        assert [(u.id, *(s.text for s in u.segments)) for u in units] == [("7.0", "A.", "あ。"), ("7.1", "B.", "い。")]


def test_several_files_with_their_languages_prefixes_and_large_headers():
    text = (
        '<x:xliff version="1.2" xmlns:x="urn:oasis:names:tc:xliff:document:1.2" xmlns:t="urn:tool">'
        '<x:file original="a>b" source-language="en-US" target-language="fr" datatype="x-a"><x:header><x:skl>'
        f"<x:internal-file>{'QUJD' * 3_000_000}</x:internal-file></x:skl></x:header><x:body><x:group id='g' t:a='>'>"
        '<x:trans-unit id="1" t:done="1"><x:source>a</x:source><x:target/><t:info>x</t:info></x:trans-unit></x:group>'
        '</x:body></x:file><x:file original="c" source-language="de" target-language="it" datatype="x-a"><x:body>'
        '<x:trans-unit id="1"><x:source xml:lang="de-AT">b</x:source><x:target>c</x:target></x:trans-unit>'
        "</x:body></x:file></x:xliff>"
    )
    units, reader = read(text)
    assert reader.broken == []
    assert [[(s.lang, s.text) for s in u.segments] for u in units] == [
        [("en-US", "a")],
        [("de-AT", "b"), ("it", "c")],
    ]
    assert [u.value("x-file") for u in units] == ["a>b", "c"]


def test_a_unit_in_no_language_is_broken():
    text = file("1", unit("a", "1"), '<trans-unit id="2"><source xml:lang="de">b</source></trans-unit>')
    units, reader = read(text.replace(' source-language="en"', ""))
    assert [u.segments[0].lang for u in units] == ["de"]
    assert "no language" in reader.broken[0].reason


@pytest.mark.parametrize("version", VERSIONS)
def test_what_xliff_cannot_hold_is_not_written(tmp_path, version):
    path = tmp_path / "old.xlf"
    path.write_text("old")
    good = Unit((Segment("en", ("a",)),))
    for bad in (Unit((Segment("en", ("a\0",)),)), Unit((Segment("ja", ("a",)),)), Unit(())):
        with pytest.raises(xling.InvalidInput, match="unit 1"):
            write_xliff(path, [good, bad], ["en", "ja"], version=version)
    for languages in (["en"], ["en", "en"], "en", ["en", "ja", "de"], ["en", "!"]):
        with pytest.raises(xling.InvalidInput):
            write_xliff(path, [good], languages, version=version)
    with pytest.raises(xling.InvalidInput, match="no unit that can be written"):
        write_xliff(path, [], ["en", "ja"], version=version)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("version", VERSIONS)
def test_ids_that_are_there_twice_or_missing_are_replaced_and_kept(tmp_path, version):
    units = [
        Unit((Segment("en", (text,)),), id) for text, id in zip("abcd", ["1", "1", "not a token", None], strict=True)
    ]
    write_xliff(tmp_path / "a.xlf", units, ["en", "ja"], version=version)
    assert [u.id for u in read_xliff(tmp_path / "a.xlf")][:3] == ["1", "1", "not a token"]
    assert (tmp_path / "a.xlf").read_text("utf-8").count('id="1"') == 1


ALTERNATIVES = {
    "1": """<trans-unit id="7"><source>Open <ph id="1">{<sub>file</sub>}</ph></source>
<target>開く <ph id="1">{<sub>ファイル</sub>}</ph></target>
<alt-trans match-quality="85" origin="legal.tmx"><source>Open it</source><target state="final">それを開く</target>
  <note>old</note></alt-trans>
<alt-trans alttranstype="reference"><target xml:lang="de">Öffnen</target></alt-trans>
<alt-trans><source>Nothing</source></alt-trans>
<t:seg-defs xmlns:t="urn:tool"/></trans-unit>""",
    "2": """<unit id="7"><mtc:matches xmlns:mtc="urn:oasis:names:tc:xliff:matches:2.0">
<mtc:match id="m1" ref="#s1" similarity="85" origin="legal.tmx" matchSuitability="80">
  <originalData><data id="d">{0}</data></originalData>
  <source>Open <ph id="1" dataRef="d"/></source><target>それを開く <ph id="1" dataRef="d"/></target></mtc:match>
<mtc:match ref="#s1"><source>Open</source><target>開ける</target></mtc:match></mtc:matches>
<t:note xmlns:t="urn:tool"/>
<segment id="s1"><source>One <mrk id="m" type="term" ref="urn:x">two</mrk><sm id="a" type="comment" value="c"/>x<em
  startRef="a"/></source><target order="3">一</target></segment>
<ignorable><source> and </source></ignorable>
<segment id="s2"><source>Two</source><target order="1">二</target></segment></unit>""",
}


def test_translations_from_elsewhere_are_counted_or_read(kind):
    text = file(kind, ALTERNATIVES[kind], unit("Hello", kind)).encode()
    reader = read_xliff(io.BytesIO(text))
    plain = list(reader)
    expected = {"alt-trans": 3, "sub": 1, "seg-defs": 1} if kind == "1" else {"match": 2, "note": 1, "ignorable": 1}
    assert dict(reader.left_out) == expected
    reader = read_xliff(io.BytesIO(text), alternatives=True, sub_flows=True)
    units = list(reader)
    assert [u for u in units if u.value("x-alternative-of") is None and u.value("x-sub-of") is None] == plain
    found = {u.id: u for u in units if u.value("x-alternative-of") == "7"}
    first, second = found.values()
    assert first.segment("ja").text.strip() == "それを開く"
    assert first.value("x-origin") == "legal.tmx"
    if kind == "1":
        assert dict(reader.left_out) == {"alt-trans": 1, "seg-defs": 1}
        assert list(found) == ["7.alt1", "7.alt2"]
        assert (first.value("x-match-quality"), first.notes) == ("85", (Note("old"),))
        assert second.segments[0] == plain[0].segments[0]
        assert (second.segment("de").text, second.value("x-alttranstype")) == ("Öffnen", "reference")
        (sub,) = [u for u in units if u.value("x-sub-of")]
        assert [(s.lang, s.text) for s in sub.segments] == [("en", "file"), ("ja", "ファイル")]
    else:
        assert dict(reader.left_out) == {"note": 1, "ignorable": 1}
        assert list(found) == ["7.m1", "7.alt2"]
        assert (first.value("x-similarity"), first.value("x-match-ref")) == ("85", "#s1")
        assert first.segments[0].content[1] == Tag("ph", ("{0}",), {"id": "1"})
        assert [s.properties[0].value for u in plain[:2] for s in u.segments[1:]] == ["3", "1"]
        assert [part.kind for part in plain[0].segments[0].content if isinstance(part, Tag)] == ["mrk", "sm", "em"]


@pytest.mark.parametrize("version", VERSIONS)
def test_translations_from_elsewhere_go_round(tmp_path, kind, version):
    given = read_xliff(io.BytesIO(file(kind, ALTERNATIVES[kind]).encode()), alternatives=True, sub_flows=True)
    units = [u for u in given if u.segment("ja")]
    write_xliff(tmp_path / "a.xlf", units, ["en", "ja"], version=version)
    validate(tmp_path / "a.xlf", version)
    again = list(read_xliff(tmp_path / "a.xlf"))
    assert [(u.id, u.properties, [s.text for s in u.segments]) for u in again] == [
        (u.id, u.properties, [s.text for s in u.segments]) for u in units
    ]
    if kind == version[0]:
        assert again == units


_beside = st.sampled_from(["<t:x xmlns:t='urn:t'/>", "<alt-trans/>", "<alt-trans><target>a</target></alt-trans>"])


@settings(deadline=None, max_examples=40)
@given(st.lists(st.lists(_beside, max_size=4), min_size=1, max_size=5))
def test_all_that_is_left_out_is_counted(parts):
    units_ = [f'<trans-unit id="{i}"><source>a</source>{"".join(p)}</trans-unit>' for i, p in enumerate(parts)]
    every = [one for several in parts for one in several]
    for wanted in (False, True):
        reader = read_xliff(io.BytesIO(file("1", *units_).encode()), alternatives=wanted)
        assert len(list(reader)) + sum(reader.left_out.values()) == len(parts) + len(every)
        assert reader.left_out["x"] == sum("t:x" in one for one in every)


_chars = st.characters(exclude_categories=["Cs", "Cn", "Cc"]) | st.sampled_from("\t\n\r&<>\"'")
_text = st.text(_chars, max_size=12)
_full = _text.filter(bool)
_ids = st.sampled_from(["1", "2", "a.b"])
_codes = st.sampled_from(["x-a", "bold"])
_sub = st.builds(Tag, st.just("sub"), st.tuples(_full))
_inner = st.just(()) | st.tuples(_full) | st.tuples(_full, _sub)
_x = st.builds(Tag, st.just("x"), st.just(()), st.fixed_dictionaries({"id": _ids}, optional={"equiv-text": _text}))
_ph = st.builds(Tag, st.just("ph"), _inner, st.fixed_dictionaries({"id": _ids}, optional={"ctype": st.just("lb")}))
_it = st.builds(Tag, st.just("it"), _inner, st.fixed_dictionaries({"id": _ids, "pos": st.just("open")}))
_g = st.builds(Tag, st.just("g"), st.tuples(_full, _x), st.fixed_dictionaries({"id": _ids, "ctype": _codes}))
_mrk = st.builds(Tag, st.just("mrk"), st.tuples(_full, _g), st.just({"mtype": "term", "comment": "c"}))
_tags_1 = _x | _ph | _it | _g | _mrk
_code = st.just(()) | st.tuples(_full)
_ph2 = st.builds(Tag, st.just("ph"), _code, st.fixed_dictionaries({"id": _ids}, optional={"equiv": _text}))
_pc = st.builds(
    Tag,
    st.just("pc"),
    st.tuples(_full, _ph2),
    st.fixed_dictionaries({"id": _ids}, optional={"dataStart": _full, "dataEnd": _full, "type": st.just("fmt")}),
)
_sc = st.builds(Tag, st.just("sc"), _code, st.fixed_dictionaries({"id": _ids, "isolated": st.just("yes")}))
_mrk2 = st.builds(Tag, st.just("mrk"), st.tuples(_full, _pc), st.just({"id": "9", "type": "term", "value": "é"}))
_tags_2 = _ph2 | _pc | _sc | _mrk2
_bpt = st.builds(Tag, st.sampled_from(["bpt", "ept"]), _inner, st.fixed_dictionaries({"i": st.sampled_from("12")}))
_tmx_ph = st.builds(Tag, st.just("ph"), _inner, st.fixed_dictionaries({}, optional={"x": _text, "type": _text}))
_hi = st.builds(
    Tag, st.just("hi"), st.tuples(_bpt, _full, _tmx_ph), st.fixed_dictionaries({}, optional={"type": _text})
)
_it_tmx = st.builds(Tag, st.just("it"), _inner, st.just({"pos": "end"}))
_tags_tmx = _bpt | _tmx_ph | _hi | _it_tmx | st.builds(Tag, st.just("ut"), _code)


def contents(tags):
    pairs = st.lists(st.tuples(_full, tags), min_size=1, max_size=3)
    return pairs.map(lambda found: tuple(part for pair in found for part in pair))


_types = st.sampled_from(["x-context", "x-tu-a", "note", "a b", "sourcefile", "x-source-x"])
_properties = st.lists(st.builds(Property, _types, _text), max_size=2).map(tuple)
_dates = st.fixed_dictionaries({}, optional={"creationdate": _text, "changeid": _text})
_states = st.lists(st.builds(Property, st.just("x-state"), st.sampled_from(["translated", "final"])), max_size=1)


def notes(kind):
    known = {"from": _text} if kind == "1" else {"category": _text, "id": st.just("n1")}
    attributes = st.fixed_dictionaries({}, optional={**known, "priority": st.just("10"), "xml:lang": st.just("en-GB")})
    return st.lists(st.builds(Note, _text, attributes), max_size=2).map(tuple)


def units_of(kind, tags):
    sides = [
        st.builds(
            Segment,
            st.sampled_from(codes),
            contents(tags),
            _dates,
            (_properties if lang == "en" else st.tuples(_states, _properties).map(lambda two: (*two[0], *two[1]))),
            notes(kind),
        )
        for lang, codes in (("en", ["en", "en-GB", "EN_us"]), ("ja", ["ja", "JA"]))
    ]
    segments = st.tuples(*sides) | st.tuples(sides[0])
    return st.builds(Unit, segments, st.sampled_from(["1", "é ü", "a:b"]), _dates, _properties, notes(kind))


def validate(path, version):
    from lxml import etree

    schema = etree.RelaxNG(etree.parse(str(RESOURCES / f"xliff-{'1.2' if version == '1.2' else '2.0'}.rng")))
    assert schema.validate(etree.parse(str(path))), schema.error_log


@pytest.mark.parametrize("version", VERSIONS)
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=25)
@given(data=st.data())
def test_what_is_written_is_valid_and_reads_back_equal(version, data):
    kind = version[0]
    one = units_of(kind, _tags_1 if kind == "1" else _tags_2)
    units = data.draw(st.lists(one, min_size=1, max_size=4))
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "units.xlf"
        assert write_xliff(path, units, ["en", "ja"], version=version) == len(units)
        reader = read_xliff(path)
        assert list(reader) == units
        assert not reader.broken
        validate(path, version)


@pytest.mark.parametrize("version", VERSIONS)
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=25)
@given(data=st.data())
def test_tags_of_other_formats_are_put_into_xliffs_own(version, data):
    tags = _tags_tmx | (_tags_2 if version == "1.2" else _tags_1)
    units = data.draw(st.lists(units_of(version[0], tags), min_size=1, max_size=4))
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "units.xlf"
        write_xliff(path, units, ["en", "ja"], version=version)
        validate(path, version)
        read = list(read_xliff(path))
        assert [[s.text for s in u.segments] for u in read] == [[s.text for s in u.segments] for u in units]
        write_xliff(path, read, ["en", "ja"], version=version)
        assert list(read_xliff(path)) == read


def test_codes_keep_what_they_hold_their_partner_and_their_type():
    bold = ("a ", Tag("bpt", ("<b>",), {"i": "1", "type": "bold"}), "b", Tag("ept", ("</b>",), {"i": "1"}))
    assert for_tmx(for_xliff_1(bold)) == for_tmx(for_xliff_2(bold)) == for_tmx(bold) == bold
    assert for_xliff_1(bold)[1] == Tag("bpt", ("<b>",), {"id": "1", "rid": "1", "ctype": "bold"})
    assert for_xliff_2(bold)[3] == Tag("ec", ("</b>",), {"startRef": "1"})
    nested = (Tag("g", ("a", Tag("x", (), {"id": "2", "equiv-text": "{0}"})), {"id": "1"}),)
    assert [tag.kind for tag in for_tmx(nested) if isinstance(tag, Tag)] == ["bpt", "ph", "ept"]
    assert for_tmx(nested)[2].content == ("{0}",)
    alone = (Tag("bpt", (), {"i": "1"}), "x", Tag("hi", ("y",), {"type": "my type"}))
    marked = Tag("hi", ("y",), {"x": "c1", "type": "my type"})
    assert for_tmx(for_xliff_2(alone)) == (Tag("it", (), {"pos": "begin", "x": "1"}), "x", marked)


@pytest.mark.parametrize("version", VERSIONS)
def test_units_go_back_into_the_files_they_are_of(tmp_path, version):
    units = [
        Unit((Segment("en", (text,)),), "1", properties=(Property("x-file", name),))
        for text, name in zip("abc", "ffg", strict=True)
    ]
    write_xliff(tmp_path / "a.xlf", units, ["en", "ja"], version=version)
    assert list(read_xliff(tmp_path / "a.xlf")) == units
    assert (tmp_path / "a.xlf").read_text("utf-8").count("<file ") == 2
    validate(tmp_path / "a.xlf", version)
