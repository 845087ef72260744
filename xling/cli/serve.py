"""`xling serve`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from xling.cli.options import KEY_VARIABLE, URL_VARIABLE, Model, Output


def serve(
    model: Model,
    out: Output,
    host: Annotated[
        str | None, typer.Option("--host", help="Address to listen on. (default: 127.0.0.1, this machine only)")
    ] = None,
    port: Annotated[int | None, typer.Option("--port", help="(default: 8080)", min=0, max=65535)] = None,
    path: Annotated[
        Path | None,
        typer.Option("--path", help="Directory of embedded collections. (default: the user's data directory)"),
    ] = None,
    url: Annotated[
        str | None, typer.Option("--url", help=f"A Qdrant server instead. (or the environment variable {URL_VARIABLE})")
    ] = None,
    api_key_file: Annotated[
        Path | None,
        typer.Option(
            "--api-key-file",
            help=f"File with the server's API key. (or the key itself in the environment variable {KEY_VARIABLE})",
        ),
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", help="TOML file of settings. (or the variable XLING_SERVE_CONFIG)")
    ] = None,
    keys: Annotated[
        Path | None, typer.Option("--keys", help="File of keys. (default: keys.json in the user's data directory)")
    ] = None,
    no_keys: Annotated[
        bool, typer.Option("--no-keys", help="Let other machines in without a key, where there is none.")
    ] = False,
) -> None:
    """Serve collections over HTTP: search, documents, embeddings, metrics; OpenAPI at /openapi.json.

    Without keys it listens on this machine only; `xling keys create` makes one. Every setting is also an environment
    variable, XLING_SERVE_PORT for instance, or a line of the file that --config names; docs/service.md lists them. It
    logs to standard error, and ends with Ctrl-C or SIGTERM once it has finished what it accepted. With --json the log
    is JSON, one object a line; else it is so where the settings do not say otherwise.
    """
    from xling.serve import load_settings
    from xling.serve.run import serve as serve_here

    if url is None and path is None and not os.environ.get("XLING_SERVE_URL"):
        url = os.environ.get(URL_VARIABLE) or None
    key = os.environ.get(KEY_VARIABLE, "").strip() or None
    given_key = url is not None and api_key_file is None and not os.environ.get("XLING_SERVE_API_KEY")
    settings = load_settings(
        config,
        host=host,
        port=port,
        path=path,
        url=url,
        api_key=key if given_key else None,
        api_key_file=api_key_file,
        keys_file=keys,
        allow_anonymous=no_keys or None,
        model=model.model,
        device=model.device,
        runtime=None if model.runtime == "auto" else model.runtime,
        log_level="debug" if out.debug else None,
        log_format="json" if out.json else None,
    )
    serve_here(settings)
