"""`xling sync` over files and folders of every format, as a user changes them."""

import json

import pytest
from docx import Document as WordDocument
from pypdf import PdfWriter

import xling
from xling.cli import main
from xling.errors import InvalidInput
from xling.ingest.extract import ExtractError, extract
from xling.ingest.files import find_files
from xling.ingest.readers import ReadOptions

HTML = """<!doctype html><html><head><title>Huts &amp; storms</title><style>p {}</style></head><body>
<nav><ul><li>Home</li></ul></nav><h1>Storms</h1><p>Leave the   ridge
when clouds grow.<br>Lightning strikes.</p><h2>Huts</h2><table><tr><td>Hut</td><td>24 beds</td></tr></table>
<script>alert("x")</script><!-- hidden --><pre>a
  b</pre></body></html>"""


def pdf(path, text):
    """A one-page PDF with a text in it, written by hand as the format's simplest form."""
    stream = f"BT /F1 12 Tf 20 100 Td ({text}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    content, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    tail = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(content))
    path.write_bytes(content + head + table + tail)


def docx(path, heading, text):
    document = WordDocument()
    document.core_properties.title = "Report"
    document.add_heading(heading, level=2)
    document.add_paragraph(text)
    table = document.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "hut", "beds"
    document.save(path)


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "docs"
    (root / "deep").mkdir(parents=True)
    (root / "a.txt").write_text("First line.\nSecond line.\n", "utf-8")
    (root / "deep" / "b.md").write_text("# Ferry\n\n船は正午に出ます。\n", "utf-8")
    (root / "c.html").write_text(HTML, "utf-8")
    pdf(root / "d.pdf", "The harbour opens at dawn")
    docx(root / "e.docx", "Beds", "There are ten.")
    (root / "f.jsonl").write_text(
        '{"id": "row-1", "text": "eins"}\n{"id": "row-2", "text": "zwei", "year": 2}\n', "utf-8"
    )
    (root / "g.csv").write_text("id,text\nrow-3,drei\n", "utf-8")
    (root / ".hidden.txt").write_text("not this")
    (root / "picture.png").write_bytes(b"\x89PNG")
    return root


@pytest.fixture
def sync(tmp_path, monkeypatch, capsys, encoder):
    monkeypatch.chdir(tmp_path)
    place = ["-c", "docs", "--path", str(tmp_path / "store")]

    def run(*args, code=0):
        assert main(["sync", *map(str, args), *place, "--model", "bundled", "--json"]) == code
        printed = capsys.readouterr()
        return json.loads(printed.out) if code == 0 or printed.out else printed.err

    run.open = lambda: xling.open("docs", path=tmp_path / "store", model=encoder)
    return run


def counts(found):
    return {k: v for k, v in found.items() if k in ("added", "updated", "unchanged", "deleted", "kept") and v}


def test_a_folder_of_every_format(sync, folder):
    assert counts(sync("docs")) == {"added": 8}
    assert counts(sync("docs")) == {"unchanged": 8}
    with sync.open() as docs:
        assert docs.get("docs/a.txt").text == "First line.\nSecond line.\n"
        html, word = docs.get("docs/c.html"), docs.get("docs/e.docx")
        assert html.text == (
            "Home\n\n# Storms\n\nLeave the ridge when clouds grow.\nLightning strikes.\n\n"
            "## Huts\n\nHut\t24 beds\n\na\n  b"
        )
        assert html.metadata == {"title": "Huts & storms"}
        assert (word.text, word.metadata) == ("## Beds\n\nThere are ten.\n\nhut\tbeds", {"title": "Report"})
        assert docs.get("docs/d.pdf").text == "The harbour opens at dawn"
        assert docs.get("row-2").metadata == {"year": 2}
        assert docs.get("row-3").source == "docs"
        assert docs.search("When does the boat leave?", limit=1)[0].id == "docs/deep/b.md"


def test_what_changes_in_the_folder_changes_in_the_collection(sync, folder):
    sync("docs")
    (folder / "a.txt").write_text("Another text.", "utf-8")
    (folder / "c.html").unlink()
    (folder / "f.jsonl").write_text('{"id": "row-2", "text": "zwei", "year": 3}\n', "utf-8")
    (folder / "new.txt").write_text("New.", "utf-8")
    expected = {"added": 1, "updated": 2, "unchanged": 4, "deleted": 2}
    planned = sync("docs", "--dry-run")
    assert (counts(planned), planned["dry_run"]) == (expected, True)
    assert counts(sync("docs")) == expected
    with sync.open() as docs:
        assert docs.count() == 7


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("d.pdf", b"%PDF-1.4 and then nothing", "not readable as pdf"),
        ("d.pdf", b"", "pdf"),
        ("e.docx", b"PK not a zip", "not readable as docx"),
        ("c.html", b"<html><script>only()</script></html>", "no text"),
        ("a.txt", b"caf\xe9 in another encoding", "utf-8"),
    ],
)
def test_a_damaged_file_keeps_what_is_stored_of_it(sync, folder, name, content, reason):
    sync("docs")
    (folder / name).write_bytes(content)
    found = sync("docs")
    assert counts(found) == {"unchanged": 7}
    assert [s["id"] for s in found["skipped"]] == [f"docs/{name}"]
    assert reason.lower() in found["skipped"][0]["reason"].lower()


def test_a_line_that_cannot_be_read_deletes_nothing(sync, folder, recwarn):
    sync("docs")
    (folder / "f.jsonl").write_text('{"id": "row-1", "text": "eins"}\nbroken\n', "utf-8")
    (folder / "a.txt").unlink()
    found = sync("docs")
    assert counts(found) == {"unchanged": 6, "kept": 2}
    assert (found["skipped"][0]["file"], found["skipped"][0]["line"]) == ("docs/f.jsonl", 2)


def test_two_folders_are_two_sources(sync, folder, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "a.txt").write_text("Other.")
    sync("docs")
    assert counts(sync("other")) == {"added": 1}
    (folder / "a.txt").unlink()
    assert counts(sync("docs")) == {"unchanged": 7, "deleted": 1}
    assert "--source" in sync("docs", "other", code=2)
    assert counts(sync("docs", "other", "--source", "both")) == {"updated": 8}


def test_patterns_and_lines(sync, folder):
    assert counts(sync("docs/**/*.md", "--source", "notes")) == {"added": 1}
    assert counts(sync("docs/a.txt", "--lines")) == {"added": 2}
    assert counts(sync("docs/a.txt", "--lines")) == {"unchanged": 2}


def test_an_emptied_folder_is_asked_about(sync, folder):
    sync("docs/f.jsonl")
    (folder / "f.jsonl").write_text("")
    assert "--allow-empty" in sync("docs/f.jsonl", code=2)
    assert counts(sync("docs/f.jsonl", "--allow-empty")) == {"deleted": 2}


@pytest.mark.parametrize("path", ["nowhere", "docs/picture.png", "docs/*.nothing", "docs/deep/empty"])
def test_what_is_not_there_is_one_line(sync, folder, path):
    (folder / "deep" / "empty").mkdir()
    error = sync(path, code=2)
    assert error.count("\n") == 1


def test_files_are_found_once_and_in_order(folder):
    found = find_files([folder, folder / "a.txt"], ReadOptions())
    assert [f.name for f in found] == ["a.txt", "c.html", "d.pdf", "b.md", "e.docx", "f.jsonl", "g.csv"]
    with pytest.raises(InvalidInput, match="no files"):
        find_files([str(folder / "*.nothing")], ReadOptions())


def test_a_protected_pdf_says_so(tmp_path):
    pdf(tmp_path / "plain.pdf", "secret")
    writer = PdfWriter(clone_from=tmp_path / "plain.pdf")
    writer.encrypt("password", algorithm="RC4-128")
    writer.write(tmp_path / "locked.pdf")
    with (tmp_path / "locked.pdf").open("rb") as stream, pytest.raises(ExtractError, match="password"):
        extract(stream, "pdf")
