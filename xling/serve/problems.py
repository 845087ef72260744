"""Errors as answers: one JSON form for all, a status that says whose fault it is, and nothing of the inside."""

from __future__ import annotations

import logging
import math
import traceback
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from xling.errors import (
    CollectionClosed,
    CollectionLocked,
    CollectionNotFound,
    InvalidInput,
    MissingExtra,
    SpaceMismatch,
    StoreUnavailable,
    XlingError,
)

_log = logging.getLogger("xling.serve")

CODES = {
    400: "malformed_body",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "timeout",
    409: "conflict",
    411: "length_required",
    413: "too_large",
    415: "unsupported_type",
    421: "wrong_host",
    422: "invalid_request",
    429: "too_many_requests",
    431: "too_large",
    500: "internal",
    501: "not_installed",
    502: "store_failed",
    503: "unavailable",
    504: "took_too_long",
}


class Detail(BaseModel):
    """One thing that was wrong."""

    where: str = Field(description="where in the request, e.g. `body.limit`")
    reason: str


class ErrorInfo(BaseModel):
    """What went wrong and what to do."""

    code: str = Field(description="a word for programs")
    message: str = Field(description="a sentence for people")
    details: list[Detail] = Field(default_factory=list)
    request_id: str | None = Field(default=None, description="as in the header X-Request-Id and in the log")


class ErrorBody(BaseModel):
    """The body of every error."""

    error: ErrorInfo


class Problem(Exception):
    """An error that is answered with a status.

    Args:
        status: HTTP status.
        message: For people.
        code: For programs; the status's own by default.
        retry_after: Seconds until it is worth trying again.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        retry_after: float | None = None,
        details: Sequence[Detail] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message = status, message
        self.code = code or CODES.get(status, "error")
        self.details = list(details)
        self.headers = dict(headers or {})
        if retry_after is not None:
            self.headers["Retry-After"] = str(max(1, math.ceil(retry_after)))
        if status == HTTPStatus.UNAUTHORIZED:
            self.headers["WWW-Authenticate"] = 'Bearer realm="xling"'


def overloaded(message: str, retry_after: float = 1.0) -> Problem:
    """The service has as much to do as it takes on."""
    return Problem(503, message, code="overloaded", retry_after=retry_after)


def body_of(problem: Problem, request_id: str | None) -> dict[str, Any]:
    """The answer's body."""
    info = ErrorInfo(code=problem.code, message=problem.message, details=problem.details, request_id=request_id)
    return ErrorBody(error=info).model_dump(mode="json")


def problem_of_error(error: XlingError) -> Problem:
    """What an error of the library comes to."""
    if isinstance(error, InvalidInput):
        return Problem(422, printable(str(error)))
    if isinstance(error, (CollectionNotFound, CollectionClosed)):
        return Problem(404, "there is no such collection, or it was deleted meanwhile")
    if isinstance(error, CollectionLocked):
        return Problem(409, "the collection is open in another process: embedded collections have one owner at a time")
    if isinstance(error, SpaceMismatch):
        return Problem(409, printable(str(error)))
    if isinstance(error, StoreUnavailable):
        return Problem(503, "the Qdrant server could not be reached, or did not answer in time", retry_after=2)
    if isinstance(error, MissingExtra):
        return Problem(501, f"this service was installed without what that needs: the extra {error.extra!r}")
    # Of others the message may show addresses and paths: it is for the log.
    _log.error("failed", extra={"told": {"error": type(error).__name__, "reason": str(error)}})
    return Problem(502, "Qdrant or the model refused or failed; the service's log says why")


def answer(problem: Problem, request_id: str | None) -> JSONResponse:
    """A problem as a response."""
    return JSONResponse(body_of(problem, request_id), problem.status, headers=problem.headers)


def add_handlers(app: FastAPI) -> None:
    """Every exception of a route becomes an `ErrorBody`."""

    async def known(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, Problem)
        return answer(error, _id(request))

    async def library(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, XlingError)
        return answer(problem_of_error(error), _id(request))

    async def invalid(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return answer(_of_validation(error), _id(request))

    async def http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        message = {404: "there is nothing at this address", 405: "this address does not know this method"}
        text = message.get(error.status_code, printable(str(error.detail)))
        return answer(Problem(error.status_code, text, headers=error.headers), _id(request))

    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        log_unexpected(error)
        return answer(Problem(500, "something unexpected went wrong; the service's log says where"), _id(request))

    app.add_exception_handler(Problem, known)
    app.add_exception_handler(XlingError, library)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, unexpected)


def log_unexpected(error: BaseException) -> None:
    """Where it happened, without messages, which may quote texts."""
    frames = [f"{f.filename.rpartition('/')[2]}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)]
    _log.error("unexpected", extra={"told": {"error": type(error).__name__, "at": frames[-12:]}})


def printable(text: str) -> str:
    """As JSON in UTF-8 can carry it, and not without end."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")[:2000]


def _of_validation(error: RequestValidationError) -> Problem:
    details, status = [], 422
    for one in error.errors()[:20]:
        kind = str(one.get("type", ""))
        if kind in ("json_invalid", "bytes_too_long"):
            status = 400
        where = ".".join(str(part) for part in one.get("loc", ()))
        details.append(Detail(where=printable(where), reason=printable(str(one.get("msg", "")))))
    first = details[0] if details else Detail(where="body", reason="it cannot be used")
    if status == 400:
        return Problem(400, "the body is no JSON", details=details)
    return Problem(422, f"{first.where.removeprefix('body.')}: {first.reason}", details=details)


def _id(request: Request) -> str | None:
    return request.scope.get("xling.request_id")
