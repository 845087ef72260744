"""What qdrant-client raises → our tree. Keys never come along: messages are built from status and reason only."""

from __future__ import annotations

import contextlib
import datetime as dt
import email.utils
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
from xling.store.retry import Fault

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
    "UNIMPLEMENTED": 501,
}
_TOO_LARGE = ("larger than allowed", "larger than max", "message length too large", "Payload Too Large")
_NO_SPACE = ("No space left", "Out of disk", "out of disk", "disk space", "disk is full")
_TRANSPORT = {"httpx", "httpcore", "httpx2", "httpcore2"}


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


def fault_of(error: BaseException | None) -> Fault | None:
    """Whether what qdrant-client raised may pass by itself, and what the server says of when. None: it will not."""
    if error is None or too_large(error) or disk_full(error):
        return None
    wait = _retry_after(error)
    status = _status(error)
    if status == 429 or type(error).__name__ == "ResourceExhaustedResponse" or _bad_retry_after(error):
        return Fault("refused", wait)
    reason = _reason(error)
    if _is_connect_error(error) or "failed to connect" in reason.lower():
        return Fault("unreached", wait)
    if status in (408, 500, 502, 503, 504) or (status is None and _is_connection_error(error)):
        # A request that cannot be sent at all (an address of no such form) is the caller's to correct.
        if _is_no_answer_of_qdrants(error) or type(_source(error)).__name__ in {"UnsupportedProtocol", "InvalidURL"}:
            return None
        return Fault("unanswered", wait)
    return None


def too_large(error: BaseException | None) -> bool:
    """Whether a request was refused for its size."""
    if error is None:
        return False
    return _status(error) == 413 or any(words in _reason(error) for words in _TOO_LARGE)


def disk_full(error: BaseException | None) -> bool:
    """Whether the server has no room left."""
    return error is not None and any(words in _reason(error) for words in _NO_SPACE)


def _translate(exc: Exception, doing: str, name: str, location: str) -> XlingError:
    status, reason = _status(exc), _reason(exc)
    what = f"cannot {doing} in the collection {name!r} at {location}"
    if status in (401, 403):
        return AccessDenied(f"{what}: Qdrant refused the API key ({status}); check api_key= and what the key may do")
    if "point" in reason.lower() and ("No point with id" in reason or "not found" in reason.lower()):
        return StoreError(f"{what}: {reason}")
    if status == 404 or "doesn't exist" in reason or ("not found" in reason and "ollection" in reason):
        return CollectionNotFound(f"there is no collection {name!r} at {location}")
    if disk_full(exc):
        return StoreError(f"{what}: the server's disk is full ({reason}). What was acknowledged before is there")
    if too_large(exc):
        return InvalidInput(f"{what}: the request is larger than the server, or a proxy before it, takes ({reason})")
    if "ndex required" in reason:
        return InvalidInput(
            f"{what}: the server is strict and filters by indexed fields only: name the field in "
            f"xling.open(…, indexes=…), e.g. indexes={{'year': 'integer'}} ({reason})"
        )
    if status == 501:
        return StoreError(f"{what}: the server is too old for this ({reason}); upgrade it")
    if status is not None and 400 <= status < 500 and status != 429 and status != 408:
        return InvalidInput(f"{what}: Qdrant says {reason}")
    if "closed" in reason and ("lient" in reason or "QdrantLocal" in reason or "channel" in reason):
        return CollectionClosed(f"the client of the collection {name!r} is closed")
    if status == 429 or type(exc).__name__ == "ResourceExhaustedResponse" or _bad_retry_after(exc):
        wait = _retry_after(exc)
        when = "try again later" if wait is None else f"it asks to try again in {wait:.0f} s"
        return StoreUnavailable(f"{what}: the server takes no more requests just now ({reason}); {when}")
    if _is_no_answer_of_qdrants(exc):
        return StoreError(
            f"{what}: what answers there is no Qdrant server, or one too old or too new for this qdrant-client to read"
        )
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


def _source(exc: BaseException) -> BaseException:
    """What qdrant-client's `ResponseHandlingException` wraps."""
    source = getattr(exc, "source", None)
    return source if isinstance(source, BaseException) else exc


def _is_connect_error(exc: BaseException) -> bool:
    return type(_source(exc)).__name__ in {"ConnectError", "ConnectTimeout", "PoolTimeout", "ConnectionRefusedError"}


def _bad_retry_after(exc: BaseException) -> bool:
    """qdrant-client reads Retry-After in seconds only, and raises where it is a date."""
    return type(exc).__name__ == "QdrantException" and "Retry-After" in str(exc)


def _retry_after(exc: BaseException) -> float | None:
    """Seconds that the server asks to wait: a number or a date, as RFC 9110 has it."""
    value = getattr(exc, "retry_after_s", None)
    if value is None and _bad_retry_after(exc):
        value = str(exc).partition("integer: ")[2]
    if value is None:
        headers = getattr(exc, "headers", None) or {}
        value = headers.get("retry-after")
    if value is None:
        return None
    with contextlib.suppress(ValueError):
        seconds = float(value)
        return max(0.0, seconds) if seconds < 1e9 else None
    with contextlib.suppress(ValueError, TypeError):
        due = email.utils.parsedate_to_datetime(str(value))
        if due.tzinfo is None:
            due = due.replace(tzinfo=dt.timezone.utc)
        return max(0.0, (due - dt.datetime.now(dt.timezone.utc)).total_seconds())
    return None


def _is_connection_error(exc: BaseException) -> bool:
    seen: BaseException | None = exc
    while seen is not None:
        if isinstance(seen, (ConnectionError, TimeoutError)):
            return True
        module = type(seen).__module__.partition(".")[0]
        if module in _TRANSPORT or type(seen).__name__ == "ResponseHandlingException":
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def _is_no_answer_of_qdrants(exc: BaseException) -> bool:
    """A good status with a body that is not JSON, or not the JSON that was due."""
    source = getattr(exc, "source", exc)
    return isinstance(source, json.JSONDecodeError) or type(source).__name__ == "ValidationError"
