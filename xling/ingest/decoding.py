"""Bytes → text lines, with errors that name the file, the line and the byte."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO

from xling.errors import InvalidInput

_BLOCK = 1 << 16
_BOMS = (  # UTF-32 first: its little-endian mark begins with UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NO_MARK = "it is no text, or UTF-16 without a byte order mark: then name the encoding, utf-16-le or utf-16-be"
_GZIP_MAGIC = b"\x1f\x8b"

OnBytes = Callable[[int], object]
"""Called with the number of bytes read since the last call."""


def check_encoding(name: str) -> str:
    """The codec's own name for an encoding, or `InvalidInput` where Python has no such text encoding."""
    try:
        info = codecs.lookup(name)
        codecs.getincrementaldecoder(name)
        io.TextIOWrapper(io.BytesIO(), encoding=name)  # refuses what is no text encoding, such as base64
    except (LookupError, ValueError):
        raise InvalidInput(
            f"there is no text encoding {name!r}; known ones are utf-8, utf-16, shift_jis, euc-jp, gb18030, big5, "
            f"euc-kr, koi8-r, cp1252 and the others of Python"
        ) from None
    return info.name


def gunzipped(stream: BinaryIO) -> BinaryIO:
    """The stream, decompressed if it begins as gzip does, whatever its name."""
    peeked = stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(stream)  # type: ignore[type-var]
    if peeked.peek(2)[:2] == _GZIP_MAGIC:
        return gzip.GzipFile(fileobj=peeked)  # type: ignore[return-value]
    return peeked


class _Counted(io.RawIOBase):
    """A raw stream that tells how many bytes were read, for progress."""

    def __init__(self, stream: BinaryIO, on_bytes: OnBytes) -> None:
        self._stream, self._on_bytes = stream, on_bytes

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        self._on_bytes(len(data))
        return len(data)


def counted(stream: BinaryIO, on_bytes: OnBytes | None) -> BinaryIO:
    """The stream, with `on_bytes` told of what is read of it."""
    return stream if on_bytes is None else io.BufferedReader(_Counted(stream, on_bytes), _BLOCK)


def read_bytes(stream: BinaryIO, name: str, size: int = -1) -> bytes:
    """`stream.read`, its errors made ours."""
    try:
        return stream.read(size)
    except (gzip.BadGzipFile, EOFError, zlib.error) as exc:
        raise InvalidInput(f"{name}: damaged gzip data ({exc})") from exc
    except OSError as exc:
        raise InvalidInput(f"{name}: cannot be read ({exc.strerror or exc})") from exc


def decoded_blocks(stream: BinaryIO, name: str, encoding: str | None) -> Iterator[str]:
    """The stream's text in blocks, line ends as `\\n`, without a byte order mark.

    Args:
        stream: Bytes.
        name: For errors.
        encoding: Any of Python's; without one, what the byte order mark says, else UTF-8.

    Raises:
        InvalidInput: Bytes that are not of the encoding, with line and offset of the first.
    """
    block = read_bytes(stream, name, _BLOCK)
    chosen = encoding or next((e for bom, e in _BOMS if block.startswith(bom)), "utf-8")
    decoder = codecs.getincrementaldecoder(chosen)("strict")
    newlines = io.IncrementalNewlineDecoder(None, translate=True)
    offset, lines, first = 0, 1, True
    while True:
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            raise _undecodable(error, name, encoding, chosen, offset, len(block), lines) from error
        text = newlines.decode(text, final=not block)
        if first and text:
            text, first = text.removeprefix("\ufeff"), False
            if encoding is None and "\0" in text:
                raise InvalidInput(f"{name}: has NUL characters; {_NO_MARK}")
        if text:
            yield text
        if not block:
            return
        lines += text.count("\n")
        offset += len(block)
        block = read_bytes(stream, name, _BLOCK)


def lines(stream: BinaryIO, name: str, encoding: str | None) -> Iterator[str]:
    """Lines without their ends. Only `\\n`, `\\r\\n` and `\\r` end a line: U+2028 and the like may be in a text."""
    pieces: list[str] = []
    for block in decoded_blocks(stream, name, encoding):
        if "\n" not in block:
            pieces.append(block)
            continue
        *whole, rest = ("".join(pieces) + block).split("\n")
        yield from whole
        pieces = [rest]
    if rest := "".join(pieces):
        yield rest


def _undecodable(
    error: UnicodeDecodeError, name: str, given: str | None, chosen: str, offset: int, block: int, lines: int
) -> InvalidInput:
    # What the decoder kept of the block before is at the front of what it failed on.
    kept = len(error.object) - block
    before = error.object[: error.start].decode(chosen, "replace").replace("\r\n", "\n").replace("\r", "\n")
    line = lines + before.count("\n")
    byte = offset - kept + error.start
    bad = error.object[error.start : error.start + 1].hex()
    if given is not None:
        hint = "is it of another encoding?"
    elif b"\0" in error.object:
        hint = _NO_MARK
    else:
        hint = "name the encoding it is in, e.g. cp1252, shift_jis, gb18030"
    return InvalidInput(f"{name}:{line}: byte {byte} (0x{bad}) is not valid {chosen}; {hint}")
