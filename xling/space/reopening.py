"""How another process comes to the same space: what it is told, and what it makes of that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from xling.errors import ModelError
from xling.space.devices import Runtime
from xling.space.protocols import Encoder
from xling.space.resolve import chosen, load_encoder
from xling.space.shared import SharedSpace


@dataclass(frozen=True)
class SpaceRecord:
    """A space as plain values, from which it is opened again.

    Attributes:
        record: What is written into a collection's metadata about it.
        fingerprint: Its fingerprint.
        device: Where its model runs.
        runtime: What runs it.
    """

    record: Mapping[str, Any]
    fingerprint: str
    device: str | None = None
    runtime: Runtime = "auto"

    @classmethod
    def of(cls, space: SharedSpace) -> SpaceRecord:
        """That of a space which is open."""
        device, runtime = chosen(space.encoder)
        return cls(space.record(), space.fingerprint, device, runtime)

    def open(self, make_encoder: Callable[[], Encoder] | None = None) -> SharedSpace:
        """The space, with a model loaded anew, or with an encoder that `make_encoder` gives.

        Raises:
            ModelError: The model cannot be had here, or is another one.
        """
        encoder = None if make_encoder is None else make_encoder()
        space = SharedSpace(load_encoder(encoder, recorded=self.record, device=self.device, runtime=self.runtime))
        if space.fingerprint != self.fingerprint:
            raise ModelError(
                f"the worker's model {space.name!r} (space {space.fingerprint}) is not the collection's "
                f"{self.record.get('name')!r} (space {self.fingerprint})"
            )
        return space
