"""Collections over every store, with the real model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import xling
from tests.stores import KINDS, places


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], dict[str, Any]]]:
    """Arguments of `xling.open` for a collection of a name, in one of the stores."""
    with places(request.param, tmp_path) as arguments:
        yield arguments


@pytest.fixture
def make(place, encoder) -> Iterator[Callable[..., xling.Collection]]:
    """Open collections that are closed after the test."""
    opened: list[xling.Collection] = []

    def open_(name: str, **arguments: Any) -> xling.Collection:
        opener = getattr(place, "open", xling.open)
        collection = opener(**place(name), **{"model": encoder, **arguments})
        opened.append(collection)
        return collection

    yield open_
    for collection in opened:
        collection.close()
