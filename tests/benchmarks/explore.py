"""Labels, topics, gaps, duplicates and outliers across languages, measured: raw beside neutral.

    python tests/benchmarks/explore.py                # encodes once (about 25 minutes on two cores)
    python tests/benchmarks/explore.py labels         # some of the tables; --help names them

Labels and topics are the 48 articles of XQuAD-R, whose sentences are there in 11 languages. Classifiers learn from
English sentences only and are judged on others of each language, none of which translates a sentence that was learnt
from: every second sentence of each paragraph (of those with as many sentences as in English), or, harder, those of
paragraphs that were not learnt from at all. Vectors are those of the bundled model with the document prompt, kept in
the cache directory (or `--vectors DIR`). Clusters, gaps, duplicates and outliers are those of the verbs, over embedded
collections of these vectors. Nothing was chosen on these figures, except the thresholds of near duplicates on the first
two pairs of languages, the share of a gap on other draws, and the number of clusters on these sentences.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from neutral import DATA, Floats, Vectors, encoder, stats_of
from numpy.typing import NDArray

import xling
from xling.cache_dir import cache_dir
from xling.evaluate.sets import bcp47
from xling.explore.duplicating import NEAR
from xling.explore.labels import Method, fit
from xling.space import SharedSpace
from xling.space.margin import candidate_pairs, mutual_best
from xling.space.neighbours import exact_neighbours
from xling.space.neutral import NeutralBasis, estimate_basis
from xling.space.reference import load_reference
from xling.text import normalise

LEARNT = [0, 2, 4]
"""Paragraphs of each article that classifiers learn from, out of five, where others are judged."""

NTREX = ("eng", "fra", "rus", "deu", "jpn")
PAIRS = (("eng", "fra"), ("eng", "rus"), ("eng", "deu"), ("eng", "jpn"), ("deu", "jpn"))
"""The thresholds of `near_duplicates` were chosen on the first two."""


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


class Kept:
    """The bundled model, as far as its vectors are not known already."""

    def __init__(self, texts: list[str], rows: Floats) -> None:
        self._rows = dict(zip(map(normalise, texts), rows, strict=True))

    def __getattr__(self, name: str) -> Any:
        return getattr(encoder(), name)

    def encode_documents(self, texts: Sequence[str]) -> Floats:
        return np.stack([self._rows[text] for text in texts])


@contextmanager
def collection(
    texts: list[str], rows: Floats, langs: Sequence[str], ids: Sequence[Any], label: Sequence[str] = ()
) -> Iterator[Any]:
    """A collection of these, embedded, for the time of a measurement."""
    labels = label or [""] * len(texts)
    with TemporaryDirectory() as folder:
        opened = xling.open("measured", path=folder, model=Kept(texts, rows), cache=False, lexical=False)
        with opened as made:
            made.add(
                xling.Document(text=text, id=id, lang=str(lang), metadata={"label": label})
                for text, id, lang, label in zip(texts, ids, langs, labels, strict=True)
            )
            yield made


def clusters(vectors: Vectors) -> None:
    data = xquad_sentences(vectors)
    print(f"\nClusters of {len(data.texts):,} sentences of XQuAD-R in 11 languages, 48 articles; mean of 5 seeds")
    print(f"  {'':28} V-measure  homogen.  complete.  of languages  in one language")
    names = [f"{article:02}" for article in data.articles]
    with collection(data.texts, data.vectors, data.langs, range(len(data.texts)), names) as made:
        for title, options in (
            ("48 clusters", {"count": 48}),
            ("as many as are chosen", {}),
            ("hdbscan", {"method": "hdbscan", "least": 15}),
        ):
            for neutral in (0.0, 1.0):
                seeds = range(5 if "method" not in options else 1)
                found = [made.clusters(label="label", neutral=neutral, seed=s, words=0, **options) for s in seeds]
                row = [
                    np.mean([getattr(f.agreement, k) for f in found])
                    for k in ("v_measure", "homogeneity", "completeness")
                ]
                row += [np.mean([getattr(f, k) for f in found]) for k in ("by_language", "one_language")]
                name = f"{title}, {'neutral' if neutral else 'raw'}"
                rest = "" if "count" in options else f"  {np.mean([len(f.clusters) for f in found]):.0f} clusters"
                none = np.mean([label < 0 for label in found[0].labels])
                rest += f", {none:.0%} in none" if none else ""
                print(
                    f"  {name:32} {row[0]:.3f}     {row[1]:.3f}     {row[2]:.3f}     {row[3]:.3f}        "
                    f"{row[4]:6.1%}{rest}",
                    flush=True,
                )
        print("  the four largest of 48, by their words")
        for cluster in made.clusters(48, words=3).clusters[:4]:
            for lang in ("en", "zh", "ar", "hi", "th"):
                print(f"    {cluster.number} {lang} {', '.join(cluster.words.get(lang, ()))}")


def coverage(vectors: Vectors) -> None:
    """Each language loses 5 articles; what is found of that, and what is said to be missing and is not."""
    data = xquad_sentences(vectors)
    draw = np.random.default_rng(0)
    langs = sorted(set(data.langs))
    lost = {(lang, int(article)) for lang in langs for article in draw.choice(48, 5, replace=False)}
    kept = np.array([(lang, int(a)) not in lost for lang, a in zip(data.langs, data.articles, strict=True)])
    rows = np.flatnonzero(kept)
    print(f"\nCoverage: XQuAD-R without 5 articles in each of 11 languages ({len(lost)} gaps), {len(rows):,} sentences")
    texts = [data.texts[i] for i in rows]
    with collection(texts, data.vectors[rows], data.langs[rows], rows.tolist()) as made:
        for count in (48, 96):
            for neutral in (0.0, 1.0):
                found = made.clusters(count, neutral=neutral, words=0)
                main = {
                    cluster.number: int(np.bincount(data.articles[found.of(cluster.number)]).argmax())
                    for cluster in found.clusters
                }
                gaps = made.coverage(clusters=found).gaps
                right = [(gap.lang, main[gap.cluster]) in lost for gap in gaps]
                named = {(gap.lang, main[gap.cluster]) for gap in gaps} & lost
                there = {(lang, a) for lang, a in lost if a in main.values()}
                print(
                    f"  {count} clusters, {'neutral' if neutral else 'raw':8} {len(named)} of {len(lost)} found "
                    f"({len(there)} of articles that have a cluster), {np.mean(right) if right else 0:6.1%} of "
                    f"{len(gaps)} gaps are right",
                    flush=True,
                )


def duplicates(vectors: Vectors) -> None:
    lines = {code: (DATA / "ntrex" / f"{code}.txt").read_text("utf-8").removesuffix("\n").split("\n") for code in NTREX}
    rows = {code: vectors("p", f"ntrex.{code}", texts) for code, texts in lines.items()}
    draw = np.random.default_rng(7)
    n = len(lines["eng"])
    for share in (1.0, 0.5):
        order = draw.permutation(n)
        both, rest = order[: int(share * n)], order[int(share * n) :]
        sides = np.concatenate([both, rest[: len(rest) // 2]]), np.concatenate([both, rest[len(rest) // 2 :]])
        print(
            f"\nNear duplicates: NTREX, two languages in one collection, {len(both)} lines in both of {len(sides[0])}"
        )
        print(f"  {'':12} F1     precision recall (F1 of all pairs)  raw: F1 at the threshold of eng-fra (own best)")
        threshold = None
        for a, b in PAIRS:
            (i, j) = sides
            scores, right = raw_pairs(rows[a][i], rows[b][j], i, j)
            best, own = best_f1(scores, right, len(both))
            threshold = own if threshold is None else threshold
            raw = f1(scores >= threshold, right, len(both))
            texts = [lines[a][x] for x in i] + [lines[b][x] for x in j]
            langs = [bcp47(a)] * len(i) + [bcp47(b)] * len(j)
            ids = [f"{a}-{x}" for x in i] + [f"{b}-{x}" for x in j]
            with collection(texts, np.concatenate([rows[a][i], rows[b][j]]), langs, ids) as made:
                found = made.near_duplicates()
            pairs = {frozenset((p.first.id, p.second.id)) for p in found.pairs if p.kind != "near"}
            hits = len(pairs & {frozenset((f"{a}-{x}", f"{b}-{x}")) for x in both})
            figures = f"{2 * hits / (len(pairs) + len(both)):.3f}  {hits / len(pairs):.3f}     {hits / len(both):.3f}"
            figures += f"  ({2 * hits / (len(found.pairs) + len(both)):.3f})"
            within = sum(p.kind == "near" for p in found.pairs)
            print(f"  {a}-{b:8} {figures}    {raw:.3f} ({best:.3f})   {within} near ones of one language", flush=True)


def raw_pairs(x: Floats, y: Floats, i: NDArray[np.int64], j: NDArray[np.int64]) -> tuple[Any, NDArray[np.bool_]]:
    """The pairs that are the nearest of each other by the cosine of the model: cosines, and which are translations."""
    forward, backward = exact_neighbours(x, y, 4)
    source, target, cosines = candidate_pairs(forward, backward)
    best = mutual_best(source, target, cosines.astype(np.float64))
    return cosines[best], i[source[best]] == j[target[best]]


def f1(kept: NDArray[np.bool_], right: NDArray[np.bool_], total: int) -> float:
    return float(2 * right[kept].sum() / (kept.sum() + total))


def best_f1(scores: NDArray[Any], right: NDArray[np.bool_], total: int) -> tuple[float, float]:
    return max((f1(scores >= t, right, total), float(t)) for t in np.quantile(scores, np.linspace(0, 0.99, 200)))


def edited(vectors: Vectors) -> None:
    """How like itself a sentence is after a small change, and how like each other sentences are."""
    texts = (DATA / "ntrex" / "eng.txt").read_text("utf-8").removesuffix("\n").split("\n")
    rows = vectors("p", "ntrex.eng", texts)
    basis = estimate_basis(stats_of(["en"] * len(rows), rows), load_reference(encoder()).stats)
    turned = basis.centre(rows)
    draw = np.random.default_rng(3)
    chosen = [int(i) for i in draw.permutation(len(texts)) if len(texts[i].split()) > 5][:100]
    print(f"\nEdited: cosine of a sentence of NTREX with itself after a change, and share of at least {NEAR}")
    for name, change in EDITS.items():
        some = [i for i in chosen if change(texts[i], draw) != texts[i]]
        draw_again = np.random.default_rng(3)
        new = basis.centre(encoder().encode_documents([change(texts[i], draw_again) for i in some]))
        cosines = np.einsum("ij,ij->i", new, turned[some])
        print(f"  {name:28} median {np.median(cosines):.3f}, {(cosines >= NEAR).mean():.0%} of {len(some)}", flush=True)
    others = turned @ turned.T
    np.fill_diagonal(others, -1)
    nearest = others.max(axis=1)
    print(
        f"  {'another sentence, the nearest':28} median {np.median(nearest):.3f}, {(nearest >= NEAR).mean():.1%} "
        f"of {len(nearest)}"
    )


def outliers(vectors: Vectors) -> None:
    """Ten articles in 11 languages, and a sentence of each of the others in some language: are these found?"""
    data = xquad_sentences(vectors)
    draw = np.random.default_rng(0)
    strange = [int(draw.choice(np.flatnonzero(data.articles == article))) for article in range(10, 48)]
    rows = np.concatenate([np.flatnonzero(data.articles < 10), strange])
    print(
        f"\nOutliers: {len(strange)} sentences of other articles among {len(rows):,} of ten articles of XQuAD-R in "
        f"11 languages"
    )
    with collection([data.texts[i] for i in rows], data.vectors[rows], data.langs[rows], rows.tolist()) as made:
        for neutral in (0.0, 1.0):
            found = made.outliers(len(rows), threshold=-1e9, neutral=neutral)
            right = np.isin([one.document.id for one in found], strange)
            precision = np.cumsum(right) / np.arange(1, len(right) + 1)
            over = sum(one.score >= 3 for one in found)
            hits = sum(one.score >= 3 and one.document.id in strange for one in found)
            print(
                f"  {'neutral' if neutral else 'raw':8} average precision {precision[right].mean():.3f} "
                f"(by chance {right.mean():.3f}); at 3 deviations {hits} of {len(strange)} among {over}"
            )


def _dropped(text: str, draw: np.random.Generator) -> str:
    words = text.split()
    return " ".join(np.delete(words, draw.integers(len(words))))


def _swapped(text: str, draw: np.random.Generator) -> str:
    words = text.split()
    at = int(draw.integers(len(words) - 1))
    return " ".join([*words[:at], words[at + 1], words[at], *words[at + 2 :]])


EDITS: dict[str, Callable[[str, np.random.Generator], str]] = {
    "a word dropped": _dropped,
    "two words swapped": _swapped,
    "other punctuation": lambda text, _: text.rstrip(".!?").replace(",", "") + "!",
    "a word put before": lambda text, _: f"Update: {text}",
    "numbers one higher": lambda text, _: re.sub(r"\d+", lambda found: str(int(found[0]) + 1), text),
}

TABLES: dict[str, tuple[Callable[[Vectors], None], str]] = {
    "labels": (labels, "xquad-r"),
    "clusters": (clusters, "xquad-r"),
    "coverage": (coverage, "xquad-r"),
    "duplicates": (duplicates, "ntrex"),
    "edited": (edited, "ntrex"),
    "outliers": (outliers, "xquad-r"),
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
