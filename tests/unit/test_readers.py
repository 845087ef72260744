"""Files → document rows."""

import codecs
import gzip
import io
import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xling.errors import InvalidInput
from xling.ingest.columns import ColumnNames, choose_columns
from xling.ingest.decoding import check_encoding, decoded_blocks, lines
from xling.ingest.feed import Feed
from xling.ingest.readers import BadRow, ReadOptions, Row, check_file, read_file, read_stream
from xling.types import Report, Skipped, Unreadable

TEXTS = ["Thank you", "ありがとう。", "Merci « beaucoup »", "감사합니다", "شكراً", "a \u2028 b \x85 c"]
NO_SOURCE = ReadOptions(source="")


def write(path, data):
    path.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8"))
    return path


def fields(path, options=NO_SOURCE):
    rows = list(read_file(path, options))
    assert all(isinstance(row, Row) for row in rows), rows
    return [row.fields for row in rows]


def bad(path, options=NO_SOURCE):
    return [(row.line, row.reason) for row in read_file(path, options) if isinstance(row, BadRow)]


def texts(path, options=NO_SOURCE):
    return [row["text"] for row in fields(path, options)]


def columns(**names):
    return ReadOptions(source="", columns=ColumnNames(**names))


# --- txt


def test_a_text_file_is_one_document_a_line(tmp_path):
    path = write(tmp_path / "a.txt", "one\r\n\n  \ntwo \rthree\u2028still three\n\nfour")
    rows = list(read_file(path, NO_SOURCE))
    assert [(row.fields["text"], row.line) for row in rows] == [
        ("one", 1), ("two ", 4), ("three\u2028still three", 5), ("four", 7),
    ]  # fmt: skip


def test_a_whole_text_file_is_one_document_known_by_its_path(tmp_path):
    path = write(tmp_path / "a.txt", "one\n\ntwo\n")
    assert fields(path, ReadOptions(whole=True)) == [{"text": "one\n\ntwo\n", "id": path.as_posix(), "source": "a.txt"}]
    with pytest.raises(InvalidInput, match=r"only text files can be taken whole, and this is csv"):
        list(read_file(write(tmp_path / "a.csv", "text\nx\n"), ReadOptions(whole=True)))


def test_an_empty_file_has_no_rows(tmp_path):
    for name in ("a.txt", "a.jsonl", "a.csv", "a.tsv"):
        assert fields(write(tmp_path / name, "")) == []
        check_file(tmp_path / name, NO_SOURCE)


def test_source_is_the_files_name_unless_told_otherwise(tmp_path):
    path = write(tmp_path / "phrases.txt", "one\n")
    assert fields(path, ReadOptions()) == [{"text": "one", "source": "phrases.txt"}]
    assert fields(path, ReadOptions(source="mine")) == [{"text": "one", "source": "mine"}]
    assert fields(path, ReadOptions(source="")) == [{"text": "one"}]
    assert [row.fields for row in read_stream(io.BytesIO(b"one\n"), ReadOptions())] == [{"text": "one"}]


def test_lang_serves_rows_that_name_none(tmp_path):
    path = write(tmp_path / "a.csv", "text,lang\nMerci,\nDanke,de\n")
    assert fields(path, ReadOptions(source="", lang="fr")) == [
        {"text": "Merci", "lang": "fr"},
        {"text": "Danke", "lang": "de"},
    ]


# --- jsonl


def test_json_lines(tmp_path):
    rows = [
        {"text": "Thank you", "id": 7, "lang": "en", "year": 1990, "tags": ["a", {"b": None}]},
        "a bare string",
        {"text": "ありがとう", "metadata": {"genre": "drama"}, "year": None},
    ]
    path = write(tmp_path / "a.jsonl", "\n\n".join(json.dumps(row, ensure_ascii=False) for row in rows))
    assert fields(path) == [
        {"text": "Thank you", "id": 7, "lang": "en", "metadata": {"year": 1990, "tags": ["a", {"b": None}]}},
        {"text": "a bare string"},
        {"text": "ありがとう", "metadata": {"genre": "drama"}},
    ]


def test_bad_json_lines_are_told_and_cost_nothing_else(tmp_path):
    deep = "[" * 100_000
    path = write(
        tmp_path / "a.jsonl", f'{{"text": "a"}}\n{{"text": \n[1]\nnull\n3\n{{"id": 1}}\n{deep}\n{{"text": "b"}}\n'
    )
    rows = list(read_file(path, NO_SOURCE))
    assert [row.fields["text"] for row in rows if isinstance(row, Row)] == ["a", "b"]
    told = bad(path)
    assert [line for line, _ in told] == [2, 3, 4, 5, 6, 7]
    for (_, reason), part in zip(
        told, ["not valid JSON", "an array", "null", "a number", "there is no 'text'", "JSON"], strict=True
    ):
        assert part in reason
        assert "\n" not in reason
        assert len(reason) < 200


def test_json_columns_may_be_missing_from_some_lines(tmp_path):
    lines_ = ['{"id": "x"}', '{"id": "y", "body": "text of y"}']
    assert bad(write(tmp_path / "a.jsonl", "\n".join(lines_))) == [(1, "there is no 'body'")]


def test_json_without_the_text_anywhere_is_an_error_with_the_columns(tmp_path):
    path = write(tmp_path / "a.jsonl", '{"src": "a", "tgt": "b"}\n{"src": "a", "note": "b"}\n')
    with pytest.raises(InvalidInput, match=r"which column is the text.*'src', 'tgt', 'note'"):
        check_file(path, NO_SOURCE)
    assert texts(path, columns(text="src")) == ["a", "a"]


# --- csv and tsv


def test_csv_with_quotes_and_lines_in_cells(tmp_path):
    path = write(tmp_path / "a.csv", 'id,text,genre\r\n1,"Hello, ""you""\r\nthere",x\r\n\r\n,,\r\n2,plain,\r\n')
    rows = list(read_file(path, NO_SOURCE))
    assert [(row.fields, row.line) for row in rows] == [
        ({"text": 'Hello, "you"\nthere', "id": "1", "metadata": {"genre": "x"}}, 2),
        ({"text": "plain", "id": "2"}, 6),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_found_in_the_first_line(tmp_path, delimiter):
    path = write(tmp_path / "a.csv", f'id{delimiter}"text, or; so"\n1{delimiter}a\n')
    assert fields(path, columns(text="text, or; so")) == [{"text": "a", "id": "1"}]


def test_a_delimiter_may_be_named(tmp_path):
    path = write(tmp_path / "a.csv", "id|text\n1|a, b, c\n")
    assert fields(path, ReadOptions(source="", delimiter="|")) == [{"text": "a, b, c", "id": "1"}]


def test_tsv_takes_quotation_marks_as_text_unless_told(tmp_path):
    path = write(tmp_path / "a.tsv", 'id\ttext\n1\t"Hello" he said\n2\t"\n')
    assert texts(path) == ['"Hello" he said', '"']
    path = write(tmp_path / "b.tsv", 'id\ttext\n1\t"a\tb"\n')
    assert texts(path, ReadOptions(source="", quotes=True)) == ["a\tb"]


def test_rows_that_do_not_fit_are_told_with_their_line(tmp_path):
    path = write(tmp_path / "a.csv", 'id,text\n1,a\n2,b,c\n3\n4,"x"y\n5,e\n')
    assert [(line, reason.split(":")[0]) for line, reason in bad(path)] == [
        (3, "3 cells, but there are 2 columns"),
        (4, "there is no 'text'"),
        (5, "not readable as csv"),
    ]
    good = [row.fields["text"] for row in read_file(path, NO_SOURCE) if isinstance(row, Row)]
    assert good == ["a", "e"]


def test_an_unclosed_quotation_mark_is_told(tmp_path):
    path = write(tmp_path / "a.csv", 'id,text\n1,a\n2,"b\n3,c\n')
    assert [line for line, _ in bad(path)] == [3]


def test_without_a_header_columns_are_numbered(tmp_path):
    path = write(tmp_path / "a.tsv", "1\teng\tHello\n2\tjpn\tこんにちは\n")
    options = ReadOptions(source="", header=False, columns=ColumnNames(text="3", id="1", lang="2"))
    assert fields(path, options) == [
        {"text": "Hello", "id": "1", "lang": "eng"},
        {"text": "こんにちは", "id": "2", "lang": "jpn"},
    ]
    assert texts(write(tmp_path / "b.csv", "one\ntwo\n"), ReadOptions(source="", header=False)) == ["one", "two"]


def test_numbers_are_strings_unless_named(tmp_path):
    path = write(tmp_path / "a.csv", "text,year,zip\na,1990,007\nb, 12.5 ,1\nc,many,2\nd,nan,3\n")
    assert fields(path)[0]["metadata"] == {"year": "1990", "zip": "007"}
    rows = list(read_file(path, columns(numbers=("year",))))
    assert [row.fields["metadata"] for row in rows if isinstance(row, Row)] == [
        {"year": 1990, "zip": "007"},
        {"year": 12.5, "zip": "1"},
    ]
    assert [row.reason for row in rows if isinstance(row, BadRow)] == [
        "'year' is not a number: 'many'",
        "'year' is not a number: 'nan'",
    ]


def test_two_columns_of_one_name_are_refused(tmp_path):
    with pytest.raises(InvalidInput, match="two columns are called 'text'"):
        check_file(write(tmp_path / "a.csv", "text,text\na,b\n"), NO_SOURCE)


def test_a_csv_cell_may_be_long(tmp_path):
    long = "word " * 100_000
    assert texts(write(tmp_path / "a.csv", f"text\n{long}\n")) == [long]


# --- columns


@pytest.mark.parametrize(
    ("present", "text", "id", "lang"),
    [
        (["ID", "Text", "Language"], "Text", "ID", "Language"),
        (["title", "content", "doc_id"], "content", "doc_id", None),
        (["body", "text"], "text", None, None),
        (["whatever"], "whatever", None, None),
        (["locale", "sentence", "lang"], "sentence", None, "lang"),
    ],
)
def test_columns_are_found_by_their_usual_names(present, text, id, lang):
    found = choose_columns(present, ColumnNames(), file="f")
    assert (found.text, found.id, found.lang) == (text, id, lang)


def test_named_columns_win():
    found = choose_columns(["text", "ja", "id", "key"], ColumnNames(text="ja", id="key"), file="f")
    assert (found.text, found.id) == ("ja", "key")
    # What is not taken is metadata.
    assert found.fields({"text": "Hello", "ja": "こんにちは", "id": 3, "key": "k"}) == {
        "text": "こんにちは", "id": "k", "metadata": {"text": "Hello", "id": 3},
    }  # fmt: skip


@pytest.mark.parametrize("name", ["text", "id", "lang", "source"])
def test_a_named_column_that_is_not_there_is_an_error_with_the_columns(tmp_path, name):
    path = write(tmp_path / "a.csv", "a,b,c\n1,2,3\n")
    with pytest.raises(InvalidInput, match=r"a\.csv: there is no column 'nope'; it has: 'a', 'b', 'c'"):
        check_file(path, columns(**{"text": "a", name: "nope"}))


def test_a_source_column(tmp_path):
    path = write(tmp_path / "a.csv", "text,feed\na,x\nb,\n")
    options = ReadOptions(columns=ColumnNames(source="feed"))
    assert [row["source"] for row in fields(path, options)] == ["x", "a.csv"]


# --- parquet


@pytest.fixture
def parquet(tmp_path):
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    def make(data, name="a.parquet", **options):
        path = tmp_path / name
        pq.write_table(pa.table(data), path, **options)
        return path

    return make


def test_parquet_over_several_batches(parquet):
    n = 3000
    data = {"id": list(range(n)), "text": [f"text {i}" for i in range(n)], "lang": ["en", None] * (n // 2)}
    path = parquet(data | {"tags": [["x", "y"]] * n}, row_group_size=700)
    rows = list(read_file(path, NO_SOURCE))
    assert [row.line for row in rows] == list(range(1, n + 1))
    assert rows[0].fields == {"id": 0, "text": "text 0", "lang": "en", "metadata": {"tags": ["x", "y"]}}
    assert rows[-1].fields == {"id": n - 1, "text": f"text {n - 1}", "metadata": {"tags": ["x", "y"]}}
    seen = []
    list(read_file(path, NO_SOURCE, on_bytes=seen.append))
    assert 0.9 * path.stat().st_size <= sum(seen) <= path.stat().st_size
    with path.open("rb") as stream:
        assert len(list(read_stream(stream, ReadOptions(format="parquet")))) == n


def test_parquet_rows_without_text_are_told(parquet):
    assert bad(parquet({"text": ["a", None, "c"], "id": [1, 2, 3]})) == [(2, "there is no 'text'")]


def test_parquet_without_the_text_or_damaged(parquet, tmp_path):
    with pytest.raises(InvalidInput, match=r"which column is the text.*'src', 'tgt'"):
        check_file(parquet({"src": ["a"], "tgt": ["b"]}), NO_SOURCE)
    with pytest.raises(InvalidInput, match=r"b\.parquet: not readable as Parquet"):
        check_file(write(tmp_path / "b.parquet", b"PAR1 no"), NO_SOURCE)


# --- encodings


@pytest.mark.parametrize(
    ("bom", "encoding"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
@pytest.mark.parametrize("name", ["a.txt", "a.csv", "a.jsonl", "a.txt.gz"])
def test_byte_order_marks(tmp_path, bom, encoding, name):
    content = {
        "a.txt": "\n".join(TEXTS),
        "a.csv": "text\n" + "\n".join(f'"{text}"' for text in TEXTS),
        "a.jsonl": "\n".join(json.dumps({"text": text}, ensure_ascii=False) for text in TEXTS),
    }[name.removesuffix(".gz")]
    data = bom + content.encode(encoding)
    path = write(tmp_path / name, gzip.compress(data) if name.endswith(".gz") else data)
    check_file(path, NO_SOURCE)
    assert texts(path) == TEXTS
    if not name.endswith(".gz"):
        assert [row.fields["text"] for row in read_stream(io.BytesIO(data), ReadOptions(format=name[2:]))] == TEXTS


@pytest.mark.parametrize("encoding", ["shift_jis", "euc_jp", "gb18030", "utf-16", "utf-8-sig", "iso2022_jp"])
def test_a_named_encoding(tmp_path, encoding):
    some = ["ありがとう。", "Thank you"]
    path = write(tmp_path / "a.txt", "\r\n".join(some).encode(encoding))
    assert texts(path, ReadOptions(source="", encoding=encoding)) == some


def test_undecodable_bytes_are_one_error_that_names_line_and_byte(tmp_path):
    path = write(tmp_path / "a.txt", b"first\r\nsecond\r\nd" + "é".encode("latin-1") + b"j\xe0 vu\n")
    with pytest.raises(InvalidInput, match=r"a\.txt:3: byte 16 \(0xe9\) is not valid utf-8; name the encoding") as info:
        check_file(path, NO_SOURCE)
    assert "\n" not in str(info.value)
    assert texts(path, ReadOptions(source="", encoding="latin-1"))[2] == "déjà vu"
    with pytest.raises(InvalidInput, match="is it of another encoding"):
        check_file(path, ReadOptions(encoding="utf-8"))


@pytest.mark.parametrize("where", [65_534, 65_535, 65_536, 65_537, 200_000])
def test_line_and_byte_are_right_across_blocks(tmp_path, where):
    data = ("あ\n" * 60_000).encode()[:where].decode("utf-8", "ignore").encode()
    path = write(tmp_path / "a.txt", data + b"\xff\n")
    line = data.decode().count("\n") + 1
    with pytest.raises(InvalidInput, match=rf"a\.txt:{line}: byte {len(data)} \(0xff\)"):
        list(read_file(path, NO_SOURCE))


def test_utf16_without_a_mark_is_recognised(tmp_path):
    path = write(tmp_path / "a.txt", "Thank you\n".encode("utf-16-le"))
    with pytest.raises(InvalidInput, match="UTF-16 without a byte order mark"):
        check_file(path, NO_SOURCE)
    assert texts(path, ReadOptions(source="", encoding="utf-16-le")) == ["Thank you"]


@pytest.mark.parametrize("name", ["klingon", "base64", "hex", "rot13", "", "a\0b"])
def test_unknown_encodings(name):
    with pytest.raises(InvalidInput, match="no text encoding"):
        check_encoding(name)


def test_damaged_gzip(tmp_path):
    whole = gzip.compress(os.urandom(100_000))
    for data in (whole[:-2000], whole[:50_000] + b"x" * 100 + whole[50_100:]):
        with pytest.raises(InvalidInput, match=r"a\.txt\.gz: damaged gzip data"):
            check_file(write(tmp_path / "a.txt.gz", data), ReadOptions(encoding="latin-1"))


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=300), st.integers(0, 3))
def test_lines_are_what_universal_newlines_give(text, bom):
    text = text.removeprefix("\ufeff")
    encoding, mark = [("utf-8", b""), ("utf-8", codecs.BOM_UTF8), ("utf-16-le", codecs.BOM_UTF16_LE),
                      ("utf-32-be", codecs.BOM_UTF32_BE)][bom]  # fmt: skip
    data = mark + text.encode(encoding)
    expected = text.replace("\r\n", "\n").replace("\r", "\n")
    assert "".join(decoded_blocks(io.BytesIO(data), "f", None)) == expected
    given_back = list(lines(io.BytesIO(data), "f", None))
    assert given_back == (expected.removesuffix("\n").split("\n") if expected else [])


@given(st.lists(st.tuples(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.integers()), max_size=20))
def test_json_lines_round_trip(rows):
    data = "\n".join(json.dumps({"text": text, "n": n}, ensure_ascii=False) for text, n in rows).encode()
    if b"\0" in data:
        return
    read = list(read_stream(io.BytesIO(data), ReadOptions(format="jsonl")))
    assert [(row.fields["text"], row.fields["metadata"]["n"]) for row in read] == rows


# --- files that are none


def test_files_that_cannot_be_read(tmp_path):
    for path, message in (
        (tmp_path / "missing.txt", "no such file"),
        (tmp_path, "is a directory"),
        (write(tmp_path / "a.odt", b"x"), "does not tell its format"),
        (write(tmp_path / "a.json", b"[]"), "of JSON only one value a line"),
        (type(tmp_path)("x" * 5000), "cannot be"),
        (type(tmp_path)("a\0b"), "no such file|cannot be"),
    ):
        with pytest.raises(InvalidInput, match=message):
            check_file(path, NO_SOURCE)


def test_a_pipe_is_not_read_beforehand(tmp_path):
    path = tmp_path / "pipe.txt"
    os.mkfifo(path)
    check_file(path, NO_SOURCE)


# --- where documents came from


def test_a_feed_knows_the_place_of_each_document(tmp_path):
    first = write(tmp_path / "a.jsonl", '{"text": "a"}\nbroken\n{"text": "b"}\n\n{"text": "c"}\n')
    second = write(tmp_path / "b.txt", "d\n\n\ne\nf\n")
    feed = Feed((path.name, read_file(path, NO_SOURCE)) for path in (first, second))
    given_ = list(feed.documents())
    assert [document["text"] for document in given_ if isinstance(document, dict)] == list("abcdef")
    assert isinstance(given_[1], Unreadable)
    assert [feed.place(i) for i in range(7)] == [
        ("a.jsonl", 1), ("a.jsonl", 2), ("a.jsonl", 3), ("a.jsonl", 5), ("b.txt", 1), ("b.txt", 4), ("b.txt", 5),
    ]  # fmt: skip
    refused = (Skipped(index=1, reason=given_[1].reason), Skipped(index=5, id="x", reason="too odd"))
    report = Report(added=5, skipped=refused)
    assert [(s.file, s.line, s.id) for s in feed.skipped(report)] == [("a.jsonl", 2, None), ("b.txt", 4, "x")]


@given(st.lists(st.lists(st.booleans(), max_size=12), max_size=4))
def test_places_are_right_whatever_rows_are_bad(files):
    rows = [[Row({"text": "x"}, n) if good else BadRow(n, "bad") for n, good in enumerate(file, 1)] for file in files]
    feed = Feed((str(i), file) for i, file in enumerate(rows))
    given_ = list(feed.documents())
    expected = [(str(i), row.line) for i, file in enumerate(rows) for row in file]
    assert [feed.place(i) for i in range(len(given_))] == expected
