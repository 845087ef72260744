"""`xling add`."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xling.cli import output
from xling.cli.options import Creation, Model, Output, Target, split_list
from xling.cli.progress import Bar
from xling.cli.reading import (
    Devices,
    Engine,
    Optimize,
    Workers,
    build_index,
    check_engine,
    encoding_by,
    note_usage,
    read_options,
    show_report,
)

if TYPE_CHECKING:
    from xling.ingest.decoding import OnBytes
    from xling.ingest.readers import AnyRow, ReadOptions

STDIN = "-"


def add(
    target: Target,
    model: Model,
    creation: Creation,
    out: Output,
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            help="txt, jsonl, csv, tsv, parquet, html, pdf or docx, also .gz; '-' is standard input.",
            show_default=False,
        ),
    ] = None,
    format: Annotated[
        str | None,
        typer.Option("--format", "-f", help="txt, jsonl, csv, tsv, parquet, html, pdf or docx. (default: by name)"),
    ] = None,
    encoding: Annotated[
        str | None, typer.Option("--encoding", help="Of text formats. (default: by byte order mark, else UTF-8)")
    ] = None,
    whole: Annotated[
        bool, typer.Option("--whole", help="A text file is one document, its path the id; not one document a line.")
    ] = False,
    text_column: Annotated[
        str | None, typer.Option("--text-column", help="(default: text, content, body, sentence, …)")
    ] = None,
    id_column: Annotated[str | None, typer.Option("--id-column", help="(default: id, _id, doc_id, …)")] = None,
    lang_column: Annotated[str | None, typer.Option("--lang-column", help="(default: lang, language, …)")] = None,
    source_column: Annotated[str | None, typer.Option("--source-column", help="(default: none)")] = None,
    number_column: Annotated[
        list[str] | None, typer.Option("--number-column", help="csv and tsv: a column of numbers. May be repeated.")
    ] = None,
    delimiter: Annotated[str | None, typer.Option("--delimiter", help="csv: (default: found in line 1)")] = None,
    quotes: Annotated[
        bool | None, typer.Option("--quotes/--no-quotes", help='Whether "…" encloses cells. (default: csv yes, tsv no)')
    ] = None,
    header: Annotated[
        bool, typer.Option("--header/--no-header", help="Line 1 of csv and tsv names the columns; else: 1, 2, …")
    ] = True,
    lang: Annotated[
        str | None, typer.Option("--lang", "-l", help="Language of all that do not name theirs. (default: detected)")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--source", help="The same text of two sources is two documents; '' for none. (default: file name)"
        ),
    ] = None,
    optimize: Optimize = None,
    engine: Engine = None,
    workers: Workers = None,
    devices: Devices = None,
) -> None:
    """Store texts, from files or from standard input, one a line; of html, pdf and docx one a file.

    Adding the same again changes nothing. Columns other than text, id, lang and source become metadata. Rows that
    cannot be stored are reported, the others are stored. With --json one object with the keys collection, added,
    updated, unchanged, seconds and skipped, a list of objects with file, line, id and reason.
    """
    from xling.ingest.columns import ColumnNames
    from xling.ingest.feed import Feed
    from xling.ingest.readers import check_file

    options = read_options(
        ColumnNames(text_column, id_column, lang_column, source_column, tuple(split_list(number_column) or ())),
        format=format,
        encoding=encoding,
        whole=whole,
        delimiter=delimiter,
        quotes=quotes,
        header=header,
        lang=lang,
        source=source,
    )
    check_engine(engine, workers, devices)
    paths = files or [Path(STDIN)]
    for path in paths:
        if str(path) != STDIN:
            check_file(path, options)
    _greet(paths)
    started = time.monotonic()
    with target.open(model, create=True, creation=creation) as collection, Bar(_size(paths)) as bar:
        feed = Feed((_name(path), _read(path, options, bar.on_bytes)) for path in paths)
        with encoding_by(engine, workers, devices, collection) as encoded:
            report = collection.add(encoded(feed.documents()), optimize=False, progress=bar.on_progress)
        build_index(collection, report, optimize)
    skipped = feed.skipped(report)
    note_usage(collection)
    show_report(report, skipped, time.monotonic() - started, target.collection, as_json=out.json)
    if skipped and not report.added + report.updated + report.unchanged:
        raise typer.Exit(1)


def _greet(paths: list[Path]) -> None:
    if any(str(path) == STDIN for path in paths) and sys.stdin.isatty():
        output.note("reading texts from the terminal, one a line; end with Ctrl-D")


def _name(path: Path) -> str:
    return "<stdin>" if str(path) == STDIN else str(path)


def _size(paths: list[Path]) -> int | None:
    """Bytes in all, where they are known before reading."""
    return sum(path.stat().st_size for path in paths) if all(path.is_file() for path in paths) else None


def _read(path: Path, options: ReadOptions, on_bytes: OnBytes) -> Iterator[AnyRow]:
    from xling.ingest.readers import read_file, read_stream

    if str(path) == STDIN:
        return read_stream(sys.stdin.buffer, options)
    return read_file(path, options, on_bytes=on_bytes)
