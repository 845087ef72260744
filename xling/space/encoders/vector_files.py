"""Files of word vectors: word2vec's text and binary forms, GloVe's, fastText's `.vec` and `.bin`.

The text forms and word2vec's binary one are read here and not by gensim, which gives up a whole file for one bad line.
fastText's `.bin`, which holds the pieces that unknown words are put together from, is read by gensim (extra `words`).
"""

from __future__ import annotations

import gzip
import re
import struct
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from xling.errors import InvalidInput, MissingExtra, ModelError, SkippedLinesWarning
from xling.space.protocols import Vectors

Kind: TypeAlias = Literal["text", "binary", "fasttext"]

_FASTTEXT_MAGIC = struct.pack("<i", 793712314)
_HEADER = re.compile(rb"\s*(\d+)\s+(\d+)\s*$")
_PRINTABLE = re.compile(rb"[\t\n\r -~]*")
_BLOCK = 4096
_PROBED_LINES = 100
_LONGEST_WORD = 1 << 14
_PROBED_BYTES = 1 << 18


@dataclass(frozen=True, eq=False)
class WordTable:
    """Words and their vectors, in the order of the file: the commonest first, as such files are written.

    Attributes:
        words: The words, each once.
        vectors: Their vectors as they stand in the file: float32, shape (len(words), dimension).
        counts: How often each word was seen in training, float64, shape (len(words),); None where the file does not
            say so.
        skipped: Lines, or words of a binary file, that could not be used.
        problem: What was wrong with the first of these, with its number from 1.
        compose: Of fastText's `.bin`: the vector of a word that is not in the table, from its pieces; None where the
            word has none.
    """

    words: list[str]
    vectors: Vectors
    counts: NDArray[np.float64] | None = None
    skipped: int = 0
    problem: str = ""
    compose: Callable[[str], NDArray[np.float32] | None] | None = field(default=None, repr=False)

    @property
    def dimension(self) -> int:
        """Columns of the vectors."""
        return int(self.vectors.shape[1])


def read_word_vectors(path: str | Path, *, max_words: int | None = None) -> WordTable:
    """Read a file of word vectors, of whichever form; `.gz` too.

    Lines that cannot be used (too few or too many numbers, NaN, not UTF-8, a word for the second time) are left out
    and counted, and a warning says how many.

    Args:
        path: The file.
        max_words: Read only so many words, the first ones.

    Raises:
        InvalidInput: `max_words` is not 1 or more.
        ModelError: It is no such file, or no line of it is of use.
        MissingExtra: It is a `.bin` of fastText, and gensim is not installed.
    """
    path = Path(path)
    if max_words is not None and max_words < 1:
        raise InvalidInput(f"max_words is 1 or more, got {max_words}")
    try:
        kind = kind_of(path)
        table = _READERS[kind](path, max_words)
    except (OSError, EOFError) as exc:
        raise ModelError(f"{path}: the word vectors cannot be read ({getattr(exc, 'strerror', None) or exc})") from exc
    if not table.words:
        raise ModelError(f"{path} holds no word vectors: {table.problem or 'it is empty'}")
    if table.skipped:
        warnings.warn(
            f"{path}: {table.skipped:,} of {table.skipped + len(table.words):,} lines could not be used; the first: "
            f"{table.problem}",
            SkippedLinesWarning,
            stacklevel=2,
        )
    return table


def kind_of(path: Path) -> Kind:
    """Which form a file has, told from its first bytes.

    Raises:
        ModelError: None that is known.
    """
    with _open(path) as file:
        start = file.read(_PROBED_BYTES)
    if start[:4] == _FASTTEXT_MAGIC:
        return "fasttext"
    if start[:1] == b"\x80" or start[:2] == b"PK":
        raise ModelError(
            f"{path} is no file of word vectors but an archive or a pickle, as gensim's save() writes; those are never "
            f"opened, since they can hold programs. Write it in word2vec's format: vectors.save_word2vec_format(...)"
        )
    first, *lines = start.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    header = _HEADER.match(first)
    if header is None:
        lines.insert(0, first)
    lines = lines[:_PROBED_LINES]
    dimension = int(header[2]) if header else _usual_dimension(lines)
    if dimension and any(_floats(b"w " + tail) for tail in (_cut(line, dimension)[1] for line in lines) if tail):
        return "text"
    if header and dimension and not _PRINTABLE.fullmatch(start[len(first) : len(first) + 4 * dimension + 64]):
        return "binary"
    raise ModelError(
        f"{path} is no file of word vectors: a line holds a word and then its numbers, with spaces between"
    )


def dimension_of(path: Path) -> int:
    """Columns of the vectors, read from the beginning of the file."""
    kind = kind_of(path)
    with _open(path) as file:
        if kind == "fasttext":
            return int(struct.unpack("<3i", file.read(12))[2])  # magic, version, dimension
        lines = list(islice(file, _PROBED_LINES))
    header = _HEADER.match(lines[0])
    return int(header[2]) if header else _usual_dimension(lines)


def _open(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return gzip.open(path) if packed else path.open("rb")  # type: ignore[return-value]


def _cut(line: bytes, dimension: int) -> tuple[bytes, bytes]:
    """The word of a line and its numbers, still one string; the latter empty where there are too few."""
    line = line.rstrip(b" \t\r\n")
    word, *numbers = (line.replace(b"\t", b" ") if b"\t" in line else line).rsplit(b" ", dimension)
    return word, b" ".join(numbers) if len(numbers) == dimension else b""


def _floats(line: bytes) -> list[float] | None:
    """The numbers after the first word of a line; None where something else is among them."""
    try:
        return [float(x) for x in line.rstrip(b" \t\r\n").replace(b"\t", b" ").split(b" ")[1:]]
    except ValueError:
        return None


def _usual_dimension(lines: list[bytes]) -> int:
    # Some tables have words with spaces in them (". . ." in a GloVe file), so that the first line does not settle it.
    lengths = Counter(len(numbers) for line in lines if (numbers := _floats(line)))
    return lengths.most_common(1)[0][0] if lengths else 0


class _Collected:
    """What has been read so far: words once, and what was wrong."""

    def __init__(self) -> None:
        self.places: dict[str, int] = {}
        self.rows: list[Vectors] = []
        self.skipped, self.problem = 0, ""

    def word(self, raw: bytes, number: int) -> str | None:
        """The word, if it is of use and new."""
        try:
            word = raw.decode("utf-8")
        except UnicodeDecodeError:
            self.skip(number, "the word is not UTF-8")
            return None
        problem = "there is no word" if not word.strip() else f"{word!r} was there before"
        if word.strip() and word not in self.places:
            return word
        self.skip(number, problem)
        return None

    def skip(self, number: int, reason: str) -> None:
        self.skipped += 1
        self.problem = self.problem or f"number {number:,}: {reason}"

    def table(self, dimension: int) -> WordTable:
        vectors = np.concatenate(self.rows) if self.rows else np.empty((0, dimension), np.float32)
        return WordTable(list(self.places), vectors, None, self.skipped, self.problem)


def _read_text(path: Path, max_words: int | None) -> WordTable:
    got = _Collected()
    with _open(path) as file:
        probed = list(islice(file, _PROBED_LINES))
        probed[0] = probed[0].removeprefix(b"\xef\xbb\xbf")
        header = _HEADER.match(probed[0])
        dimension = int(header[2]) if header else _usual_dimension(probed)
        if not dimension:
            return got.table(0)
        number = int(header is not None)
        lines = _chained(probed[number:], file)
        while block := list(islice(lines, _BLOCK)):
            left = None if max_words is None else max_words - len(got.places)
            if left == 0:
                break
            _take_block(block, number, dimension, got, left)
            number += len(block)
    if header is not None and max_words is None and len(got.places) + got.skipped < int(header[1]):
        missing = int(header[1]) - len(got.places) - got.skipped
        got.skip(number + 1, f"the file ends {missing:,} words before its header says")
        got.skipped += missing - 1
    return got.table(dimension)


def _chained(first: list[bytes], rest: IO[bytes]) -> Iterator[bytes]:
    yield from first
    yield from rest


def _take_block(block: list[bytes], number: int, dimension: int, got: _Collected, left: int | None) -> None:
    words: list[bytes] = []
    tails: list[bytes] = []
    for line in block:
        word, tail = _cut(line, dimension)
        words.append(word)
        tails.append(tail)
    rows = _parsed(tails, dimension)
    kept: list[int] = []
    for i, (word, tail) in enumerate(zip(words, tails, strict=True)):
        if left is not None and len(kept) >= left:
            break
        if not word and not tail:
            continue  # a blank line
        if not tail or not np.isfinite(rows[i]).all():
            got.skip(number + i + 1, f"not a word and {dimension} numbers")
        elif (text := got.word(word, number + i + 1)) is not None:
            got.places[text] = len(got.places)
            kept.append(i)
    if kept:
        got.rows.append(rows[kept])


def _parsed(tails: list[bytes], dimension: int) -> Vectors:
    """Numbers of each line, float32, shape (n, dimension); NaN where they are none."""
    usable = [i for i, tail in enumerate(tails) if tail]
    rows = np.full((len(tails), dimension), np.nan, np.float32)
    if not usable:
        return rows
    try:
        with np.errstate(over="ignore"):
            parsed = np.loadtxt([tails[i] for i in usable], np.float32, comments=None, ndmin=2)
        if parsed.shape == (len(usable), dimension):
            rows[usable] = parsed
            return rows
    except ValueError:
        pass  # a word among them
    for i in usable:
        numbers = _floats(b"w " + tails[i])
        if numbers is not None and len(numbers) == dimension:
            with np.errstate(over="ignore"):
                rows[i] = numbers
    return rows


def _read_binary(path: Path, max_words: int | None) -> WordTable:
    got = _Collected()
    with _open(path) as file:
        count, dimension = (int(x) for x in file.readline().split())
        for number in range(1, count + 1):
            if max_words is not None and len(got.places) >= max_words:
                break
            raw = _word_of(file)
            data = file.read(4 * dimension)
            if raw is None or len(data) < 4 * dimension:
                got.skip(number, f"the file ends {count - number + 1:,} words before its header says")
                got.skipped += count - number
                break
            row = np.frombuffer(data, "<f4").astype(np.float32)
            if not np.isfinite(row).all():
                got.skip(number, f"not a word and {dimension} numbers")
            elif (word := got.word(raw, number)) is not None:
                got.places[word] = len(got.places)
                got.rows.append(row[None])
    return got.table(dimension)


def _word_of(file: IO[bytes]) -> bytes | None:
    raw = bytearray()
    while (byte := file.read(1)) != b" ":
        if not byte or len(raw) > _LONGEST_WORD:
            return None
        raw += byte
    return bytes(raw).lstrip(b"\n")


def _read_fasttext(path: Path, max_words: int | None) -> WordTable:
    try:
        from gensim.models.fasttext import load_facebook_vectors
    except ImportError as exc:
        raise MissingExtra("fastText's .bin", "words", "gensim") from exc
    try:
        found = load_facebook_vectors(str(path))
    except Exception as exc:  # what a damaged file does to gensim has no common base
        raise ModelError(
            f"{path}: gensim cannot read this fastText model ({type(exc).__name__}: {exc}); classifiers and "
            f"compressed models (.ftz) hold no word vectors"
        ) from exc
    words = found.index_to_key[:max_words]
    counts = np.array([found.get_vecattr(word, "count") for word in words], np.float64)

    def compose(word: str) -> NDArray[np.float32] | None:
        vector = np.asarray(found.get_vector(word), np.float32)
        return vector if vector.any() else None

    has_pieces = found.min_n <= found.max_n and found.bucket > 0
    vectors = np.asarray(found.vectors[: len(words)], np.float32)
    return WordTable(list(words), vectors, counts, compose=compose if has_pieces else None)


_READERS: dict[Kind, Callable[[Path, int | None], WordTable]] = {
    "text": _read_text,
    "binary": _read_binary,
    "fasttext": _read_fasttext,
}
