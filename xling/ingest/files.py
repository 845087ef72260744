"""Files, folders and patterns as the documents of one source."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from xling.errors import InvalidInput
from xling.ingest.decoding import OnBytes
from xling.ingest.readers import WHOLE_FORMATS, AnyRow, BadRow, ReadOptions, check_file, format_of, read_file


def find_files(paths: Sequence[str | Path], options: ReadOptions) -> list[Path]:
    """The files that are meant, sorted, each once.

    A folder stands for all files below it whose names tell a format; hidden ones are left out. A pattern (`*`, `?`,
    `[…]`, `**`) stands for what it matches.

    Raises:
        InvalidInput: A path is not there, a pattern or a folder has nothing for us, or a file named outright has no
            format.
    """
    found: dict[Path, None] = {}
    for given in paths:
        path = Path(given)
        if path.is_dir():
            files = _below(path, options)
        elif not path.exists() and glob.has_magic(str(given)):
            matches = sorted(glob.glob(str(given), recursive=True))  # noqa: PTH207  # a pattern may begin with a root
            files = [file for match in map(Path, matches) for file in ([match] if match.is_file() else [])]
            files = [file for file in files if _readable(file, options)]
        elif path.is_file():
            format_of(path, options)
            files = [path]
        else:
            raise InvalidInput(f"{given}: no such file or folder")
        if not files:
            raise InvalidInput(f"{given}: there are no files in it that can be read")
        found |= dict.fromkeys(files)
    return list(found)


def read_files(
    files: Sequence[Path], options: ReadOptions, *, lines: bool, on_bytes: OnBytes | None = None
) -> Iterator[tuple[str, Iterator[AnyRow]]]:
    """Name and rows of each file. One that cannot be read is a row that says so, and the others are read.

    Args:
        files: As `find_files` gives them.
        options: How to read them.
        lines: Each line of a text file is a document, instead of the file.
        on_bytes: Called with the number of bytes read since the last call.
    """
    for file in files:
        yield str(file), _rows(file, _options_of(file, options, lines), on_bytes)


def check_files(files: Sequence[Path], options: ReadOptions, *, lines: bool) -> None:
    """Find what would stop all reading (a missing package, a column that is not there) before anything is written.

    Raises:
        InvalidInput: As `read_file` does, of files of rows.
        MissingExtra: What reads a format is not installed.
    """
    for file in files:
        own = _options_of(file, options, lines)
        if not own.whole or format_of(file, own) in WHOLE_FORMATS:
            check_file(file, own)


def _rows(file: Path, options: ReadOptions, on_bytes: OnBytes | None) -> Iterator[AnyRow]:
    try:
        yield from read_file(file, options, on_bytes=on_bytes)
    except InvalidInput as error:
        whole = options.whole or format_of(file, options) in WHOLE_FORMATS
        yield BadRow(1, str(error), file.as_posix() if whole else None)


def _options_of(file: Path, options: ReadOptions, lines: bool) -> ReadOptions:
    return replace(options, whole=not lines and format_of(file, options) == "txt")


def _below(folder: Path, options: ReadOptions) -> list[Path]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return sorted(
        path
        for path in files
        if not any(part.startswith(".") for part in path.relative_to(folder).parts) and _readable(path, options)
    )


def _readable(path: Path, options: ReadOptions) -> bool:
    try:
        format_of(path, options)
    except InvalidInput:
        return False
    return bool(path.suffix)
