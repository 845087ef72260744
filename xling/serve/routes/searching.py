"""Routes that find documents."""

from __future__ import annotations

import asyncio
import time

from fastapi import APIRouter, Request
from fastapi.responses import Response

from xling.errors import InvalidInput
from xling.language import detector
from xling.serve import warned
from xling.serve.routes.common import CollectionName, allow, check_limit, check_number, check_texts, errors, json_of
from xling.serve.search_models import (
    Answer,
    Classified,
    Classifying,
    Detected,
    Found,
    Ranking,
    Recommending,
    Retrieved,
    Retrieving,
    Searching,
    Similar,
)
from xling.types import Document

router = APIRouter(prefix="/v1/collections/{name}", tags=["search"], responses=errors(404, 409, 501))


def _since(started: float) -> float:
    return round(1000 * (time.perf_counter() - started), 2)


@router.post("/search", response_model=Found)
async def search(request: Request, name: CollectionName, asked: Searching) -> Response:
    """Documents nearest in meaning to a query of any language.

    With `compare` further rankings come with the answer, for other values of `neutral`: the query is encoded once.
    """
    service, started = allow(request, "read", name), time.perf_counter()
    check_limit(service, asked.limit)
    warned.listen()
    collection = await service.collection(name)
    service.check_queries(asked.texts)
    if asked.mode != "lexical":
        await service.encode(collection.space, asked.texts, [asked.neutral, *asked.compare])
    options = asked.options()
    hits, *others = await asyncio.gather(
        *(collection.search(asked.texts, neutral=alpha, **options) for alpha in (asked.neutral, *asked.compare))
    )
    language = detector().detect(asked.texts[0])
    found = Found(
        hits=hits,
        rankings=[Ranking(neutral=alpha, hits=of) for alpha, of in zip(asked.compare, others, strict=True)],
        language=Detected(lang=language.lang, confidence=round(language.confidence, 4)),
        milliseconds=_since(started),
        warnings=warned.told(),
    )
    return json_of(found)


@router.post("/similar", response_model=Answer)
async def similar(request: Request, name: CollectionName, asked: Similar) -> Response:
    """More like a stored document or a text, without its copies and translations."""
    service, started = allow(request, "read", name), time.perf_counter()
    check_limit(service, asked.limit)
    warned.listen()
    collection = await service.collection(name)
    if (asked.id is None) == (asked.text is None):
        raise InvalidInput("give the id of a document, or a text: one of the two")
    if asked.text is not None:
        await service.encode(collection.space, [asked.text], [asked.neutral])
        hits = await collection.similar(Document(text=asked.text), **asked.options())
    else:
        assert asked.id is not None
        if await collection.get(asked.id) is None:
            raise InvalidInput(f"the collection has no document of the id {asked.id!r}")
        hits = await collection.similar(asked.id, **asked.options())
    return json_of(Answer(hits=hits, milliseconds=_since(started), warnings=warned.told()))


@router.post("/recommend", response_model=Answer)
async def recommend(request: Request, name: CollectionName, asked: Recommending) -> Response:
    """Documents that somebody may like, from what they liked, disliked and saw, in whatever language."""
    service, started = allow(request, "read", name), time.perf_counter()
    check_limit(service, asked.limit)
    items = [*asked.liked, *asked.disliked, *asked.history]
    check_number(service, len(items), "items")
    check_texts(service, [item for item in items if isinstance(item, str)])
    warned.listen()
    collection = await service.collection(name)
    hits = await collection.recommend(**asked.model_dump())
    return json_of(Answer(hits=hits, milliseconds=_since(started), warnings=warned.told()))


@router.post("/retrieve", response_model=Retrieved)
async def retrieve(request: Request, name: CollectionName, asked: Retrieving) -> Response:
    """Passages that help to answer a question, cited, within a budget of tokens; `context` is for a prompt."""
    service, started = allow(request, "read", name), time.perf_counter()
    check_limit(service, asked.limit)
    warned.listen()
    collection = await service.collection(name)
    service.check_queries(asked.texts)
    if asked.mode != "lexical":
        await service.encode(collection.space, asked.texts, [asked.neutral])
    found = await collection.retrieve(asked.texts, **asked.model_dump(exclude={"question"}))
    answer = Retrieved(
        questions=found.questions,
        passages=found.passages,
        tokens=found.tokens,
        context=found.as_context(),
        milliseconds=_since(started),
        warnings=warned.told(),
    )
    return json_of(answer)


@router.post("/classify", response_model=Classified)
async def classify(request: Request, name: CollectionName, asked: Classifying) -> Response:
    """The label of each text whose examples (texts, or ids of documents) it is most like, in any language."""
    service, started = allow(request, "read", name), time.perf_counter()
    given = [item for items in asked.examples.values() for item in items]
    check_number(service, len(asked.texts) + len(given), "texts")
    check_texts(service, [*asked.texts, *(item for item in given if isinstance(item, str))])
    warned.listen()
    collection = await service.collection(name)
    predictions = await collection.classify(
        asked.texts,
        examples=asked.examples,
        method=asked.method,
        threshold=asked.threshold,
        neutral=asked.neutral,
    )
    return json_of(Classified(predictions=predictions, milliseconds=_since(started), warnings=warned.told()))
