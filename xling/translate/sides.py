"""One side of a search for translations: its sentences, each text once, with their vectors and languages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from xling.errors import InvalidInput
from xling.language import Detector, detector, normalise_code
from xling.space import SharedSpace, Vectors
from xling.store.ids import id_from_payload
from xling.text import normalise, problem_of
from xling.types import DocumentId, Progress

if TYPE_CHECKING:
    from xling.collection import Collection

Sentences: TypeAlias = "Iterable[str] | Path | Collection"
"""A side as users give it: sentences, a text file with one a line (gzip too), or a collection."""

OnProgress: TypeAlias = "Callable[[Progress], None] | None"

_BATCH = 1024
_LANGUAGE_SAMPLE = 400
UNKNOWN = "und"


@dataclass(frozen=True, slots=True)
class Side:
    """Sentences with their vectors; equal texts stand once, at their first place.

    Attributes:
        texts: As given.
        places: Where each was: its position in what was given (from 0; in a file the line), or its document's id.
        langs: Language of each.
        vectors: Unit document vectors, float32, shape (len(texts), dimension).
        duplicates: Texts left out because they were there already.
        blank: Entries left out because they hold no text.
    """

    texts: list[str]
    places: list[DocumentId]
    langs: list[str]
    vectors: Vectors
    duplicates: int = 0
    blank: int = 0

    def __len__(self) -> int:
        return len(self.texts)


def is_collection(value: object) -> bool:
    """Whether a side is a collection, without importing what that needs."""
    return hasattr(value, "store") and hasattr(value, "space")


def read_side(given: Sentences, space: SharedSpace, *, lang: str | None, name: str, progress: OnProgress) -> Side:
    """Read and encode one side.

    Args:
        given: See `Sentences`.
        space: What encodes texts; a collection must be of the same space.
        lang: Language of all of it; of a collection only the documents of this language are taken. Where it is not
            given the sentences together tell which language they are in; documents of a collection each have theirs.
        name: For errors and progress.
        progress: Called after each batch.
    """
    if is_collection(given):
        return _of_collection(given, space, lang, name)  # type: ignore[arg-type]
    if isinstance(given, str):
        raise InvalidInput(f"the {name} is to be a list of sentences, a Path or a collection, not one text")
    texts, places, seen = [], [], set()
    duplicates = blank = 0
    for place, text in enumerate(lines_of(given) if isinstance(given, Path) else given):  # type: ignore[arg-type]
        if problem_of(text) is not None:
            blank += 1
            continue
        key = normalise(text)
        if key in seen:
            duplicates += 1
            continue
        seen.add(key)
        texts.append(text)
        places.append(place)
    if not texts:
        raise InvalidInput(f"the {name} holds no sentences")
    code = normalise_code(lang) if lang else common_language(texts)
    vectors = encode(space, texts, progress)
    return Side(texts, list(places), [code] * len(texts), vectors, duplicates, blank)


def lines_of(path: Path) -> Iterator[str]:
    """The lines of a text file, gzip undone. Raises `InvalidInput` where it cannot be read."""
    from xling.ingest.decoding import gunzipped, lines

    try:
        with path.open("rb") as stream:
            yield from lines(gunzipped(stream), str(path), None)
    except OSError as exc:
        raise InvalidInput(f"{path}: cannot be read ({exc.strerror or exc})") from exc


def common_language(texts: Sequence[str], chosen: Detector | None = None) -> str:
    """The language that most of some texts are in, `und` if that cannot be told."""
    found = (chosen or detector()).detect_many(list(texts[:: max(len(texts) // _LANGUAGE_SAMPLE, 1)]))
    counts = Counter(one.lang for one in found if one.lang != UNKNOWN)
    return counts.most_common(1)[0][0] if counts else UNKNOWN


def encode(space: SharedSpace, texts: Sequence[str], progress: OnProgress = None) -> Vectors:
    """Unit document vectors of texts, shape (n, dimension). Both sides of a translation get the document prompt."""
    vectors = np.empty((len(texts), space.dimension), np.float32)
    for at in range(0, len(texts), _BATCH):
        vectors[at : at + _BATCH] = space.documents([normalise(text) for text in texts[at : at + _BATCH]])
        if progress:
            progress(Progress(done=min(at + _BATCH, len(texts)), total=len(texts)))
    return _unit(vectors)


def _of_collection(collection: Collection, space: SharedSpace, lang: str | None, name: str) -> Side:
    if collection.space.fingerprint != space.fingerprint:
        raise InvalidInput(
            f"the {name} {collection.name!r} is of the model {collection.space.name!r}, the other side of "
            f"{space.name!r}: vectors of different spaces cannot be compared"
        )
    texts: list[str] = []
    places: list[DocumentId] = []
    langs: list[str] = []
    rows: list[Vectors] = []
    seen: set[str] = set()
    duplicates = blank = 0
    for place, text, code, vector in _sentences(collection, lang):
        key = normalise(text)
        if not key:
            blank += 1
        elif key in seen:
            duplicates += 1
        else:
            seen.add(key)
            texts.append(text)
            places.append(place)
            langs.append(code)
            rows.append(vector)
    if not texts:
        wanted = f" in {lang}" if lang else ""
        raise InvalidInput(f"the {name} {collection.name!r} holds no sentences{wanted}")
    return Side(texts, places, langs, _unit(np.stack(rows)), duplicates, blank)


def _sentences(collection: Collection, lang: str | None) -> Iterator[tuple[DocumentId, str, str, Vectors]]:
    """Id, text, language and vector of each document; one of several chunks is no sentence, and left out."""
    name = collection.info().vector_name
    conditions: list[dict[str, Any]] = [{"key": "chunks", "match": {"value": 1}}]
    if lang:
        conditions.append({"key": "langs", "match": {"value": normalise_code(lang)}})
    offset: str | int | None = None
    while True:
        records, offset = collection.store.scroll(
            filter={"must": conditions}, limit=_BATCH, offset=offset, with_vector=name
        )
        for record in records:
            if record.vector is not None:
                id = id_from_payload(record.payload)
                payload = record.payload
                yield id if id is not None else record.id, payload["text"], payload.get("lang", UNKNOWN), record.vector
        if offset is None:
            return


def _unit(vectors: Vectors) -> Vectors:
    vectors = np.nan_to_num(vectors)
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9), np.float32)
