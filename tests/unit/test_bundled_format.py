"""The parser of the bundled weights, on small files of the same format."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xling.space.bundled_format import FormatError, dequantise, parse, parse_header

PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁", "日本", "▁hello"]
HIDDEN = 64


def q4(values: np.ndarray, scale: float) -> bytes:
    """The reference way to write weights in blocks of 32, one by one."""
    out = b""
    for block in values.reshape(-1, 32):
        nibbles = [int(v) + 8 for v in block]
        out += np.float16(scale).tobytes() + bytes(nibbles[j] | nibbles[j + 16] << 4 for j in range(16))
    return out


def build(weights: np.ndarray, bias: np.ndarray, scale: float = 0.5) -> bytes:
    text = [piece.encode() for piece in PIECES]
    offsets = np.cumsum([0, *(len(piece) for piece in text)])
    out = b"E5S1" + struct.pack("<I7ifi", 1, HIDDEN, 2, 4, 128, 10, 16, 2, 1e-12, 32)
    out += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, sum(map(len, text)))
    out += offsets.astype("<u4").tobytes() + np.arange(len(PIECES), dtype="<f4").tobytes() + b"".join(text)
    norm = struct.pack("<IBI", 0x9, 1, 0x20)
    out += struct.pack("<iI", 1, len(norm)) + norm
    tensors = [("w", 1, weights.size, q4(weights, scale)), ("b", 0, bias.size, bias.astype("<f4").tobytes())]
    at = len(out) + 4 + sum(2 + len(name) + 21 for name, *_ in tensors)
    out += struct.pack("<i", len(tensors))
    for name, kind, size, data in tensors:
        out += struct.pack("<H", len(name)) + name.encode() + struct.pack("<BIQQ", kind, size, at, len(data))
        at += len(data)
    return out + b"".join(data for *_, data in tensors)


WEIGHTS = (np.arange(3 * HIDDEN) * 7 % 16 - 8).reshape(3, HIDDEN)
BIAS = np.array([1.5, -2.25, 0.0], np.float32)
WHOLE = build(WEIGHTS, BIAS)


def test_what_was_written_is_read():
    model = parse(WHOLE)
    assert (model.header.hidden_size, model.header.layers, model.header.heads) == (HIDDEN, 2, 4)
    assert (model.header.vocabulary_size, model.header.positions, model.header.token_types) == (10, 16, 2)
    assert model.vocabulary.pieces == PIECES
    assert model.vocabulary.scores == list(range(len(PIECES)))
    assert (model.vocabulary.bos, model.vocabulary.pad, model.vocabulary.eos, model.vocabulary.unk) == (0, 1, 2, 3)
    assert np.array_equal(model.weights("w", (3, HIDDEN)), WEIGHTS * 0.5)
    assert np.array_equal(model.weights("b", (3,)), BIAS)
    assert parse_header(WHOLE[:64]) == model.header


@given(
    st.integers(1, 8).flatmap(lambda n: st.lists(st.integers(-8, 7), min_size=32 * n, max_size=32 * n)),
    st.floats(0, 100, width=16),
    st.integers(1, 5),
)
def test_dequantising_is_exact_whatever_the_batch(values, scale, at_once):
    blocks = np.frombuffer(q4(np.array(values), scale), np.uint8).reshape(-1, 18)
    expected = np.array(values, np.float64) * float(np.float16(scale))
    assert np.array_equal(dequantise(blocks, at_once).ravel().astype(np.float64), expected)


@given(st.integers(0, len(WHOLE) - 1))
def test_a_file_cut_anywhere_is_refused(length):
    with pytest.raises(FormatError):
        parse(WHOLE[:length])


@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255))
def test_a_changed_byte_is_read_or_refused_but_never_crashes(position, value):
    damaged = bytearray(WHOLE)
    damaged[position] = value
    try:
        model = parse(bytes(damaged))
        for name, tensor in model.tensors.items():
            model.weights(name, (tensor.size,))
    except FormatError:
        pass


@pytest.mark.parametrize(
    ("start", "reason"),
    [
        (b"GGUF" + WHOLE[4:], "begins with"),
        (b"E5S1" + struct.pack("<I", 2) + WHOLE[8:], "version is 2"),
        (b"", "cut short"),
    ],
)
def test_other_files_are_refused_with_a_reason(start, reason):
    with pytest.raises(FormatError, match=reason):
        parse(start)


def test_a_missing_tensor_or_another_size_is_named():
    model = parse(WHOLE)
    with pytest.raises(FormatError, match="'x' is missing"):
        model.weights("x", (3,))
    with pytest.raises(FormatError, match="'b' has 3 weights"):
        model.weights("b", (4,))
