"""A translation memory: units kept in a collection, found by what they say and by how they say it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from xling.errors import InvalidInput
from xling.language import normalise_code, primary
from xling.store.base import IndexKind
from xling.text.folding import fold
from xling.translate.entries import Entry, Pair, entries_of, exact_key, unit_of
from xling.translate.fuzzy import EXACT, plain
from xling.translate.matching import Candidates, Match, best
from xling.translate.tmx import read_tmx
from xling.translate.tmx_writing import write_tmx
from xling.translate.units import Broken, Unit
from xling.types import Document, Report, Skipped

if TYPE_CHECKING:
    from xling.collection import Collection

INDEXES: dict[str, IndexKind] = {"unit": "keyword", "exact": "keyword", "langs": "keyword", "index": "integer"}
"""Metadata fields that a memory's filters need."""

DEFAULT_PERCENT = 70
DEFAULT_CONFIDENCE = 0.5
_BATCH = 256
_NEAR, _ALIKE = 30, 50
"""Candidates of a lookup by meaning and by words."""


class Memory:
    """A translation memory. Made by `open_memory`; safe to use from several threads.

    Each segment of a unit is a document of the collection, in its own language, so that a unit is found from any.

    Attributes:
        name: The memory's name.
        collection: The collection underneath.
        penalty: Percentage points that its matches lose, for memories that are trusted less.
    """

    def __init__(self, collection: Collection, *, penalty: int = 0) -> None:
        if isinstance(penalty, bool) or not isinstance(penalty, int) or not 0 <= penalty <= EXACT:
            raise InvalidInput(f"penalty= is a number of percentage points, 0 to 100, got {penalty!r}")
        self.collection, self.penalty = collection, penalty
        self._folded: tuple[int, list[tuple[str, Document]]] | None = None

    @property
    def name(self) -> str:
        return self.collection.name

    def add(
        self,
        units: Iterable[Unit | Pair],
        *,
        source: str | None = None,
        target: str | None = None,
        context: str | None = None,
    ) -> Report:
        """Add units, or pairs of texts.

        A unit that is there already, with the same texts in the same languages and the same context, is brought up to
        date; another translation of a text stands beside the older ones, before them.

        Args:
            units: Units, or pairs (text, translation), for which `source` and `target` say the languages.
            source: Language of the pairs' first text.
            target: Language of the second.
            context: What tells equal texts apart, for all of them: a key, or the text before. A unit's own property
                `x-context` comes first.

        Returns:
            Counts of units. Those with fewer than two texts that are not blank are skipped, each with the reason.

        Raises:
            InvalidInput: Pairs are given without their languages, or a code is none.
        """
        languages = _languages(source, target)
        added = updated = 0
        skipped: list[Skipped] = []
        numbered = enumerate(units)
        while batch := list(itertools.islice(numbered, _BATCH)):
            entries: dict[str, Entry] = {}
            for i, given in batch:
                entry = entries_of(given, languages, context)
                if isinstance(entry, str):
                    skipped.append(Skipped(index=i, reason=entry))
                else:
                    entries[entry.key] = entry
            there = self._there(list(entries))
            report = self.collection.add([document for entry in entries.values() for document in entry.documents])
            skipped += [skip.model_copy(update={"index": batch[0][0]}) for skip in report.skipped]
            added += len(entries) - len(there)
            updated += len(there)
        self._folded = None
        return Report(added=added, updated=updated, skipped=tuple(skipped))

    def import_tmx(self, file: str | Path) -> tuple[Report, list[Broken]]:
        """Add the units of a TMX file, and tell which of it could not be read.

        Raises:
            InvalidInput: The file is no TMX, or not one unit of it could be added.
        """
        reader = read_tmx(file)
        report = self.add(reader)
        if not report.added and not report.updated:
            reasons = [f"line {one.line}: {one.reason}" for one in reader.broken] + [s.reason for s in report.skipped]
            raise InvalidInput(
                f"nothing of {file} could be added" + (f"; the first reason: {reasons[0]}" if reasons else ": no units")
            )
        return report, reader.broken

    def export_tmx(self, file: str | Path, *, source: str = "*all*") -> int:
        """Write all units to a TMX file; how many they are. `source` is the language that it names as the source."""
        return write_tmx(file, self.units(), source_language=source)

    def units(self) -> Iterator[Unit]:
        """All units, whole, in no order that means something."""
        return (unit_of(document) for document in self.collection.documents(where={"index": 0}))

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
        """Translations of a text, or of what is like it, best first.

        Args:
            text: What is to be translated; in any language, those of the memory or another.
            target: Language of the translations; `en` takes those of `en-GB` too.
            source: Language of the text. Without it every segment that reads alike counts as a fuzzy match.
            limit: Most matches.
            min_percent: Fuzzy matches are at least so alike.
            min_confidence: Matches by meaning alone are at least so sure.
            context: Equal texts of this context are matches of 101 %.
            exact: Equal texts only, without the model.

        Raises:
            InvalidInput: The text is blank, or a language code or number makes no sense.
        """
        found = self._candidates(text, target, source, exact)
        return best([found], text, source, target, limit, min_percent, min_confidence, context)

    def concordance(self, text: str, *, language: str | None = None, limit: int = 50) -> list[Unit]:
        """Units in which a piece of text occurs, in any of their languages or in one.

        Case, width, accents and forms of Chinese characters make no difference. All texts are looked through, so that
        parts of words are found too; they are read once and kept in memory until the memory changes.

        Raises:
            InvalidInput: The text is blank, or `language` is no code.
        """
        wanted = fold(plain(text))
        if not wanted:
            raise InvalidInput("what is to be looked for? The text is blank")
        own = None if language is None else primary(normalise_code(language))
        found: dict[str, Document] = {}
        for folded, document in self._texts():
            if wanted in folded and (own is None or primary(document.lang or "und") == own):
                found.setdefault(document.metadata["unit"], document)
                if len(found) == limit:
                    break
        return [unit_of(document) for document in found.values()]

    def delete(self, matches: Sequence[Match] | Match) -> Report:
        """Delete the units of matches; `deleted` counts them."""
        given = [matches] if isinstance(matches, Match) else list(matches)
        keys = self._there(list(dict.fromkeys(match.key for match in given)))
        if keys:
            self.collection.delete(where={"unit": keys})
            self._folded = None
        return Report(deleted=len(keys))

    def __len__(self) -> int:
        """Number of units."""
        return self.collection.count(where={"index": 0})

    def close(self) -> None:
        """Release the collection."""
        self.collection.close()

    def __enter__(self) -> Memory:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<xling.translate.Memory {self.name!r} in {self.collection.store.location}>"

    def _candidates(self, text: str, target: str, source: str | None, exact: bool) -> Candidates:
        if not isinstance(text, str) or not plain(text):
            raise InvalidInput("what is to be translated? The text is blank")
        where = {"langs": primary(normalise_code(target))}
        languages = None if source is None else [normalise_code(source)]
        found = Candidates(self.name, self.penalty)
        found.add_documents(self.collection.documents(languages=languages, where={**where, "exact": exact_key(text)}))
        if not exact:
            found.add_hits(self.collection.search(text, limit=_NEAR, where=where))
            found.add_hits(self.collection.search(text, limit=_ALIKE, where=where, languages=languages, mode="lexical"))
        return found

    def _there(self, keys: Sequence[str]) -> list[str]:
        found = self.collection.get([f"{key}:0" for key in keys]) if keys else []
        return [key for key, document in zip(keys, found, strict=True) if document is not None]

    def _texts(self) -> list[tuple[str, Document]]:
        count = self.collection.count()
        if self._folded is None or self._folded[0] != count:
            self._folded = (count, [(fold(d.text), d) for d in self.collection.documents()])
        return self._folded[1]


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
        found = [memory._candidates(text, target, source, exact) for memory in self.memories]
        return best(found, text, source, target, limit, min_percent, min_confidence, context)

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


def _languages(source: str | None, target: str | None) -> tuple[str, str] | None:
    if source is None or target is None:
        return None
    return normalise_code(source), normalise_code(target)
