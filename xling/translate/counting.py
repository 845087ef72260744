"""Reading a file of units once: those that are good are given, those that are broken counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from xling.errors import InvalidInput
from xling.translate.units import Broken, Unit

LISTED = 1000
"""Broken units that are listed, the first ones; all are counted."""


class CountedReader(Iterable[Unit]):
    """The units of a file, read once, in constant memory.

    Attributes:
        units: Units given so far.
        broken_count: Broken units so far.
        broken: The first thousand of them, each with its line and the reason.
    """

    def __init__(self, found: Iterable[Unit | Broken], name: str) -> None:
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
            found = ""
            if self.broken:
                first = self.broken[0]
                found = f"; {self.broken_count} are broken, the first in line {first.line}: {first.reason}"
            raise InvalidInput(f"{self._name}: no translation unit could be read{found}")
