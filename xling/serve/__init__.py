"""The HTTP service (extra `serve`): collections, search and embeddings for those who do not write Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xling.errors import MissingExtra

if TYPE_CHECKING:
    from xling.serve.app import create_app
    from xling.serve.keys import KeyFile
    from xling.serve.settings import Settings, load_settings

__all__ = ["KeyFile", "Settings", "create_app", "load_settings"]

_HOMES = {
    "KeyFile": "xling.serve.keys",
    "Settings": "xling.serve.settings",
    "create_app": "xling.serve.app",
    "load_settings": "xling.serve.settings",
}
_EXTRA = ("fastapi", "starlette", "uvicorn", "prometheus_client", "pydantic_settings", "tomli")


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'xling.serve' has no attribute {name!r}")
    from importlib import import_module

    try:
        return getattr(import_module(_HOMES[name]), name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in _EXTRA:
            raise
        raise MissingExtra("The HTTP service", "serve", error.name) from error
