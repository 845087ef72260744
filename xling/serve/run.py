"""The service in this process, until it is told to stop."""

from __future__ import annotations

import logging
import signal

import uvicorn

from xling.serve import logs
from xling.serve.app import create_app
from xling.serve.settings import Settings


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; what was accepted by then is finished.

    Raises:
        InvalidInput: The settings make no sense together.
    """
    app = create_app(settings)
    logs.configure(settings.log_level, settings.log_format)
    config = uvicorn.Config(
        app,
        host=settings.host.strip("[]"),
        port=settings.port,
        log_config=None,
        log_level=settings.log_level,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=settings.stop_seconds,
        h11_max_incomplete_event_size=65_536,
    )
    logging.getLogger("xling.serve").info(
        "starting",
        extra={"told": {"host": settings.host, "port": settings.port, "keys": app.state.service.door.keys_required}},
    )
    # uvicorn raises the signal that ended it once more: then the work is done, and this is a good end.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    uvicorn.Server(config).run()


def _leave(*_: object) -> None:
    raise SystemExit(0)
