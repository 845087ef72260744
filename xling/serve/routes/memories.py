"""Routes of translation memories: collections that `xling tm` or `xling.open_memory` filled."""

from __future__ import annotations

import asyncio
import functools
import time

from fastapi import APIRouter, Request
from fastapi.responses import Response

from xling.serve import warned
from xling.serve.routes.common import CollectionName, allow, check_texts, errors, json_of
from xling.serve.search_models import Looking, Matches, MemoryMatch

router = APIRouter(prefix="/v1/memories/{name}", tags=["memories"], responses=errors(404, 409, 501))


@router.post("/lookup", response_model=Matches)
async def lookup(request: Request, name: CollectionName, asked: Looking) -> Response:
    """Translations that a memory has for a text or for one like it: equal, alike as strings, or of one meaning."""
    service, started = allow(request, "read", name), time.perf_counter()
    check_texts(service, [asked.text])
    warned.listen()
    memory = await service.memory(name)
    look_up = functools.partial(memory.lookup, **asked.model_dump())
    matches = await asyncio.to_thread(functools.partial(look_up, exact=True))
    if not asked.exact and len(matches) < asked.limit:
        await service.encode(memory.collection.space, [asked.text], alike=True)
        matches = await asyncio.to_thread(look_up)
    rows = [
        MemoryMatch(
            target=match.target,
            source=match.source,
            source_lang=match.source_lang,
            target_lang=match.target_lang,
            kind=match.kind,
            percent=match.percent,
            confidence=match.confidence,
            flags=list(match.flags),
            context=match.context,
            changed=match.changed,
            key=match.key,
            memory=match.memory,
        )
        for match in matches
    ]
    milliseconds = round(1000 * (time.perf_counter() - started), 2)
    return json_of(Matches(matches=rows, milliseconds=milliseconds, warnings=warned.told()))
