"""Files → document rows: txt, jsonl, csv, tsv, parquet as streams; html, pdf, docx whole. Gzip is undone on the way."""

from __future__ import annotations

import csv
import io
import itertools
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Literal, TypeAlias, get_args

from xling.errors import InvalidInput, MissingExtra
from xling.ingest.columns import CellError, ColumnNames, Columns, choose_columns
from xling.ingest.decoding import OnBytes, counted, decoded_blocks, gunzipped, lines, read_bytes
from xling.ingest.extract import ExtractError, extract, require_reader
from xling.types import DocumentId

Format: TypeAlias = Literal["txt", "jsonl", "csv", "tsv", "parquet", "html", "pdf", "docx"]
FORMATS: tuple[Format, ...] = get_args(Format)
WHOLE_FORMATS: tuple[Format, ...] = ("html", "pdf", "docx")
"""One document a file, known by its path."""

_SUFFIXES: dict[str, Format] = {
    "": "txt",
    ".txt": "txt",
    ".text": "txt",
    ".md": "txt",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".pdf": "pdf",
    ".docx": "docx",
}
_SAMPLE = 100
"""JSON lines looked at to learn the columns: not every line need have them all."""
_PARQUET_BATCH = 1024


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How files are read.

    Attributes:
        format: Of all files; without it each file's name tells.
        encoding: Without it the byte order mark tells, else UTF-8.
        whole: A text file is one document, known by its path, instead of one document a line.
        columns: Names of the columns; what is not named is found by the usual names.
        lang: Language of the rows that do not name their own.
        source: Source of the rows that do not name their own; None is the file's name, "" is no source.
        delimiter: Of csv and tsv; found in the first line for csv, a tab for tsv.
        quotes: Whether quotation marks enclose cells: by default in csv yes, in tsv no.
        header: Whether the first line of csv and tsv names the columns; else they are called "1", "2", …
    """

    format: Format | None = None
    encoding: str | None = None
    whole: bool = False
    columns: ColumnNames = field(default_factory=ColumnNames)
    lang: str | None = None
    source: str | None = None
    delimiter: str | None = None
    quotes: bool | None = None
    header: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """A document's fields, and the line (in Parquet the row) that it comes from, counted from 1."""

    fields: dict[str, Any]
    line: int


@dataclass(frozen=True, slots=True)
class BadRow:
    """A line that is no document, and why; the id where it is known which document it would have been."""

    line: int
    reason: str
    id: DocumentId | None = None


AnyRow: TypeAlias = Row | BadRow


def format_of(path: Path, options: ReadOptions) -> Format:
    """The format of a file, by option or by name (`.gz` is looked through); `InvalidInput` if neither tells."""
    if options.format is not None:
        return options.format
    suffix = Path(path.stem).suffix if path.suffix.lower() == ".gz" else path.suffix
    if suffix.lower() not in _SUFFIXES:
        raise InvalidInput(
            f"{path}: its name does not tell its format; name one (--format): {', '.join(FORMATS)}"
            + ("; of JSON only one value a line (jsonl) is read" if suffix.lower() == ".json" else "")
        )
    return _SUFFIXES[suffix.lower()]


def read_file(path: Path, options: ReadOptions, *, on_bytes: OnBytes | None = None) -> Iterator[AnyRow]:
    """The rows of a file, one by one.

    Args:
        path: A file; `InvalidInput` if it cannot be read.
        options: How to read it.
        on_bytes: Called with the number of bytes read since the last call.

    Raises:
        InvalidInput: It cannot be read or decoded, or it has no column for the text.
        MissingExtra: It is Parquet, and pyarrow is not installed.
    """
    format = _checked_format(path, options)
    try:
        with path.open("rb") as stream:
            source = path.name if options.source is None else options.source
            id = path.as_posix() if options.whole or format in WHOLE_FORMATS else None
            yield from _rows(stream, str(path), format, options, source=source, id=id, on_bytes=on_bytes)
    except OSError as exc:
        raise InvalidInput(f"{path}: cannot be read ({exc.strerror or exc})") from exc


def read_stream(stream: BinaryIO, options: ReadOptions, *, name: str = "<stdin>") -> Iterator[AnyRow]:
    """The rows of a stream of bytes, plain text lines unless `options.format` says otherwise."""
    _check_whole(options, options.format or "txt", name)
    yield from _rows(stream, name, options.format or "txt", options, source=options.source or "", id=None)


def check_file(path: Path, options: ReadOptions) -> None:
    """Find what would stop the reading of a file half-way, before anything of it is written.

    Reads all of a text file: that costs little beside the encoding of its texts. What is not a regular file, such
    as a pipe, is left alone, since it can be read once only.

    Raises:
        InvalidInput: As `read_file`.
    """
    format = _checked_format(path, options)
    if not path.is_file():
        return
    if format in WHOLE_FORMATS:
        require_reader(format)  # of a damaged one its own row tells
        return
    if format != "parquet":
        try:
            with path.open("rb") as stream:
                for _ in decoded_blocks(gunzipped(stream), str(path), options.encoding):
                    pass
        except OSError as exc:
            raise InvalidInput(f"{path}: cannot be read ({exc.strerror or exc})") from exc
    next(read_file(path, options), None)


def _checked_format(path: Path, options: ReadOptions) -> Format:
    try:
        folder, exists = path.is_dir(), path.exists()
    except (OSError, ValueError) as exc:
        raise InvalidInput(f"{str(path)[:80]!r}: cannot be the path of a file ({exc})") from exc
    if folder:
        raise InvalidInput(f"{path}: is a directory; name its files, e.g. {path / '*.txt'}, or sync the whole of it")
    if not exists:
        raise InvalidInput(f"{path}: no such file (texts themselves go to standard input, one a line)")
    format = format_of(path, options)
    _check_whole(options, format, str(path))
    return format


def _check_whole(options: ReadOptions, format: Format, name: str) -> None:
    if options.whole and format != "txt":
        raise InvalidInput(f"{name}: only text files can be taken whole, and this is {format}")


def _rows(
    stream: BinaryIO,
    name: str,
    format: Format,
    options: ReadOptions,
    *,
    source: str,
    id: str | None,
    on_bytes: OnBytes | None = None,
) -> Iterator[AnyRow]:
    if format == "parquet":
        rows = _parquet_rows(stream, name, options, on_bytes)
    else:
        stream = gunzipped(counted(stream, on_bytes))
        if format in WHOLE_FORMATS:
            rows = _extracted(stream, format, options, id)
        elif format == "txt":
            rows = _whole(stream, name, options, id) if options.whole else _text_rows(stream, name, options)
        elif format == "jsonl":
            rows = _json_rows(lines(stream, name, options.encoding), name, options)
        else:
            rows = _delimited_rows(lines(stream, name, options.encoding), name, format, options)
    defaults = {key: value for key, value in (("lang", options.lang), ("source", source)) if value}
    for row in rows:
        yield Row(defaults | row.fields, row.line) if isinstance(row, Row) and defaults else row


def _text_rows(stream: BinaryIO, name: str, options: ReadOptions) -> Iterator[AnyRow]:
    for number, line in enumerate(lines(stream, name, options.encoding), 1):
        if line and not line.isspace():
            yield Row({"text": line}, number)


def _whole(stream: BinaryIO, name: str, options: ReadOptions, id: str | None) -> Iterator[AnyRow]:
    text = "".join(decoded_blocks(stream, name, options.encoding))
    yield Row({"text": text} if id is None else {"text": text, "id": id}, 1)


def _extracted(stream: BinaryIO, format: Format, options: ReadOptions, id: str | None) -> Iterator[AnyRow]:
    own = {} if id is None else {"id": id}
    try:
        found = extract(io.BytesIO(read_bytes(stream, format)), format, options.encoding)
    except ExtractError as error:
        yield BadRow(1, str(error), id)
        return
    title = {} if found.title is None else {"metadata": {"title": found.title}}
    yield Row({"text": found.text, **own, **title}, 1)


def _json_rows(source: Iterable[str], name: str, options: ReadOptions) -> Iterator[AnyRow]:
    values = ((n, _parsed(line)) for n, line in enumerate(source, 1) if line and not line.isspace())
    sample = list(itertools.islice(values, _SAMPLE))
    seen = dict.fromkeys(key for _, value in sample if isinstance(value, dict) for key in value)
    columns: Columns | None = None
    for number, value in itertools.chain(sample, values):
        if isinstance(value, CellError):
            yield BadRow(number, str(value))
        elif isinstance(value, str):
            yield Row({"text": value}, number)
        elif isinstance(value, dict):
            columns = columns or choose_columns(list(seen or value), options.columns, file=name)
            yield _row(columns, value, number)
        else:
            yield BadRow(number, f"a line is a JSON object or a string, not {_json_kind(value)}")


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except json.JSONDecodeError as error:
        return CellError(f"not valid JSON: {error.msg} at column {error.colno}")
    except (ValueError, RecursionError) as error:  # an integer of thousands of digits; nested without end
        return CellError(f"not readable as JSON: {str(error)[:80]}")


def _json_kind(value: Any) -> str:
    return {list: "an array", bool: "a truth value", type(None): "null"}.get(type(value), "a number")


def _row(columns: Columns, value: dict[str, Any], number: int) -> AnyRow:
    try:
        return Row(columns.fields(value), number)
    except CellError as error:
        return BadRow(number, str(error))


def _delimited_rows(source: Iterator[str], name: str, format: Format, options: ReadOptions) -> Iterator[AnyRow]:
    first = next(source, None)
    if first is None:
        return
    quotes = options.quotes if options.quotes is not None else format == "csv"
    delimiter = options.delimiter or ("\t" if format == "tsv" else _delimiter(first))
    _lift_cell_limit()
    # The ends of lines are given back: a quoted cell may hold several lines.
    table = csv.reader(
        (line + "\n" for line in itertools.chain([first], source)),
        delimiter=delimiter,
        quoting=csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE,
        strict=True,
    )
    header: list[str] | None = None
    columns: Columns | None = None
    while True:
        line = table.line_num + 1
        try:
            cells = next(table, None)
        except csv.Error as error:
            if header is None:
                raise InvalidInput(f"{name}:{line}: not readable as {format}: {error}") from error
            yield BadRow(line, f"not readable as {format}: {error}")
            continue
        if cells is None:
            return
        if not any(cells):
            continue
        if header is None:
            header = _header(cells if options.header else [""] * len(cells), name)
            columns = choose_columns(header, options.columns, file=name)
            if options.header:
                continue
        assert columns is not None
        if len(cells) > len(header):
            yield BadRow(line, f"{len(cells)} cells, but there are {len(header)} columns")
        else:
            yield _row(columns, {k: cell for k, cell in zip(header, cells, strict=False) if cell != ""}, line)


def _header(cells: list[str], name: str) -> list[str]:
    header = [cell.strip() or str(number) for number, cell in enumerate(cells, 1)]
    twice = next((cell for cell in header if header.count(cell) > 1), None)
    if twice is not None:
        raise InvalidInput(f"{name}: two columns are called {twice!r}")
    return header


def _delimiter(line: str) -> str:
    """The one of comma, semicolon and tab that the first line has most of outside quotation marks."""
    outside = "".join(line.split('"')[::2])
    return max((",", ";", "\t"), key=outside.count)


def _lift_cell_limit() -> None:
    """Python refuses cells above 128 KiB unless told otherwise, for the whole process; a document may be longer."""
    csv.field_size_limit(max(csv.field_size_limit(), min(sys.maxsize, 2**31 - 1)))


def _parquet_rows(stream: BinaryIO, name: str, options: ReadOptions, on_bytes: OnBytes | None) -> Iterator[AnyRow]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as exc:
        raise MissingExtra("Reading Parquet", "parquet", "pyarrow") from exc
    if not stream.seekable() or name.lower().endswith(".gz"):
        stream = io.BytesIO(read_bytes(gunzipped(stream), name))
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    done = 0
    try:
        with pyarrow.parquet.ParquetFile(stream) as file:
            columns = choose_columns(file.schema_arrow.names, options.columns, file=name)
            for batch in file.iter_batches(batch_size=_PARQUET_BATCH):
                for number, value in enumerate(batch.to_pylist(), done + 1):
                    yield _row(columns, value, number)
                done += batch.num_rows
                if on_bytes is not None:
                    on_bytes(size * batch.num_rows // file.metadata.num_rows)
    except InvalidInput:
        raise
    except (pyarrow.ArrowException, ValueError, OSError) as exc:
        reason = (str(exc).strip() or type(exc).__name__).splitlines()[0]
        raise InvalidInput(f"{name}: not readable as Parquet after row {done}: {reason}") from exc
