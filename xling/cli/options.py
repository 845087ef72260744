"""The options that commands share, each declared once."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_type_hints

import typer

from xling.cli import output
from xling.errors import InvalidInput

if TYPE_CHECKING:
    from xling.collection import Collection

URL_VARIABLE = "XLING_URL"
KEY_VARIABLE = "XLING_API_KEY"
BROKEN_PIPE, INTERRUPTED = 141, 130
"""As a shell reports a program that SIGPIPE or SIGINT ended."""


def read_api_key(file: Path | None, url: str | None) -> str | None:
    """The key for the server at `url`: of the file, else of the environment. It is never shown.

    Raises:
        InvalidInput: A file is given without a server, or it does not hold a key.
    """
    if file is not None:
        if url is None:
            raise InvalidInput("--api-key-file belongs to a server: give its --url too")
        try:
            key = file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as exc:
            reason = getattr(exc, "strerror", None) or "not a text file"
            raise InvalidInput(f"{file}: the API key cannot be read ({reason})") from exc
        if not key or any(c.isspace() for c in key):
            raise InvalidInput(f"{file}: is to hold the API key and nothing else")
        return output.hide(key)
    key = os.environ.get(KEY_VARIABLE, "").strip() if url is not None else ""
    return output.hide(key) if key else None


@dataclass(frozen=True)
class Output:
    """How a command talks."""

    json: Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")] = False
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error comes from.")] = False


@dataclass(frozen=True)
class Model:
    """Which model, where one is chosen."""

    model: Annotated[
        str | None,
        typer.Option(
            "--model", "-m", help="Model: a name, a directory, 'bundled' or 'openai:NAME'. A collection knows its own."
        ),
    ] = None
    device: Annotated[str | None, typer.Option("--device", help="Where the model runs, e.g. cpu or cuda.")] = None
    # As `xling.space.Runtime`, which is not imported here: numpy would come with it.
    runtime: Annotated[
        Literal["auto", "torch", "onnx", "onnx-int8", "openvino"],
        typer.Option(
            "--runtime", help="What runs it: onnx (onnx-int8 is quicker) and openvino need no torch and run on the CPU."
        ),
    ] = "auto"


@dataclass(frozen=True)
class Target:
    """Which collection, and where it is."""

    collection: Annotated[
        str, typer.Option("--collection", "-c", envvar="XLING_COLLECTION", help="The collection's name.")
    ] = "default"
    path: Annotated[
        Path | None,
        typer.Option("--path", help="Directory of embedded collections. (default: the user's data directory)"),
    ] = None
    url: Annotated[
        str | None, typer.Option("--url", help=f"A Qdrant server instead. (or the environment variable {URL_VARIABLE})")
    ] = None
    api_key_file: Annotated[
        Path | None,
        typer.Option(
            "--api-key-file",
            help=f"File with the server's API key. (or the key itself in the environment variable {KEY_VARIABLE})",
        ),
    ] = None
    vector_name: Annotated[
        str | None, typer.Option("--vector-name", help="Named vector, in a collection of another tool.")
    ] = None
    text_key: Annotated[
        str | None, typer.Option("--text-key", help="Payload path of the text, in a collection of another tool.")
    ] = None
    lang_key: Annotated[
        str | None, typer.Option("--lang-key", help="Payload path of the language, in a collection of another tool.")
    ] = None

    def open(self, model: Model, *, create: bool = False, creation: Creation | None = None) -> Collection:
        """The collection; a URL of the environment gives way to `--path`."""
        from xling.opening import open as open_collection

        return open_collection(
            self.collection,
            **self.place(),
            model=model.model,
            device=model.device,
            runtime=model.runtime,
            create=create,
            vector_name=self.vector_name,
            text_key=self.text_key,
            lang_key=self.lang_key,
            **(dataclasses.asdict(creation) if creation is not None else {}),
        )

    def place(self) -> dict[str, Any]:
        """Where the collection is, as arguments of `xling.open` and its like."""
        url = self.url or (os.environ.get(URL_VARIABLE) or None if self.path is None else None)
        return {"path": self.path, "url": url, "api_key": read_api_key(self.api_key_file, url)}


@dataclass(frozen=True)
class Keeping:
    """How a new collection is kept."""

    quantization: Annotated[
        str | None,
        typer.Option("--quantization", help="Of a new collection: search small copies; scalar, turbo or binary."),
    ] = None
    on_disk: Annotated[
        bool | None, typer.Option("--on-disk", help="Of a new collection: leave its vectors on disk.")
    ] = None
    tenant_field: Annotated[
        str | None, typer.Option("--tenant-field", help="Of a new collection: metadata field that all filter by.")
    ] = None
    shards: Annotated[int | None, typer.Option("--shards", help="Of a new collection on a cluster: its parts.")] = None
    replicas: Annotated[
        int | None, typer.Option("--replicas", help="Of a new collection on a cluster: copies of each part.")
    ] = None


@dataclass(frozen=True)
class Creation(Keeping):
    """What is chosen when a collection is made."""

    truncate_dim: Annotated[
        int | None, typer.Option("--truncate-dim", help="Of a new collection: keep so many numbers of a vector.")
    ] = None
    lexical: Annotated[
        bool | None,
        typer.Option("--lexical/--no-lexical", help="Of a new collection: keep the words of texts too (it does)."),
    ] = None


_GROUPS = (Target, Model, Keeping, Creation, Output)


def with_shared_options(command: Callable[..., None]) -> Callable[..., None]:
    """The command as typer takes it: a parameter of one of `_GROUPS` becomes that group's options."""
    hints = get_type_hints(command, include_extras=True)
    groups = {name: hint for name, hint in hints.items() if hint in _GROUPS}
    parameters = [
        parameter.replace(annotation=hints[parameter.name], kind=inspect.Parameter.KEYWORD_ONLY)
        for parameter in inspect.signature(command).parameters.values()
        if parameter.name not in groups
    ]
    for group in groups.values():
        declared = get_type_hints(group, include_extras=True)
        parameters += [
            inspect.Parameter(
                field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=declared[field.name]
            )
            for field in dataclasses.fields(group)
        ]

    @functools.wraps(command)
    def run(**given: Any) -> None:
        for name, group in groups.items():
            given[name] = group(**{field.name: given.pop(field.name) for field in dataclasses.fields(group)})
        try:
            command(**given)
            sys.stdout.flush()
        except BrokenPipeError:
            output.discard_stdout()
            raise typer.Exit(BROKEN_PIPE) from None
        except KeyboardInterrupt:
            output.error("interrupted")
            raise typer.Exit(INTERRUPTED) from None

    del run.__wrapped__
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__doc__ = "\n\n".join(" ".join(part.split()) for part in (inspect.getdoc(command) or "").split("\n\n"))
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def split_list(values: Sequence[str] | None) -> list[str] | None:
    """An option that may be repeated and may hold commas, as one list; None where it was not given."""
    if not values:
        return None
    parts = [part.strip() for value in values for part in value.split(",")]
    if not all(parts):
        raise InvalidInput(f"an empty name among {','.join(values)!r}")
    return parts


def parse_where(text: str | None) -> dict[str, Any] | None:
    """`--where` as a mapping."""
    if text is None:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise InvalidInput(
            f"""--where is not valid JSON ({exc}); a condition looks like '{{"year": {{"gte": 1990}}}}'"""
        ) from exc
    if not isinstance(value, dict) or not value:
        raise InvalidInput(f"""--where is a JSON object like '{{"genre": "drama"}}', not {text[:40]!r}""")
    return value
