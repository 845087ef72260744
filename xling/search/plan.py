"""What a search asks for, checked once, whoever asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np

from xling.errors import InvalidInput
from xling.space.calibration import Calibration
from xling.space.neutral import NeutralBasis
from xling.store.base import FilterJson

MAX_LIMIT = 10_000
_MAX_WEIGHT = 100.0

Mode: TypeAlias = Literal["dense", "lexical", "hybrid"]
FusionKind: TypeAlias = Literal["rrf", "dbsf"]


@dataclass(frozen=True, slots=True)
class Plan:
    """The options of one search; see `Collection.search` for their meaning.

    `balance` is the strength, 0 to 1. `languages` are those that a balanced search asks one by one.
    """

    limit: int = 10
    offset: int = 0
    filter: FilterJson | None = None
    min_score: float | None = None
    min_confidence: float | None = None
    exact: bool = False
    neutral: float = 1.0
    balance: float = 0.0
    languages: tuple[str, ...] = ()
    prefer: tuple[str, ...] = ()
    rescore: bool = False
    distinct: str | None = None
    chunks: bool = False
    mode: Mode = "dense"
    fusion: FusionKind = "rrf"
    lexical_weight: float | None = None

    def __post_init__(self) -> None:
        if not _is_int(self.limit, 1) or not _is_int(self.offset, 0):
            raise InvalidInput(
                f"limit must be 1 to {MAX_LIMIT} and offset 0 to {MAX_LIMIT}, got {self.limit!r} and {self.offset!r}"
            )
        for name, value in (
            ("neutral", self.neutral),
            ("balance", self.balance),
            ("min_confidence", self.min_confidence),
        ):
            if value is not None and not (isinstance(value, (int, float)) and 0.0 <= value <= 1.0):
                raise InvalidInput(f"{name} must lie between 0 and 1, got {value!r}")
        for name, choice, choices in (("mode", self.mode, Mode), ("fusion", self.fusion, FusionKind)):
            if choice not in get_args(choices):
                raise InvalidInput(f"{name}= is one of {', '.join(map(repr, get_args(choices)))}, not {choice!r}")
        self._check_legs()

    def _check_legs(self) -> None:
        weight = self.lexical_weight
        if weight is not None and not (_is_number(weight) and 0.0 <= weight <= _MAX_WEIGHT):
            raise InvalidInput(f"lexical_weight must lie between 0 and {_MAX_WEIGHT:g}, got {weight!r}")
        if weight is not None and (self.mode != "hybrid" or self.fusion != "rrf"):
            raise InvalidInput("lexical_weight= belongs to mode='hybrid' with fusion='rrf'")
        if self.mode != "dense" and self.reranks:
            raise InvalidInput(f"balance=, prefer= and rescore= go with mode='dense', not with mode={self.mode!r}")
        if self.mode == "lexical" and self.min_confidence is not None:
            raise InvalidInput("min_confidence= needs a comparison of meaning: use min_score= with mode='lexical'")

    @property
    def reranks(self) -> bool:
        """Whether the order is made here, from more candidates than are asked for."""
        return bool(self.balance or self.prefer or self.rescore)


@dataclass(frozen=True, slots=True)
class Neutrality:
    """What makes a search neutral, and its scores mean something: the basis and the calibration of the model."""

    basis: NeutralBasis
    calibration: Calibration | None

    def spread(self, alpha: float, scores: Sequence[float]) -> float:
        """Standard deviation of background scores; of these scores where the model has no calibration."""
        if self.calibration is not None:
            return float(self.calibration.scale(alpha).background_sd)
        return max(float(np.std(scores)), 1e-6) if len(scores) else 1.0

    def confidence(self, score: float, alpha: float) -> float | None:
        """Of one score."""
        return None if self.calibration is None else round(self.calibration.scale(alpha).confidence(score), 4)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_int(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= MAX_LIMIT
