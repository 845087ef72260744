"""What the plain formats of units share: lines, counting what is broken, files replaced when they are whole."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

from xling.errors import InvalidInput
from xling.ingest.decoding import check_encoding, gunzipped
from xling.language import normalise_code
from xling.translate.tmx import LISTED
from xling.translate.tmx_cutting import decoded
from xling.translate.units import Broken, Segment, Unit


class PlainReader(Iterable[Unit]):
    """The units of a plain file, read once, in constant memory.

    Attributes:
        units: Units given so far.
        broken_count: Broken units so far.
        broken: The first thousand of them, each with its line and the reason.
    """

    def __init__(self, found: Iterator[Unit | Broken], name: str) -> None:
        self._found, self._name = found, name
        self.units = self.broken_count = 0
        self.broken: list[Broken] = []

    def __iter__(self) -> Iterator[Unit]:
        for one in self._found:
            if isinstance(one, Unit):
                self.units += 1
                yield one
                continue
            self.broken_count += 1
            if len(self.broken) < LISTED:
                self.broken.append(one)
        if not self.units:
            first = f"; line {self.broken[0].line}: {self.broken[0].reason}" if self.broken else ""
            raise InvalidInput(f"{self._name}: no translation unit could be read{first}")


def text_lines(path: Path, encoding: str | None) -> Iterator[str]:
    """Lines with their ends, `\\n` alone ending one; bytes that are not of the encoding are `UNDECODABLE`."""
    chosen = None if encoding is None else check_encoding(encoding)
    try:
        stream = path.open("rb")
    except OSError as exc:
        raise InvalidInput(f"{path}: cannot be read ({exc.strerror or exc})") from exc
    with stream:
        rest: list[str] = []
        for block in decoded(gunzipped(stream), str(path), chosen):
            *whole, last = block.split("\n")
            for line in whole:
                yield "".join([*rest, line, "\n"])
                rest = []
            rest.append(last)
        if line := "".join(rest):
            yield line


@contextlib.contextmanager
def replacing(paths: Sequence[Path]) -> Iterator[list[TextIO]]:
    """UTF-8 files to write, which take the places of `paths` when all went well."""
    unfinished = [path.with_name(f"{path.name}.{os.getpid()}.part") for path in paths]
    try:
        with contextlib.ExitStack() as stack:
            yield [stack.enter_context(part.open("w", encoding="utf-8", newline="")) for part in unfinished]
        for part, path in zip(unfinished, paths, strict=True):
            part.replace(path)
    except OSError as exc:
        raise InvalidInput(f"{paths[0]}: cannot be written ({exc.strerror or exc})") from exc
    except UnicodeEncodeError as exc:
        raise InvalidInput(f"{paths[0]}: a text has half a character (a lone surrogate): {exc.object[:40]!r}") from exc
    finally:
        for part in unfinished:
            part.unlink(missing_ok=True)


def check_languages(languages: Sequence[str]) -> None:
    """Refuse what is not two languages or more, each once."""
    if isinstance(languages, str) or len({normalise_code(one) for one in languages}) < max(2, len(languages)):
        raise InvalidInput(f"languages= has to name two languages or more, each once, not {languages!r}")


def unit_of(texts: Iterable[tuple[str, str]], id: str | None = None) -> Unit | None:
    """The unit of texts by language, of those that are not empty; None where all are."""
    segments = tuple(Segment(lang, (text,)) for lang, text in texts if text)
    return Unit(segments, id) if segments else None


def texts_of(unit: Unit, languages: Sequence[str]) -> list[str]:
    """The unit's text in each language, empty where it has none."""
    segments = [unit.segment(lang) for lang in languages]
    return [segment.text if segment else "" for segment in segments]
