"""A translation memory: units kept in a collection, found by what they say and by how they say it."""

from __future__ import annotations

import itertools
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from xling.errors import InvalidInput
from xling.language import normalise_code, primary
from xling.store.base import IndexKind
from xling.text.folding import fold
from xling.translate.counting import OnRefused
from xling.translate.entries import Entry, Pair, entries_of, unit_of
from xling.translate.formats import for_tmx_file, read_units, write_units
from xling.translate.fuzzy import EXACT, plain
from xling.translate.looking import looked_up
from xling.translate.matching import Match
from xling.translate.tmx_writing import write_tmx
from xling.translate.units import Broken, Unit, needs_review
from xling.types import Document, Report, Skipped

if TYPE_CHECKING:
    from xling.collection import Collection

INDEXES: dict[str, IndexKind] = {"unit": "keyword", "exact": "keyword", "langs": "keyword", "index": "integer"}
"""Metadata fields that a memory's filters need."""

DEFAULT_PERCENT = 70
DEFAULT_CONFIDENCE = 0.5
MANY = 20_000
"""Units added by one import after which the index is built."""
VERSION_KEY = "xling_memory"
"""Of the collection's metadata: another value after each change."""

_BATCH = 256


@dataclass(frozen=True)
class MemoryInfo:
    """What a memory holds.

    Attributes:
        name: Its name.
        location: Where it is.
        model: The model that reads it.
        units: Its units.
        languages: From language to the number of units that have a text in it; two regions are two languages.
        in_context: Units with a context.
        unreviewed: Units with a translation that is not approved, or fuzzy.
        oldest: When the unit longest unchanged was changed, in seconds since 1970; None where there are no units.
        newest: When one was changed last.
        penalty: Percentage points that its matches lose.
    """

    name: str
    location: str
    model: str
    units: int
    languages: dict[str, int]
    in_context: int
    unreviewed: int
    oldest: float | None
    newest: float | None
    penalty: int

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


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
        self._folded: tuple[tuple[Any, int], list[tuple[str, Document]]] | None = None

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
        date, or left as it is where all of it is the same; another translation of a text stands beside the older ones,
        before them.

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
        added = updated = unchanged = 0
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
            known, same = self._known(entries)
            new = [document for entry in entries.values() if entry.key not in same for document in entry.documents]
            report = self.collection.add(new) if new else Report()
            skipped += [skip.model_copy(update={"index": batch[0][0]}) for skip in report.skipped]
            added += len(entries) - len(known)
            updated += len(known) - len(same)
            unchanged += len(same)
        if added or updated:
            self._changed()
        return Report(added=added, updated=updated, unchanged=unchanged, skipped=tuple(skipped))

    def import_file(
        self,
        file: str | Path,
        *,
        format: str | None = None,
        languages: Sequence[str] = (),
        columns: Mapping[str, str] | None = None,
        encoding: str | None = None,
        alternatives: bool = False,
        sub_flows: bool = False,
        optimize: bool | None = None,
    ) -> tuple[Report, list[Broken]]:
        """Add the units of a file (TMX, XLIFF, PO, CSV, TSV, Moses), and tell which of it could not be read.

        Args:
            file: The file.
            format: As in `read_units`, like the next three.
            languages: As in `read_units`.
            columns: As in `read_units`.
            encoding: As in `read_units`; so are `alternatives` and `sub_flows`.
            optimize: Whether to `optimize` afterwards; by default where 20,000 units or more were added.

        Raises:
            InvalidInput: The file is not of its format, or not one unit of it could be added.
        """
        more = {"alternatives": alternatives, "sub_flows": sub_flows}
        reader = read_units(file, format=format, languages=languages, columns=columns, encoding=encoding, **more)
        report = self.add(reader)
        if not report.added and not report.updated and not report.unchanged:
            reasons = [f"line {one.line}: {one.reason}" for one in reader.broken] + [s.reason for s in report.skipped]
            raise InvalidInput(
                f"nothing of {file} could be added" + (f"; the first reason: {reasons[0]}" if reasons else ": no units")
            )
        if optimize or (optimize is None and report.added >= MANY):
            self.optimize()
        return report, reader.broken

    def import_tmx(self, file: str | Path) -> tuple[Report, list[Broken]]:
        """As `import_file`, of a TMX file."""
        return self.import_file(file, format="tmx")

    def export_file(
        self,
        file: str | Path,
        *,
        format: str | None = None,
        languages: Sequence[str] = (),
        on_refused: OnRefused | None = None,
    ) -> int:
        """Write all units to a file; see `write_units` for the formats and arguments. How many were written."""
        return write_units(file, self.units(), format=format, languages=languages, on_refused=on_refused)

    def export_tmx(self, file: str | Path, *, source: str = "*all*") -> int:
        """Write all units to a TMX file; how many they are. `source` is the language that it names as the source."""
        return write_tmx(file, map(for_tmx_file, self.units()), source_language=source)

    def optimize(self) -> None:
        """Build the index by which an embedded memory is searched in a tenth of the time; servers do so by themselves.

        Searches and writes wait until it is done: minutes for 100,000 units. What is added later is searched too.
        """
        self.collection.optimize()

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

        Equal texts are looked for first. Where they are as many as are asked for, the model is not.

        Raises:
            InvalidInput: The text is blank, or a language code or number makes no sense.
        """
        return looked_up(
            [self],
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
        """Units in which a piece of text occurs, in any of their languages or in one.

        Case, width, accents and forms of Chinese characters make no difference. All texts are looked through, so that
        parts of words are found too; they are read once and kept until the memory changes, by whomever.

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

    def info(self) -> MemoryInfo:
        """What the memory holds. Reads all of it: a second or two for 100,000 units."""
        languages: Counter[str] = Counter()
        units = in_context = unreviewed = 0
        changes: list[float] = []
        for document in self.collection.documents(where={"index": 0}):
            unit = unit_of(document)
            units += 1
            in_context += document.metadata.get("context") is not None
            unreviewed += unit.value("x-approved") == "no" or any(map(needs_review, unit.segments))
            languages.update({one.code for one in unit.segments if one.text.strip()})
            changed = float(document.metadata.get("changed") or 0.0)
            changes = [min(changed, *changes), max(changed, *changes)] if changes else [changed, changed]
        store, model = self.collection.store, self.collection.space.name
        return MemoryInfo(
            self.name,
            store.location,
            model,
            units,
            dict(sorted(languages.items(), key=lambda one: (-one[1], one[0]))),
            in_context,
            unreviewed,
            changes[0] if changes else None,
            changes[1] if changes else None,
            self.penalty,
        )

    def delete(self, matches: Sequence[Match] | Match) -> Report:
        """Delete the units of matches; `deleted` counts them."""
        given = [matches] if isinstance(matches, Match) else list(matches)
        keys = self._there(list(dict.fromkeys(match.key for match in given)))
        if keys:
            self.collection.delete(where={"unit": keys})
            self._changed()
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

    def _there(self, keys: Sequence[str]) -> list[str]:
        found = self.collection.get([f"{key}:0" for key in keys]) if keys else []
        return [key for key, document in zip(keys, found, strict=True) if document is not None]

    def _known(self, entries: Mapping[str, Entry]) -> tuple[set[str], set[str]]:
        """The keys of entries that are there, and of those that are there just so, all of their documents."""
        ids = [(key, document) for key, entry in entries.items() for document in entry.documents]
        found = self.collection.get([document["id"] for _, document in ids]) if ids else []
        known, other = set(), set()
        for (key, document), stored in zip(ids, found, strict=True):
            if stored is not None:
                known.add(key)
            if stored is None or stored.metadata.get("data") != document["metadata"]["data"]:
                other.add(key)
        return known, known - other

    def _changed(self) -> None:
        """Tell all who have the memory open that it is another one now."""
        self._folded = None
        self.collection.store.update_metadata({VERSION_KEY: secrets.token_hex(8)})

    def _texts(self) -> list[tuple[str, Document]]:
        version = (self.collection.store.metadata().get(VERSION_KEY), self.collection.count())
        if self._folded is None or self._folded[0] != version:
            self._folded = (version, [(fold(d.text), d) for d in self.collection.documents()])
        return self._folded[1]


def _languages(source: str | None, target: str | None) -> tuple[str, str] | None:
    if source is None or target is None:
        return None
    return normalise_code(source), normalise_code(target)
