"""Routes that help a user interface to show hits: which of their words answer the query's, and where they lie."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from xling.serve.fields import Asked, Share, Text
from xling.serve.routes.common import CollectionName, allow, check_number, check_texts, errors, json_of
from xling.space.word_links import MIN_WEIGHT
from xling.types import WordLink

router = APIRouter(prefix="/v1/collections/{name}", tags=["search"], responses=errors(404, 409))

_TEXTS_MOST = 100
_SHOWN = 300
"""Characters of a text that a map shows."""


class Explaining(Asked):
    """A query, and the texts of its hits."""

    model_config = ConfigDict(
        extra="forbid",
        allow_inf_nan=False,
        json_schema_extra={"examples": [{"query": "Wo ist der Bahnhof?", "texts": ["駅はどこですか。"]}]},
    )

    query: Text
    texts: list[Text] = Field(min_length=1, max_length=_TEXTS_MOST)
    min_weight: Share = Field(MIN_WEIGHT, description="links of less weight are left out")


class Explained(BaseModel):
    """The links of each text, in their order. `start` and `end` count Unicode characters, not units of UTF-16."""

    links: list[list[WordLink]]
    milliseconds: float


class Point(BaseModel):
    """A document on a map; `x` and `y` are 0 to 1, and y runs upwards."""

    id: Any
    text: str = Field(description="its beginning")
    lang: str
    x: float
    y: float


class Drawn(BaseModel):
    """A map: what lies together means the same. Directions mean nothing."""

    points: list[Point]
    total: int = Field(description="documents there are; of many a part is on the map")


class Placing(Asked):
    """Texts to be placed on the map."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"texts": ["ありがとう"]}]})

    texts: list[Text] = Field(min_length=1, max_length=_TEXTS_MOST)


class Spot(BaseModel):
    """A place on a map."""

    x: float
    y: float


class Places(BaseModel):
    """Where texts belong, in their order."""

    places: list[Spot]


@router.post("/explain", response_model=Explained)
async def explain(request: Request, name: CollectionName, asked: Explaining) -> Response:
    """Which words of hits answer which of the query, whatever the languages, to be underlined."""
    service, started = allow(request, "read", name), time.perf_counter()
    check_number(service, len(asked.texts), "texts")
    check_texts(service, asked.texts)
    service.check_queries([asked.query])
    collection = await service.collection(name)
    links = await collection.explain(asked.query, asked.texts, min_weight=asked.min_weight)
    return json_of(Explained(links=links, milliseconds=round(1000 * (time.perf_counter() - started), 2)))


@router.get("/map", response_model=Drawn, responses=errors(404, 501))
async def draw(request: Request, name: CollectionName) -> Response:
    """The collection as a map, of 2,000 documents at most. Drawing takes some seconds; then it is kept.

    It is drawn anew when the number of documents has changed.
    """
    service = allow(request, "read", name)
    found = await service.maps.get(await service.collection(name))
    rows = zip(found.ids, found.texts, found.langs, found.places.tolist(), strict=True)
    points = [
        Point(id=id if isinstance(id, (str, int)) else str(id), text=text[:_SHOWN], lang=lang, x=x, y=y)
        for id, text, lang, (x, y) in rows
    ]
    return json_of(Drawn(points=points, total=found.total))


@router.post("/map/place", response_model=Places, responses=errors(404, 501))
async def place(request: Request, name: CollectionName, asked: Placing) -> Response:
    """Where texts, such as a query, belong on the map, by what is nearest to them in meaning."""
    service = allow(request, "read", name)
    check_texts(service, asked.texts)
    service.check_queries(asked.texts)
    found = await service.maps.get(await service.collection(name))
    placed = await asyncio.to_thread(found.place, asked.texts)
    return json_of(Places(places=[Spot(x=one.x, y=one.y) for one in placed]))
