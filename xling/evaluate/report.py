"""What an evaluation found: frozen reports that print as plain text and serialise to JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from xling.evaluate.sets import TATOEBA_XTREME


class _Report(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    def to_dict(self) -> dict[str, Any]:
        """This report as plain JSON values."""
        return self.model_dump(mode="json")


class LanguageMatrix(_Report):
    """Query language × document language.

    Attributes:
        title: What the numbers are, for headings.
        rows: Query languages.
        columns: Document languages.
        values: One row a query language; None where there is nothing to measure.
    """

    title: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: tuple[tuple[float | None, ...], ...]

    @property
    def mean(self) -> float | None:
        """Mean of all cells that have a value."""
        return _mean([v for row in self.values for v in row])

    @property
    def diagonal(self) -> float | None:
        """Mean of the cells where query and document have the same language."""
        return _mean([row[self.columns.index(r)] for r, row in self._rows() if r in self.columns])

    @property
    def off_diagonal(self) -> float | None:
        """Mean of the cells where query and document differ in language."""
        return _mean([v for r, row in self._rows() for c, v in zip(self.columns, row, strict=True) if r != c])

    def titled(self, title: str) -> LanguageMatrix:
        """The same matrix with another title, to tell several apart in one picture."""
        return self.model_copy(update={"title": title})

    def _rows(self) -> list[tuple[str, tuple[float | None, ...]]]:
        return list(zip(self.rows, self.values, strict=True))

    def table(self, digits: int = 3) -> str:
        """The matrix as plain text, query languages down, document languages across."""
        body = [[r, *(_number(v, digits) for v in row)] for r, row in self._rows()]
        return f"{self.title}\n{text_table(['', *self.columns], body)}"

    def __str__(self) -> str:
        return self.table()


class LanguageScores(_Report):
    """Metrics over the queries of one language."""

    queries: int
    map: float | None
    mrr: float | None
    p_at_1: float | None
    own_share: float | None
    own_language_mrr: float | None


class LanguageBias(_Report):
    """How far the ranking goes by language.

    Attributes:
        k: Places that the shares are about.
        own_share: Share of the query's own language in the top k.
        fair_share: Share of the query's own language among its right answers.
        pool_share: Share of the query's own language in the pool, for orientation.
        rank_gap: Median, over queries and languages other than the query's, of how many places later the best right
            answer in that language comes than in the query's best language; None where it is mostly not retrieved.
        own_language_mrr: MRR of the right answers in the query's own language among the documents of that language
            alone: search within one language, which a neutral ranking should not cost. None where queries have none.
        top: Query language × document language: share in the top k.
        gaps: Query language × document language: median rank gap.
    """

    k: int
    own_share: float | None
    fair_share: float | None
    pool_share: float | None
    rank_gap: float | None
    own_language_mrr: float | None
    top: LanguageMatrix
    gaps: LanguageMatrix


class EvaluationReport(_Report):
    """How well one ranking answers one retrieval set. All metrics are means over queries that have right answers.

    Attributes:
        name: Of the retrieval set.
        queries: Number of queries that have right answers.
        documents: Size of the pool.
        map: Mean average precision over the whole ranking.
        mrr: Mean reciprocal rank of the first right answer.
        p_at_1: Share of queries with a right answer in first place.
        recall: By k.
        ndcg: By k.
        languages: Metrics by query language.
        bias: Language bias.
        in_pool: mAP by query language × document language in the whole pool: only right answers in the document
            language count, those in other languages are set aside.
        per_pair: mAP by query language × document language where the pool is only that document language.
    """

    name: str
    queries: int
    documents: int
    map: float | None
    mrr: float | None
    p_at_1: float | None
    recall: dict[int, float | None]
    ndcg: dict[int, float | None]
    languages: dict[str, LanguageScores]
    bias: LanguageBias
    in_pool: LanguageMatrix
    per_pair: LanguageMatrix

    def table(self) -> str:
        """The report as plain text: one line of metrics, one of language bias, and one line a query language."""
        heads = ["mAP", "P@1", "MRR", *(f"R@{k}" for k in self.recall), *(f"nDCG@{k}" for k in self.ndcg)]
        values = [self.map, self.p_at_1, self.mrr, *self.recall.values(), *self.ndcg.values()]
        b = self.bias
        share = f"own@{b.k}"
        bias = [
            [f"own language in the top {b.k}", _number(b.own_share)],
            ["  its share of the right answers", _number(b.fair_share)],
            ["  its share of the pool", _number(b.pool_share)],
            ["median rank gap of the other languages", _number(b.rank_gap, 1)],
            ["own-language MRR", _number(b.own_language_mrr)],
        ]
        rows = [
            [
                lang,
                str(s.queries),
                *(_number(v) for v in (s.map, s.p_at_1, s.mrr, s.own_share, s.own_language_mrr)),
            ]
            for lang, s in self.languages.items()
        ]
        return "\n\n".join(
            [
                f"{self.name}: {self.queries} queries, {self.documents} documents\n"
                + text_table(heads, [[_number(v) for v in values]]),
                text_table([], bias),
                text_table(["lang", "queries", "mAP", "P@1", "MRR", share, "own MRR"], rows),
            ]
        )

    def __str__(self) -> str:
        return self.table()


class TatoebaScores(_Report):
    """Accuracy of one language: share of sentences whose nearest on the other side is their translation."""

    pairs: int
    to_english: float
    from_english: float


class TatoebaReport(_Report):
    """Accuracy on LASER's Tatoeba test set, by language (BCP 47 code).

    Averages are over languages, each with the same weight, as in LASER and XTREME.
    """

    languages: dict[str, TatoebaScores] = Field(default_factory=dict)

    def average(self, languages: Sequence[str] | None = None) -> tuple[float, float]:
        """Accuracy to and from English, averaged over these languages, or over all."""
        chosen = [s for code, s in self.languages.items() if languages is None or code in languages]
        if not chosen:
            return math.nan, math.nan
        return (
            sum(s.to_english for s in chosen) / len(chosen),
            sum(s.from_english for s in chosen) / len(chosen),
        )

    @property
    def xtreme(self) -> tuple[float, float]:
        """Accuracy to and from English over those of XTREME's 36 languages that were measured."""
        return self.average(TATOEBA_XTREME)

    def table(self) -> str:
        """The report as plain text: one line a language, then the averages."""
        rows = [
            [code, str(s.pairs), _number(s.to_english), _number(s.from_english)]
            for code, s in sorted(self.languages.items())
        ]
        xtreme = sum(code in TATOEBA_XTREME for code in self.languages)
        for label, pair in ((f"all {len(self.languages)}", self.average()), (f"XTREME {xtreme}", self.xtreme)):
            rows.append([label, "", _number(pair[0]), _number(pair[1])])
        return text_table(["lang", "pairs", "→en", "en→"], rows)

    def __str__(self) -> str:
        return self.table()


def text_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns in plain text: the first to the left, the others to the right."""
    lines = [list(heads), *map(list, rows)] if heads else [list(r) for r in rows]
    if not lines:
        return ""
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def finite(value: float) -> float | None:
    """The value, or None for NaN and infinities, which JSON does not have."""
    return float(value) if math.isfinite(value) else None


def _number(value: float | None, digits: int = 3) -> str:
    return "–" if value is None or math.isnan(value) else f"{value:.{digits}f}"


def _mean(values: Sequence[float | None]) -> float | None:
    kept = [v for v in values if v is not None]
    return sum(kept) / len(kept) if kept else None
