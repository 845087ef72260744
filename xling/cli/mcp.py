"""`xling mcp`."""

from __future__ import annotations

from typing import Annotated

import typer

from xling.cli import output
from xling.cli.options import Model, Output, Target


def mcp(
    target: Target,
    model: Model,
    out: Output,
    http: Annotated[
        bool,
        typer.Option("--http", help="Serve streamable HTTP on this machine, not standard input and output."),
    ] = False,
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Of --http.")] = 8000,
    read_only: Annotated[bool, typer.Option("--read-only", help="Without the tools that add and delete.")] = False,
    max_results: Annotated[int, typer.Option("--max-results", min=1, help="Most hits of one answer.")] = 20,
) -> None:
    """Serve a collection to assistants by the Model Context Protocol: tools to search, retrieve, add and delete.

    By default on standard input and output, as assistants start it. With --http on http://127.0.0.1:PORT/mcp, for this
    machine only: there is no key, so put a proxy that asks for one before it where others are to use it.
    """
    from xling.integrations.mcp import Limits, make_server

    with target.open(model) as collection:
        collection.space.queries(["ready"])  # loads the model now, not at the first question
        server = make_server(
            collection,
            read_only=read_only,
            limits=Limits(results=max_results),
            log_level="DEBUG" if out.debug else "WARNING",
        )
        if http:
            output.note(f"{target.collection} is served at http://127.0.0.1:{port}/mcp; end with Ctrl-C")
            server.run("streamable-http", host="127.0.0.1", port=port)
        else:
            server.run("stdio")
