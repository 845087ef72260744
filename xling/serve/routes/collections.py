"""Routes of collections."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Request
from fastapi.responses import Response

from xling.serve.models import Briefs, Making
from xling.serve.routes.common import CollectionName, allow, errors, json_of
from xling.serve.service import Service
from xling.types import Info

router = APIRouter(prefix="/v1/collections", tags=["collections"])


@router.get("", response_model=Briefs, responses=errors())
async def list_collections(request: Request) -> Response:
    """The collections that the key may read."""
    service = allow(request, "read")
    caller = request.scope["xling.caller"]
    found = await service.collections.briefs(lambda name: caller.allows("read", name))
    return json_of(Briefs.model_validate({"collections": found}))


@router.put(
    "/{name}",
    response_model=Info,
    responses={**errors(404, 409), 200: {"description": "It was there"}, 201: {"model": Info, "description": "Made"}},
)
async def create_collection(
    request: Request, name: CollectionName, making: Annotated[Making | None, Body()] = None
) -> Response:
    """Make a collection; one that is there stays as it is, and is refused if it was made otherwise than asked."""
    service = allow(request, "admin", name)
    service.encoder()
    options = {} if making is None else making.model_dump(exclude_none=True)
    _, made = await service.collections.create(name, options)
    return json_of(await _info(service, name), 201 if made else 200)


@router.get("/{name}", response_model=Info, responses=errors(404, 409))
async def get_collection(request: Request, name: CollectionName) -> Response:
    """What a collection is and holds."""
    return json_of(await _info(allow(request, "read", name), name))


@router.delete("/{name}", status_code=204, response_class=Response, responses=errors(404, 409))
async def delete_collection(request: Request, name: CollectionName) -> Response:
    """Delete a collection, documents and all. There is no way back."""
    service = allow(request, "admin", name)
    service.encoder()
    await service.collections.drop(name)
    return Response(status_code=204)


async def _info(service: Service, name: str) -> Info:
    collection = await service.collection(name)
    info = await collection.info()
    # Directories and addresses are nobody's business here.
    return info.model_copy(update={"location": service.collections.location})
