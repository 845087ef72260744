"""Collections with the real model for the frameworks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import xling


@pytest.fixture
def opened(encoder, tmp_path) -> Iterator[Callable[..., xling.Collection]]:
    """Open embedded collections that are closed after the test."""
    collections: list[xling.Collection] = []

    def open_(name: str = "c", **arguments: Any) -> xling.Collection:
        collections.append(xling.open(name, path=tmp_path, **{"model": encoder, **arguments}))
        return collections[-1]

    yield open_
    for collection in collections:
        collection.close()
