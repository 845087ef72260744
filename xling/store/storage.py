"""How a collection is kept: checked as given, compared with what is there, and told."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any, get_args

from xling.errors import InvalidInput
from xling.store.base import Quantization, Schema, Storage

_ARGUMENTS = {"tenant": "tenant_field"}
_CLUSTER = ("shards", "replicas", "write_consistency")


def check_storage(
    *,
    quantization: Quantization | None = None,
    on_disk: bool | None = None,
    tenant_field: str | None = None,
    shards: int | None = None,
    replicas: int | None = None,
    write_consistency: int | None = None,
) -> Storage:
    """What the arguments of `xling.open` ask for.

    Raises:
        InvalidInput: One of them makes no sense.
    """
    if quantization is not None and quantization not in get_args(Quantization):
        kinds = ", ".join(map(repr, get_args(Quantization)))
        raise InvalidInput(f"quantization= is one of {kinds}, or None for none, not {quantization!r}")
    if on_disk is not None and not isinstance(on_disk, bool):
        raise InvalidInput(f"on_disk= is True or False, not {on_disk!r}")
    if tenant_field is not None and (not isinstance(tenant_field, str) or not tenant_field.strip()):
        raise InvalidInput(f"tenant_field= names a field of the metadata, not {tenant_field!r}")
    for name, number in zip(_CLUSTER, (shards, replicas, write_consistency), strict=True):
        if number is not None and (isinstance(number, bool) or not isinstance(number, int) or number < 1):
            raise InvalidInput(f"{name}= is a whole number from 1 up, not {number!r}")
    if write_consistency is not None and write_consistency > (replicas or 1):
        raise InvalidInput(
            f"write_consistency={write_consistency} asks more copies to acknowledge a write than there are "
            f"(replicas={replicas or 1}): nothing could ever be written"
        )
    tenant = None if tenant_field is None else f"metadata.{tenant_field}"
    return Storage(quantization, on_disk, tenant, shards, replicas, write_consistency)


def check_kept(schema: Schema, asked: Storage, *, collection: str) -> None:
    """Refuse to open a collection that is kept in another way than it is asked to be.

    Only a tenant's index may be missing, of a field that has no other: it can be made at any time.

    Raises:
        InvalidInput: Names what differs, and the ways out.
    """
    there = storage_record(schema.storage)
    if schema.storage.tenant is None and asked.tenant not in schema.indexes:
        asked = replace(asked, tenant=None)
    differing = {key: value for key, value in storage_record(asked).items() if (there.get(key) or None) != value}
    if not differing:
        return
    wanted = ", ".join(f"{_ARGUMENTS.get(key, key)}={_shown(key, value)!r}" for key, value in differing.items())
    found = ", ".join(f"{_ARGUMENTS.get(key, key)}={_shown(key, there.get(key))!r}" for key in differing)
    raise InvalidInput(
        f"the collection {collection!r} was made with {found}, and is asked for with {wanted}. That is chosen when a "
        f"collection is made: open it without, or make one of another name and fill that (for the same documents: "
        f"export this one, and add to the new one)"
    )


def check_no_cluster(storage: Storage, *, where: str) -> None:
    """Refuse what only a server can do.

    Raises:
        InvalidInput: Shards or copies are asked for.
    """
    if given := [name for name in _CLUSTER if getattr(storage, name) is not None]:
        raise InvalidInput(f"{' and '.join(f'{name}=' for name in given)} belong to a Qdrant server; {where} has none")


def storage_record(storage: Storage) -> dict[str, Any]:
    """What is not left to Qdrant, by name."""
    return {key: value for key, value in asdict(storage).items() if value is not None and value is not False}


def _shown(key: str, value: Any) -> Any:
    return value.removeprefix("metadata.") if key == "tenant" and isinstance(value, str) else value
