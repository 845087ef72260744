"""What models of requests are made of."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictInt, StrictStr

_LANGUAGES_MOST = 200


def _sendable(value: Any) -> Any:
    """Refuse lone surrogates, which are no text and which no store can keep."""
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("it has a lone surrogate (half of a character), which is no text") from None
    return value


Text = Annotated[StrictStr, AfterValidator(_sendable)]
Name = Annotated[StrictStr, Field(min_length=1, max_length=255), AfterValidator(_sendable)]
Code = Annotated[StrictStr, Field(min_length=1, max_length=64), AfterValidator(_sendable)]
Id = StrictStr | StrictInt
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Where = Annotated[dict[str, Any], AfterValidator(_sendable)]
Languages = Annotated[list[Code], Field(max_length=_LANGUAGES_MOST)]


class Asked(BaseModel):
    """Base of what is asked: a field that is not known is refused, since it may be misspelt."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Selecting(Asked):
    languages: Languages | None = Field(None, description="only documents of these languages, as BCP 47 codes")
    where: Where | None = Field(
        None,
        description="only documents whose metadata meet this",
        examples=[{"year": {"gte": 1990}, "genre": ["drama", "action"]}],
    )
    source: Text | None = Field(None, description="only documents of this source")

    def selection(self) -> dict[str, Any]:
        """As arguments of the verbs."""
        return {"languages": self.languages, "where": self.where, "source": self.source}
