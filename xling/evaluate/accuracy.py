"""Accuracy on Tatoeba, to and from English: the model as it is, and language-neutral."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from xling.evaluate.compare import Steps, neutral_queries
from xling.evaluate.measure import evaluate_tatoeba
from xling.evaluate.report import TatoebaReport, TatoebaScores, text_table
from xling.evaluate.sets import TATOEBA_XTREME, RetrievalSet, tatoeba, tatoeba_codes
from xling.space import SharedSpace, Vectors
from xling.space.reference import Reference
from xling.types import Progress


@dataclass(frozen=True)
class TatoebaComparison:
    """Accuracy by language of raw and of neutral search."""

    raw: TatoebaReport
    neutral: TatoebaReport

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"raw": self.raw.to_dict(), "neutral": self.neutral.to_dict()}

    def table(self) -> str:
        """One line a language, then the averages over all of them and over those of XTREME."""
        groups = {code: [code] for code in sorted(self.raw.languages)}
        groups[f"mean of {len(groups)}"] = list(groups)
        if xtreme := [code for code in self.raw.languages if code in TATOEBA_XTREME]:
            groups[f"mean of XTREME's {len(xtreme)}"] = xtreme
        rows = []
        for name, codes in groups.items():
            (raw_there, raw_back), (there, back) = self.raw.average(codes), self.neutral.average(codes)
            rows.append([name, *(f"{value:.3f}" for value in (raw_there, there, raw_back, back))])
        return text_table(["Tatoeba accuracy", "raw →en", "neutral →en", "raw en→", "neutral en→"], rows)


def compare_tatoeba(
    space: SharedSpace,
    reference: Reference,
    folder: str | Path,
    codes: Sequence[str] | None = None,
    *,
    progress: Callable[[Progress], None] | None = None,
) -> TatoebaComparison:
    """Measure both searches on LASER's Tatoeba test set, from each language to English and back.

    Each direction is a collection of its own: the basis is that of the side that is searched, and of the sample.

    Args:
        folder: Holds the files of the test set.
        codes: Languages, as in the file names or BCP 47; all that are there if not given.
        progress: Called with a `Progress`, in texts.

    Raises:
        InvalidInput: The files of a language are not there, or differ in length.
    """
    wanted = list(codes) if codes is not None else tatoeba_codes(folder)
    sets = [(code, tatoeba(folder, code)[0]) for code in wanted]
    steps = Steps(sum(len(there.queries) * (4 if space.two_prompts else 2) for _, there in sets), progress)
    raw: dict[str, TatoebaScores] = {}
    neutral: dict[str, TatoebaScores] = {}
    for code, there in sets:
        sides = _Sides.of(there, space, steps, reference)
        raw |= evaluate_tatoeba(folder, sides.raw, [code]).languages
        neutral |= evaluate_tatoeba(folder, sides.neutral, [code]).languages
    return TatoebaComparison(TatoebaReport(languages=raw), TatoebaReport(languages=neutral))


@dataclass(frozen=True)
class _Sides:
    """A language and English, each side's vectors by its code: it is asked, and it is searched."""

    queries: dict[str, Vectors]
    documents: dict[str, Vectors]
    reference: Reference

    @staticmethod
    def of(there: RetrievalSet, space: SharedSpace, steps: Steps, reference: Reference) -> _Sides:
        texts = {there.query_langs[0]: there.queries, there.document_langs[0]: there.documents}
        queries = {lang: steps.encode(space.queries, side) for lang, side in texts.items()}
        if not space.two_prompts:
            return _Sides(queries, queries, reference)
        return _Sides(queries, {lang: steps.encode(space.documents, side) for lang, side in texts.items()}, reference)

    def raw(self, asked: RetrievalSet) -> NDArray[Any]:
        scores: NDArray[Any] = self.queries[asked.query_langs[0]] @ self.documents[asked.document_langs[0]].T
        return scores

    def neutral(self, asked: RetrievalSet) -> NDArray[Any]:
        lang, documents = asked.query_langs[0], self.documents[asked.document_langs[0]]
        queries = neutral_queries(
            self.queries[lang], self.documents[lang], documents, asked.document_langs, self.reference
        )
        scores: NDArray[Any] = queries @ documents.T
        return scores
