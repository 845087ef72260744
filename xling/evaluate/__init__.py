"""Measuring retrieval: metrics with ties credited, language bias, benchmark sets, reports."""

from __future__ import annotations

from xling.evaluate.accuracy import TatoebaComparison, compare_tatoeba
from xling.evaluate.compare import Comparison, compare
from xling.evaluate.heatmap import heatmap_html, heatmap_png
from xling.evaluate.measure import Adjust, Scorer, dot_scorer, evaluate, evaluate_scores, evaluate_tatoeba
from xling.evaluate.pairs import read_pairs
from xling.evaluate.report import EvaluationReport, LanguageMatrix, TatoebaReport
from xling.evaluate.sets import (
    TATOEBA_XTREME,
    RetrievalSet,
    bcp47,
    ntrex,
    tatoeba,
    tatoeba_codes,
    xquad_r,
)

__all__ = [
    "TATOEBA_XTREME",
    "Adjust",
    "Comparison",
    "EvaluationReport",
    "LanguageMatrix",
    "RetrievalSet",
    "Scorer",
    "TatoebaComparison",
    "TatoebaReport",
    "bcp47",
    "compare",
    "compare_tatoeba",
    "dot_scorer",
    "evaluate",
    "evaluate_scores",
    "evaluate_tatoeba",
    "heatmap_html",
    "heatmap_png",
    "ntrex",
    "read_pairs",
    "tatoeba",
    "tatoeba_codes",
    "xquad_r",
]
