"""The service as an ASGI application."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from xling.serve.limits import Guard
from xling.serve.page import add_page
from xling.serve.problems import add_handlers
from xling.serve.routes import collections, documents, memories, operations, searching, showing, texts, uploads
from xling.serve.service import Service
from xling.serve.settings import Settings, load_settings
from xling.space import Encoder

if TYPE_CHECKING:
    from qdrant_client import AsyncQdrantClient, QdrantClient

_DESCRIPTION = """Write texts of any language, find them from any other.

Where keys are needed, send `Authorization: Bearer <key>`. Every error is a JSON object `error` with a `code` for
programs, a `message` for people, and `details`. Answers 429 and 503 say in `Retry-After` when to try again."""
_TAGS = [
    {"name": "collections", "description": "List, make, look at and delete collections."},
    {"name": "documents", "description": "Store, read and delete texts."},
    {"name": "search", "description": "Find by meaning, whatever the language."},
    {"name": "memories", "description": "Look translations up."},
    {"name": "texts", "description": "Languages and vectors of texts that belong to no collection."},
    {"name": "operations", "description": "For those who run the service."},
]


def create_app(
    settings: Settings | None = None,
    *,
    model: Encoder | None = None,
    client: QdrantClient | AsyncQdrantClient | None = None,
) -> FastAPI:
    """The service, for uvicorn or another ASGI server with one worker: embedded collections have one owner.

    Args:
        settings: By default those of the environment.
        model: An encoder instead of the one that the settings name.
        client: A Qdrant client instead of the settings' place; it stays open.

    Raises:
        InvalidInput: The settings make no sense, or other machines could come in without a key.
    """
    from xling import __version__

    service = Service(settings or load_settings(), model=model, client=client)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await service.start()
        try:
            yield
        finally:
            await service.stop()

    app = FastAPI(
        title="xling",
        version=__version__,
        summary="Cross-lingual retrieval on Qdrant",
        description=_DESCRIPTION,
        openapi_tags=_TAGS,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        root_path=service.settings.root_path,
        docs_url=None,  # the usual pages for it load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.state.service = service
    add_handlers(app)
    for module in (collections, uploads, documents, searching, showing, memories, texts, operations):
        app.include_router(module.router)
    add_page(app)
    app.add_middleware(Guard, settings=service.settings, door=service.door, metrics=service.metrics)
    if service.settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(service.settings.cors_origins),
            allow_methods=["GET", "POST", "PUT", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "X-Request-Id"],
            expose_headers=["Retry-After", "X-Request-Id"],
            max_age=600,
        )
    _describe_keys(app)
    return app


def _describe_keys(app: FastAPI) -> None:
    """Keys are checked before the routes are reached; OpenAPI has to be told of them."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = generate()
            schemes = schema.setdefault("components", {}).setdefault("securitySchemes", {})
            schemes["key"] = {"type": "http", "scheme": "bearer", "description": "made by `xling keys create`"}
            for path, operations_of in schema["paths"].items():
                for operation in operations_of.values():
                    if path == "/metrics" or (path.startswith("/v1/") and path != "/v1/service"):
                        operation["security"] = [{"key": []}]
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
