"""`xling sync`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from xling.cli.options import Creation, Model, Output, Target
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
from xling.errors import InvalidInput


def sync(
    target: Target,
    model: Model,
    creation: Creation,
    out: Output,
    paths: Annotated[
        list[str],
        typer.Argument(help="Files, folders (all that can be read below them), or patterns such as 'docs/**/*.md'."),
    ],
    source: Annotated[
        str | None,
        typer.Option("--source", help="Name of the source. (default: the path, if it is a single one)"),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and change nothing.")] = False,
    allow_empty: Annotated[
        bool, typer.Option("--allow-empty", help="Delete all documents of the source if it has none any more.")
    ] = False,
    lines: Annotated[
        bool, typer.Option("--lines", help="Each line of a text file is a document, instead of the file.")
    ] = False,
    encoding: Annotated[
        str | None, typer.Option("--encoding", help="Of text formats. (default: by byte order mark, else UTF-8)")
    ] = None,
    text_column: Annotated[
        str | None, typer.Option("--text-column", help="(default: text, content, body, sentence, …)")
    ] = None,
    id_column: Annotated[str | None, typer.Option("--id-column", help="(default: id, _id, doc_id, …)")] = None,
    lang_column: Annotated[str | None, typer.Option("--lang-column", help="(default: lang, language, …)")] = None,
    lang: Annotated[
        str | None, typer.Option("--lang", "-l", help="Language of all that do not name theirs. (default: detected)")
    ] = None,
    optimize: Optimize = None,
    engine: Engine = None,
    workers: Workers = None,
    devices: Devices = None,
) -> None:
    """Make the collection equal to files: add new documents, update changed ones, delete those that are gone.

    A txt, md, html, pdf or docx file is one document, known by its path; jsonl, csv, tsv and parquet hold one a row,
    known by its id, or by its text where there is none. Only what changed is encoded. Documents of other sources
    stay. What cannot be read is reported and keeps what is stored of it; where it cannot be told which document that
    is, nothing is deleted.
    """
    from xling.ingest.columns import ColumnNames
    from xling.ingest.feed import Feed
    from xling.ingest.files import check_files, find_files, read_files

    if source is None and len(paths) > 1:
        raise InvalidInput("several paths together are one source: name it with --source")
    check_engine(engine, workers, devices)
    name = source if source is not None else Path(paths[0]).as_posix()
    columns = ColumnNames(text_column, id_column, lang_column, None, ())
    options = read_options(columns, encoding=encoding, lang=lang, source=name)
    files = find_files(paths, options)
    check_files(files, options, lines=lines)
    started = time.monotonic()
    chosen = (None, None, None) if dry_run else (engine, workers, devices)
    size = sum(file.stat().st_size for file in files)
    with target.open(model, create=not dry_run, creation=creation) as collection, Bar(size) as bar:
        feed = Feed(read_files(files, options, lines=lines, on_bytes=bar.on_bytes))
        with encoding_by(*chosen, collection, source=name) as encoded:
            report = collection.sync(
                encoded(feed.documents()),
                source=name,
                dry_run=dry_run,
                allow_empty=allow_empty,
                optimize=False,
                progress=bar.on_progress,
            )
        if not dry_run:
            build_index(collection, report, optimize)
    note_usage(collection)
    show_report(
        report, feed.skipped(report), time.monotonic() - started, target.collection, as_json=out.json, dry_run=dry_run
    )
    if report.skipped and report.total == len(report.skipped):
        raise typer.Exit(1)
