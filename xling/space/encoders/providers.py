"""Models whose name begins with what runs them: `openai:…`, `fastembed:…`."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from xling.errors import InvalidInput
from xling.space.encoders import api_client, fastembed_encoder, openai_encoder
from xling.space.encoders.roles import ROLES
from xling.space.protocols import Encoder


def has_provider(name: str) -> bool:
    """Whether a model's name says what runs it."""
    return name.startswith((openai_encoder.PREFIX, fastembed_encoder.PREFIX))


def provider_key(name: str) -> tuple[str, ...]:
    """What decides, beside the arguments, which encoder a name stands for."""
    return ("provider", name, os.environ.get(api_client.ADDRESS_VARIABLE, ""))


def open_provider(name: str, recorded: Mapping[str, Any] | None = None) -> Encoder:
    """The encoder of a name, as a collection records it if it is that one's.

    Raises:
        InvalidInput: The name names no model.
    """
    same = recorded is not None and recorded.get("name") == name
    record = recorded if recorded is not None and same else {}
    if name.startswith(fastembed_encoder.PREFIX):
        return fastembed_encoder.FastembedEncoder(name, prompts=_prompts(record))
    encoder = openai_encoder.OpenAIEncoder(name, **_openai_choices(record))
    size = record.get("truncated_from", record.get("dimension"))
    if isinstance(size, int):
        encoder.expect_dimension(size)
    return encoder


def check_local_arguments(name: str, device: str | None, runtime: str) -> None:
    """Refuse what is for models that are loaded here.

    Raises:
        InvalidInput: There is some.
    """
    if device is not None or runtime != "auto":
        raise InvalidInput(f"device= and runtime= are for models that xling loads, not for {name!r}")


def _openai_choices(recorded: Mapping[str, Any]) -> dict[str, Any]:
    choices = {key: recorded[key] for key in ("dimensions", "max_tokens") if key in recorded}
    extra = {role: json.loads(recorded[f"{role}_extra"]) for role in ROLES if f"{role}_extra" in recorded}
    return {**choices, "prompts": _prompts(recorded), "extra": extra}


def _prompts(recorded: Mapping[str, Any]) -> dict[str, Any]:
    return {role: recorded[f"{role}_prompt"] for role in ROLES if f"{role}_prompt" in recorded}
