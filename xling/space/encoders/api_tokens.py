"""Tokens of texts whose tokenizer is on the other side of an API: counted by tiktoken, or bounded from above."""

from __future__ import annotations

import logging
import re
import threading
from itertools import accumulate
from typing import Any, Protocol

from xling.text import estimate_token_ends

_log = logging.getLogger("xling")
_BYTE_LEVEL = re.compile(r"[A-Za-z]{1,2}|[^A-Za-z]")
_PIECE = 10_000
"""Characters given to tiktoken at once: its time grows with the square of a word's length."""


class TokenRule(Protocol):
    """Where the tokens of a text end, in characters, ascending."""

    def __call__(self, text: str) -> list[int]: ...


def byte_level_ends(text: str) -> list[int]:
    """A bound for byte-level BPE, which OpenAI's models use: never fewer tokens than the model makes.

    Two ASCII letters a token, and a token for each byte of any other character: cl100k spells Amharic, Armenian or
    Georgian in up to three tokens a letter.
    """
    ends: list[int] = []
    for found in _BYTE_LEVEL.finditer(text):
        piece = found.group()
        ends += [found.end()] * (1 if piece.isascii() else len(piece.encode("utf-8", "surrogatepass")))
    return ends


class TiktokenRule:
    """OpenAI's own tokenizer, if tiktoken and its vocabulary are to be had; the bound where they are not.

    tiktoken downloads the vocabulary once, and keeps it (`TIKTOKEN_CACHE_DIR`).

    Args:
        model: OpenAI's name of the model.
    """

    def __init__(self, model: str) -> None:
        self._model, self._lock = model, threading.Lock()
        self._encoding: Any = None
        self._known = False

    def __call__(self, text: str) -> list[int]:
        encoding = self._load()
        if encoding is None:
            return byte_level_ends(text)
        ends: list[int] = []
        for at in range(0, len(text), _PIECE):
            tokens = encoding.encode_ordinary(text[at : at + _PIECE])
            _, starts = encoding.decode_with_offsets(tokens)
            inside = [*starts[1:], min(_PIECE, len(text) - at)] if tokens else []
            ends += accumulate((at + end for end in inside), max)
        return ends

    def _load(self) -> Any:
        with self._lock:
            if not self._known:
                self._known = True
                try:
                    import tiktoken

                    self._encoding = tiktoken.encoding_for_model(self._model)
                except Exception as exc:  # not installed, no such model, or no network: requests raises what it likes
                    _log.info("tokens of %s are estimated: tiktoken is of no use here (%s)", self._model, type(exc))
            return self._encoding


def rule_for(model: str, *, openai: bool, known: bool) -> TokenRule:
    """How to count for a model.

    Args:
        model: The model's name at the server.
        openai: Whether it is one of OpenAI's.
        known: Whether it is one of the hub's that xling knows, with a tokenizer of subwords that knows all letters.
    """
    if openai:
        return TiktokenRule(model)
    return estimate_token_ends if known else byte_level_ends
