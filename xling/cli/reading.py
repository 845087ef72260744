"""What the commands that read files share: how to read them, and what is said afterwards."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from xling.cli import output
from xling.cli.options import split_list
from xling.errors import InvalidInput

if TYPE_CHECKING:
    from xling.collection import Collection
    from xling.ingest.columns import ColumnNames
    from xling.ingest.feed import SkippedRow
    from xling.ingest.readers import ReadOptions
    from xling.types import Report

_SHOWN = 20

Engine: TypeAlias = Annotated[
    str | None, typer.Option("--engine", help="'ray' encodes by Ray. (default: this machine)")
]
Workers: TypeAlias = Annotated[
    int | None,
    typer.Option("--workers", help="Encode in so many processes, each with the model loaded. (default: this one)"),
]
Devices: TypeAlias = Annotated[str | None, typer.Option("--devices", help="A process on each of these: cuda:0,cuda:1")]
Optimize: TypeAlias = Annotated[
    bool | None,
    typer.Option(
        "--optimize/--no-optimize",
        help="Build the index of an embedded collection afterwards. (default: where 20,000 texts and more lack one)",
    ),
]


def read_options(
    columns: ColumnNames,
    *,
    format: str | None = None,
    encoding: str | None = None,
    whole: bool = False,
    delimiter: str | None = None,
    quotes: bool | None = None,
    header: bool = True,
    lang: str | None = None,
    source: str | None = None,
) -> ReadOptions:
    """The options of the command line, checked.

    Raises:
        InvalidInput: One of them makes no sense.
    """
    from xling.ingest.decoding import check_encoding
    from xling.ingest.readers import FORMATS, ReadOptions

    if format is not None and format not in FORMATS:
        raise InvalidInput(f"there is no format {format!r}; choose one of {', '.join(FORMATS)}")
    if delimiter is not None:
        delimiter = {"\\t": "\t", "tab": "\t"}.get(delimiter, delimiter)
        if len(delimiter) != 1 or delimiter in '\r\n"':
            raise InvalidInput(f"--delimiter is one character, or 'tab', not {delimiter!r}")
    if lang is not None:
        from xling.language import normalise_code

        lang = normalise_code(lang)
    return ReadOptions(
        format=format,
        encoding=None if encoding is None else check_encoding(encoding),
        whole=whole,
        columns=columns,
        lang=lang,
        source=source,
        delimiter=delimiter,
        quotes=quotes,
        header=header,
    )


def check_engine(engine: str | None, workers: int | None, devices: str | None) -> None:
    """Raises `InvalidInput` where these make no sense."""
    if engine not in (None, "ray"):
        raise InvalidInput(f"--engine is 'ray', not {engine!r}")
    if workers is not None and workers < 1:
        raise InvalidInput(f"--workers is a number of 1 or more, not {workers}")
    if devices is not None and engine is not None:
        raise InvalidInput("--devices does not go with --engine ray, which places its workers itself")


@contextlib.contextmanager
def encoding_by(
    engine: str | None,
    workers: int | None,
    devices: str | None,
    collection: Collection,
    *,
    source: str | None = None,
) -> Iterator[Callable[[Iterator[Any]], Iterator[Any]]]:
    """What the documents go through on their way to `add` or `sync`: nothing, processes, or Ray."""
    if engine is not None:
        from xling.ingest.ray import RayWorkers

        with RayWorkers(collection, workers=2 if workers is None else workers) as ray:
            yield lambda documents: ray.encode(documents, source=source)
    elif workers is not None or devices is not None:
        from xling.ingest.workers import EncoderWorkers

        names = split_list([devices]) if devices is not None else None
        with EncoderWorkers(collection, workers=workers, devices=names) as processes:
            yield lambda documents: processes.encode(documents, source=source)
    else:
        yield lambda documents: documents


def show_report(
    report: Report, skipped: list[SkippedRow], seconds: float, collection: str, *, as_json: bool, dry_run: bool = False
) -> None:
    """Say what was done, and what was not and why."""
    counts = {kind: getattr(report, kind) for kind in ("added", "updated", "unchanged", "deleted", "kept")}
    if as_json:
        rows = [{"file": s.file, "line": s.line, "id": s.id, "reason": s.reason} for s in skipped]
        found = {"collection": collection, **counts, "skipped": rows, "seconds": round(seconds, 3)}
        output.json_line({**found, "dry_run": True} if dry_run else found)
        return
    for s in skipped[:_SHOWN]:
        output.note(f"skipped {s.file}:{s.line}: {s.reason}")
    if len(skipped) > _SHOWN:
        output.note(f"skipped {len(skipped) - _SHOWN:,} more (--json lists all)")
    counts["skipped"] = len(skipped)
    shown = ", ".join(f"{number:,} {name}" for name, number in counts.items() if number)
    shown = shown or "nothing to do, no texts came"
    tense = "would be: " if dry_run else ""
    output.line(f"{tense}{shown} in {collection} ({seconds:.1f} s)")


def build_index(collection: Collection, report: Report, wanted: bool | None) -> None:
    """Build the index if that is wanted, or worth it, and say so first: it takes a while."""
    from xling.ingest.indexing import index_is_due

    if index_is_due(collection.store, report, wanted):
        output.note("building the index, for fast searches; --no-optimize leaves that to `xling optimize`")
        collection.optimize()


def note_usage(collection: Collection) -> None:
    """Say what encoding has used, where it is paid for."""
    from xling.space.encoders.usage import usage_of

    usage = usage_of(collection.space.encoder)
    if usage is not None:
        output.note(f"{usage.tokens:,} tokens used, in {usage.requests:,} requests to {collection.space.name}")
