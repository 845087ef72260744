"""What document alignment gives, and the forms it is written in: TMX, TSV, JSON and a page of HTML."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from xling.errors import InvalidInput
from xling.language import primary
from xling.translate.alignment_page import page
from xling.translate.formats import write_units
from xling.translate.tmx_writing import write_tmx
from xling.translate.units import Property, Segment, Unit

_WITHOUT_SPACES = ("ja", "yue", "zh")
"""Languages that put nothing between two sentences."""

_UNITS = (".tmx", ".xlf", ".xliff", ".po", ".csv")
"""Files of units; a .tsv of links has their kinds and confidence too."""
_FORMS = (*_UNITS, ".tsv", ".json", ".html")


class Link(BaseModel):
    """Neighbouring sentences of one side that say what those of the other say; one side may be empty.

    Attributes:
        source: Sentences of the source.
        target: Sentences of the target.
        source_start: How many sentences of the source come before (blank ones do not count).
        target_start: The same of the target.
        confidence: Centred cosine of the two groups, 0 (unrelated) to 1; None where a side is empty.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: tuple[str, ...]
    target: tuple[str, ...]
    source_start: int
    target_start: int
    confidence: float | None

    @property
    def kind(self) -> str:
        """How many sentences of each side: `1-1`, `1-2`, `0-1` (an insertion), `1-0` (a deletion), …"""
        return f"{len(self.source)}-{len(self.target)}"

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, the kind among them."""
        return {"kind": self.kind, **self.model_dump(mode="json")}


class Alignment(BaseModel):
    """Two translations of a document, aligned.

    Attributes:
        links: In the order of the text; every sentence of both sides is in exactly one.
        source_lang: Language of the source, `und` if it could not be told.
        target_lang: The same of the target.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    links: tuple[Link, ...]
    source_lang: str
    target_lang: str

    def pairs(self, min_confidence: float = 0.0) -> Iterator[tuple[str, str]]:
        """Source and target text of each link that has both, the sentences of a group joined."""
        for link in self._linked(min_confidence):
            yield joined(link.source, self.source_lang), joined(link.target, self.target_lang)

    def units(self, min_confidence: float = 0.0) -> Iterator[Unit]:
        """The same as translation units, with the confidence as the property `x-confidence`."""
        for link, pair in zip(self._linked(min_confidence), self.pairs(min_confidence), strict=True):
            segments = (Segment(self.source_lang, (pair[0],)), Segment(self.target_lang, (pair[1],)))
            yield Unit(segments, properties=(Property("x-confidence", f"{link.confidence:.3f}"),))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        links = [link.to_dict() for link in self.links]
        return {"source_lang": self.source_lang, "target_lang": self.target_lang, "links": links}

    def to_tsv(self) -> str:
        """One line a link: kind, confidence, source, target; tabs and line breaks in a text become spaces."""
        rows = []
        for link in self.links:
            confidence = "" if link.confidence is None else f"{link.confidence:.3f}"
            texts = (joined(link.source, self.source_lang), joined(link.target, self.target_lang))
            rows.append("\t".join((link.kind, confidence, *(" ".join(text.split()) for text in texts))))
        return "".join(f"{row}\n" for row in rows)

    def to_html(self) -> str:
        """A page of its own that shows both sides and their links, without scripts or anything from elsewhere."""
        rows = ((link.kind, link.confidence, link.source, link.target) for link in self.links)
        return page(rows, self.source_lang, self.target_lang)

    def write(self, path: str | Path, *, min_confidence: float = 0.0) -> None:
        """Write to a file of the form that its name ends with: .tmx, .xlf, .po, .csv, .tsv, .json or .html.

        Args:
            path: The file; replaced if it is there.
            min_confidence: Of TMX, XLIFF, PO and CSV, which hold only links with two sides: those below are left out.

        Raises:
            InvalidInput: The name ends with something else, or the file cannot be written.
        """
        path = Path(path)
        form = check_form(path)
        if form == ".tmx":
            write_tmx(path, self.units(min_confidence), source_language=self.source_lang)
            return
        if form in _UNITS:
            languages = (self.source_lang, self.target_lang)
            write_units(path, self.units(min_confidence), languages=languages, on_refused=_leave_out)
            return
        if form == ".tsv":
            text = self.to_tsv()
        elif form == ".json":
            text = json.dumps(self.to_dict(), ensure_ascii=False, indent=1) + "\n"
        else:
            text = self.to_html()
        try:
            path.write_text(text, encoding="utf-8", newline="\n")
        except OSError as exc:
            raise InvalidInput(f"{path}: cannot be written ({exc.strerror or exc})") from exc

    def _linked(self, min_confidence: float) -> Iterator[Link]:
        return (x for x in self.links if x.confidence is not None and x.confidence >= min_confidence)


def _leave_out(number: int, unit: Unit, reason: str) -> None:
    """PO has one translation of a text: that of its first place."""


def check_form(path: Path) -> str:
    """What a file's name ends with, in lower case. Raises `InvalidInput` where that is no form to write."""
    form = path.suffix.lower()
    if form not in _FORMS:
        raise InvalidInput(f"{path}: the name is to end with {', '.join(_FORMS[:-1])} or {_FORMS[-1]}")
    return form


def joined(sentences: tuple[str, ...], lang: str) -> str:
    """Neighbouring sentences as one text."""
    return ("" if primary(lang) in _WITHOUT_SPACES else " ").join(sentences)
