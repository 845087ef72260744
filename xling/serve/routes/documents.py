"""Routes of documents."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from xling.errors import InvalidInput
from xling.serve import warned
from xling.serve.fields import Code, Text
from xling.serve.models import Adding, Deleting, Documents, Ids, Written
from xling.serve.problems import Problem
from xling.serve.routes.common import CollectionName, allow, check_limit, check_number, check_texts, errors, json_of
from xling.types import Document, DocumentId, DocumentPage, Report

router = APIRouter(prefix="/v1/collections/{name}/documents", tags=["documents"], responses=errors(404, 409))

_PAGE = 100
IdType = Annotated[Literal["string", "integer", "uuid"], Query(description="what the id in the address is")]


def written(report: Report) -> Written:
    """A report, with the warnings of this request."""
    return Written(**dict(report), warnings=tuple(warned.told()))


@router.post("", response_model=Written)
async def add_documents(request: Request, name: CollectionName, adding: Adding) -> Response:
    """Store documents. Adding one again changes nothing; a new text under a known id takes the old one's place.

    A text that cannot be stored (blank, say) is skipped and reported, and the others are stored.
    """
    service = allow(request, "write", name)
    check_number(service, len(adding.documents))
    check_texts(service, [one if isinstance(one, str) else one.text for one in adding.documents])
    warned.listen()
    collection = await service.collection(name)
    report = await collection.add(adding.documents, source=adding.source)
    service.wrote(report)
    return json_of(written(report))


@router.get("", response_model=DocumentPage)
async def list_documents(
    request: Request,
    name: CollectionName,
    limit: Annotated[int, Query(ge=1, description="documents of a page")] = _PAGE,
    cursor: Annotated[str | None, Query(max_length=255, description="that of the page before")] = None,
    languages: Annotated[
        list[Code] | None, Query(max_length=200, description="only these, as BCP 47 codes; may be given several times")
    ] = None,
    source: Annotated[Text | None, Query(description="only documents of this source")] = None,
) -> Response:
    """Whole documents, page by page, in no order that means something. The last page has no cursor."""
    service = allow(request, "read", name)
    check_limit(service, limit, "documents")
    collection = await service.collection(name)
    page = await collection.documents_page(limit=limit, cursor=cursor, languages=languages, source=source)
    return json_of(page)


@router.post("/get", response_model=Documents)
async def get_documents(request: Request, name: CollectionName, asked: Ids) -> Response:
    """Whole documents by their ids, in their order; null where there is none."""
    service = allow(request, "read", name)
    check_number(service, len(asked.ids), "ids")
    collection = await service.collection(name)
    wanted: list[DocumentId] = list(asked.ids)
    return json_of(Documents(documents=await collection.get(wanted)))


@router.post("/delete", response_model=Written)
async def delete_documents(request: Request, name: CollectionName, asked: Deleting) -> Response:
    """Delete documents by ids, or all that meet a filter; give one or the other."""
    service = allow(request, "write", name)
    if asked.ids is not None:
        check_number(service, len(asked.ids), "ids")
    warned.listen()
    collection = await service.collection(name)
    wanted: list[DocumentId] | None = None if asked.ids is None else list(asked.ids)
    report = await collection.delete(wanted, **asked.selection())
    service.wrote(report)
    return json_of(written(report))


@router.get("/{id:path}", response_model=Document)
async def get_document(request: Request, name: CollectionName, id: str, id_type: IdType = "string") -> Response:
    """A whole document."""
    service = allow(request, "read", name)
    collection = await service.collection(name)
    found = await collection.get(_id(id, id_type))
    if found is None:
        raise Problem(404, f"there is no document of the {id_type} id {json.dumps(id)}")
    return json_of(found)


@router.delete("/{id:path}", response_model=Written)
async def delete_document(request: Request, name: CollectionName, id: str, id_type: IdType = "string") -> Response:
    """Delete one document."""
    service = allow(request, "write", name)
    warned.listen()
    collection = await service.collection(name)
    report = await collection.delete([_id(id, id_type)])
    if not report.deleted:
        raise Problem(404, f"there is no document of the {id_type} id {json.dumps(id)}")
    service.wrote(report)
    return json_of(written(report))


def _id(text: str, kind: str) -> DocumentId:
    if kind == "string":
        return text
    make: Any = int if kind == "integer" else UUID
    try:
        value: DocumentId = make(text)
    except ValueError:
        raise InvalidInput(f"{text[:80]!r} is no {kind}") from None
    return value
