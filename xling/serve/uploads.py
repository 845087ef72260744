"""Streams and files that are sent: kept aside until they are whole, looked through, and only then worked on.

So a client that sends slowly, or stops half-way, holds no thread, blocks no other writer and changes nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import tempfile
import zipfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from fastapi import Request
from pydantic import StrictStr, TypeAdapter, ValidationError
from starlette.requests import ClientDisconnect

from xling.errors import InvalidInput
from xling.ingest.feed import Feed
from xling.ingest.readers import AnyRow, BadRow, ReadOptions, Row, check_file, format_of, read_file
from xling.serve.limits import check_depth, too_large
from xling.serve.problems import Detail, Problem, printable
from xling.serve.settings import Settings
from xling.types import Document, Unreadable

NDJSON = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines")
_IN_MEMORY = 2**20
_Line: TypeAdapter[str | Document] = TypeAdapter(StrictStr | Document)


@contextlib.asynccontextmanager
async def kept_aside(request: Request, settings: Settings) -> AsyncIterator[BinaryIO]:
    """The whole body, in memory or in a temporary file, which is gone afterwards.

    Raises:
        Problem: It is too large, took too long, or was not sent whole.
    """
    most = settings.max_upload_bytes
    stated = request.headers.get("content-length", "")
    if stated.isdecimal() and int(stated) > most:
        raise too_large(most)
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as file:
        try:
            await asyncio.wait_for(_receive(request, cast("BinaryIO", file), most), settings.upload_seconds)
        except asyncio.TimeoutError:
            raise Problem(408, "the body took too long to arrive", headers={"Connection": "close"}) from None
        except ClientDisconnect:
            raise Problem(400, "the connection was closed before the body was whole") from None
        file.seek(0)
        yield cast("BinaryIO", file)


async def _receive(request: Request, file: BinaryIO, most: int) -> None:
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise too_large(most)
        file.write(part)


def check_lines(file: BinaryIO, settings: Settings) -> int:
    """Look through a stream of JSON lines before any of it is written; how many documents it has.

    Raises:
        Problem: A line is no document. Nothing may be deleted because of a stream that is wrong.
    """
    number = 0
    for _ in documents_of(file, settings):
        number += 1
    file.seek(0)
    return number


def documents_of(file: BinaryIO, settings: Settings) -> Iterator[str | Document]:
    """The documents of a stream of JSON lines; see `check_lines`."""
    for number, line in enumerate(iter(lambda: file.readline(settings.max_body_bytes + 1), b""), 1):
        if len(line) > settings.max_body_bytes:
            raise Problem(413, f"line {number} is too long: at most {settings.max_body_bytes:,} bytes are taken")
        if not line.strip():
            continue
        check_depth(line, settings.max_depth)
        try:
            document = _Line.validate_python(json.loads(line))
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"] if part not in ("str", "Document"))
            detail = Detail(where=f"line {number}{': ' if where else ''}{printable(where)}", reason=first["msg"])
            text = f"line {number} is no document, which is a string or an object with a text"
            raise Problem(422, text, details=[detail]) from None
        except (ValueError, RecursionError):  # UnicodeDecodeError too
            raise Problem(400, f"line {number} is no JSON in UTF-8; nothing was changed") from None
        text = document if isinstance(document, str) else document.text
        if len(text) > settings.max_text_characters:
            most = settings.max_text_characters
            raise Problem(422, f"line {number}: a text of {len(text):,} characters; at most {most:,} are taken")
        yield document


class SentFile:
    """A file that was sent, as documents.

    Args:
        file: Its bytes.
        name: What the sender calls it: it says the format, and is the id of a document that is a whole file.
        source: Of the documents; the name by default.
        lines: Each line of a text file is a document, instead of the file.
        settings: The limits.

    Raises:
        InvalidInput: The name says no format that is read, or the file cannot be read.
        MissingExtra: What reads the format is not installed.
    """

    def __init__(self, file: BinaryIO, name: str, source: str | None, lines: bool, settings: Settings) -> None:
        self._name = check_file_name(name)
        suffix = PurePosixPath(self._name).suffix.lower()
        self._options = ReadOptions(source=self._name if source is None else source)
        format = format_of(Path(self._name), self._options)
        if format == "txt" and not lines:
            self._options = ReadOptions(source=self._options.source, whole=True)
        self._directory = tempfile.TemporaryDirectory(prefix="xling-")
        self._path = Path(self._directory.name) / f"sent{suffix}"
        try:
            with self._path.open("wb") as copy:
                while part := file.read(_IN_MEMORY):
                    copy.write(part)
            if format == "docx":
                _check_zip(self._path, settings.max_upload_bytes)
            with self._named():
                check_file(self._path, self._options)
        except BaseException:
            self.close()
            raise
        self.feed = Feed([(self._name, self._rows())])

    def close(self) -> None:
        """Delete what was kept aside."""
        self._directory.cleanup()

    def documents(self) -> Iterator[dict[str, object] | Unreadable]:
        """As `Collection.add` takes them. To be used once."""
        return self.feed.documents()

    def _rows(self) -> Iterator[AnyRow]:
        own = self._path.as_posix()
        with self._named():
            for row in read_file(self._path, self._options):
                if isinstance(row, Row):
                    yield Row({**row.fields, "id": self._name}, row.line) if row.fields.get("id") == own else row
                else:
                    id = self._name if row.id == own else row.id
                    yield BadRow(row.line, row.reason.replace(own, self._name), id)

    @contextlib.contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except InvalidInput as error:
            raise InvalidInput(str(error).replace(str(self._path), self._name)) from None


def check_file_name(name: str) -> str:
    """A name that says the format; `InvalidInput` for one that is a path, or of a packed file."""
    if not 0 < len(name) <= 255 or "\x00" in name or "/" in name or "\\" in name or name in (".", ".."):
        raise InvalidInput("name: a file's name of at most 255 characters, without a path")
    if name.lower().endswith(".gz"):
        raise InvalidInput("name: packed files are not taken; send the file itself")
    return name


def _check_zip(path: Path, most: int) -> None:
    with contextlib.suppress(zipfile.BadZipFile), zipfile.ZipFile(path) as packed:
        if sum(entry.file_size for entry in packed.infolist()) > most:
            raise Problem(413, f"the file is too large unpacked: at most {most:,} bytes are taken")
