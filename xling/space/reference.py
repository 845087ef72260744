"""The reference sample, and what a model makes of it: the neutral basis of a young collection, and calibration.

The sample is a hundred short sentences in each of 66 languages, from Tatoeba (CC BY 2.0 FR, see
`xling/data/LICENSE-tatoeba.txt`); half of them have translations in the sample. For the bundled model the result
ships with the package. For any other it is computed when it is first needed (some 8,000 short texts) and kept in the
user's cache directory. Models that are paid by the token get a part of the sample.
"""

from __future__ import annotations

import gzip
import io
import json
import logging
import math
import os
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from xling.cache_dir import cache_dir
from xling.errors import ModelError
from xling.space.calibration import Calibration, calibrate
from xling.space.neutral import blend_prompts, estimate_basis
from xling.space.protocols import Encoder, PaidEncoder, Vectors, paid_encoder
from xling.space.shared import fingerprint
from xling.space.stats import LanguageStats
from xling.types import Progress

DATA = Path(__file__).resolve().parent.parent / "data"
SAMPLE_FILE = DATA / "reference.tsv.gz"
READY_FILE = DATA / "reference-bundled.npz"
FORMAT = 1
BATCH = 256
CALIBRATION_QUERIES = 1200

_log = logging.getLogger("xling")


class Sentence(NamedTuple):
    """A sentence of the sample. Sentences of equal `key` are translations of each other; "" has none."""

    lang: str
    key: str
    text: str


@dataclass(frozen=True, eq=False)
class Reference:
    """What one model makes of the reference sample.

    Attributes:
        stats: Document vectors by language.
        calibration: What its scores mean; None of a model that does not score translations above random texts (one of
            a single language, say): it has no confidence to give.
        model: Key of the model (see `reference_key`).
    """

    stats: LanguageStats
    calibration: Calibration | None
    model: str


@lru_cache(maxsize=1)
def reference_sample() -> tuple[Sentence, ...]:
    """The sentences of the sample, sorted by language."""
    lines = gzip.decompress(SAMPLE_FILE.read_bytes()).decode("utf-8").splitlines()
    return tuple(Sentence(*line.split("\t")) for line in lines)


@lru_cache(maxsize=4)
def part_of_sample(per_language: int) -> tuple[Sentence, ...]:
    """So many sentences of each language, translations of each other first: calibration needs those.

    Args:
        per_language: Sentences of a language, at most.
    """
    sample = reference_sample()
    by_key: dict[str, list[int]] = {}
    for i, sentence in enumerate(sample):
        if sentence.key:
            by_key.setdefault(sentence.key, []).append(i)
    taken: set[int] = set()
    room = dict.fromkeys((sentence.lang for sentence in sample), per_language)
    keys = list(by_key)
    order = [keys[i] for i in np.random.default_rng(0).permutation(len(keys))]
    groups = [by_key[key] for key in sorted(order, key=lambda key: -len(by_key[key]))]
    for group in [*groups, *([i] for i, sentence in enumerate(sample) if not sentence.key)]:
        fitting = [i for i in group if room[sample[i].lang] and i not in taken]
        if len(fitting) > 1 or len(group) == 1:
            taken.update(fitting)
            for i in fitting:
                room[sample[i].lang] -= 1
    return tuple(sample[i] for i in sorted(taken))


def reference_key(encoder: Encoder) -> str:
    """What decides about the vectors of short texts: the encoder's identity, but for how long a text it reads."""
    return fingerprint({k: v for k, v in encoder.identity.items() if k != "max_tokens"})


def compute_reference(encoder: Encoder, *, progress: Callable[[Progress], None] | None = None) -> Reference:
    """Encode the sample and take the statistics. Minutes on a CPU; `progress` is called after every batch."""
    sample = reference_sample()
    queries_most = CALIBRATION_QUERIES
    paid = paid_encoder(encoder)
    if paid is not None:
        sample = part_of_sample(paid.reference_sentences)
        queries_most = min(len(sample) // 4, queries_most)
        _say_the_cost(paid, [sentence.text for sentence in sample], queries_most)
    keyed = [i for i, sentence in enumerate(sample) if sentence.key]
    asked = np.random.default_rng(0).permutation(keyed)[:queries_most]
    total = len(sample) + len(asked)
    documents = _encode(encoder.encode_documents, [s.text for s in sample], 0, total, progress)
    queries = _encode(encoder.encode_queries, [sample[i].text for i in asked], len(sample), total, progress)
    stats = LanguageStats(documents.shape[1])
    stats.add([s.lang for s in sample], documents)
    calibration: Calibration | None = None
    with suppress(ModelError):
        calibration = calibrate(
            queries,
            blend_prompts(queries, documents[asked]),
            documents[keyed],
            query_langs=[sample[i].lang for i in asked],
            document_langs=[sample[i].lang for i in keyed],
            query_keys=[sample[i].key for i in asked],
            document_keys=[sample[i].key for i in keyed],
            basis=estimate_basis(None, stats),
        )
    return Reference(stats, calibration, reference_key(encoder))


def _say_the_cost(encoder: PaidEncoder, texts: Sequence[str], queries: int) -> None:
    tokens = sum(encoder.count_tokens(texts)) * (1 + queries / len(texts))
    _log.warning(
        "measuring the language space of %s, once: %s short texts, at most %s tokens, go to %s. It is kept in the "
        "cache directory; neutral=0 does without",
        encoder.name,
        f"{len(texts) + queries:,}",
        f"{math.ceil(tokens / 1000) * 1000:,}",
        encoder.address,
    )


def _encode(
    encode: Callable[[Sequence[str]], Vectors],
    texts: list[str],
    done: int,
    total: int,
    progress: Callable[[Progress], None] | None,
) -> Vectors:
    # Texts of like length share a batch, so that little is spent on padding.
    order = sorted(range(len(texts)), key=lambda i: len(texts[i].encode()))
    out: Vectors | None = None
    for start in range(0, len(texts), BATCH):
        index = order[start : start + BATCH]
        vectors = np.asarray(encode([texts[i] for i in index]), dtype=np.float32)
        if out is None:
            out = np.empty((len(texts), vectors.shape[1]), np.float32)
        out[index] = vectors
        if progress is not None:
            progress(Progress(done=done + start + len(index), total=total))
    assert out is not None  # the sample is not empty
    if not np.isfinite(out).all():
        raise ModelError("The model gives NaN or infinite vectors for ordinary sentences: it cannot be used.")
    return out


def load_reference(
    encoder: Encoder,
    *,
    cache: Path | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Reference:
    """The reference of a model: as shipped, from the cache, or computed now and kept there.

    Args:
        encoder: The model.
        cache: Directory to keep it in; the user's cache directory if not given.
        progress: Called while it is computed.
    """
    found = find_reference(encoder, cache=cache)
    if found is not None:
        return found
    reference = compute_reference(encoder, progress=progress)
    save_reference(reference, _cache_file(reference.model, cache))
    return reference


def find_reference(encoder: Encoder, *, cache: Path | None = None) -> Reference | None:
    """The reference of a model if it is at hand, else None: nothing is computed."""
    key = reference_key(encoder)
    for file in (READY_FILE, _cache_file(key, cache)):
        reference = read_reference(file)
        if reference is not None and reference.model == key:
            return reference
    return None


def _cache_file(key: str, cache: Path | None) -> Path:
    return (cache or cache_dir() / "reference") / f"{key}.npz"


def save_reference(reference: Reference, file: Path) -> None:
    """Write a reference, whole or not at all, whoever else writes it at the same moment."""
    stats = reference.stats
    head: dict[str, Any] = {
        "format": FORMAT,
        "model": reference.model,
        "counts": stats.counts,
        "calibration": reference.calibration and reference.calibration.to_dict(),
    }
    means = stats.means().astype(np.float16)  # the rounding is far below the error of a mean of a hundred texts
    buffer = io.BytesIO()
    np.savez_compressed(buffer, head=np.frombuffer(json.dumps(head).encode(), np.uint8), means=means)
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=".reference-")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(buffer.getvalue())
        Path(name).chmod(0o644)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def read_reference(file: Path) -> Reference | None:
    """Read what `save_reference` wrote; None if there is none or it is of no use (it will be computed again)."""
    try:
        with np.load(file, allow_pickle=False) as data:
            head = json.loads(data["head"].tobytes())
            means = data["means"].astype(np.float64)
        if head["format"] != FORMAT:
            return None
        stats = LanguageStats.from_means(head["counts"], means)
        calibration = head["calibration"] and Calibration.from_dict(head["calibration"])
        return Reference(stats, calibration, str(head["model"]))
    except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile, zlib.error):
        return None
