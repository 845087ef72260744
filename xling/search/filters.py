"""The filter arguments of the verbs → one filter, with a warning where it names a field that nothing has.

Written as steps (`xling.store.steps`), since the store is asked for fields not seen before.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from xling.errors import InvalidInput, UnknownFieldWarning
from xling.language import normalise_code
from xling.store.base import FilterJson, Store
from xling.store.filters import field_names, where_to_filter
from xling.store.layout import OWN_INDEXES, Layout
from xling.store.steps import Steps, ask

if TYPE_CHECKING:
    from qdrant_client import models

Where: TypeAlias = "Mapping[str, Any] | models.Filter"
"""A condition on metadata: `{"genre": "drama", "year": {"gte": 1990}}`, or a `qdrant_client.models.Filter`."""


class Filters:
    """Makes the filters of the collection `name`."""

    def __init__(self, name: str, layout: Layout) -> None:
        self._name, self._layout = name, layout
        self._known_fields = set(OWN_INDEXES) if layout.own else set()

    def __call__(
        self, languages: Sequence[str] | None, where: Where | None, source: str | None
    ) -> Steps[FilterJson | None]:
        """One filter of all that is asked for, or None. Raises `InvalidInput` for what makes no sense."""
        if languages is not None and self._layout.lang_key is None:
            raise InvalidInput(
                f"the payloads of {self._name!r} name no language that languages= could select; open the "
                f"collection with lang_key= if they do under another key"
            )
        filter = where_to_filter(
            where,
            languages=languages if isinstance(languages, str | None) else [normalise_code(c) for c in languages],
            source=source,
            prefix=self._layout.metadata_prefix,
            lang_key=self._layout.lang_key or "",
        )
        if filter is not None:
            yield from self._warn_of_unknown_fields(filter)
        return filter

    def _warn_of_unknown_fields(self, filter: FilterJson) -> Steps[None]:
        """A misspelt field matches nothing, silently: say so. Asked once a field, as long as it is unknown."""
        for name in field_names(filter):
            if name in self._known_fields:
                continue
            if (yield from ask(Store.count, {"must_not": [{"is_empty": {"key": name}}]})):
                self._known_fields.add(name)
            else:
                shown = name.removeprefix(self._layout.metadata_prefix)
                warnings.warn(
                    f"no document of {self._name!r} has the field {shown!r}: a condition on it matches nothing",
                    UnknownFieldWarning,
                    stacklevel=6,
                )
