"""Maps and probes measured: time, size, what the plane keeps, and pictures of raw and neutral.

    python tests/benchmarks/map.py                  # encodes XQuAD-R once (about 15 minutes on 2 cores)
    python tests/benchmarks/map.py --pictures DIR   # and draws them

Kept: of the ten nearest in the space, how many are among the ten nearest on the map. Own language, own article: share
of the ten nearest on the map that have the same one. Placed: each tenth sentence is left out of the map and placed on
it by its neighbours; how many of the ten nearest on the map have its article. Times are of this process on the
processor, since it uses one thread: on a machine without other work the clock says the same. UMAP is measured where
umap-learn is installed. Topics are the articles of XQuAD-R in 11 languages; the 19,548 points for speed are Tatoeba's
sentences of 20 languages.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from explore import xquad_sentences
from neutral import DATA, Floats, Vectors, encoder, stats_of
from numpy.typing import NDArray

from xling.cache_dir import cache_dir
from xling.explore.colouring import colourings
from xling.explore.maps import Layer, Map
from xling.explore.nearest import nearest
from xling.explore.probe import Probe
from xling.explore.probing import SAMPLE, measured
from xling.explore.projecting import PLACED_BY, place, project
from xling.explore.reading import Documents
from xling.space.neutral import NeutralBasis, estimate_basis
from xling.space.reference import load_reference

NEAR = 10
ASKED = 2000
LANGUAGES = "ara bul cmn deu ell fra heb hin ind jpn kor nld pol por rus spa tha tur vie eng"


def seconds(work: Callable[[], Floats]) -> tuple[Floats, float]:
    began = time.process_time()
    result = work()
    return result, time.process_time() - began


def near_on(places: Floats, asked: NDArray[np.int64]) -> NDArray[np.int64]:
    """The ten nearest on a map of some of its points, shape (len(asked), 10)."""
    found = []
    for i in asked:
        distances = ((places - places[i]) ** 2).sum(axis=1)
        distances[i] = np.inf
        found.append(np.argpartition(distances, NEAR)[:NEAR])
    return np.array(found)


def kept(vectors: Floats, places: Floats) -> float:
    asked = np.random.default_rng(0).permutation(len(vectors))[:ASKED]
    wanted, _ = nearest(vectors[asked], vectors, NEAR + 1)
    pairs = zip(near_on(places, asked), wanted, asked, strict=True)
    return float(np.mean([len(set(a) & (set(b) - {i})) / NEAR for a, b, i in pairs]))


def same(places: Floats, values: NDArray[np.generic]) -> float:
    asked = np.random.default_rng(0).permutation(len(places))[:ASKED]
    return float((values[near_on(places, asked)] == values[asked][:, None]).mean())


def umap_of(vectors: Floats) -> Floats | None:
    try:
        from umap import UMAP
    except ImportError:
        return None
    UMAP(n_neighbors=5, random_state=0).fit(vectors[:200])  # compiles
    return np.asarray(UMAP(metric="cosine", random_state=0).fit_transform(vectors), np.float32)


def tatoeba_points(vectors: Vectors) -> tuple[list[str], list[str], Floats, NeutralBasis]:
    texts, langs = [], []
    for code in LANGUAGES.split():
        pair = "jpn-eng" if code == "eng" else f"{code}-eng"
        lines = (DATA / "tatoeba" / f"tatoeba.{pair}.{code}").read_text("utf-8").splitlines()
        texts += [line.strip() for line in lines]
        langs += [code] * len(lines)
    found = vectors("p", "tatoeba_20", texts)
    return texts, langs, found, estimate_basis(stats_of(langs, found), load_reference(encoder()).stats)


def drawn(
    name: str, texts: list[str], langs: list[str], metadata: list[dict[str, str]], raw: Floats, basis: NeutralBasis
) -> tuple[Map, float]:
    layers = []
    for title, alpha in (("raw", 0.0), ("neutral", 1.0)):
        vectors = basis.centre(raw, alpha)
        places, spent = seconds(lambda vectors=vectors: project(vectors))  # type: ignore[misc]
        layers.append(Layer(title, alpha, places, vectors))
    space = SimpleNamespace()
    colours = colourings(langs, metadata, None)
    made = Map(name, list(range(len(texts))), texts, langs, colours, tuple(layers), len(texts), 0, "e5", space, basis)  # type: ignore[arg-type]
    return made, spent


def speed(vectors: Vectors, pictures: Path | None) -> None:
    texts, langs, raw, basis = tatoeba_points(vectors)
    made, spent = drawn("Tatoeba", texts, langs, [{} for _ in texts], raw, basis)
    print(f"\n{len(texts):,} points: {spent:.0f} s")
    target = (pictures or cache_dir()) / "tatoeba.html"
    began = time.process_time()
    made.save(target)
    size = target.stat().st_size
    print(f"  page with both maps: {size / 1e6:.1f} MB, written in {time.process_time() - began:.1f} s")
    if pictures is not None:
        made.save(pictures / "map-languages.png", title="")
    layer = made.layers[1]
    print(f"  t-SNE keeps {kept(layer.vectors, layer.places):.3f} of the ten nearest")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other, spent = seconds(lambda: umap_of(layer.vectors))  # type: ignore[arg-type,return-value]
    if other is not None:
        print(f"  UMAP keeps {kept(layer.vectors, other):.3f}, in {spent:.0f} s")


def topics(vectors: Vectors, pictures: Path | None) -> None:
    data = xquad_sentences(vectors)
    metadata = [{"article": f"{article:02}"} for article in data.articles]
    made, spent = drawn("XQuAD-R", data.texts, list(data.langs), metadata, data.vectors, data.basis)
    print(f"\n{len(made):,} sentences of XQuAD-R in 11 languages, {spent:.0f} s a map")
    print("            kept   own language  own article")
    for layer in made.layers:
        shares = f"{same(layer.places, data.langs):11.1%}  {same(layer.places, data.articles):11.1%}"
        print(f"  {layer.title:8} {kept(layer.vectors, layer.places):6.3f}  {shares}")
    placing(made, data.articles)
    if pictures is not None:
        made.save(pictures / "map-topics.png", color_by="article", title="")


def placing(made: Map, articles: NDArray[np.int64]) -> None:
    layer = made.layers[1]
    held = np.arange(len(made)) % 10 == 0
    places = project(layer.vectors[~held])
    found, cosines = nearest(layer.vectors[held], layer.vectors[~held], PLACED_BY)
    weights = np.exp(20 * (cosines - cosines[:, :1]))
    mean = (weights[..., None] * places[found]).sum(axis=1) / weights.sum(axis=1, keepdims=True)
    print("  placed, own article among the ten nearest:", end="")
    for name, put in (("median", place(found, cosines, places)), ("mean", mean), ("nearest", places[found[:, 0]])):
        shares = []
        for at, article in zip(put, articles[held], strict=True):
            near = np.argpartition(((places - at) ** 2).sum(axis=1), NEAR)[:NEAR]
            shares.append((articles[~held][near] == article).mean())
        print(f"  {name} {np.mean(shares):.1%}", end="")
    print()


def probe(vectors: Vectors, pictures: Path | None) -> None:
    data = xquad_sentences(vectors)
    some = np.random.default_rng(0).permutation(len(data.texts))[:SAMPLE]
    documents = Documents(
        ids=list(some),
        texts=[data.texts[i] for i in some],
        langs=[str(data.langs[i]) for i in some],
        metadata=[{} for _ in some],
        vectors=data.vectors[some],
        total=len(data.texts),
    )
    began = time.process_time()
    found: Probe = measured("XQuAD-R", "bundled", documents, SimpleNamespace(basis=data.basis), 10, 0)  # type: ignore[arg-type]
    print(
        f"\nProbe of {SAMPLE:,} sentences of XQuAD-R, {time.process_time() - began:.0f} s; pool {found.pool_share:.1%}"
    )
    for name, raw, neutral in found.rows():
        print(f"  {name:40} {raw:>8} {neutral:>8}")
    for one in found.savings:
        print(f"  {one.name:12} {one.bytes:5} bytes  recall {one.recall:.1%}  rescored {one.rescored:.1%}")
    if pictures is not None:
        found.save(pictures / "probe.png")


TABLES = {"speed": speed, "topics": topics, "probe": probe}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="*", choices=[[], *TABLES], help="which; all if none is named")
    parser.add_argument("--vectors", type=Path, default=cache_dir() / "benchmarks", help="where vectors are kept")
    parser.add_argument("--pictures", type=Path, help="directory to draw into")
    arguments = parser.parse_args()
    for name in arguments.tables or TABLES:
        TABLES[name](Vectors(arguments.vectors), arguments.pictures)


if __name__ == "__main__":
    main()
