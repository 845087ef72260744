"""Routes for those who run the service."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from xling.serve.keys import ALL, Key
from xling.serve.metrics import CONTENT_TYPE
from xling.serve.models import About, Limits, State
from xling.serve.problems import ErrorBody, Problem
from xling.serve.routes.common import allow, errors, json_of, service_of

router = APIRouter(tags=["operations"])


@router.get("/health", response_model=State)
async def health() -> Response:
    """Whether the process answers. Needs no key."""
    return json_of(State(status="ok"))


@router.get(
    "/ready", response_model=State, responses={503: {"model": State, "description": "Not yet, or not any more"}}
)
async def ready(request: Request) -> Response:
    """Whether requests are answered: the model is loaded, and the service is not stopping. Needs no key."""
    service = service_of(request)
    if await service.ready():
        return json_of(State(status="ready"))
    return json_of(State(status="stopping" if service.stopping else "starting"), 503)


@router.get(
    "/metrics",
    response_class=Response,
    responses={
        200: {"content": {"text/plain": {}}, "description": "In Prometheus' text format"},
        401: {"model": ErrorBody, "description": "A key is needed, or is not good"},
        403: {"model": ErrorBody, "description": "The key is not for all collections"},
    },
)
async def metrics(request: Request) -> Response:
    """For Prometheus. Needs a key that may read all collections, where keys are needed."""
    service = allow(request, "read")
    if ALL not in request.scope["xling.caller"].collections:
        raise Problem(403, "metrics are of all collections: the key has to be for all of them")
    return Response(service.metrics.text(), headers={"Content-Type": CONTENT_TYPE})


@router.get("/v1/service", response_model=About, responses=errors())
async def about(request: Request) -> Response:
    """What the service is, and what the key may do; without a key, that one is needed."""
    from xling import __version__

    service = service_of(request)
    caller: Key | None = request.scope.get("xling.caller")
    settings = service.settings
    limits = Limits(
        body_bytes=settings.max_body_bytes,
        upload_bytes=settings.max_upload_bytes,
        documents=settings.max_documents,
        text_characters=settings.max_text_characters,
        query_characters=settings.max_query_characters,
        limit=settings.max_limit,
        depth=settings.max_depth,
    )
    known = caller is not None
    encoder = service.model if known else None
    told = About(
        version=__version__,
        keys_required=service.door.keys_required,
        role=caller.role if caller is not None else None,
        collections=list(caller.collections) if caller is not None else [],
        model=encoder.name if encoder is not None else None,
        dimension=encoder.dimension if encoder is not None else None,
        limits=limits if known else None,
    )
    return json_of(told)
