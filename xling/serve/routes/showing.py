"""Routes that help a user interface to show hits: which of their words answer the query's."""

from __future__ import annotations

import time

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from xling.serve.fields import Asked, Share, Text
from xling.serve.routes.common import CollectionName, allow, check_number, check_texts, errors, json_of
from xling.space.word_links import MIN_WEIGHT
from xling.types import WordLink

router = APIRouter(prefix="/v1/collections/{name}", tags=["search"], responses=errors(404, 409))

_TEXTS_MOST = 100


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
