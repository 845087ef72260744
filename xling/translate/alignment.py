"""Document alignment: which sentences of two translations of one document belong together.

Both sides are split into sentences; these and groups of neighbouring ones are encoded as documents and centred by the
mean of their language; the cheapest monotone path through both (`xling.translate.path`) links groups or leaves
sentences out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from xling.errors import InvalidInput
from xling.language import normalise_code
from xling.space import Encoder, SharedSpace, Vectors
from xling.space.neutral import language_means
from xling.space.reference import load_reference
from xling.space.resolve import load_encoder
from xling.space.stats import LanguageStats
from xling.text import SentenceSplitter, Splitter, problem_of
from xling.text.normalise import is_blank
from xling.translate.links import Alignment, Link, joined
from xling.translate.path import Step, align_path, average_groups
from xling.translate.sides import OnProgress, common_language, encode, lines_of

Text: TypeAlias = "str | Path | Iterable[str]"
"""A side as users give it: a whole text, a text file (gzip too), or sentences."""

DEFAULT_LARGEST = 3
"""Most sentences of one side in a link."""
DEFAULT_SKIP = 0.5
"""Cost of a sentence without partner, where unrelated sentences cost 1 to link.

Chosen on English with French, Russian, Korean and Thai, where 0.45 to 0.6 do as well (`tests/benchmarks/alignment.py`).
"""

_TINY = 1e-6

_TOLD = 4000
"""Characters of a text that its language is told from."""


def align(
    source: Text,
    target: Text,
    *,
    source_lang: str | None = None,
    target_lang: str | None = None,
    model: str | Path | Encoder | None = None,
    splitter: Splitter | None = None,
    largest: int = DEFAULT_LARGEST,
    skip: float = DEFAULT_SKIP,
    device: str | None = None,
    progress: OnProgress = None,
) -> Alignment:
    """Align two translations of one document, sentence by sentence.

    Links are 1–1, 1–n, n–1, insertions and deletions, in the order of the text. Time and memory grow with the length
    of the document, not with its square.

    Args:
        source: A whole text (split into sentences), a text file (the same), or sentences, which stay as they are.
        target: Its translation.
        source_lang: Language (BCP 47). Told from the text where not given.
        target_lang: The same of the target.
        model: As in `xling.open`.
        splitter: What splits whole texts; xling's own by default.
        largest: Most sentences n of a link 1–n or n–1, 1 to 8.
        skip: Cost of leaving a sentence without partner, above 0 to 1: 1 is what linking it with an unrelated one
            costs. A higher one links more.
        device: Where the model runs.
        progress: Called after each batch that was encoded.

    Raises:
        InvalidInput: A side has no sentences, cannot be read, or holds what is no text.
        ModelError: The model cannot be had, or cannot be calibrated.
    """
    if isinstance(largest, bool) or not isinstance(largest, int) or not 1 <= largest <= 8:
        raise InvalidInput(f"largest must be 1 to 8, got {largest!r}")
    if isinstance(skip, bool) or not isinstance(skip, (int, float)) or not 0 < skip <= 1:
        raise InvalidInput(f"skip must be above 0 and at most 1, got {skip!r}")
    splitter = splitter or SentenceSplitter()
    a, source_code = _sentences(source, source_lang, splitter, "source")
    b, target_code = _sentences(target, target_lang, splitter, "target")
    space = SharedSpace(load_encoder(model, device=device))
    reference = load_reference(space.encoder, progress=progress)
    x, y = (
        encode_groups(texts, code, largest, lambda t: encode(space, t, progress), reference.stats)
        for texts, code in ((a, source_code), (b, target_code))
    )
    return Alignment(
        links=tuple(_link(a, b, step, confidence) for step, confidence in aligned(x, y, skip=skip)),
        source_lang=source_code,
        target_lang=target_code,
    )


def encode_groups(
    sentences: Sequence[str],
    lang: str,
    largest: int,
    encode: Callable[[Sequence[str]], Vectors],
    reference: LanguageStats,
) -> NDArray[np.float32]:
    """Centred vectors of sentences and of groups of neighbouring ones, shape (n, largest, dimension).

    A group is encoded as one text: the mean of its sentences' vectors would cost nothing, and finds fewer links. Row
    [i, g] is that of the g + 1 sentences that end with sentence i.
    """
    size = min(largest, len(sentences))
    places = [(i, g) for g in range(size) for i in range(g, len(sentences))]
    vectors = encode([joined(tuple(sentences[i - g : i + 1]), lang) for i, g in places])
    single = vectors[: len(sentences)]
    groups = average_groups(single, largest)
    groups[tuple(np.array(places).T)] = vectors
    own = LanguageStats(vectors.shape[1])
    own.add([lang] * len(single), single)
    moved = groups - language_means([lang], own, reference)[0].astype(np.float32)
    norms = np.linalg.norm(moved, axis=2, keepdims=True)
    return np.where(norms > _TINY, moved / np.maximum(norms, _TINY), groups).astype(np.float32)


def aligned(
    source: NDArray[np.float32], target: NDArray[np.float32], *, skip: float = DEFAULT_SKIP
) -> list[tuple[Step, float | None]]:
    """The path through two sides, with the confidence of each link; None where there is no partner.

    Args:
        source: Centred unit vectors of groups, shape (n, largest, dimension), as `encode_groups` gives them.
        target: The same of the other side, shape (m, largest, dimension).
        skip: As in `align`.
    """
    steps = align_path(source, target, skip=skip, most=max(source.shape[1], target.shape[1]) + 1)
    return [(step, _confidence(source, target, step)) for step in steps]


def _confidence(x: NDArray[np.float32], y: NDArray[np.float32], step: Step) -> float | None:
    """Cosine of the two groups, not below 0: centred, unrelated sentences lie about 0."""
    a, b, c, d = step
    if a == b or c == d:
        return None
    return float(np.clip(x[b - 1, b - a - 1] @ y[d - 1, d - c - 1], 0.0, 1.0))


def _link(a: list[str], b: list[str], step: Step, confidence: float | None) -> Link:
    first, last, first_target, last_target = step
    return Link(
        source=tuple(a[first:last]),
        target=tuple(b[first_target:last_target]),
        source_start=first,
        target_start=first_target,
        confidence=confidence,
    )


def _sentences(given: Text, lang: str | None, splitter: Splitter, name: str) -> tuple[list[str], str]:
    """The sentences of a side without those that are blank, and their language."""
    if isinstance(given, (str, Path)):
        text = given if isinstance(given, str) else "\n".join(lines_of(given))
        code = normalise_code(lang) if lang else common_language([text[:_TOLD]])
        sentences = [piece.strip() for piece in splitter.split(text, code)]
    else:
        sentences = list(given)
        code = normalise_code(lang) if lang else ""
    kept = []
    for number, sentence in enumerate(sentences):
        if isinstance(sentence, str) and is_blank(sentence):
            continue
        if (problem := problem_of(sentence)) is not None:
            raise InvalidInput(f"sentence {number} of the {name} cannot be aligned: {problem}")
        kept.append(sentence)
    if not kept:
        raise InvalidInput(f"the {name} holds no sentences")
    return kept, code or common_language(kept)
