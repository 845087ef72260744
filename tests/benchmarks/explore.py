"""Labels, topics and duplicates across languages, measured: raw beside neutral.

    python tests/benchmarks/explore.py                # encodes once (about 15 minutes on 2 cores)
    python tests/benchmarks/explore.py labels         # some of the tables; --help names them

Labels and topics are the 48 articles of XQuAD-R, whose sentences are there in 11 languages. Classifiers learn from
English sentences only and are judged on others of each language, none of which translates a sentence that was learnt
from: every second sentence of each paragraph (of those with as many sentences as in English), or, harder, those of
paragraphs that were not learnt from at all. Vectors are those of the bundled model with the document prompt, kept in
the cache directory (or `--vectors DIR`). Nothing was chosen on these figures.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from neutral import DATA, Floats, Vectors, encoder, stats_of
from numpy.typing import NDArray

from xling.cache_dir import cache_dir
from xling.explore.labels import Method, fit
from xling.space import SharedSpace
from xling.space.neutral import NeutralBasis, estimate_basis
from xling.space.reference import load_reference

LEARNT = [0, 2, 4]
"""Paragraphs of each article that classifiers learn from, out of five, where others are judged."""


@dataclass(frozen=True)
class Sentences:
    """XQuAD-R's sentences with their article, in the order of `xling.evaluate.xquad_r`."""

    texts: list[str]
    langs: NDArray[np.str_]
    articles: NDArray[np.int64]
    paragraphs: NDArray[np.int64]
    places: NDArray[np.int64]
    """Number of each sentence in its paragraph, -1 where the paragraph has not as many sentences as in English."""
    vectors: Floats
    basis: NeutralBasis


def xquad_sentences(vectors: Vectors) -> Sentences:
    rows = []
    files = {file.stem: json.loads(file.read_text("utf-8")) for file in sorted((DATA / "xquad-r").glob("*.json"))}
    for lang, content in files.items():
        for number, (article, english) in enumerate(zip(content["data"], files["en"]["data"], strict=True)):
            for at, paragraph in enumerate(article["paragraphs"]):
                sentences = [sentence.strip("\ufeff \t\r\n") for sentence in paragraph["sentences"]]
                aligned = len(sentences) == len(english["paragraphs"][at]["sentences"])
                rows += [(text, lang, number, at, i if aligned else -1) for i, text in enumerate(sentences)]
    texts, langs, articles, paragraphs, places = (list(column) for column in zip(*rows, strict=True))
    found = vectors("p", "xquad_sentences", texts)
    basis = estimate_basis(stats_of(langs, found), load_reference(encoder()).stats)
    columns = (np.array(column) for column in (langs, articles, paragraphs, places))
    return Sentences(texts, *columns, found, basis)


def labels(vectors: Vectors) -> None:
    data = xquad_sentences(vectors)
    in_learnt = np.isin(data.paragraphs, LEARNT)
    for title, learnt, held in (
        ("other sentences of the same paragraphs", data.places % 2 == 0, (data.places % 2 == 1) & (data.places >= 0)),
        ("sentences of other paragraphs", in_learnt, ~in_learnt),
    ):
        print(f"\nLabels: 48 articles of XQuAD-R, learnt in English, judged on {title}")
        print(f"  {'':20} en     others  kept    lowest     calibration error of others (without calibration)")
        for method in ("logistic", "nearest"):
            for neutral in (0.0, 1.0):
                name = f"{method}, {'neutral' if neutral else 'raw'}"
                print(f"  {name:20} {labels_row(data, learnt, held, method, neutral)}", flush=True)


def labels_row(
    data: Sentences, learnt: NDArray[np.bool_], held: NDArray[np.bool_], method: Method, neutral: float
) -> str:
    rows = np.flatnonzero((data.langs == "en") & learnt)
    names = [f"{article:02}" for article in data.articles[rows]]
    made = fit(data.vectors[rows], names, data.basis, SharedSpace(encoder()), method=method, neutral=neutral)
    found: dict[str, tuple[float, float, float]] = {}
    for lang in sorted(set(data.langs)):
        judged = np.flatnonzero((data.langs == lang) & held)
        p = made.probabilities(data.vectors[judged])
        plain = p**made.temperature / (p**made.temperature).sum(axis=1, keepdims=True)
        right = p.argmax(axis=1) == data.articles[judged]
        found[lang] = (float(right.mean()), calibration_error(p, right), calibration_error(plain, right))
    own, others = found.pop("en")[0], np.array(list(found.values())).mean(axis=0)
    lowest = min(found, key=lambda lang: found[lang][0])
    kept = f"{own:.3f}  {others[0]:.3f}   {others[0] / own:6.1%}"
    return f"{kept}  {lowest} {found[lowest][0]:.3f}   {others[1]:.3f} ({others[2]:.3f})"


def calibration_error(probabilities: NDArray[np.float64], right: NDArray[np.bool_], bins: int = 10) -> float:
    """Expected calibration error (Guo et al., 2017): how far accuracy lies from the probability, by bins of it."""
    sure = probabilities.max(axis=1)
    bin_of = np.minimum((sure * bins).astype(int), bins - 1)
    parts = [(bin_of == b) for b in range(bins) if (bin_of == b).any()]
    return float(sum(part.mean() * abs(right[part].mean() - sure[part].mean()) for part in parts))


TABLES: dict[str, tuple[Callable[[Vectors], None], str]] = {
    "labels": (labels, "xquad-r"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="*", choices=[[], *TABLES], help="which; all if none is named")
    parser.add_argument("--vectors", type=Path, default=cache_dir() / "benchmarks", help="where vectors are kept")
    arguments = parser.parse_args()
    for name in arguments.tables or TABLES:
        table, folder = TABLES[name]
        if (DATA / folder).is_dir():
            table(Vectors(arguments.vectors))
        else:
            print(f"\n{name}: left out, there is no {DATA / folder}")


if __name__ == "__main__":
    main()
