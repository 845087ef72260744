"""Lists of words in text files: how often they occur, and which translate each other."""

from __future__ import annotations

import gzip
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from xling.errors import InvalidInput, SkippedLinesWarning

_T = TypeVar("_T", dict[str, float], list[tuple[str, str]])


def read_counts(path: str | Path) -> dict[str, float]:
    """Word frequencies: a word and its count on each line, with a space or tab between; `.gz` too.

    Lines that are not so are left out, with a warning that says how many.

    Raises:
        InvalidInput: No line is so, or the file cannot be read.
    """
    counts: dict[str, float] = {}
    skipped = 0
    for line in _lines(path):
        word, _, number = line.replace("\t", " ").rpartition(" ")
        try:
            count = float(number)
        except ValueError:
            count = -1.0
        if word.strip() and 0 <= count < float("inf"):
            counts[word.strip()] = counts.get(word.strip(), 0.0) + count
        else:
            skipped += 1
    return _checked(path, counts, skipped, "a word and its count")


def read_dictionary(path: str | Path) -> list[tuple[str, str]]:
    """Words that translate each other: two on each line, with a tab or a space between; `.gz` too.

    With tabs the words may have spaces in them, and what stands in further columns is left out. Lines that are not so
    are left out, with a warning that says how many.

    Raises:
        InvalidInput: No line is so, or the file cannot be read.
    """
    pairs: list[tuple[str, str]] = []
    skipped = 0
    for line in _lines(path):
        words = [word.strip() for word in (line.split("\t")[:2] if "\t" in line else line.split())]
        if len(words) == 2 and all(words):
            pairs.append((words[0], words[1]))
        else:
            skipped += 1
    return _checked(path, pairs, skipped, "a word and its translation")


def _lines(path: str | Path) -> Iterator[str]:
    try:
        content = Path(path).read_bytes()
        text = (gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content).decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise InvalidInput(f"{path} is not UTF-8") from exc
    except (OSError, EOFError) as exc:
        raise InvalidInput(f"{path} cannot be read ({getattr(exc, 'strerror', None) or exc})") from exc
    return (line for line in map(str.strip, text.splitlines()) if line)


def _checked(path: str | Path, found: _T, skipped: int, what: str) -> _T:
    if not found:
        raise InvalidInput(f"{path}: no line holds {what}")
    if skipped:
        warnings.warn(
            f"{path}: {skipped:,} lines do not hold {what}, and are left out", SkippedLinesWarning, stacklevel=3
        )
    return found
