"""Routes of texts that belong to no collection: their languages, and their vectors."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import Response

from xling.errors import InvalidInput
from xling.language import detector
from xling.search.query import check_queries
from xling.serve.models import Detections, Embedding, EmbeddingRow, Embeddings, Texts, Usage
from xling.serve.problems import Problem
from xling.serve.routes.common import allow, check_number, check_texts, errors, json_of
from xling.serve.search_models import Detected
from xling.space import Encoder
from xling.space.chunker import count_tokens
from xling.text import normalise

router = APIRouter(prefix="/v1", tags=["texts"])


@router.post("/detect", response_model=Detections, responses=errors())
async def detect(request: Request, asked: Texts) -> Response:
    """The language of each text; `und` where it does not say."""
    service = allow(request, "read")
    check_number(service, len(asked.texts), "texts")
    check_texts(service, asked.texts)
    found = await asyncio.to_thread(detector().detect_many, asked.texts)
    rows = [Detected(lang=one.lang, confidence=round(float(one.confidence), 4)) for one in found]
    return json_of(Detections(languages=rows))


@router.post("/embeddings", response_model=Embeddings, responses=errors(404))
async def embeddings(request: Request, asked: Embedding) -> Response:
    """Vectors of texts, as OpenAI's clients ask for them: unit length, all of one space whatever the language.

    `prompt` says whether they are documents or queries. A text longer than the model reads is refused, not cut.
    """
    service = allow(request, "read")
    texts = _texts(asked.input)
    check_number(service, len(texts), "texts")
    check_texts(service, texts)
    check_queries(texts)
    encoder = service.encoder()
    if asked.model not in ("default", encoder.name):
        raise Problem(404, f"this service has the model {encoder.name!r}, not {asked.model[:100]!r}")
    if asked.dimensions is not None and asked.dimensions > encoder.dimension:
        raise InvalidInput(f"dimensions: the model gives {encoder.dimension} numbers, not {asked.dimensions}")
    plain = [normalise(text) for text in texts]
    counts = await asyncio.to_thread(_counted, encoder, plain)
    vectors = np.asarray(await service.embed(plain, asked.prompt), dtype=np.float32)
    if asked.dimensions is not None:
        vectors = vectors[:, : asked.dimensions]
        vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    rows = [EmbeddingRow(index=i, embedding=_shown(row, asked.encoding_format)) for i, row in enumerate(vectors)]
    usage = Usage(prompt_tokens=sum(counts), total_tokens=sum(counts))
    return json_of(Embeddings(data=rows, model=encoder.name, usage=usage))


def _texts(given: Any) -> list[str]:
    if isinstance(given, str):
        return [given]
    if isinstance(given, list) and given and all(isinstance(one, str) for one in given):
        return given
    numbers = isinstance(given, list) and given and all(isinstance(one, (int, list)) for one in given)
    if numbers:
        raise InvalidInput("input: tokens are of another model's making; send texts")
    raise InvalidInput("input: a text, or a list of texts with one at least")


def _counted(encoder: Encoder, texts: list[str]) -> list[int]:
    counts = count_tokens(encoder, texts)
    room = encoder.max_tokens - getattr(encoder, "document_overhead", 0)
    longest = max(counts)
    if longest > room:
        raise InvalidInput(
            f"a text of {longest:,} tokens; the model reads {room:,}: split it, or add it to a collection"
        )
    return counts


def _shown(row: Any, encoding: str) -> Any:
    if encoding == "base64":
        return base64.b64encode(np.asarray(row, dtype="<f4").tobytes()).decode("ascii")
    return row.tolist()
