"""A tokenizer of only the pieces that a text can hold, for what is short: the whole one takes a second to load.

A Unigram model (Kudo, 2018, Subword Regularization) looks at no piece that is not a substring of the text. So the
pieces are kept sorted by hash in files that are mapped, not read; the hashes of all substrings of a text are looked up
there, and the few pieces found make a Unigram model in which the text has the tokens that the whole one gives it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from tokenizers import Tokenizer

FRAME, HASHES, ROWS, TEXT = FILES = ("pieces.json", "pieces-hashes.npy", "pieces-rows.npy", "pieces.txt")

Fitted: TypeAlias = "tuple[Tokenizer, NDArray[np.int64]]"
"""A tokenizer, and the token ids of the whole one by its own."""

_ROW = np.dtype([("id", "<i8"), ("score", "<f8"), ("start", "<i8"), ("end", "<i8")])
_FACTOR = np.uint64(0x9E3779B97F4A7C15)


def write_pieces(directory: Path, tokenizer_file: Path) -> bool:
    """Write what `Pieces` reads, if the tokenizer is of the known form: Unigram, special tokens among its pieces.

    Raises:
        OSError: A file cannot be read or written.
        ValueError: The tokenizer's file is not JSON.
    """
    content = json.loads(tokenizer_file.read_text(encoding="utf-8"))
    model, added = content.get("model") or {}, content.get("added_tokens") or []
    if model.get("type") != "Unigram" or model.get("byte_fallback") or not model.get("vocab"):
        return False
    ids = {piece: id for id, (piece, _) in enumerate(model["vocab"])}  # of two that are alike, the last counts
    scores = [float(score) for _, score in model["vocab"]]
    unknown = model.get("unk_id")
    if unknown is None or any(ids.get(token["content"]) != token["id"] for token in added):
        return False
    # The lowest score decides what an unknown character costs.
    kept = list(dict.fromkeys([*(token["id"] for token in added), unknown, int(np.argmin(scores))]))
    moved = {id: place for place, id in enumerate(kept)}
    frame = {
        **content,
        "truncation": None,
        "padding": None,
        "added_tokens": [{**token, "id": moved[token["id"]]} for token in added],
        "post_processor": _renumbered(content.get("post_processor"), moved),
        "model": {**model, "unk_id": moved[unknown], "vocab": [model["vocab"][id] for id in kept]},
    }
    pieces = [piece for piece in ids if piece]
    hashes = _hashes_of(pieces)
    if len(np.unique(hashes)) < len(hashes):  # with 64 bits hardly ever
        return False
    order = np.argsort(hashes)
    encoded = [pieces[i].encode("utf-8") for i in order]
    rows = np.zeros(len(encoded), _ROW)
    rows["end"] = np.cumsum([len(piece) for piece in encoded])
    rows["start"][1:] = rows["end"][:-1]
    rows["id"] = [ids[pieces[i]] for i in order]
    rows["score"] = np.array(scores)[rows["id"]]
    np.save(directory / HASHES, hashes[order])
    np.save(directory / ROWS, rows)
    (directory / TEXT).write_bytes(b"".join(encoded))
    described = {"tokenizer": frame, "ids": kept, "longest": max(map(len, pieces))}
    (directory / FRAME).write_text(json.dumps(described), encoding="utf-8")
    return True


def same_tokens(pieces: Pieces, tokenizer_file: Path, texts: Sequence[str]) -> bool:
    """Whether each text has the tokens that the whole tokenizer gives it."""
    from tokenizers import Tokenizer

    whole = Tokenizer.from_file(str(tokenizer_file))
    whole.no_truncation()
    whole.no_padding()
    for text in texts:
        tokenizer, ids = pieces.fitted([text])
        if ids[tokenizer.encode(text).ids].tolist() != whole.encode(text).ids:
            return False
    return True


class Pieces:
    """The pieces of a tokenizer, where they lie. May be used from many threads.

    Args:
        directory: What `write_pieces` wrote.

    Raises:
        OSError: A file cannot be read.
        ValueError: A file is damaged.
    """

    def __init__(self, directory: Path) -> None:
        from tokenizers import Tokenizer

        described = json.loads((directory / FRAME).read_text(encoding="utf-8"))
        self._frame = Tokenizer.from_str(json.dumps(described["tokenizer"]))
        self._kept = [(str(piece), float(score)) for piece, score in described["tokenizer"]["model"]["vocab"]]
        self._unknown: int = described["tokenizer"]["model"]["unk_id"]
        self._kept_ids: list[int] = described["ids"]
        self._longest: int = described["longest"]
        self._added = list(self._frame.get_added_tokens_decoder().values())
        # Plain views: slices of numpy's own class of mapped files cost more than what is done with them.
        self._hashes = np.asarray(np.load(directory / HASHES, mmap_mode="r"))
        self._rows = np.asarray(np.load(directory / ROWS, mmap_mode="r"))
        self._text: memoryview = np.asarray(np.memmap(directory / TEXT, np.uint8, "r")).data

    def fitted(self, texts: Sequence[str]) -> Fitted:
        """A tokenizer that gives these texts the tokens of the whole one, offsets included."""
        from tokenizers import Tokenizer, models

        rows = self._found(texts)
        known = set(self._kept_ids)
        found = [row for row in self._rows[rows].tolist() if row[0] not in known]
        pieces = [(str(self._text[start:end], "utf-8"), score) for _, score, start, end in found]
        frame = self._frame
        tokenizer = Tokenizer(models.Unigram(self._kept + pieces, self._unknown, byte_fallback=False))
        if frame.normalizer is not None:
            tokenizer.normalizer = frame.normalizer
        if frame.pre_tokenizer is not None:
            tokenizer.pre_tokenizer = frame.pre_tokenizer
        tokenizer.add_special_tokens([token for token in self._added if token.special])
        tokenizer.add_tokens([token for token in self._added if not token.special])
        if frame.post_processor is not None:
            tokenizer.post_processor = frame.post_processor
        return tokenizer, np.array(self._kept_ids + [row[0] for row in found], np.int64)

    def _found(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Rows of the pieces within the texts as the tokenizer normalises them, and by chance of others."""
        encodings = [self._frame.encode(text, add_special_tokens=False) for text in texts]
        characters = _codes("".join(token for encoding in encodings for token in encoding.tokens))
        if not len(characters):
            return np.zeros(0, np.int64)
        hashes = np.sort(np.concatenate(_substrings(characters, self._longest)))
        places = np.minimum(np.searchsorted(self._hashes, hashes), len(self._hashes) - 1)
        return np.unique(places[self._hashes[places] == hashes])


def _codes(text: str) -> NDArray[np.uint64]:
    codes: NDArray[np.uint64] = np.frombuffer(text.encode("utf-32-le"), "<u4").astype(np.uint64)
    codes += np.uint64(1)  # so that no character is like none
    return codes


def _substrings(characters: NDArray[np.uint64], longest: int) -> list[NDArray[np.uint64]]:
    """Hashes of all substrings, by their length: those of one more character follow from those of one less."""
    hashes = np.zeros(len(characters), np.uint64)
    found = []
    for length in range(1, min(longest, len(characters)) + 1):
        hashes = hashes[: len(characters) - length + 1] * _FACTOR + characters[length - 1 :]
        found.append(hashes)
    return found


def _hashes_of(pieces: Sequence[str]) -> NDArray[np.uint64]:
    """The hash of each whole piece, as `_substrings` computes it."""
    hashes = np.zeros(len(pieces), np.uint64)
    by_length: dict[int, list[int]] = {}
    for i, piece in enumerate(pieces):
        by_length.setdefault(len(piece), []).append(i)
    for length, members in by_length.items():
        characters = _codes("".join(pieces[i] for i in members)).reshape(len(members), length)
        of_length = np.zeros(len(members), np.uint64)
        for column in characters.T:
            of_length = of_length * _FACTOR + column
        hashes[members] = of_length
    return hashes


def _renumbered(processor: Any, moved: Mapping[int, int]) -> Any:
    """A post-processor's description with other ids for its special tokens.

    Raises:
        ValueError: It is of a kind that is not known here.
    """
    if processor is None:
        return None
    kind = processor.get("type")
    if kind == "Sequence":
        return {**processor, "processors": [_renumbered(part, moved) for part in processor["processors"]]}
    if kind == "TemplateProcessing":
        tokens = processor["special_tokens"].items()
        return {
            **processor,
            "special_tokens": {name: {**token, "ids": [moved[id] for id in token["ids"]]} for name, token in tokens},
        }
    if kind in ("RobertaProcessing", "BertProcessing"):
        return {**processor, **{role: [processor[role][0], moved[processor[role][1]]] for role in ("sep", "cls")}}
    if kind == "ByteLevel":
        return processor
    raise ValueError(f"the post-processor {kind!r} is not known")
