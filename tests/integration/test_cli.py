"""The command line: in this process for most, as a real process for what only that can show."""

import gzip
import io
import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections import namedtuple
from functools import partial

import pytest

pytest.importorskip("typer")

from xling.cli import main

Result = namedtuple("Result", "code out err")
PHRASES = [
    ("en-1", "en", "Thank you", 1990),
    ("en-2", "en", "Good morning", 2001),
    ("ja-1", "ja", "おはよう", 2010),
    ("fr-1", "fr", "Merci beaucoup", 1985),
    ("de-1", "de", "Wo ist der Bahnhof?", 1999),
]
SECRET = "sekrit-key-0123456789"


@pytest.fixture(autouse=True)
def _home(xling_home, monkeypatch):
    for name in ("XLING_URL", "XLING_API_KEY", "XLING_COLLECTION", "PYTHONIOENCODING"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def cli(capsys, monkeypatch):
    """`cli("add", "file")` → exit code, standard output, standard error."""

    def run(*args, stdin=b""):
        data = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), "utf-8"))
        capsys.readouterr()
        code = main([str(arg) for arg in args])
        return Result(code, *capsys.readouterr())

    return run


@pytest.fixture(scope="module")
def filled_data(tmp_path_factory):
    """Data directory with five phrases in the default collection; made once, since it is the slow part."""
    home = tmp_path_factory.mktemp("filled")
    path = home / "phrases.jsonl"
    path.write_text(
        "\n".join(json.dumps(dict(zip(("id", "lang", "text", "year"), row, strict=True))) for row in PHRASES), "utf-8"
    )
    assert main(["add", str(path), "--path", str(home / "data" / "collections")]) == 0
    return home / "data"


@pytest.fixture
def filled(cli, filled_data, xling_home):
    shutil.copytree(filled_data, xling_home / "data")
    return cli


def process(*args, stdin="", timeout=120, **env):
    done = subprocess.run(
        [sys.executable, "-m", "xling.cli", *map(str, args)],
        input=stdin.encode(),
        capture_output=True,
        timeout=timeout,
        env=os.environ | env,
        check=False,
    )
    return Result(done.returncode, done.stdout.decode(), done.stderr.decode())


def one_line(result, code):
    assert result.code == code, result
    assert result.err.endswith("\n")
    assert result.err.count("\n") == 1, result.err
    assert result.err.startswith("error: ")
    assert "Traceback" not in result.err + result.out
    return result.err


def hits(result):
    assert result.code == 0, result
    return [json.loads(line) for line in result.out.splitlines()]


# --- add, in every format


def as_csv(rows, delimiter=","):
    return "\n".join(delimiter.join(map(str, row)) for row in [("id", "lang", "text", "year"), *rows])


FORMATS = {
    "txt": lambda path: path.write_text("\n".join(row[2] for row in PHRASES), "utf-8"),
    "txt.gz": lambda path: path.write_bytes(gzip.compress("\n".join(row[2] for row in PHRASES).encode("utf-16"))),
    "jsonl": lambda path: path.write_text(
        "\n".join(json.dumps(dict(zip(("id", "lang", "text", "year"), row, strict=True))) for row in PHRASES), "utf-8"
    ),
    "csv": lambda path: path.write_text("\ufeff" + as_csv(PHRASES), "utf-8"),
    "tsv": lambda path: path.write_text(as_csv(PHRASES, "\t"), "utf-8"),
    "parquet": lambda path: write_parquet(path),
}


def write_parquet(path):
    pyarrow = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    columns = zip(*PHRASES, strict=True)
    pq.write_table(pyarrow.table(dict(zip(("id", "lang", "text", "year"), map(list, columns), strict=True))), path)


@pytest.mark.parametrize("format", FORMATS)
def test_each_format_goes_in_and_comes_out(cli, tmp_path, format):
    path = tmp_path / f"phrases.{format}"
    FORMATS[format](path)
    added = (
        cli("add", path, "--json", "--number-column", "year")
        if format in ("csv", "tsv")
        else cli("add", path, "--json")
    )
    assert added.code == 0, added
    report = json.loads(added.out)
    assert (report["added"], report["skipped"], report["collection"]) == (5, [], "default")
    found = hits(cli("search", "ありがとう", "--limit", 5, "--json"))
    assert {hit["text"] for hit in found} == {row[2] for row in PHRASES}
    assert {hit["source"] for hit in found} == {path.name}
    if not format.startswith("txt"):
        by_id = {hit["id"]: hit for hit in found}
        assert {(id, hit["lang"], hit["text"], hit["metadata"]["year"]) for id, hit in by_id.items()} == set(PHRASES)
    again = json.loads(
        cli("add", path, "--json", *(["--number-column", "year"] if format in ("csv", "tsv") else [])).out
    )
    assert (again["added"], again["updated"], again["unchanged"]) == (0, 0, 5)


def test_lines_on_standard_input(cli):
    result = cli("add", stdin="Thank you\n\nありがとう\r\nMerci")
    assert (result.code, result.err) == (0, "")
    assert re.fullmatch(r"3 added in default \(\d+\.\d s\)\n", result.out)
    assert json.loads(cli("info", "--json").out)["languages"] == {"en": 1, "ja": 1, "fr": 1}
    assert hits(cli("search", "Danke", "-n", 1, "--json"))[0]["source"] is None


def test_other_formats_on_standard_input_and_several_inputs(cli, tmp_path):
    (tmp_path / "a.txt").write_text("Good morning\n")
    result = cli("add", tmp_path / "a.txt", "-", "-f", "jsonl", "--json", stdin='{"text": "Merci"}')
    one_line(cli("add", tmp_path / "a.txt", "-", "-f", "csv", stdin="src,tgt\na,b\n"), 2)
    assert result.code == 0
    # The format named is of all files: a.txt was read as JSON lines.
    report = json.loads(result.out)
    assert report["added"] == 1
    assert [(s["file"], s["line"]) for s in report["skipped"]] == [(str(tmp_path / "a.txt"), 1)]


def test_a_language_for_all(cli):
    assert cli("add", "--lang", "JPN", stdin="東京\n大阪\n").code == 0
    assert json.loads(cli("info", "--json").out)["languages"] == {"ja": 2}


def test_the_same_text_of_two_files_is_two_documents_but_of_one_source_one(cli, tmp_path):
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("Thank you\n")
    assert json.loads(cli("add", tmp_path / "a.txt", tmp_path / "b.txt", "--json").out)["added"] == 2
    one = json.loads(cli("add", "-c", "other", "--source", "", tmp_path / "a.txt", tmp_path / "b.txt", "--json").out)
    assert (one["added"], one["unchanged"]) == (1, 1)


def test_whole_files_are_updated_by_their_path(cli, tmp_path):
    path = tmp_path / "letter.txt"
    for text, count in (("Dear Anna,\n\nthank you.\n", "added"), ("Dear Anna,\n\nthanks a lot.\n", "updated")):
        path.write_text(text)
        assert json.loads(cli("add", "--whole", path, "--json").out)[count] == 1
    (hit,) = hits(cli("search", "merci", "--json"))
    assert (hit["text"], hit["id"]) == ("Dear Anna,\n\nthanks a lot.\n", path.as_posix())


def test_bad_rows_are_skipped_with_file_line_and_reason_and_the_rest_is_stored(cli, tmp_path):
    path = tmp_path / "mixed.jsonl"
    path.write_text(
        '{"text": "Thank you"}\n{"text": \n{"id": "x"}\n{"text": "\\ud800"}\n{"text": "  "}\n'
        '{"text": "Merci", "lang": "no such language"}\n{"text": "Danke", "id": 1.5}\n{"text": "Good morning"}\n'
    )
    result = cli("add", path)
    assert result.code == 0
    assert result.out.startswith("2 added, 6 skipped in default")
    told = dict(re.findall(r"skipped .*mixed\.jsonl:(\d): (.*)", result.err))
    assert list(told) == ["2", "3", "4", "5", "6", "7"]
    for line, part in {"2": "JSON", "3": "no 'text'", "4": "surrogate", "6": "language", "7": "id"}.items():
        assert part in told[line]
    as_json = json.loads(cli("add", path, "--json").out)
    assert [s["line"] for s in as_json["skipped"]] == [2, 3, 4, 5, 6, 7]
    assert all(s["file"] == str(path) and s["reason"] for s in as_json["skipped"])
    assert {hit["text"] for hit in hits(cli("search", "hello", "--json"))} == {"Thank you", "Good morning"}


def test_only_bad_rows_is_a_failure(cli):
    result = cli("add", "-f", "jsonl", stdin="{\n{\n")
    assert (result.code, result.out.split(" in ")[0]) == (1, "2 skipped")


def test_an_undecodable_file_is_refused_before_anything_is_written(cli, tmp_path):
    good, bad = tmp_path / "good.txt", tmp_path / "bad.txt"
    good.write_text("Thank you\n")
    bad.write_bytes(b"fine\n" * 1000 + "café\n".encode("latin-1"))
    assert "bad.txt:1001: byte 5003 (0xe9) is not valid utf-8" in one_line(cli("add", good, bad), 2)
    assert cli("info").code == 1
    assert cli("add", good, bad, "--encoding", "latin-1").code == 0
    assert hits(cli("search", "coffee shop", "-n", 1, "--json"))[0]["text"] == "café"


# --- search


def test_search_in_a_pipe_is_tab_separated(filled):
    result = filled("search", "ありがとう", "--limit", 3)
    assert (result.code, result.err) == (0, "")
    rows = [line.split("\t") for line in result.out.splitlines()]
    assert len(rows) == 3
    assert all(len(row) == 4 for row in rows)
    scores = [float(row[0]) for row in rows]
    assert scores == sorted(scores, reverse=True)
    assert ["en", "en-1", "Thank you"] in [row[1:] for row in rows]


def test_search_by_language_metadata_source_and_score(filled):
    assert {hit["lang"] for hit in hits(filled("search", "hi", "--lang", "en,fr", "-l", "de", "--json"))} == {
        "en",
        "fr",
        "de",
    }
    where = '{"year": {"gte": 2000}}'
    assert {hit["id"] for hit in hits(filled("search", "hi", "--where", where, "--json"))} == {"en-2", "ja-1"}
    assert hits(filled("search", "hi", "--min-score", "0.9999", "--json")) == []
    assert hits(filled("search", "Thank you", "--min-score", "0.5", "--json"))
    assert len(hits(filled("search", "hi", "--source", "phrases.jsonl", "--json"))) == 5
    assert hits(filled("search", "hi", "--source", "other", "--json")) == []


def test_similar_and_recommend(filled):
    assert hits(filled("similar", "fr-1", "--json", "-n", 2, "--translations"))[0]["id"] == "en-1"
    assert {h["lang"] for h in hits(filled("similar", "Thanks", "--json", "-l", "ja,de"))} == {"ja", "de"}
    found = hits(filled("recommend", "ja-1", "--history", "de-1", "--disliked", "fr-1", "--json"))
    assert {hit["id"] for hit in found} <= {"en-1", "en-2"}
    assert filled("recommend").code == 2


def test_classify(filled, tmp_path):
    examples, kept = tmp_path / "examples.json", tmp_path / "kept.json"
    examples.write_text(
        json.dumps({"thanks": ["Thank you very much", "Thanks!"], "ask": ["Where is it?", "How much?"]})
    )
    made = filled("classify", "--examples", examples, "--save", kept)
    assert (made.code, made.out) == (0, "")
    assert "2 labels from 4 examples" in made.err
    rows = [
        row.split("\t")
        for row in filled("classify", "ありがとう", "Wo ist das?", "--classifier", kept).out.splitlines()
    ]
    assert [(row[0], row[2]) for row in rows] == [("thanks", "ja"), ("ask", "de")]
    stored = hits(filled("classify", "--stored", "--classifier", kept, "--json", "--where", '{"year": 1985}'))
    assert [(one["id"], one["label"]) for one in stored] == [("fr-1", "thanks")]
    examples.write_text("[")
    for arguments in (["x"], ["--examples", examples, "x"], ["--label", "none", "x"], ["--classifier", kept]):
        assert filled("classify", *arguments).code == 2


def test_clusters_and_coverage(filled):
    found = filled("clusters", "-k", 2, "--json")
    assert found.code == 0
    assert sum(cluster["size"] for cluster in hits(found)) == 5
    assert "2 clusters of 5 documents" in found.err
    rows = [row.split("\t") for row in filled("clusters", "-k", 2, "--raw").out.splitlines()]
    assert [(len(row), row[0]) for row in rows] == [(5, "0"), (5, "1")]
    each = dict(row.split("\t") for row in filled("clusters", "-k", 2, "--documents").out.splitlines())
    assert set(each) == {id for id, *_ in PHRASES}
    assert each["en-1"] == each["fr-1"] != each["de-1"]
    assert filled("clusters", "-k", 9).code == 2
    table = json.loads(filled("coverage", "-k", 2, "--json").out)
    assert set(table) == {"languages", "clusters", "gaps"}
    assert "gaps in 2 topics and 4 languages" in filled("coverage", "-k", 2).err


def test_near_duplicates_and_outliers(cli, tmp_path):
    notices = ["The bus leaves at noon.", "The bus leaves at noon!", "Der Bus fährt mittags ab.", "I like cheese."]
    path = tmp_path / "notices.jsonl"
    rows = [{"id": i, "text": text, "lang": "de" if "Der" in text else "en"} for i, text in enumerate(notices)]
    path.write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    assert cli("add", path).code == 0
    found = cli("near-duplicates", "--json")
    assert {(pair["kind"], pair["first"]["id"], pair["second"]["id"]) for pair in hits(found)} >= {("near", 0, 1)}
    assert "pairs in 1 groups, of 4 documents" in found.err
    assert {row.split("\t")[2] for row in cli("near-duplicates", "--groups").out.splitlines()} == {"0", "1", "2"}
    assert [row.split("\t")[0] for row in cli("near-duplicates", "--no-translations").out.splitlines()] == ["near"]
    [strange] = hits(cli("outliers", "-n", 1, "-t", 0, "--json"))
    assert strange["document"]["text"] == "I like cheese."
    assert cli("near-duplicates", "-t", 2).code == 2


def test_several_queries(filled):
    piped = filled("search", "--limit", 1, stdin="ありがとう\n\nDanke\n")
    rows = [line.split("\t") for line in piped.out.splitlines()]
    assert [(row[0], len(row)) for row in rows] == [("ありがとう", 5), ("Danke", 5)]
    assert filled("search", "-", "--limit", 1, stdin="ありがとう\nDanke\n").out == piped.out
    assert filled("search", "ありがとう", "Danke", "--limit", 1).out == piped.out
    found = hits(filled("search", "ありがとう", "Danke", "--limit", 2, "--json"))
    assert [(hit["query"], hit["rank"]) for hit in found] == [
        ("ありがとう", 1),
        ("ありがとう", 2),
        ("Danke", 1),
        ("Danke", 2),
    ]
    from xling import Hit

    assert set(found[0]) == {"query", "rank", *Hit.model_fields}


def test_search_options_reach_the_search(filled):
    neutral = hits(filled("search", "ありがとう", "--json"))
    raw = hits(filled("search", "ありがとう", "--json", "--neutral", 0))
    assert {hit["id"] for hit in neutral} == {hit["id"] for hit in raw}
    assert [hit["score"] for hit in neutral] != [hit["score"] for hit in raw]
    sure = hits(filled("search", "ありがとう", "--json", "--min-confidence", 0.5))
    assert 0 < len(sure) < len(neutral)
    assert all(hit["confidence"] >= 0.5 for hit in sure)
    for options in (["--balance", 1], ["--rescore"], ["--prefer", "ja,en"], ["--distinct", "none"]):
        assert {hit["id"] for hit in hits(filled("search", "ありがとう", "--json", *options))} == {h["id"] for h in raw}
    assert filled("search", "x", "--neutral", 3).code == 2


def test_calibrate_tells_what_scores_of_a_model_mean(cli):
    assert "translations" in cli("calibrate").out
    found = json.loads(cli("calibrate", "bundled", "--json").out)
    assert found["calibrated"]
    assert found["scores"]["neutral"]["translation"] > found["scores"]["neutral"]["background"]


def test_control_characters_of_a_text_do_not_reach_the_terminal(cli):
    row = {"text": "red \x1b[31m alert\nnext\tcell \u009b1m", "id": "a\tb"}
    assert cli("add", "-f", "jsonl", stdin=json.dumps(row)).code == 0
    out = cli("search", "alert").out
    assert out.count("\n") == 1
    assert out.count("\t") == 3
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", out)
    assert hits(cli("search", "alert", "--json"))[0]["text"] == row["text"]


def test_a_filter_on_an_unknown_field_is_one_line_of_warning(filled):
    result = filled("search", "hi", "--where", '{"yaer": 1990}')
    assert (result.code, result.out) == (0, "")
    assert result.err.count("\n") == 1
    assert result.err.startswith("warning: ")
    assert "'yaer'" in result.err


# --- info, list, delete, models


def test_info(filled):
    found = json.loads(filled("info", "--json").out)
    assert (found["documents"], found["name"], found["made_by_xling"]) == (5, "default", True)
    assert found["languages"] == {"en": 2, "ja": 1, "fr": 1, "de": 1}
    shown = filled("info").out
    for part in ("default", "5", "bundled/multilingual-e5-small-q4", "384"):
        assert part in shown


def test_list(filled, tmp_path):
    filled("add", "-c", "物語", stdin="むかしむかし\n")
    found = json.loads(filled("list", "--json").out)
    assert [(entry["name"], entry["documents"], entry["state"]) for entry in found] == [
        ("default", 5, "ok"),
        ("物語", 1, "ok"),
    ]
    assert [line.split("\t")[:2] for line in filled("list").out.splitlines()] == [["default", "5"], ["物語", "1"]]
    empty = filled("list", "--path", tmp_path / "nothing")
    assert (empty.code, empty.out) == (0, "")


def test_the_collection_and_the_directory_may_be_named(cli, tmp_path, monkeypatch):
    place = tmp_path / "elsewhere"
    monkeypatch.setenv("XLING_COLLECTION", "mine")
    assert cli("add", "--path", place, stdin="Thank you\n").code == 0
    assert [entry["name"] for entry in json.loads(cli("list", "--path", place, "--json").out)] == ["mine"]
    assert json.loads(cli("info", "--path", place, "--json").out)["name"] == "mine"
    # A path on the command line is stronger than a server in the environment.
    monkeypatch.setenv("XLING_URL", "http://127.0.0.1:9")
    assert cli("info", "--path", place).code == 0


def test_a_collection_that_is_in_use(filled):
    import xling

    with xling.open("default") as collection:
        assert collection.count() == 5
        assert "default" in one_line(process("search", "hi"), 1)
        listed = json.loads(process("list", "--json").out)
    model = "bundled/multilingual-e5-small-q4"
    assert listed == [{"name": "default", "documents": None, "model": model, "state": "in use"}]
    assert filled("search", "hi").code == 0


def test_delete_by_ids(filled):
    filled("add", "-f", "jsonl", stdin='{"text": "seven", "id": 7}\n{"text": "eight", "id": "8"}')
    result = json.loads(filled("delete", "en-1", "7", "8", "nope", "--json").out)
    assert result == {"deleted": 3, "not_found": ["nope"], "dropped": False}
    shown = filled("delete", "en-2", "en-1")
    assert (shown.code, shown.out, shown.err) == (0, "1 deleted\n", "not found: en-1\n")
    assert json.loads(filled("info", "--json").out)["documents"] == 3


def test_delete_by_condition_needs_yes_in_a_pipe(filled):
    refused = filled("delete", "--where", '{"year": {"lt": 2000}}')
    assert "--yes" in one_line(refused, 2)
    assert json.loads(filled("info", "--json").out)["documents"] == 5
    assert filled("delete", "--where", '{"year": {"lt": 2000}}', "--yes").out == "3 deleted\n"
    assert filled("delete", "--lang", "ja", "-y").out == "1 deleted\n"
    assert filled("delete", "--source", "phrases.jsonl", "-y").out == "1 deleted\n"
    assert filled("delete", "--lang", "ja", "-y").out == "0 deleted\n"


def test_delete_all_drops_the_collection(filled):
    assert "--yes" in one_line(filled("delete", "--all"), 2)
    assert json.loads(filled("delete", "--all", "--yes", "--json").out) == {
        "deleted": 5,
        "not_found": [],
        "dropped": True,
    }
    assert filled("info").code == 1
    assert filled("list").out == ""


def test_models(cli):
    found = json.loads(cli("models", "--json").out)
    (default,) = (card for card in found["models"] if card["default"])
    assert default["name"] == found["default"] == "bundled/multilingual-e5-small-q4"
    assert found["bundled"]["installed"]
    assert found["bundled"]["converted"]
    rows = [line.split("\t") for line in cli("models").out.splitlines()]
    assert {"BAAI/bge-m3", "sentence-transformers/LaBSE"} <= {row[0] for row in rows}
    assert all(len(row) == 5 for row in rows)


# --- demo


def test_demo(cli):
    shown = cli("demo", "--keep", "--limit", 3)
    assert shown.code == 0
    assert shown.err == ""
    for part in (
        "「ありがとう」",
        "“Where is the station?”",
        "「Je suis fatigué」",
        "「今天天气很好」",
        "(Thank you)",
        "score",
    ):
        assert part in shown.out
    assert cli("list").out.startswith("demo\t")
    again = json.loads(cli("demo", "--keep", "--json").out)
    assert again["phrases"] >= 300
    assert len(again["languages"]) >= 12
    assert set(again["seconds"]) == {"model", "add", "search"}
    thanks, station, tired, weather = (result["hits"] for result in again["results"])
    assert re.search("ありがとう|[Tt]hank|Dank|Merci|감사|Grazie|谢|謝|Terima kasih|[Cc][áả]m ơn", thanks[0]["text"])
    assert all(1 <= len(found) <= 8 for found in (thanks, station, tired, weather))
    assert len({hit["lang"] for hit in thanks}) > 1
    assert "unchanged" in cli("demo", "--keep").out


# --- misuse: one line, the right code, never a traceback


MISUSED_FILES = {
    "table.csv": b"src,tgt\na,b\n",
    "good.txt": b"Thank you\n",
    "locked.txt": b"Thank you\n",
    "a.odt": b"x",
    "a.parquet": b"text",
    "picture.txt": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff\xd8",
    "cp932.txt": "ありがとう".encode("cp932"),
    "cut.txt.gz": gzip.compress(b"Thank you\n" * 99)[:-12],
}
# kind → exit code, what the line must say, arguments; "@name" is a file of the test's directory
MISUSE = {
    "unknown command": (2, "frobnicate", ["frobnicate"]),
    "unknown option": (2, "--nope", ["search", "x", "--nope"]),
    "option without its value": (2, "--limit", ["search", "x", "--limit"]),
    "not a number": (2, "--limit", ["search", "x", "--limit", "many"]),
    "limit of nothing": (2, "limit", ["search", "x", "--limit", "0"]),
    "missing file": (2, "no such file", ["add", "@missing.txt"]),
    "directory": (2, "or sync the whole of it", ["add", "@"]),
    "no text at all": (2, "it is no text", ["add", "@picture.txt"]),
    "mining a file and nothing": (2, "none.txt: cannot be read", ["mine", "@good.txt", "@none.txt"]),
    "unreadable file": (2, "cannot be read", ["add", "@locked.txt"]),
    "unknown format": (2, "format", ["add", "@a.odt"]),
    "no such format": (2, "'odt'", ["add", "@good.txt", "--format", "odt"]),
    "no such encoding": (2, "'klingon'", ["add", "@good.txt", "--encoding", "klingon"]),
    "undecodable": (2, "cp932.txt:1", ["add", "@cp932.txt"]),
    "no text column": (2, "'src', 'tgt'", ["add", "@table.csv"]),
    "wrong text column": (2, "'text'", ["add", "@table.csv", "--text-column", "text"]),
    "long delimiter": (2, "--delimiter", ["add", "@table.csv", "--delimiter", "::"]),
    "not Parquet": (2, "Parquet", ["add", "@a.parquet"]),
    "damaged gzip": (2, "gzip", ["add", "@cut.txt.gz"]),
    "whole table": (2, "whole", ["add", "@table.csv", "--whole"]),
    "language that is none": (2, "no such", ["add", "@good.txt", "--lang", "no such"]),
    "unknown collection": (1, "xling list", ["search", "x", "-c", "nowhere"]),
    "info of nothing": (1, "nowhere", ["info", "-c", "nowhere"]),
    "impossible name": (2, "a/b", ["add", "@good.txt", "-c", "a/b"]),
    "where not JSON": (2, "--where", ["search", "x", "--where", "{year: 1990}"]),
    "where not an object": (2, "--where", ["search", "x", "--where", "[1]"]),
    "where that makes no sense": (2, "", ["search", "x", "--where", '{"year": {"above": 3}}']),
    "blank query": (2, "", ["search", " "]),
    "server that refuses": (1, "127.0.0.1:9", ["search", "x", "--url", "http://127.0.0.1:9"]),
    "no server's address": (1, "", ["search", "x", "--url", "http://no-such-host.invalid:6333"]),
    "path and url": (2, "url", ["search", "x", "--url", "http://127.0.0.1:9", "--path", "@"]),
    "key without a server": (2, "--url", ["search", "x", "--api-key-file", "@good.txt"]),
    "missing key file": (2, "cannot be read", ["info", "--url", "http://127.0.0.1:9", "--api-key-file", "@none"]),
    "no such model": (1, "no/such/model", ["add", "@good.txt", "-c", "other", "--model", "./no/such/model"]),
    "delete nothing": (2, "what to delete", ["delete"]),
    "delete two ways": (2, "one way", ["delete", "a", "--all"]),
    "delete without yes": (2, "--yes", ["delete", "--all"]),
    "empty language": (2, "empty", ["search", "x", "--lang", "en,,fr"]),
}


@pytest.mark.parametrize("kind", MISUSE)
def test_misuse_is_one_line_with_the_right_code(filled, tmp_path, kind):
    for name, data in MISUSED_FILES.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "locked.txt").chmod(0)
    if kind == "unreadable file" and os.access(tmp_path / "locked.txt", os.R_OK):
        pytest.skip("this user may read every file")
    code, part, args = MISUSE[kind]
    args = [str(tmp_path / arg[1:]) if arg.startswith("@") else arg for arg in args]
    assert part in one_line(filled(*args), code)


def test_the_api_key_is_never_shown(cli, tmp_path, monkeypatch):
    file = tmp_path / "key"
    file.write_text(SECRET + "\n")
    url = ["--url", "http://127.0.0.1:9"]
    for args in (["--api-key-file", file], []):
        if not args:
            monkeypatch.setenv("XLING_API_KEY", SECRET)
        for debug in ([], ["--debug"]):
            result = cli("search", "x", *url, *args, *debug)
            assert result.code == 1
            assert SECRET not in result.out + result.err
    assert SECRET not in cli("--help").out + cli("search", "--help").out


def test_an_unexpected_error_is_one_line_too_and_debug_shows_where(cli, monkeypatch):
    def broken(*args, **kwargs):
        raise ZeroDivisionError("two\nlines")

    monkeypatch.setattr("xling.opening.open", broken)
    assert "ZeroDivisionError" in one_line(cli("info"), 1)
    assert "Traceback" in cli("info", "--debug").err


def test_help_and_version(cli):
    assert cli("--version").out.startswith("xling ")
    for command in ("add", "search", "info", "list", "delete", "models", "demo"):
        result = cli(command, "--help")
        assert result.code == 0
        assert "--json" in result.out
    assert cli().code == 0
    assert "demo" in cli().out


def test_the_overview_says_what_the_commands_say_of_themselves(cli):
    """It is kept as text, so that showing it imports no command."""
    import typer.main

    from xling.cli.app import application
    from xling.cli.commands import COMMANDS, GROUPS

    whole = typer.main.get_command(application())
    said = {name: command.help.split("\n\n")[0] for name, command in whole.commands.items()}
    assert said == {name: summary for name, (_, summary) in {**COMMANDS, **GROUPS}.items()}
    shown = cli("--help").out
    unwrapped = " ".join(shown.split())
    for option in whole.get_params(whole.make_context("xling", ["list"])):
        assert option.help in unwrapped
        assert all(name in shown for name in option.opts)
    for name, summary in said.items():
        assert f" {name} {summary}" in unwrapped
    assert shown == cli("-h").out == cli().out


def test_a_command_alone_is_what_it_is_among_all():
    import typer.main

    from xling.cli.app import application
    from xling.cli.commands import COMMANDS, GROUPS

    whole = typer.main.get_command(application())
    for name in (*COMMANDS, *GROUPS):
        alone = typer.main.get_command(application(name))
        assert list(alone.commands) == [name]
        assert alone.commands[name].help == whole.commands[name].help
        assert [p.opts for p in alone.commands[name].params] == [p.opts for p in whole.commands[name].params]


def test_a_misspelt_command_is_told_from_all(cli):
    assert "'search'" in one_line(cli("serch", "x"), 2)


# --- as a process of its own


@pytest.mark.parametrize("width", ["20", "200"])
def test_the_overview_imports_no_command(width):
    code = (
        "import sys; from xling.cli import main; main([]); "
        "print(sorted(m for m in ('typer', 'rich', 'pydantic', 'numpy', 'xling.cli.search') if m in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, "COLUMNS": width}
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_shells_can_ask_for_completion():
    env = {**os.environ, "_XLING_COMPLETE": "complete_bash", "COMP_WORDS": "xling sea", "COMP_CWORD": "1"}
    done = subprocess.run([sys.executable, "-m", "xling.cli"], capture_output=True, text=True, check=False, env=env)
    assert done.stdout.split() == ["search"]


def test_a_pipeline_of_processes(xling_home):
    added = process("add", stdin="Thank you\nGood morning\nおはよう\n")
    assert (added.code, added.err) == (0, "")
    assert added.out.startswith("3 added in default")
    found = process("search", "ありがとう", "--json", "--limit", 3, "--lang", "en")
    assert (found.code, found.err) == (0, "")
    assert hits(found)[0]["text"] == "Thank you"
    assert process("list").out.startswith("default\t3\t")


@pytest.mark.slow
def test_demo_leaves_nothing_behind(xling_home, tmp_path):
    (tmp_path / "tmp").mkdir()
    shown = process("demo", TMPDIR=str(tmp_path / "tmp"))
    assert (shown.code, shown.err) == (0, "")
    assert not list((tmp_path / "tmp").iterdir())
    assert not (xling_home / "data").exists()


def test_help_needs_nothing_heavy():
    code = (
        "import sys; from xling.cli import main; main(['add', '--help']); "
        "print(sorted(m for m in ('torch', 'transformers', 'numpy', 'qdrant_client', 'qdrant_edge', 'pyarrow') "
        "if m in sys.modules))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.splitlines()[-1] == "[]"


@pytest.mark.parametrize("package", ["typer", "rich"])
def test_without_the_extra_the_pip_command_is_given(package):
    code = f"import sys; sys.modules[{package!r}] = None; from xling.cli import main; sys.exit(main(['--help']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "pip install 'xling[cli]'" in one_line(Result(done.returncode, done.stdout, done.stderr), 1)


def test_a_reader_that_goes_away_is_no_error(filled):
    command = [sys.executable, "-m", "xling.cli", "search", "-", "--limit", "5"]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    child.stdout.close()
    child.stdin.write(b"hello\n" * 200)
    child.stdin.close()
    assert child.wait(120) == 141
    assert child.stderr.read() == b""
    child.stderr.close()


def test_ctrl_c_is_one_line(xling_home):
    command = [sys.executable, "-m", "xling.cli", "add"]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    # A background job of a shell ignores SIGINT, and its children with it.
    heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(command, preexec_fn=heed, **pipes) as child:
        made = xling_home / "data" / "collections" / "default"
        for _ in range(600):
            if made.exists():
                break
            time.sleep(0.1)
        time.sleep(1)
        child.send_signal(signal.SIGINT)
        assert child.wait(60) == 130
        assert child.stderr.read() == b"error: interrupted\n"


def test_a_terminal_gets_a_table_and_a_progress_bar(filled, tmp_path):
    table = on_terminal("search", "ありがとう", "--limit", "5")
    assert "score" in table
    assert "Thank you" in table
    assert "\t" not in table
    path = tmp_path / "more.txt"
    path.write_text("".join(f"phrase number {i}\n" for i in range(40)))
    shown = on_terminal("add", path)
    assert "40 added" in shown
    assert "documents" in shown


def test_a_search_shows_which_words_answer_which(filled):
    plain = filled("search", "駅はどこ？", "-n", "1", "--explain")
    *_, text, links = plain.out.rstrip("\n").split("\t")
    assert text == "Wo ist der Bahnhof?"
    assert {"駅=Bahnhof", "どこ=Wo"} <= set(links.split())
    row = json.loads(filled("search", "駅はどこ？", "-n", "1", "--explain", "--json").out)
    assert row["links"][0]["target"] == {"text": "Bahnhof", "start": 11, "end": 18}
    assert "links" not in json.loads(filled("search", "駅はどこ？", "-n", "1", "--json").out)
    assert re.search(r"\x1b\[[0-9;]*4mBahnhof", on_terminal("search", "駅はどこ？", "-n", "1", "--explain"))


def test_a_terminal_is_asked_before_much_is_deleted(filled):
    assert "aborted" in on_terminal("delete", "--lang", "en", typed="n\n", code=1)
    shown = on_terminal("delete", "--lang", "en", typed="y\n")
    assert "Delete 2 documents of 'default'?" in shown
    assert "2 deleted" in shown


def on_terminal(*args, typed="", code=0):
    """What a person sees: standard output and error on a pseudo-terminal."""
    master, slave = pty.openpty()
    env = os.environ | {"TERM": "xterm-256color", "COLUMNS": "100", "LINES": "40"}
    command = [sys.executable, "-m", "xling.cli", *map(str, args)]
    with subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=env) as child:
        os.close(slave)
        os.write(master, typed.encode())
        seen = b""
        while select.select([master], [], [], 120)[0]:
            try:
                block = os.read(master, 65536)
            except OSError:  # the other end is closed
                break
            if not block:
                break
            seen += block
        os.close(master)
        assert child.wait(60) == code, seen.decode()
    return seen.decode()


def test_eval_measures_a_users_own_pairs(cli, tmp_path):
    documents = [
        {"id": f"{item}-{lang}", "text": text, "lang": lang}
        for item, texts in {
            "thanks": {"en": "Thank you very much.", "ja": "どうもありがとう。", "de": "Vielen Dank."},
            "rain": {"en": "It is raining.", "ja": "雨が降っています。", "de": "Es regnet."},
        }.items()
        for lang, text in texts.items()
    ]
    queries = [
        {"query": "ありがとう", "lang": "ja", "relevant": ["thanks-en", "thanks-ja", "thanks-de"]},
        {"query": "雨だ", "lang": "ja", "relevant": {"rain-en": 1, "rain-ja": 2}},
    ]
    for name, rows in (("q.jsonl", queries), ("d.jsonl", documents)):
        (tmp_path / name).write_text("\n".join(map(json.dumps, rows)), "utf-8")
    files = [tmp_path / "q.jsonl", tmp_path / "d.jsonl"]
    shown = cli("eval", "pairs", *files, "--heatmap", tmp_path / "map.html")
    assert shown.code == 0
    assert "2 queries, 6 documents" in shown.out
    assert "<table" in (tmp_path / "map.html").read_text("utf-8")
    found = json.loads(cli("eval", "pairs", *files, "--json").out)
    assert found["neutral"]["map"] >= 0.9
    assert set(found) == {"raw", "neutral"}


def test_eval_measures_accuracy_on_tatoeba(cli, tmp_path):
    sentences = {
        "jpn": ["ありがとう。", "雨が降っています。", "猫が好きです。", "駅はどこですか。"],
        "deu": ["Danke.", "Es regnet.", "Ich mag Katzen.", "Wo ist der Bahnhof?"],
        "eng": ["Thank you.", "It is raining.", "I like cats.", "Where is the station?"],
    }
    for code in ("jpn", "deu"):
        for side in (code, "eng"):
            lines = "".join(f"{text}\n" for text in sentences[side])
            (tmp_path / f"tatoeba.{code}-eng.{side}").write_text(lines, "utf-8")
    shown = cli("eval", "tatoeba", tmp_path)
    assert shown.code == 0
    assert "mean of 2" in shown.out
    found = json.loads(cli("eval", "tatoeba", tmp_path, "--lang", "jpn", "--json").out)
    assert found["neutral"]["languages"]["ja"] == {"pairs": 4, "to_english": 1.0, "from_english": 1.0}
    assert cli("eval", "tatoeba", tmp_path, "--every", 2).code == 2


@pytest.mark.parametrize("args", [["pairs", "nothing.jsonl"], ["xquad-r", "nowhere"], ["pairs", "a", "b", "c"]])
def test_eval_of_what_is_not_there_is_one_line(cli, args):
    result = cli("eval", *args)
    assert result.code in (1, 2)
    assert result.err.count("\n") == 1
    assert "Traceback" not in result.err


def test_words_are_added_and_searched(cli):
    cli("add", "--no-lexical", stdin="The XR-2000 is here.\nThe weather is nice.\n")
    refused = cli("search", "XR-2000", "--mode", "hybrid")
    assert refused.code == 2
    assert "add-lexical" in refused.err
    assert json.loads(cli("add-lexical", "--json").out) == {"updated": 2}
    assert [
        json.loads(line)["text"] for line in cli("search", "xr2000", "--mode", "lexical", "--json").out.splitlines()
    ] == ["The XR-2000 is here."]
    assert json.loads(cli("info", "--json").out)["lexical"]


def test_optimize(filled):
    done = json.loads(filled("optimize", "--json", "-c", "default").out)
    assert done["collection"] == "default"
    assert done["seconds"] > 0
    assert "is optimised" in filled("optimize").out
    assert filled("search", "ありがとう", "--json").out.count("\n") == 5


def test_what_cannot_be_read_makes_no_collection(cli, tmp_path):
    (tmp_path / "damaged.tmx").write_bytes(b"\0\1\2")
    for args in (["tm", "import", "none.tmx"], ["tm", "import", "damaged.tmx"], ["add", "none.txt"], ["sync", "none"]):
        more = ["--source", "s"] if args[0] == "sync" else []
        place = tmp_path / "place"
        result = cli(*args[:-1], tmp_path / args[-1], "--path", place, *more)
        assert result.code == 2, result
        assert not place.exists() or not list(place.iterdir()), args


def test_an_index_after_adding(cli, tmp_path, monkeypatch):
    from xling.ingest import indexing

    file = tmp_path / "a.txt"
    file.write_text("one\ntwo\nthree\n", "utf-8")
    asked = cli("add", file, "--lang", "en", "--optimize")
    assert asked.out.startswith("3 added")
    assert "building the index" in asked.err
    monkeypatch.setattr(indexing, "GROWN", 3)
    monkeypatch.setattr(indexing, "_WRITTEN", 3)
    unasked = cli("sync", file, "--lines", "--lang", "en", "-c", "other")
    assert "building the index" in unasked.err
    assert "building the index" not in cli("add", file, "--lang", "en", "-c", "third", "--no-optimize").err
    assert "building the index" not in cli("add", file, "--lang", "en").err, "nothing was added"


def test_a_translation_memory(cli, tmp_path):
    from xling.translate import Segment, Unit, write_tmx

    pairs = [("駅はどこですか。", "Where is the station?"), ("電源を切ってください。", "Please turn off the power.")]
    file, broken = tmp_path / "in.tmx", tmp_path / "broken.tmx"
    write_tmx(file, [Unit((Segment("ja", (ja,)), Segment("en", (en,)))) for ja, en in pairs])
    text = file.read_text("utf-8")
    broken.write_text(text.replace("</tu>", "</tu><tu><tuv></tu>", 1), "utf-8")
    assert cli("tm", "lookup", "a", "--to", "en", "-c", "memo").code == 1
    imported = json.loads(cli("tm", "import", broken, "-c", "memo", "--json").out)
    assert (imported["added"], len(imported["broken"])) == (2, 1)
    assert "0 added, 0 updated, 2 unchanged" in cli("tm", "import", file, "-c", "memo").out
    match = json.loads(cli("tm", "lookup", pairs[0][0], "--from", "ja", "--to", "en", "-c", "memo", "--json").out)
    assert (match["kind"], match["percent"], match["target"]) == ("exact", 100, pairs[0][1])
    shown = cli("tm", "lookup", "Wo ist der Bahnhof?", "--to", "en", "-c", "memo").out
    assert shown.startswith("meaning")
    assert pairs[0][1] in shown
    assert json.loads(cli("tm", "concordance", "電源", "-c", "memo", "--json").out) == {
        "ja": pairs[1][0],
        "en": pairs[1][1],
    }
    assert json.loads(cli("tm", "export", tmp_path / "out.tmx", "-c", "memo", "--json").out)["units"] == 2
    assert cli("tm", "export", tmp_path / "out.po", "-c", "memo", "-l", "ja,en").code == 0
    again = cli("tm", "import", tmp_path / "out.po", "-c", "memo2", "-l", "ja,en", "--json")
    assert json.loads(again.out)["added"] == 2
    info = json.loads(cli("tm", "info", "-c", "memo2", "--json").out)
    assert (info["units"], info["languages"]) == (2, {"ja": 2, "en": 2})
    assert "en 2, ja 2" in cli("tm", "info", "-c", "memo2").out
    assert cli("tm", "import", tmp_path / "out.docx", "-c", "memo2").code == 2
    refused = cli("tm", "lookup", "a", "--to", "!!", "-c", "memo")
    assert refused.code == 2
    assert "language code" in refused.err
