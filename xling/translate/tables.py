"""Tables of translations, CSV and TSV: a column for each language, a row for each unit."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from xling.errors import InvalidInput
from xling.language import primary
from xling.translate.counting import CountedReader, OnRefused, formed
from xling.translate.plain_text import check_languages, text_lines, texts_of, unit_of
from xling.translate.replacing import replacing
from xling.translate.units import Broken, Unit
from xling.translate.xml_cutting import UNDECODABLE

DELIMITERS: Final = {"csv": ",", "tsv": "\t"}
ID: Final = "tuid"
"""The column of ids; not `id`, which is the code of Indonesian."""
_LONGEST_CODE: Final = 3
"""Letters of a language's code in use; BCP 47 leaves room for longer ones, which `source` would be."""


def read_table(
    path: str | Path, *, delimiter: str = ",", columns: Mapping[str, str] | None = None, encoding: str | None = None
) -> CountedReader:
    """The units of a table whose first row names its columns; see `read_units`."""
    if columns is not None:
        check_languages(list(columns.values()))
    return CountedReader(_units(Path(path), delimiter, columns, encoding), str(path))


def write_table(
    path: str | Path,
    units: Iterable[Unit],
    languages: Sequence[str],
    *,
    delimiter: str = ",",
    on_refused: OnRefused | None = None,
) -> int:
    """Write the ids and texts of units to a table; see `write_units`."""
    check_languages(languages)
    count = 0
    with replacing([Path(path)]) as (file,):
        rows = csv.writer(file, delimiter=delimiter)  # ends rows with \r\n, and so quotes a cell that has either
        rows.writerow([ID, *languages])
        for row in formed(units, lambda unit: _row(unit, languages), on_refused):
            count += 1
            rows.writerow(row)
    return count


def _row(unit: Unit, languages: Sequence[str]) -> list[str]:
    row = [unit.id or "", *texts_of(unit, languages)]
    if any("\0" in cell for cell in row):
        raise InvalidInput("a table cannot hold the character U+0000")
    return row


def _units(
    path: Path, delimiter: str, columns: Mapping[str, str] | None, encoding: str | None
) -> Iterator[Unit | Broken]:
    rows = _rows(path, delimiter, encoding)
    header = next(rows, None)
    if header is None or isinstance(header, Broken):
        raise InvalidInput(f"{path}: it has no row that names its columns")
    names = [name.strip() for name in header[1]]
    languages = _languages(names, columns, path)
    id_at = names.index(ID) if ID in names else None
    for row in rows:
        if isinstance(row, Broken):
            yield row
            continue
        line, cells = row
        if len(cells) != len(names):
            yield Broken(line, f"it has {len(cells)} cells, the first row {len(names)}")
            continue
        id = (cells[id_at] or None) if id_at is not None else None
        texts = ((lang, cells[position]) for position, lang in languages)
        yield unit_of(texts, id) or Broken(line, "it has no text")


class _Lines(Iterator[str]):
    """Lines, which can be given once more."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines, self._again = lines, deque[str]()
        self.taken: list[str] = []

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        self.taken.append(line)
        return line

    def back_to_second(self) -> None:
        """Give all that was taken but its first line once more."""
        self._again.extendleft(reversed(self.taken[1:]))


def _rows(path: Path, delimiter: str, encoding: str | None) -> Iterator[tuple[int, list[str]] | Broken]:
    """The rows that are not blank, each with the line it begins at."""
    lines = _Lines(text_lines(path, encoding))
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    line = 1
    while True:
        lines.taken.clear()
        try:
            row = next(reader, None)
        except csv.Error as exc:  # a quotation mark that is not closed takes in the rows below it
            yield Broken(line, f"it is no row: {exc}")
            lines.back_to_second()
            line += 1
            continue
        if row is None:
            return
        if any(UNDECODABLE in cell for cell in row):
            yield Broken(line, "it has bytes that are not of the file's encoding")
        elif row:
            yield line, row
        line += len(lines.taken)


def _languages(names: Sequence[str], columns: Mapping[str, str] | None, path: Path) -> list[tuple[int, str]]:
    """Position and language of the columns that hold texts."""
    chosen = {name: name for name in names if name != ID} if columns is None else columns
    missing = [name for name in chosen if name not in names]
    if missing:
        raise InvalidInput(f"{path}: it has no column {missing[0]!r}; it has {', '.join(names)[:200]}")
    try:
        check_languages(list(chosen.values()))
        if any(len(primary(lang)) > _LONGEST_CODE for lang in chosen.values()):
            raise InvalidInput("a name is no language code")
    except InvalidInput as exc:
        raise InvalidInput(
            f"{path}: its columns are not two languages or more ({', '.join(names)[:200]}); "
            "say which are, e.g. columns={'source': 'en', 'target': 'ja'}"
        ) from exc
    return [(names.index(name), lang) for name, lang in chosen.items()]
