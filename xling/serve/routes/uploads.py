"""Routes that take streams of documents, and files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse

from xling.errors import XlingError
from xling.serve import warned
from xling.serve.models import SyncEvent, Written
from xling.serve.problems import Problem, body_of, problem_of_error
from xling.serve.routes.common import CollectionName, allow, errors, json_of
from xling.serve.routes.documents import written
from xling.serve.service import Service
from xling.serve.uploads import NDJSON, SentFile, check_lines, documents_of, kept_aside

router = APIRouter(prefix="/v1/collections/{name}", tags=["documents"], responses=errors(404, 409, 501))

_LINES = {"schema": {"type": "string", "format": "binary"}, "example": '{"id": "a", "text": "Thank you"}\n"おはよう"\n'}
_FILE = {"schema": {"type": "string", "format": "binary"}}
Source = Annotated[str, Query(min_length=1, max_length=1000, description="name of the source")]


@router.post(
    "/sync",
    response_model=Written,
    responses={200: {"content": {NDJSON[0]: {"schema": SyncEvent.model_json_schema()}}}},
    openapi_extra={"requestBody": {"required": True, "content": {NDJSON[0]: _LINES}}},
)
async def sync(
    request: Request,
    name: CollectionName,
    source: Source,
    dry_run: Annotated[bool, Query(description="say what would happen, and change nothing")] = False,
    allow_empty: Annotated[bool, Query(description="delete all of the source if nothing is sent")] = False,
) -> Response:
    """Make the collection equal to a source: a document, or a text, a line of JSON.

    What is new is added, what differs is updated, and documents of this source that are not in the stream are deleted.
    The stream is received and looked through whole before anything is written: one that is cut off, or has a line that
    is no document, changes nothing. With `Accept: application/x-ndjson` the answer says how far it is, line by line.
    """
    service = allow(request, "write", name)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in NDJSON:
        raise Problem(415, f"the body is to be lines of JSON, with the header 'Content-Type: {NDJSON[0]}'")
    warned.listen()
    collection = await service.collection(name)
    stack = kept_aside(request, service.settings)
    file = await stack.__aenter__()
    options: dict[str, Any] = {"source": source, "dry_run": dry_run, "allow_empty": allow_empty}
    try:
        await asyncio.to_thread(check_lines, file, service.settings)
    except BaseException:
        await stack.__aexit__(None, None, None)
        raise

    async def work(progress: Any = None) -> Written:
        try:
            report = await collection.sync(documents_of(file, service.settings), progress=progress, **options)
        finally:
            await stack.__aexit__(None, None, None)
        if not dry_run:
            service.wrote(report)
        return written(report)

    if NDJSON[0] in request.headers.get("accept", ""):
        return StreamingResponse(_followed(service, work, request.scope.get("xling.request_id")), media_type=NDJSON[0])
    return json_of(await work())


@router.post(
    "/files",
    response_model=Written,
    openapi_extra={"requestBody": {"required": True, "content": {"application/octet-stream": _FILE}}},
)
async def add_file(
    request: Request,
    name: CollectionName,
    file: Annotated[
        str, Query(alias="name", min_length=1, max_length=255, description="the file's name", examples=["guide.pdf"])
    ],
    source: Annotated[str | None, Query(max_length=1000, description="the name by default; empty for none")] = None,
    lines: Annotated[bool, Query(description="each line of a text file is a document")] = False,
) -> Response:
    """Add a file: txt, md, html, pdf, docx are one document, known by the name; jsonl, csv, tsv, parquet one a row.

    The body is the file itself, whatever its `Content-Type` says. Adding it again changes what changed in it.
    """
    service = allow(request, "write", name)
    warned.listen()
    collection = await service.collection(name)
    async with kept_aside(request, service.settings) as body:
        sent = await asyncio.to_thread(SentFile, body, file, source, lines, service.settings)
    try:
        report = await collection.add(sent.documents())
    finally:
        await asyncio.to_thread(sent.close)
    service.wrote(report)
    return json_of(written(report))


async def _followed(service: Service, work: Any, request_id: str | None) -> AsyncIterator[bytes]:
    """Lines that say how far it is. The work goes on if nobody listens any more: it was accepted."""
    told: asyncio.Queue[SyncEvent | None] = asyncio.Queue()

    async def run() -> None:
        try:
            event = SyncEvent(report=await work(lambda progress: told.put_nowait(SyncEvent(progress=progress))))
        except Problem as problem:
            event = SyncEvent(error=body_of(problem, request_id)["error"])
        except XlingError as error:
            event = SyncEvent(error=body_of(problem_of_error(error), request_id)["error"])
        told.put_nowait(event)
        told.put_nowait(None)

    service.go_on(asyncio.create_task(run()))
    while (event := await told.get()) is not None:
        yield event.model_dump_json(exclude_none=True).encode() + b"\n"
