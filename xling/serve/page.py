"""The page at `/`: the files of `xling/serve/page/`, if they are there, and nothing from elsewhere."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from starlette.responses import FileResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

DIRECTORY = Path(__file__).parent / "page"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What the page may load: what comes from here. No inline script or style, so that no text can become one."""


def add_page(app: FastAPI, directory: Path = DIRECTORY) -> bool:
    """Serve `index.html` at `/` and `assets/` at `/assets`; whether there is a page."""
    index = directory / "index.html"
    if not index.is_file():
        return False

    async def page(_: object) -> FileResponse:
        return FileResponse(index, media_type="text/html; charset=utf-8")

    app.router.routes.append(Route("/", _Strict(_of(page)), methods=["GET", "HEAD"], name="page"))
    assets = directory / "assets"
    if assets.is_dir():
        app.router.routes.append(Mount("/assets", _Strict(StaticFiles(directory=assets)), name="assets"))
    return True


class _Strict:
    """ASGI: the headers that keep a page to itself. Files are asked for anew each time, with their ETag."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        own = {
            b"content-security-policy": POLICY.encode(),
            b"cross-origin-opener-policy": b"same-origin",
            b"permissions-policy": b"camera=(), geolocation=(), microphone=()",
            b"cache-control": b"no-cache",
        }

        async def strict(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [header for header in message.get("headers", ()) if header[0].lower() not in own]
                message = {**message, "headers": [*kept, *own.items()]}
            await send(message)

        await self._app(scope, receive, strict)


def _of(handler: object) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        response = await handler(None)  # type: ignore[operator]
        await response(scope, receive, send)

    return app
