"""The files of Moses: one for each language, line i of each the same text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

from xling.errors import InvalidInput
from xling.translate.counting import CountedReader, OnRefused, formed
from xling.translate.plain_text import check_languages, text_lines, texts_of, unit_of
from xling.translate.replacing import replacing
from xling.translate.units import Broken, Unit
from xling.translate.xml_cutting import UNDECODABLE


def read_moses(path: str | Path, languages: Sequence[str], *, encoding: str | None = None) -> CountedReader:
    """The units of `{path}.{language}`; see `read_units`. Lines that one of the files lacks are broken units."""
    check_languages(languages)
    return CountedReader(_units(_paths(path, languages), languages, encoding), str(path))


def write_moses(
    path: str | Path, units: Iterable[Unit], languages: Sequence[str], *, on_refused: OnRefused | None = None
) -> int:
    """Write the texts of units to `{path}.{language}`; see `write_units`."""
    check_languages(languages)
    count = 0
    with replacing(_paths(path, languages)) as files:
        for texts in formed(units, lambda unit: _lines(unit, languages), on_refused):
            count += 1
            for file, text in zip(files, texts, strict=True):
                file.write(f"{text}\n")
    return count


def _lines(unit: Unit, languages: Sequence[str]) -> list[str]:
    texts = texts_of(unit, languages)
    if any("\n" in text or "\r" in text for text in texts):
        raise InvalidInput("a file of Moses cannot hold a text of two lines")
    return texts


def _paths(path: str | Path, languages: Sequence[str]) -> list[Path]:
    return [Path(f"{path}.{lang}") for lang in languages]


def _units(paths: Sequence[Path], languages: Sequence[str], encoding: str | None) -> Iterator[Unit | Broken]:
    rows = zip_longest(*(text_lines(path, encoding) for path in paths))
    for number, row in enumerate(rows, start=1):
        missing = [path.name for path, line in zip(paths, row, strict=True) if line is None]
        if missing:
            yield Broken(number, f"{', '.join(missing)} has no such line")
            continue
        if any(UNDECODABLE in line for line in row):
            yield Broken(number, "it has bytes that are not of the file's encoding")
            continue
        texts = (line.removesuffix("\n").removesuffix("\r") for line in row)
        yield unit_of(zip(languages, texts, strict=True)) or Broken(number, "it has no text")
