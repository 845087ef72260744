"""Bitext mining: which sentences of two sides are translations of each other, and how sure that is.

Both sides are encoded as documents, centred by the mean of their language, and compared by margin over the k nearest
neighbours in both directions (Artetxe & Schwenk, ACL 2019). Of the candidates those are kept that are the best of both
their sides. `xling.space.margin` has the scores, `tests/benchmarks/bitext.py` what they are worth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from xling.errors import InvalidInput
from xling.space import Encoder, SharedSpace
from xling.space.margin import (
    Margin,
    candidate_pairs,
    centred,
    length_penalties,
    level,
    margins,
    mutual_best,
)
from xling.space.reference import load_reference
from xling.space.resolve import load_encoder
from xling.text import normalise, problem_of
from xling.translate.formats import format_of, write_units
from xling.translate.index import find_neighbours
from xling.translate.sides import UNKNOWN, OnProgress, Sentences, Side, is_collection, read_side
from xling.translate.units import Property, Segment, Unit
from xling.types import DocumentId

DEFAULT_NEIGHBOURS = 4
DEFAULT_SCORE = 0.24
"""Score from which a pair is taken for a translation; chosen on English with French, Russian, Korean, Thai, Hindi."""
DEFAULT_COSINE = 0.2
"""Cosine of centred vectors below which a pair is no translation, whatever surrounds it."""

_TIE = 1e-4


class _Found(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return self.model_dump(mode="json")


class MinedPair(_Found):
    """Two sentences that are, or may be, translations of each other.

    Attributes:
        source: Sentence of the first side, as given.
        target: Sentence of the second.
        source_place: Where it was: position from 0 (in a file the line), or the document's id in a collection.
        target_place: The same of the target.
        score: Margin by the level of the run, less what lengths that do not go together cost: 0 is no better than the
            surroundings, 1 as clear as the clearest pairs.
        margin: By how much the cosine stands out from the surroundings of both.
        cosine: Of the centred vectors, -1 to 1; unrelated sentences lie about 0.
    """

    source: str
    target: str
    source_place: DocumentId
    target_place: DocumentId
    score: float
    margin: float
    cosine: float


class Mined(_Found):
    """What mining found.

    Attributes:
        pairs: Best first.
        source_sentences: Different sentences of the first side that were compared.
        target_sentences: The same of the second.
        duplicates: Sentences of both sides that were there already, and count once.
        blank: Entries of both sides without text.
        copies: Pairs left out because both texts are the same: untranslated, not translated.
        level: Margin of the clearest pairs, which the scores are measured by.
        source_lang: Language that most sentences of the first side are in, `und` if that could not be told.
        target_lang: The same of the second.
    """

    pairs: tuple[MinedPair, ...]
    source_sentences: int
    target_sentences: int
    duplicates: int = 0
    blank: int = 0
    copies: int = 0
    level: float = 0.0
    source_lang: str = UNKNOWN
    target_lang: str = UNKNOWN

    def units(self) -> Iterator[Unit]:
        """The pairs as translation units, best first, with the score as the property `x-score`."""
        for pair in self.pairs:
            segments = (Segment(self.source_lang, (pair.source,)), Segment(self.target_lang, (pair.target,)))
            yield Unit(segments, properties=(Property("x-score", f"{pair.score:.3f}"),))

    def write(self, path: str | Path, *, format: str | None = None) -> int:
        """Write the pairs to a file of units: TMX, XLIFF, PO, CSV, TSV or Moses; how many were written.

        Args:
            path: The file.
            format: As in `write_units`.

        Raises:
            InvalidInput: The language of a side could not be told, or as of `write_units`.
        """
        if UNKNOWN in (self.source_lang, self.target_lang):
            raise InvalidInput("the language of a side could not be told: name it, source_lang= or target_lang=")
        languages = () if format_of(path, format) == "tmx" else (self.source_lang, self.target_lang)
        return write_units(path, self.units(), format=format, languages=languages, on_refused=_leave_out)


def _leave_out(number: int, unit: Unit, reason: str) -> None:
    """PO has one translation of a text: the best, which comes first."""


def mine(
    source: Sentences,
    target: Sentences,
    *,
    source_lang: str | None = None,
    target_lang: str | None = None,
    model: str | Path | Encoder | None = None,
    min_score: float = DEFAULT_SCORE,
    min_cosine: float = DEFAULT_COSINE,
    neighbours: int = DEFAULT_NEIGHBOURS,
    margin: Margin = "distance",
    mutual: bool = True,
    copies: bool = False,
    device: str | None = None,
    progress: OnProgress = None,
) -> Mined:
    """Find the translations among two sets of sentences.

    Sentences that occur more than once count once, at their first place, so that duplicates neither win nor spoil
    each other's score. Up to 60,000 × 60,000 sentences everything is compared with everything; beyond that the
    neighbours come from Qdrant's index (a temporary one here, or that of the collection), so that neither time nor
    memory grows with n × m.

    Args:
        source: Sentences, a text file of one sentence a line (a `Path`), or a collection.
        target: The same; may be the same collection, in another language.
        source_lang: Its language (BCP 47). Told from the sentences where not given; documents of a collection have
            their own, and with it only those of this language are taken.
        target_lang: The same of the target.
        model: As in `xling.open`; a collection brings its own.
        min_score: Least score, 0 to about 1.
        min_cosine: Least cosine of the centred vectors, whatever the margin.
        neighbours: Neighbours k that make up the surroundings of a sentence, 1 to 64.
        margin: `distance` or `ratio`; on centred vectors the distance finds more (`tests/benchmarks/bitext.py`).
        mutual: Only pairs that are the best of both their sentences. False gives every candidate above the
            thresholds: up to 2k for a sentence.
        copies: Keep pairs of equal texts.
        device: Where the model runs.
        progress: Called after each batch that was encoded.

    Raises:
        InvalidInput: A side is empty or cannot be read, or the sides are of different models.
        ModelError: The model cannot be had, or cannot be calibrated.
    """
    _check(neighbours, margin)
    space = shared_space((source, target), model, device)
    reference = load_reference(space.encoder, progress=progress)
    a = read_side(source, space, lang=source_lang, name="source", progress=progress)
    b = read_side(target, space, lang=target_lang, name="target", progress=progress)
    x, y = centred(a.vectors, a.langs, reference.stats), centred(b.vectors, b.langs, reference.stats)
    forward, backward = find_neighbours(x, y, neighbours)
    rows, columns, cosines = candidate_pairs(forward, backward)
    found = margins(cosines, forward.mean()[rows], backward.mean()[columns], margin)
    if not copies:
        alike = (normalise(a.texts[i]) == normalise(b.texts[j]) for i, j in zip(rows, columns, strict=True))
        same = np.fromiter(alike, bool, len(rows))
        rows, columns, cosines, found = rows[~same], columns[~same], cosines[~same], found[~same]
    left_out = 0 if copies else int(same.sum())
    best_of_both = mutual_best(rows, columns, found)
    clear = level(found[best_of_both])
    lost = length_penalties(_lengths(a.texts)[rows], _lengths(b.texts)[columns], found, best_of_both)
    scores = found / clear - lost
    best_of_both = mutual_best(rows, columns, scores)
    kept = (scores >= min_score) & (cosines >= min_cosine)
    if mutual:
        kept &= best_of_both
    best = np.flatnonzero(kept)
    best = best[np.argsort(-scores[best], kind="stable")]
    languages = [Counter(side.langs).most_common(1)[0][0] for side in (a, b)]
    return Mined(
        source_lang=languages[0],
        target_lang=languages[1],
        pairs=tuple(_pair(a, b, int(rows[i]), int(columns[i]), scores[i], found[i], cosines[i]) for i in best),
        source_sentences=len(a),
        target_sentences=len(b),
        duplicates=a.duplicates + b.duplicates,
        blank=a.blank + b.blank,
        copies=left_out,
        level=clear,
    )


class ScoredPair(_Found):
    """A pair of sentences that is said to be a translation, and how much speaks for it.

    Attributes:
        source: As given.
        target: As given.
        score: As in `MinedPair`, among all sentences that were given; None where one side has no text.
        cosine: Of the centred vectors; None likewise.
        problem: Why there is no score, or what else speaks against it: `copy` (both texts are the same), `better`
            (another sentence that was given fits one of the two better).
    """

    source: str
    target: str
    score: float | None
    cosine: float | None
    problem: str | None = None


def score_pairs(
    pairs: Iterable[tuple[str, str]],
    *,
    source_lang: str | None = None,
    target_lang: str | None = None,
    model: str | Path | Encoder | None = None,
    neighbours: int = DEFAULT_NEIGHBOURS,
    margin: Margin = "distance",
    device: str | None = None,
    progress: OnProgress = None,
) -> list[ScoredPair]:
    """Score pairs that exist already, for cleaning a parallel corpus.

    The score of a pair depends on the others, among which it has to stand out: give thousands together, not one.

    Args:
        pairs: Sentence and translation.
        source_lang: As in `mine`; so are `target_lang`, `model`, `neighbours`, `margin`, `device` and `progress`.

    Returns:
        One for each pair, in their order.

    Raises:
        InvalidInput: There is no pair with text on both sides.
        ModelError: As in `mine`.
    """
    _check(neighbours, margin)
    given = [(source, target) for source, target in pairs]
    usable = [i for i, pair in enumerate(given) if not any(problem_of(text) for text in pair)]
    if not usable:
        raise InvalidInput("there is no pair with text on both sides")
    space = SharedSpace(load_encoder(model, device=device))
    reference = load_reference(space.encoder, progress=progress)
    sides, rows = [], []
    for at, (lang, name) in enumerate(((source_lang, "source"), (target_lang, "target"))):
        texts = [given[i][at] for i in usable]
        side = read_side(texts, space, lang=lang, name=name, progress=progress)
        row = {normalise(text): i for i, text in enumerate(side.texts)}
        sides.append(centred(side.vectors, side.langs, reference.stats))
        rows.append(np.array([row[normalise(text)] for text in texts]))
    forward, backward = find_neighbours(sides[0], sides[1], neighbours)
    cosines = np.einsum("ij,ij->i", sides[0][rows[0]], sides[1][rows[1]])
    found_margins = margins(cosines, forward.mean()[rows[0]], backward.mean()[rows[1]], margin)
    better = (forward.score[rows[0], 0] > cosines + _TIE) | (backward.score[rows[1], 0] > cosines + _TIE)
    source_lengths, target_lengths = (_lengths([given[i][at] for i in usable]) for at in (0, 1))
    lost = length_penalties(source_lengths, target_lengths, found_margins, ~better)
    scores = found_margins / level(found_margins) - lost
    found = [ScoredPair(source=s, target=t, score=None, cosine=None, problem="blank") for s, t in given]
    for i, score, cosine, beaten in zip(usable, scores, cosines, better, strict=True):
        source, target = given[i]
        problem = "copy" if normalise(source) == normalise(target) else "better" if beaten else None
        found[i] = ScoredPair(source=source, target=target, score=float(score), cosine=float(cosine), problem=problem)
    return found


def shared_space(sides: Iterable[Sentences], model: str | Path | Encoder | None, device: str | None) -> SharedSpace:
    """What encodes both sides: the model that is named, else that of a collection, else the default one."""
    if model is None:
        for side in sides:
            if is_collection(side):
                return side.space  # type: ignore[union-attr]
    return SharedSpace(load_encoder(model, device=device))


def _lengths(texts: Iterable[str]) -> NDArray[np.float64]:
    return np.fromiter((len(normalise(text)) for text in texts), np.float64)


def _pair(a: Side, b: Side, i: int, j: int, score: float, margin: float, cosine: float) -> MinedPair:
    return MinedPair(
        source=a.texts[i],
        target=b.texts[j],
        source_place=a.places[i],
        target_place=b.places[j],
        score=float(score),
        margin=float(margin),
        cosine=float(cosine),
    )


def _check(neighbours: int, margin: str) -> None:
    if isinstance(neighbours, bool) or not isinstance(neighbours, int) or not 1 <= neighbours <= 64:
        raise InvalidInput(f"neighbours must be 1 to 64, got {neighbours!r}")
    if margin not in get_args(Margin):
        raise InvalidInput(f"margin is one of {', '.join(get_args(Margin))}, not {margin!r}")
