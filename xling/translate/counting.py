"""Units one by one, read and written: those that are good go on, those that are not are counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias, TypeVar

from xling.errors import InvalidInput
from xling.translate.units import Broken, Unit

LISTED = 1000
"""Broken units that are listed, the first ones; all are counted."""

OnRefused: TypeAlias = Callable[[int, Unit, str], object]
"""Called with the number of a unit that cannot be written, from 0, the unit, and why."""

_Form = TypeVar("_Form")


class CountedReader(Iterable[Unit]):
    """The units of a file, read once, in constant memory.

    Attributes:
        units: Units given so far.
        broken_count: Broken units so far.
        broken: The first thousand of them, each with its line and the reason.
        left_out: What units hold and was not read, from its name to how many there were so far.
    """

    def __init__(self, found: Iterable[Unit | Broken], name: str) -> None:
        self._found, self._name = found, name
        self.units = self.broken_count = 0
        self.broken: list[Broken] = []
        self.left_out: Counter[str] = Counter()

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


def formed(
    units: Iterable[Unit], form: Callable[[Unit], _Form], on_refused: OnRefused | None = None
) -> Iterator[_Form]:
    """What units are written as. One that cannot be written is told of, or is an error.

    Raises:
        InvalidInput: As `form` raises it, with the unit's number and id; only without `on_refused`.
    """
    for number, unit in enumerate(units):
        found = _formed(number, unit, form, on_refused)
        if found is not None:
            yield found


def _formed(number: int, unit: Unit, form: Callable[[Unit], _Form], on_refused: OnRefused | None) -> _Form | None:
    try:
        return form(unit)
    except UnicodeEncodeError as exc:
        fault: Exception = InvalidInput(f"a text has half a character (a lone surrogate): {exc.object[:40]!r}")
    except InvalidInput as exc:
        fault = exc
    if on_refused is None:
        raise InvalidInput(f"unit {number} ({unit.id!r}): {fault}") from fault
    on_refused(number, unit, str(fault))
    return None
