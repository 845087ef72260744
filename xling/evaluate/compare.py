"""Raw and neutral search of one model on one retrieval set, as xling does them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from xling.evaluate.measure import evaluate
from xling.evaluate.report import EvaluationReport, text_table
from xling.evaluate.sets import RetrievalSet
from xling.space import SharedSpace, Vectors
from xling.space.neutral import blend_prompts, estimate_basis
from xling.space.reference import Reference
from xling.space.stats import LanguageStats
from xling.text import normalise
from xling.types import Progress

_BATCH = 512


@dataclass(frozen=True)
class Comparison:
    """The model as it is, and language-neutral with the basis of the documents themselves and the sample."""

    raw: EvaluationReport
    neutral: EvaluationReport

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"raw": self.raw.to_dict(), "neutral": self.neutral.to_dict()}

    def table(self) -> str:
        """The chief figures, side by side, with what neutrality changes."""
        rows = []
        for name, value in _FIGURES.items():
            before, after = value(self.raw), value(self.neutral)
            change = "" if before is None or after is None else f"{after - before:+.3f}"
            rows.append([name, *("–" if v is None else f"{v:.3f}" for v in (before, after)), change])
        head = f"{self.raw.name}: {self.raw.queries} queries, {self.raw.documents} documents"
        return head + "\n\n" + text_table(["", "raw", "neutral", "change"], rows)


_FIGURES: dict[str, Callable[[EvaluationReport], float | None]] = {
    "mAP": lambda r: r.map,
    "MRR": lambda r: r.mrr,
    "P@1": lambda r: r.p_at_1,
    "recall@10": lambda r: r.recall.get(10),
    "nDCG@10": lambda r: r.ndcg.get(10),
    "own language in the top 10": lambda r: r.bias.own_share,
    "  its fair share": lambda r: r.bias.fair_share,
    "rank gap of other languages": lambda r: r.bias.rank_gap,
    "own-language MRR": lambda r: r.bias.own_language_mrr,
}


def compare(
    space: SharedSpace,
    reference: Reference,
    retrieval_set: RetrievalSet,
    *,
    progress: Callable[[Progress], None] | None = None,
) -> Comparison:
    """Encode a set once and measure both searches on it.

    The basis is that of the documents in the pool with their languages, as a collection of them would have it, and
    of the reference sample; the queries have no part in it.
    """
    steps = Steps(len(retrieval_set.documents) + len(retrieval_set.queries) * (2 if space.two_prompts else 1), progress)
    documents = steps.encode(space.documents, retrieval_set.documents)
    queries = steps.encode(space.queries, retrieval_set.queries)
    as_documents = steps.encode(space.documents, retrieval_set.queries) if space.two_prompts else queries
    neutral = neutral_queries(queries, as_documents, documents, retrieval_set.document_langs, reference)
    return Comparison(evaluate(retrieval_set, queries, documents), evaluate(retrieval_set, neutral, documents))


def neutral_queries(
    queries: Vectors, as_documents: Vectors, documents: Vectors, document_langs: Sequence[str], reference: Reference
) -> Vectors:
    """Query vectors as a neutral search asks them of a collection of these documents and no others.

    Args:
        queries: Shape (queries, dimension).
        as_documents: The same texts with the document prompt; the same array where a model has one prompt.
        documents: Shape (documents, dimension).
        document_langs: BCP 47 code of each document.
        reference: The sample's statistics.
    """
    stats = LanguageStats(documents.shape[1])
    stats.add(document_langs, documents)
    return estimate_basis(stats, reference.stats).project(blend_prompts(queries, as_documents))


class Steps:
    """Encodes to unit vectors in batches of like length, and tells how far it is."""

    def __init__(self, total: int, progress: Callable[[Progress], None] | None) -> None:
        self._total, self._progress, self._done, self._started = total, progress, 0, time.monotonic()

    def encode(self, encode: Callable[[Sequence[str]], Vectors], texts: Sequence[str]) -> Vectors:
        texts = [normalise(text) for text in texts]
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        parts: list[Vectors] = []
        for start in range(0, len(order), _BATCH):
            index = order[start : start + _BATCH]
            parts.append(encode([texts[i] for i in index]))
            self._done += len(index)
            if self._progress is not None:
                rate = self._done / max(time.monotonic() - self._started, 1e-9)
                self._progress(Progress(done=self._done, total=self._total, per_second=rate))
        vectors = np.concatenate(parts)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        out = np.empty_like(vectors)
        out[order] = vectors
        return out
