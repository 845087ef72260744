"""What the service is told, by environment, file or arguments; all that is wrong with it is said at once."""

from __future__ import annotations

import ipaddress
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, InitSettingsSource, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from xling.cache_dir import data_dir
from xling.errors import InvalidInput

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PREFIX = "XLING_SERVE_"
FILE_VARIABLE = "XLING_SERVE_CONFIG"
"""Environment variable: the settings file."""

_Names = Annotated[tuple[str, ...], NoDecode]
_LOCAL = ("localhost", "127.0.0.1", "[::1]")


class Settings(BaseSettings):
    """Settings of the service. Each is an environment variable too: `XLING_SERVE_PORT` is `port`.

    Lists in the environment are separated by commas. Made by `load_settings`, which reads a file too.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="forbid", frozen=True, hide_input_in_errors=True, allow_inf_nan=False
    )

    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(default=8080, ge=0, le=65535, description="port to listen on")
    root_path: str = Field(default="", description="path under which a proxy shows the service")

    path: Path | None = Field(default=None, description="directory of embedded collections; the user's by default")
    url: str | None = Field(default=None, description="a Qdrant server instead")
    api_key: SecretStr | None = Field(default=None, description="the Qdrant server's key")
    api_key_file: Path | None = Field(default=None, description="file with that key")
    prefer_grpc: bool = Field(default=False, description="talk gRPC to the Qdrant server")
    grpc_port: int = Field(default=6334, ge=1, le=65535, description="port of its gRPC")
    qdrant_timeout: float = Field(default=30.0, gt=0, description="seconds to wait for the Qdrant server")
    collections: _Names = Field(default=(), description="the only collections served; all by default")

    model: str | None = Field(default=None, description="model of new collections and of /v1/embeddings")
    device: str | None = Field(default=None, description="where the model runs, e.g. cpu or cuda")
    runtime: Literal["auto", "torch", "onnx", "onnx-int8", "openvino"] = Field(
        default="auto", description="what runs the model"
    )

    keys_file: Path = Field(default_factory=lambda: data_dir() / "keys.json", description="keys, hashed")
    admin_key_file: Path | None = Field(default=None, description="file with one key in clear that may do everything")
    allow_anonymous: bool = Field(default=False, description="serve other machines without any key")
    allowed_hosts: _Names = Field(default=(), description="names that Host may have; all but on loopback without keys")
    cors_origins: _Names = Field(default=(), description="origins whose pages may ask; none by default")

    max_body_bytes: int = Field(default=8 * 2**20, ge=1024, description="largest body of a request")
    max_upload_bytes: int = Field(default=256 * 2**20, ge=1024, description="largest NDJSON stream or file")
    max_documents: int = Field(default=1000, ge=1, description="most documents, ids or texts of a request")
    max_text_characters: int = Field(default=200_000, ge=1, description="longest text of a document")
    max_query_characters: int = Field(default=4_000, ge=1, description="longest query")
    max_limit: int = Field(default=1000, ge=1, le=10_000, description="most hits of a search")
    max_depth: int = Field(default=32, ge=4, le=500, description="deepest nesting of JSON")
    body_seconds: float = Field(default=30.0, gt=0, description="time to receive a body")
    upload_seconds: float = Field(default=3600.0, gt=0, description="time to receive an NDJSON stream or a file")
    request_seconds: float = Field(default=30.0, gt=0, description="time to answer, uploads and writing left out")
    write_seconds: float = Field(default=600.0, gt=0, description="time to write documents, uploads left out")
    max_requests: int = Field(default=512, ge=1, description="requests under way at a time; more are answered with 503")
    max_client_requests: int = Field(default=128, ge=1, description="of one key or address; more: 429")

    prompts: Literal["both", "query"] = Field(
        default="both", description="query: encode queries once, not with both prompts of the model: twice as many"
    )
    batch_size: int = Field(default=32, ge=1, description="most queries that are encoded together")
    batch_waiting: int = Field(default=256, ge=1, description="queries that may wait to be encoded; more: 503")
    batch_seconds: float = Field(default=5.0, gt=0, description="longest wait of a query; longer: 503")

    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="what is logged")
    log_format: Literal["json", "text"] = Field(default="json", description="one JSON object a line, or for people")
    stop_seconds: int = Field(default=30, ge=1, description="time that accepted requests get when the service stops")

    @field_validator("collections", "allowed_hosts", "cors_origins", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("collections")
    @classmethod
    def _names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        from xling.attach import check_name

        for name in value:
            check_name(name)
        return value

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if not origin.startswith(("http://", "https://")) or origin.count("/") != 2:
                raise ValueError(f"{origin!r} is no origin; one is 'https://example.org', without a path")
        return value

    @model_validator(mode="after")
    def _together(self) -> Settings:
        reasons = []
        if self.path is not None and self.url is not None:
            reasons.append("path and url are two places for the collections: give one")
        if self.url is None and (self.api_key is not None or self.api_key_file is not None):
            reasons.append("api_key belongs to a Qdrant server: give its url too")
        if self.api_key is not None and self.api_key_file is not None:
            reasons.append("give api_key or api_key_file, not both")
        reasons += [
            f"{name}: {file} is no file that can be read"
            for name, file in (("api_key_file", self.api_key_file), ("admin_key_file", self.admin_key_file))
            if file is not None and not (file.is_file() and os.access(file, os.R_OK))
        ]
        if self.max_client_requests > self.max_requests:
            reasons.append("max_client_requests is more than max_requests")
        if reasons:
            raise ValueError("\n".join(reasons))
        return self

    @property
    def loopback(self) -> bool:
        """Whether only this machine can connect."""
        try:
            return ipaddress.ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return self.host == "localhost"

    def hosts(self, keys_required: bool) -> tuple[str, ...]:
        """Names that `Host` may have, none for any. Without keys, pages of other sites must not get in by a name
        of theirs that they point at this machine."""
        if keys_required or self.allow_anonymous or not self.loopback:
            return self.allowed_hosts
        return (*self.allowed_hosts, *_LOCAL)

    def qdrant_key(self) -> str | None:
        """The Qdrant server's key."""
        if self.api_key_file is not None:
            return self.api_key_file.read_text("utf-8").strip()
        return None if self.api_key is None else self.api_key.get_secret_value()


def load_settings(file: str | Path | None = None, /, **given: Any) -> Settings:
    """Settings from `given`, else the environment, else the file.

    Args:
        file: A TOML file; by default the one that the environment variable `XLING_SERVE_CONFIG` names, if any.
        given: Values that come before all; None is as if it were not given.

    Raises:
        InvalidInput: The message lists all that is wrong.
    """
    place = file if file is not None else os.environ.get(FILE_VARIABLE) or None
    reasons: list[str] = []
    stored = {} if place is None else _read(Path(place), reasons)
    known = {(PREFIX + name).upper() for name in Settings.model_fields} | {FILE_VARIABLE}
    reasons += [
        f"the environment variable {name} is no setting"
        for name in sorted(os.environ)
        if name.startswith(PREFIX) and name not in known
    ]

    class Sourced(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return init_settings, env_settings, InitSettingsSource(settings_cls, dict(stored))

    try:
        settings = Sourced(**{key: value for key, value in given.items() if value is not None})
    except ValidationError as error:
        for one in error.errors(include_url=False, include_context=False, include_input=False):
            name = ".".join(str(part) for part in one["loc"])
            text = "this is no setting" if one["type"] == "extra_forbidden" else one["msg"]
            for line in text.removeprefix("Value error, ").splitlines():
                reasons.append(f"{name}: {line}" if name else line)
    if reasons:
        raise InvalidInput(f"the service cannot start with these settings: {'; '.join(reasons)}")
    return settings


def _read(file: Path, reasons: list[str]) -> Mapping[str, Any]:
    try:
        found: dict[str, Any] = tomllib.loads(file.read_text("utf-8"))
        return found
    except OSError as error:
        reasons.append(f"{file}: cannot be read ({error.strerror or error})")
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reasons.append(f"{file}: is no TOML ({error})")
    return {}
