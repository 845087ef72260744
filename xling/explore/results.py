"""What looking at a collection gives back. All frozen, all serialisable to JSON."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from xling.types import DocumentId


class Result(BaseModel):
    """Base of what is given back."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return self.model_dump(mode="json")


class Prediction(Result):
    """The label of one text.

    Attributes:
        text: As given; of a stored document its text, or first chunk.
        label: `und` where no label is probable enough.
        probability: Of the most probable label, whether or not that is enough.
        probabilities: Of each label; they sum to 1.
        lang: BCP 47 code, `und` if unknown.
        id: Of a stored document.
    """

    text: str
    label: str
    probability: float
    probabilities: dict[str, float] = Field(default_factory=dict)
    lang: str = "und"
    id: DocumentId | None = None
