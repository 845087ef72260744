"""TMX as the tools in use export it: each with its own habits, all of it read."""

from __future__ import annotations

import codecs
import io
import json
from datetime import datetime, timezone

import pytest

from xling.cli import main
from xling.translate import Memory, read_tmx, read_units, write_units
from xling.translate.memory import INDEXES

OMEGAT = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE tmx SYSTEM "tmx11.dtd">
<tmx version="1.1">
  <header creationtool="OmegaT" o-tmf="OmegaT TMX" adminlang="EN-US" datatype="plaintext"
    creationtoolversion="6.0.0_0_c0edb1c" segtype="sentence" srclang="EN-US"/>
  <body>
<!-- Default translations -->
    <tu>
      <tuv lang="EN-US"><seg>Press &lt;f0&gt;OK&lt;/f0&gt;.</seg></tuv>
      <tuv lang="DE-DE" changeid="anna" changedate="20240201T101112Z" creationid="anna" creationdate="20240131T101112Z">
        <seg>&lt;f0&gt;OK&lt;/f0&gt; drücken.</seg>
      </tuv>
    </tu>
<!-- Alternative translations -->
    <tu>
      <prop type="file">ui/menu.txt</prop>
      <prop type="prev">File</prop>
      <prop type="next">Close</prop>
      <tuv lang="EN-US"><seg>Open</seg></tuv>
      <tuv lang="DE-DE"><seg>Öffnen</seg></tuv>
    </tu>
  </body>
</tmx>
"""
STUDIO = """<?xml version="1.0" encoding="utf-8"?>
<tmx version="1.4">
  <header creationtool="SDL Language Platform" creationtoolversion="8.0" o-tmf="SDL TM8 Format" datatype="xml"
    segtype="sentence" adminlang="en-US" srclang="en-US" creationdate="20240105T101010Z" creationid="DESKTOP\\anna">
    <prop type="x-Recognizers">RecognizeAll</prop>
    <prop type="x-TMName">legal</prop>
  </header>
  <body>
    <tu creationdate="20240105T101010Z" creationid="DESKTOP\\anna" changedate="20240106T101010Z" changeid="DESKTOP\\ben"
      lastusagedate="20240106T101010Z" usagecount="3">
      <prop type="x-LastUsedBy">DESKTOP\\ben</prop>
      <prop type="x-Context">-1240891034, 0</prop>
      <prop type="x-ConfirmationLevel">Translated</prop>
      <prop type="x-Client:SingleString">ACME</prop>
      <tuv xml:lang="en-US">
        <seg>Press <bpt i="1" type="512" x="1" />OK<ept i="1" /> or<ph x="2" type="7" /> leave.</seg>
      </tuv>
      <tuv xml:lang="de-DE">
        <seg><bpt i="1" type="512" x="1" />OK<ept i="1" /> drücken oder<ph x="2" type="7" /> verlassen.</seg>
      </tuv>
    </tu>
    <tu><tuv xml:lang="en-US"><seg>Open</seg></tuv><tuv xml:lang="de-DE"><seg>Öffnen</seg></tuv></tu>
  </body>
</tmx>
"""
WORKBENCH = """<?xml version="1.0" ?>\r
<!DOCTYPE tmx SYSTEM "tmx14.dtd">\r
<tmx version="1.4">\r
<header\r
creationtool="TRADOS Translator's Workbench for Windows"\r
creationtoolversion="Edition 8 Build 863"\r
segtype="sentence"\r
o-tmf="TW4Win 2.0 Format"\r
adminlang="EN-US"\r
srclang="EN-US"\r
datatype="rtf"\r
creationdate="20050105T101010Z"\r
>\r
<prop type="RTFFontTable">\r
{\\fonttbl \r
{\\f1 \\fmodern\\fprq1 \\fcharset0 Courier New;}}\r
</prop>\r
</header>\r
<body>\r
<tu creationdate="20050105T101010Z" creationid="ANNA">\r
<prop type="Txt::Client">ACME</prop>\r
<tuv xml:lang="EN-US">\r
<seg>Press <bpt i="1">{\\b </bpt>OK<ept i="1">}</ept><ut>{\\cs6 &lt;br&gt;}</ut>.</seg>\r
</tuv>\r
<tuv xml:lang="DE-DE">\r
<seg><bpt i="1">{\\b </bpt>OK<ept i="1">}</ept> drücken.</seg>\r
</tuv>\r
</tu>\r
<tu><tuv xml:lang="EN-US"><seg>Open</seg></tuv><tuv xml:lang="DE-DE"><seg>Öffnen</seg></tuv></tu>\r
</body>\r
</tmx>\r
"""
MEMOQ = """<?xml version="1.0" encoding="utf-8"?>
<tmx version="1.4">
  <header creationtool="MemoQ" creationtoolversion="10.4.6" segtype="sentence" adminlang="en-us" creationid=""
    srclang="en-us" o-tmf="MemoQTM" datatype="unknown">
    <prop type="defclient"></prop><prop type="description"></prop><prop type="targetlang">de-de</prop>
    <prop type="name">legal</prop>
  </header>
  <body>
    <tu changedate="20240106T101010Z" creationdate="20240105T101010Z" creationid="anna" changeid="anna">
      <prop type="client"></prop>
      <prop type="corrected">no</prop>
      <prop type="aligned">no</prop>
      <prop type="x-document">menu.docx</prop>
      <prop type="x-context-pre">&lt;seg&gt;File&lt;/seg&gt;</prop>
      <tuv xml:lang="en-us"><prop type="x-note"></prop>
        <seg>Press <bpt i='1' type='bold'>{}</bpt>OK<ept i='1'>{}</ept><ph type='fmt'>{}</ph>.</seg></tuv>
      <tuv xml:lang="de-de"><seg><bpt i='1' type='bold'>{}</bpt>OK<ept i='1'>{}</ept> drücken.</seg></tuv>
    </tu>
    <tu><tuv xml:lang="en-us"><seg>Open</seg></tuv><tuv xml:lang="de-de"><seg>Öffnen</seg></tuv></tu>
  </body>
</tmx>
"""
WORDFAST = """<?xml version="1.0" encoding="UTF-16"?>
<!DOCTYPE tmx PUBLIC "-//LISA OSCAR:1998//DTD for Translation Memory eXchange//EN" "http://www.lisa.org/tmx/tmx14.dtd" >
<tmx version="1.4">
<header creationtool="Wordfast" creationtoolversion="5.74" segtype="block" o-tmf="WF" adminlang="EN-US" srclang="EN-US"
 datatype="unknown"><note xml:lang="en">exported</note><ude name="own" base="mac"><map unicode="#xE000"/></ude></header>
<body>
<tu segtype="Unspecified" usagecount="2" creationdate="20091231" changedate="2009-12-31T12:00:00Z" creationid="AN!">
<tuv xml:lang="EN-US"><seg>Press <ut>&lt;b&gt;</ut>OK<ut>&lt;/b&gt;</ut>.</seg></tuv>
<tuv xml:lang="DE-DE"><seg>OK drücken.</seg></tuv></tu>
<tu segtype="block"><tuv xml:lang="EN-US"><seg>Open</seg></tuv><tuv xml:lang="DE-DE"><seg>Öffnen</seg></tuv>
<tuv xml:lang="FR-FR"/></tu>
</body></tmx>
"""
MATECAT = """<?xml version="1.0" encoding="UTF-8"?>
<tmx version="1.4" xmlns:mc="http://example.org/mc">
    <header creationtool="Matecat-Cattool" creationtoolversion="0.1" o-tmf="Matecat" creationid="Matecat"
        datatype="plaintext" segtype="sentence" adminlang="en-US" srclang="en-US"/>
    <body>
    <tu tuid="12_1" creationdate="20240105T101010Z" datatype="plaintext" srclang="en-US" mc:score="1">
        <prop type="x-MateCAT-id_job">12</prop>
        <prop type="x-MateCAT-filename"><![CDATA[menu & more.docx]]></prop>
        <tuv xml:lang="en-US"><seg>Press <g id="1">OK<x id="2"/></g><bpt id="3" rid="3"/>.<ept id="4" rid="3"/></seg>
        </tuv>
        <tuv xml:lang="de-DE"><seg><g id="1">OK<x id="2"/></g> drücken.</seg></tuv>
    </tu>
    <tu tuid="12_2"><tuv xml:lang="en-US"><seg>Open</seg></tuv><tuv xml:lang="de-DE"><seg>Öffnen</seg></tuv>
        <tuv xml:lang="de-DE"><seg>Aufmachen</seg></tuv></tu>
</body>
</tmx>
"""
PHRASE = """
<?xml version="1.0" encoding="utf-8" standalone="no"?>
<tmx xmlns="http://www.lisa.org/tmx14" version="1.4">
  <header creationtool="Memsource" creationtoolversion="24" segtype="sentence" o-tmf="Memsource" adminlang="en"
    srclang="en_us" datatype="unknown" creationdate="20240105T101010Z"/>
  <body>
    <tu tuid="a1" creationid="anna@example.org" creationdate="20240105T101010Z" changeid="anna@example.org">
      <note>from the menu</note>
      <prop type="context_prev">File</prop>
      <tuv xml:lang="en_us"><seg>Press {b>OK&lt;b}.{1}</seg></tuv>
      <tuv xml:lang="de_de"><seg>{b>OK&lt;b} drücken.{1}</seg></tuv>
    </tu>
    <tu><tuv xml:lang="en_us"><seg>Open</seg></tuv><tuv xml:lang="de_de"><seg>Öffnen</seg></tuv>
      <tuv xml:lang="German (Austria)"><seg>Aufmachen</seg></tuv></tu>
  </body>
</tmx>
"""
FILES = {
    "omegat": OMEGAT.encode(),
    "studio": codecs.BOM_UTF8 + STUDIO.replace("\n", "\r\n").encode(),
    "workbench": WORKBENCH.encode("utf-16"),
    "memoq": MEMOQ.encode(),
    "memoq in windows-1252": MEMOQ.replace("utf-8", "windows-1252").encode("cp1252"),
    "wordfast": WORDFAST.encode("utf-16-le"),
    "wordfast after an empty line": ("\r\n" + WORDFAST).encode("utf-16-be"),
    "wordfast in one byte": WORDFAST.encode(),
    "matecat": MATECAT.encode(),
    "phrase": PHRASE.encode(),
}


@pytest.fixture(params=FILES.values(), ids=list(FILES))
def file(request, tmp_path):
    path = tmp_path / "export.tmx"
    path.write_bytes(request.param)
    return path


def test_every_unit_is_read_and_none_is_broken(file):
    reader = read_units(file)
    pressed, opened = reader
    assert not reader.broken
    assert [s.text.replace("\n", "") for s in opened.segments][:2] == ["Open", "Öffnen"]
    assert pressed.segment("en-US").text.startswith("Press ")
    assert "OK" in pressed.segment("de").text
    assert "drücken" in pressed.segment("de").text
    assert reader.header.attributes["srclang"].lower().replace("_", "-") == "en-us"


@pytest.mark.parametrize("format", ["tmx", "xliff", "xliff2"])
def test_what_was_read_is_written_in_standard_forms_and_stays_the_same(file, tmp_path, format):
    path, again = tmp_path / "out", tmp_path / "again"
    languages = [] if format == "tmx" else ["en-US", "de-DE"]
    assert write_units(path, read_units(file), format=format, languages=languages) == 2
    first = list(read_units(path, format=format))
    texts = [[unit.segment(lang).text for lang in ("en-US", "de-DE")] for unit in read_units(file)]
    assert [[unit.segment(lang).text for lang in ("en-US", "de-DE")] for unit in first] == texts
    write_units(again, first, format=format, languages=languages)
    assert list(read_units(again, format=format)) == first


def test_a_memory_takes_them_all(file, make):
    memory = Memory(make("tm", indexes=dict(INDEXES)))
    report, broken = memory.import_file(file)
    assert (report.added, report.skipped, broken) == (2, (), [])
    match = memory.lookup("Open", source="en-US", target="de", exact=True)[0]
    assert (match.percent, match.target) == (100, "Öffnen")
    assert memory.info().languages.keys() >= {"en-US", "de-DE"}
    assert datetime.fromtimestamp(memory.info().oldest, tz=timezone.utc).year in (2005, 2009, 2024)


def test_tags_of_xliff_within_tmx_become_tmx_s_own(tmp_path):
    (pressed, _) = read_tmx(io.BytesIO(MATECAT.encode()))
    assert pressed.segments[0].text == "Press OK."
    write_units(tmp_path / "out.tmx", [pressed])
    written = (tmp_path / "out.tmx").read_text("utf-8")
    assert "<g" not in written
    assert written.count("<bpt") == written.count("<ept") == 3


def test_alternatives_are_imported_of_the_files_that_have_them(tmp_path, capsys):
    (tmp_path / "a.tmx").write_bytes(FILES["memoq"])
    (tmp_path / "a.xlf").write_text(
        '<xliff version="1.2" xmlns="urn:oasis:names:tc:xliff:document:1.2"><file original="a" datatype="plaintext" '
        'source-language="en" target-language="de"><body><trans-unit id="1"><source>Leave</source><alt-trans><target>'
        "Verlassen</target></alt-trans></trans-unit></body></file></xliff>",
        "utf-8",
    )
    place = ["--path", str(tmp_path / "kept"), "--collection", "tm", "--model", "bundled", "--json"]
    files = [str(tmp_path / name) for name in ("a.tmx", "a.xlf")]
    assert main(["tm", "import", *files, "--alternatives", *place]) == 0
    assert [json.loads(line)["added"] for line in capsys.readouterr().out.splitlines()] == [2, 1]
