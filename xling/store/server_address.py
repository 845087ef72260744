"""Addresses and keys of Qdrant servers, and the clients made from them."""

from __future__ import annotations

import ipaddress
import math
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit, urlunsplit

from xling.errors import InsecureKeyWarning, InvalidInput

if TYPE_CHECKING:
    from qdrant_client import AsyncQdrantClient, QdrantClient

_Client = TypeVar("_Client")
_TIMEOUT = 30


def connect(
    url: str, api_key: str | None, prefer_grpc: bool, timeout: float | None, grpc_port: int = 6334
) -> QdrantClient:
    """A client for a server. Nothing is sent yet.

    Raises:
        InvalidInput: This is no address, or no key that could be sent.
    """
    from qdrant_client import QdrantClient

    return _client(QdrantClient, url, api_key, prefer_grpc, timeout, grpc_port)


def connect_async(
    url: str, api_key: str | None, prefer_grpc: bool, timeout: float | None, grpc_port: int = 6334
) -> AsyncQdrantClient:
    """`connect` for an asynchronous client, which belongs to the running event loop."""
    from qdrant_client import AsyncQdrantClient

    return _client(AsyncQdrantClient, url, api_key, prefer_grpc, timeout, grpc_port)


def _client(
    kind: Callable[..., _Client],
    url: str,
    api_key: str | None,
    prefer_grpc: bool,
    timeout: float | None,
    grpc_port: int,
) -> _Client:
    if isinstance(grpc_port, bool) or not isinstance(grpc_port, int) or not 0 < grpc_port < 65536:
        raise InvalidInput(f"grpc_port= is a port, 1 to 65535, not {grpc_port!r}")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise InvalidInput(f"{without_credentials(url)!r} is not a server's address; one is 'http://localhost:6333'")
    if api_key is not None and not (api_key.isascii() and api_key.isprintable()):
        # Said here, since the HTTP library would put the key into its message.
        raise InvalidInput("the API key has a character that no HTTP header can carry: a line break at its end, maybe?")
    if api_key and parts.scheme == "http" and not is_loopback(parts.hostname):
        warnings.warn(
            f"the API key for {without_credentials(url)} travels unencrypted over http; use https",
            InsecureKeyWarning,
            stacklevel=6,
        )
    with warnings.catch_warnings():
        # The client warns of the key as well, for loopback too.
        warnings.simplefilter("ignore")
        return kind(
            url=url,
            api_key=api_key,
            prefer_grpc=prefer_grpc,
            grpc_port=grpc_port,
            timeout=max(1, math.ceil(_TIMEOUT if timeout is None else timeout)),
            check_compatibility=False,  # or a thread of it asks the server, and warns at any time later
        )


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def without_credentials(url: str) -> str:
    """An address that may be shown."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def location_of(client: QdrantClient) -> str:
    """For people: where a client keeps its collections."""
    options = getattr(client, "init_options", {})
    for key in ("url", "host", "path", "location"):
        if options.get(key):
            return without_credentials(str(options[key])) if key == "url" else str(options[key])
    return "a qdrant client"
