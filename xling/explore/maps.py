"""A map of a collection: where each document lies, and what to show of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from xling.errors import InvalidInput
from xling.explore.colouring import LANGUAGE, Colouring
from xling.explore.nearest import nearest
from xling.explore.projecting import PLACED_BY, place
from xling.explore.results import Placed
from xling.search.query import encode_queries
from xling.space import SharedSpace, Vectors
from xling.space.neutral import NeutralBasis
from xling.store.files import write_json
from xling.types import DocumentId

FORMS = (".html", ".png", ".svg", ".json")


@dataclass(frozen=True, eq=False)
class Layer:
    """The same documents, mapped by one form of their vectors.

    Attributes:
        title: For headings.
        neutral: How far the language was taken out.
        places: Shape (n, 2), 0 to 1; directions have no meaning.
        vectors: What was mapped, unit, shape (n, dimension).
    """

    title: str
    neutral: float
    places: Vectors
    vectors: Vectors = field(repr=False)


@dataclass(frozen=True, eq=False)
class Map:
    """A collection on a plane. Made by `Collection.map`.

    Attributes:
        name: Of the collection.
        ids: Of each document.
        texts: Of each document; of a long one the first chunk.
        langs: BCP 47 codes, `und` if unknown.
        colourings: What points can be coloured by: language first.
        layers: The map, or two of them: the vectors as the model gives them, then without the language.
        total: How many documents there are of which these are some.
        seed: What it was made with.
        model: Name of the model.
    """

    name: str
    ids: Sequence[DocumentId]
    texts: Sequence[str]
    langs: Sequence[str]
    colourings: tuple[Colouring, ...]
    layers: tuple[Layer, ...]
    total: int
    seed: int
    model: str
    _space: SharedSpace = field(repr=False)
    _basis: NeutralBasis = field(repr=False)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def places(self) -> Vectors:
        """Where documents lie by what they mean, shape (n, 2), 0 to 1."""
        return self.layers[-1].places

    @property
    def fields(self) -> tuple[str, ...]:
        """What points can be coloured by."""
        return tuple(colouring.name for colouring in self.colourings)

    def place(self, texts: Sequence[str]) -> list[Placed]:
        """Where texts belong on the map, such as a query, by what is nearest to them in meaning.

        Args:
            texts: In any language.

        Returns:
            One for each text, in their order, with the nearest documents.

        Raises:
            InvalidInput: A text is blank.
        """
        if isinstance(texts, str):
            raise InvalidInput("place takes a list of texts")
        if not texts:
            return []
        layer = self.layers[-1]
        vectors = self._basis.centre(encode_queries(self._space, texts, layer.neutral), layer.neutral)
        found, cosines = nearest(vectors, layer.vectors, PLACED_BY)
        return [
            Placed(text=text, x=float(x), y=float(y), nearest=[self.ids[i] for i in row])
            for text, (x, y), row in zip(texts, place(found, cosines, layer.places), found, strict=True)
        ]

    def colouring(self, name: str | None) -> Colouring:
        """What points are coloured by, of that name; languages by default.

        Raises:
            InvalidInput: There is none of that name.
        """
        wanted = LANGUAGE if name is None else name
        for colouring in self.colourings:
            if colouring.name == wanted:
                return colouring
        raise InvalidInput(f"the map has no field {wanted!r} to colour by; it has {', '.join(self.fields)}")

    def save(
        self,
        path: str | Path,
        *,
        color_by: str | None = None,
        queries: Sequence[str] = (),
        title: str | None = None,
    ) -> None:
        """Write it to a file: .html to look around in, .png or .svg as a picture, .json as `to_dict`.

        The page is one file, asks nothing of the network and runs in any browser of today.

        Args:
            path: Its suffix says which.
            color_by: What points are coloured by; on the page at first. Languages by default.
            queries: Texts that are marked where they belong.
            title: The name of the collection by default.

        Raises:
            InvalidInput: The suffix is none of these, or the file cannot be written.
            MissingExtra: matplotlib is not installed (.png and .svg).
        """
        file = Path(path)
        form = file.suffix.lower()
        if form not in FORMS:
            raise InvalidInput(f"a map is saved as {', '.join(FORMS)}, not as {file.name!r}")
        colouring, heading = self.colouring(color_by), self.name if title is None else title
        marks = self.place(queries)
        try:
            if form == ".json":
                write_json(file, self.to_dict())
            elif form == ".html":
                from xling.explore.map_page import page

                file.write_text(page(self, colouring, heading, marks), encoding="utf-8")
            else:
                from xling.explore.map_picture import draw

                draw(self, file, colouring, heading, marks)
        except OSError as exc:
            raise InvalidInput(f"{path}: the map cannot be written ({exc.strerror or exc})") from exc

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values: one object a document, with its place, and the places on the raw map if there is one."""
        raw = self.layers[0].places if len(self.layers) > 1 else None
        points = []
        for i, (id, text, lang, (x, y)) in enumerate(zip(self.ids, self.texts, self.langs, self.places, strict=True)):
            known = id if isinstance(id, (str, int)) else str(id)
            point: dict[str, Any] = {"id": known, "text": text, "lang": lang}
            point |= {"x": _rounded(x), "y": _rounded(y)}
            if raw is not None:
                point |= {"raw_x": _rounded(raw[i, 0]), "raw_y": _rounded(raw[i, 1])}
            point["fields"] = {c.name: c.values[i] for c in self.colourings[1:]}
            points.append(point)
        return {
            "name": self.name,
            "model": self.model,
            "neutral": self.layers[-1].neutral,
            "seed": self.seed,
            "total": self.total,
            "fields": list(self.fields),
            "points": points,
        }

    def to_json(self) -> str:
        """`to_dict` as a string."""
        return json.dumps(self.to_dict(), ensure_ascii=False)


def _rounded(value: np.floating[Any]) -> float:
    return round(float(value), 5)
