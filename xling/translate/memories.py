"""Opening memories, and asking several at once."""

from __future__ import annotations

from typing import Any

from xling.errors import InvalidInput
from xling.translate.looking import looked_up
from xling.translate.matching import Match
from xling.translate.memory import DEFAULT_CONFIDENCE, DEFAULT_PERCENT, INDEXES, Memory
from xling.translate.units import Unit


class Memories:
    """Several memories, asked at once.

    Args:
        memories: The memories; of equal matches those of the first come first.
    """

    def __init__(self, *memories: Memory) -> None:
        self.memories = memories

    def lookup(
        self,
        text: str,
        *,
        target: str,
        source: str | None = None,
        limit: int = 5,
        min_percent: int = DEFAULT_PERCENT,
        min_confidence: float = DEFAULT_CONFIDENCE,
        context: str | None = None,
        exact: bool = False,
    ) -> list[Match]:
        """As `Memory.lookup`, in all of them; each match names its memory, and has lost that one's penalty."""
        return looked_up(
            self.memories,
            text,
            source,
            target,
            limit=limit,
            min_percent=min_percent,
            min_confidence=min_confidence,
            context=context,
            exact=exact,
        )

    def concordance(self, text: str, *, language: str | None = None, limit: int = 50) -> list[Unit]:
        """As `Memory.concordance`, in one after the other."""
        found: list[Unit] = []
        for memory in self.memories:
            found += memory.concordance(text, language=language, limit=limit - len(found)) if len(found) < limit else []
        return found


def open_memory(name: str, *, penalty: int = 0, **options: Any) -> Memory:
    """Open a translation memory, creating it if it does not exist.

    Args:
        name: Its name; it is kept in a collection of that name.
        penalty: Percentage points that its matches lose.
        options: Where it is, its model and so on, as in `xling.open`.

    Raises:
        InvalidInput: The collection is none of a memory, or an option makes no sense; for others see `xling.open`.
    """
    from xling.opening import open as open_collection

    collection = open_collection(name, indexes={**INDEXES, **options.pop("indexes", {})}, **options)
    try:
        first = next(iter(collection.documents()), None)
        if first is not None and "unit" not in first.metadata:
            raise InvalidInput(f"the collection {name!r} holds other documents: give the memory a name of its own")
        return Memory(collection, penalty=penalty)
    except BaseException:
        collection.close()
        raise
