"""What qdrant-client raises → our tree. Keys never come along: messages are built from status and reason only."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator

from xling.errors import (
    AccessDenied,
    CollectionClosed,
    CollectionNotFound,
    InvalidInput,
    StoreError,
    StoreUnavailable,
    XlingError,
)

_GRPC_TO_HTTP = {
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "INVALID_ARGUMENT": 400,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
    "RESOURCE_EXHAUSTED": 429,
}


@contextlib.contextmanager
def translated(doing: str, *, name: str, location: str) -> Iterator[None]:
    """Run a call to Qdrant; what it raises comes out as an error of ours that says what was being done."""
    try:
        yield
    except XlingError:
        raise
    except Exception as exc:
        raise _translate(exc, doing, name, location) from exc


def already_exists(error: BaseException | None) -> bool:
    """Whether a creation failed because somebody else was quicker."""
    return error is not None and ("already exists" in str(error) or _status(error) == 409)


def _translate(exc: Exception, doing: str, name: str, location: str) -> XlingError:
    status, reason = _status(exc), _reason(exc)
    what = f"cannot {doing} in the collection {name!r} at {location}"
    if status in (401, 403):
        return AccessDenied(f"{what}: Qdrant refused the API key ({status}); check api_key= and what the key may do")
    if "point" in reason.lower() and ("No point with id" in reason or "not found" in reason.lower()):
        return StoreError(f"{what}: {reason}")
    if status == 404 or "doesn't exist" in reason or ("not found" in reason and "ollection" in reason):
        return CollectionNotFound(f"there is no collection {name!r} at {location}")
    if status is not None and 400 <= status < 500 and status != 429 and status != 408:
        return InvalidInput(f"{what}: Qdrant says {reason}")
    if "closed" in reason and ("lient" in reason or "QdrantLocal" in reason or "channel" in reason):
        return CollectionClosed(f"the client of the collection {name!r} is closed")
    if type(exc).__name__ == "ResourceExhaustedResponse":  # what qdrant-client makes of 429
        status = 429
    if status == 429:
        return StoreUnavailable(f"{what}: the server takes no more requests just now ({reason}); try again later")
    if _is_no_answer_of_qdrants(exc):
        return StoreError(f"{what}: what answers there is no Qdrant server, or one that this qdrant-client cannot read")
    if status in (408, 502, 503, 504) or _is_connection_error(exc):
        return StoreUnavailable(
            f"{what}: the server could not be reached or did not answer in time ({reason}); "
            f"check the address and that Qdrant runs there, or give a longer timeout="
        )
    if isinstance(exc, ValueError):  # what local mode raises for input it cannot use
        return InvalidInput(f"{what}: {reason}")
    return StoreError(f"{what}: {reason}")


def _status(exc: BaseException) -> int | None:
    status = getattr(exc, "status_code", None)
    if isinstance(status, int):
        return status
    code = getattr(exc, "code", None)  # grpc.RpcError
    if callable(code):
        with contextlib.suppress(Exception):
            return _GRPC_TO_HTTP.get(code().name, 500)
    return None


def _reason(exc: BaseException) -> str:
    """The server's own words, without headers (which qdrant-client puts into its messages)."""
    content = getattr(exc, "content", None)
    if isinstance(content, bytes):
        with contextlib.suppress(ValueError):
            parsed = json.loads(content)
            error = parsed.get("status", {}) if isinstance(parsed, dict) else {}
            if isinstance(error, dict) and error.get("error"):
                return str(error["error"])
        return content[:200].decode("utf-8", "replace") or type(exc).__name__
    details = getattr(exc, "details", None)
    if callable(details):
        with contextlib.suppress(Exception):
            return str(details())
    return str(exc) or type(exc).__name__


def _is_connection_error(exc: BaseException) -> bool:
    seen: BaseException | None = exc
    while seen is not None:
        if isinstance(seen, (ConnectionError, TimeoutError)):
            return True
        module = type(seen).__module__.partition(".")[0]
        if module in {"httpx", "httpcore", "httpx2", "httpcore2"} or type(seen).__name__ == "ResponseHandlingException":
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def _is_no_answer_of_qdrants(exc: BaseException) -> bool:
    """A good status with a body that is not JSON, or not the JSON that was due."""
    source = getattr(exc, "source", exc)
    return isinstance(source, json.JSONDecodeError) or type(source).__name__ == "ValidationError"
