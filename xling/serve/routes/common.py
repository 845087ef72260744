"""What routes share: the service, the caller's rights, and the errors that are documented."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Path, Request
from fastapi.responses import Response
from pydantic import BaseModel

from xling.serve.keys import Key, Role
from xling.serve.problems import ErrorBody, Problem
from xling.serve.service import Service

CollectionName = Annotated[str, Path(description="the collection's name", max_length=255, examples=["phrases"])]


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The error responses of a route, for OpenAPI: those given, and those of all."""
    told = {
        400: "The body is no JSON, or was not sent whole",
        401: "A key is needed, or is not good",
        403: "The key may not do this",
        404: "There is no such collection or document",
        405: "This address does not know this method",
        408: "The body took too long to arrive",
        409: "The collection is in use elsewhere, or was made otherwise",
        413: "The body is too large",
        415: "The body is of another type",
        421: "The service is not known by this name",
        422: "Something in the request makes no sense; the message says what",
        429: "This client has too many requests under way; see Retry-After",
        501: "An optional part is not installed",
        502: "Qdrant or the model refused",
        503: "Overloaded, or Qdrant cannot be reached; see Retry-After",
        504: "It took too long",
    }
    common = (400, 401, 403, 405, 408, 413, 415, 421, 422, 429, 502, 503, 504)
    return {status: {"model": ErrorBody, "description": told[status]} for status in sorted({*common, *statuses})}


def service_of(request: Request) -> Service:
    """The service that the request is made of."""
    service: Service = request.app.state.service
    return service


def allow(request: Request, role: Role, collection: str | None = None) -> Service:
    """The service, if the caller may do this.

    Raises:
        Problem: The key's role or collections do not reach so far. Whether the collection exists is not told.
    """
    caller: Key | None = request.scope.get("xling.caller")
    if caller is None:
        raise Problem(401, "a key is needed: send the header 'Authorization: Bearer <key>'")
    if not caller.allows(role, collection):
        what = "this" if collection is None else f"this with the collection {collection!r}"
        raise Problem(403, f"the key may not do {what}: it has the role {caller.role!r}")
    return service_of(request)


def json_of(model: BaseModel, status: int = 200) -> Response:
    """A model as an answer, written as JSON in one go."""
    return Response(model.model_dump_json().encode("utf-8"), status, media_type="application/json")


def check_number(service: Service, number: int, what: str = "documents") -> None:
    """Raises `Problem` if a request holds more of something than is taken."""
    most = service.settings.max_documents
    if number > most:
        raise Problem(422, f"{number:,} {what} in one request; at most {most:,} are taken")


def check_limit(service: Service, limit: int, what: str = "hits") -> None:
    """Raises `Problem` if more hits are asked for than are given."""
    most = service.settings.max_limit
    if limit > most:
        raise Problem(422, f"limit: at most {most:,} {what} are given, not {limit:,}")


def check_texts(service: Service, texts: Sequence[str]) -> None:
    """Raises `Problem` if a text is longer than is taken."""
    most = service.settings.max_text_characters
    longest = max(map(len, texts), default=0)
    if longest > most:
        raise Problem(422, f"a text of {longest:,} characters; at most {most:,} are taken")
