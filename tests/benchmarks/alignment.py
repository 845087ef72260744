"""Document alignment measured: NTREX's documents, a fifth of the sentences merged, split or dropped (seeded).

    python tests/benchmarks/alignment.py                     # eng with jpn, deu, zho-CN, arb
    python tests/benchmarks/alignment.py --pairs fra rus kor tha hin   # those that settings are chosen on
    python tests/benchmarks/alignment.py --skip 0.3 0.4      # at other costs of a sentence without partner

An edit is on one side, drawn for each: two neighbours become one, one is cut near its middle, one is left out. A link
counts when both its groups are exactly right; links without partner are not counted. "cosine, mutual best" is the
plain way: sentences that are each other's nearest, in their own document. Vectors are kept as in neutral.py.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b
from pathlib import Path

import numpy as np
from bitext import Measure
from neutral import DATA, Floats

from xling.cache_dir import cache_dir
from xling.evaluate.sets import bcp47
from xling.text.clusters import cluster_start
from xling.translate.alignment import DEFAULT_LARGEST, DEFAULT_SKIP, aligned, encode_groups

REPORTED = ("jpn", "deu", "zho-CN", "arb")
EDITED = 0.2
Groups = tuple[tuple[int, ...], tuple[int, ...]]


@dataclass
class Edited:
    """A document of two sides after the edits: rows of the texts to encode, and the links that are right."""

    source: list[str] = field(default_factory=list)
    target: list[str] = field(default_factory=list)
    links: set[Groups] = field(default_factory=set)

    def link(self, source: list[str], target: list[str]) -> None:
        a, b = len(self.source), len(self.target)
        self.source += source
        self.target += target
        if source and target:
            self.links.add((tuple(range(a, a + len(source))), tuple(range(b, b + len(target)))))


def edited(pairs: list[tuple[str, str]], draw: np.random.Generator, spaces: tuple[str, str]) -> Edited:
    document, i = Edited(), 0
    while i < len(pairs):
        pair = [[text] for text in pairs[i]]
        side, kind = int(draw.integers(2)), draw.choice(["merge", "split", "drop"])
        if draw.random() < EDITED:
            if kind == "drop":
                pair[side] = []
            elif kind == "split":
                pair[side] = halves(pairs[i][side])
            elif i + 1 < len(pairs):
                i += 1
                pair[side] = [pair[side][0] + spaces[side] + pairs[i][side]]
                pair[1 - side].append(pairs[i][1 - side])
        document.link(*pair)
        i += 1
    return document


def halves(text: str) -> list[str]:
    """Cut at the space or comma nearest the middle, or, where there is none near, in the middle."""
    middle = len(text) // 2
    places = [i + 1 for i, c in enumerate(text[:-1]) if c in " ,、，。،" and i]
    near = [p for p in places if abs(p - middle) <= len(text) // 4]
    at = min(near, key=lambda p: abs(p - middle)) if near else cluster_start(text, middle)
    return [part.strip() for part in (text[:at], text[at:]) if part.strip()]


def lines(name: str) -> list[str]:
    return (DATA / "ntrex" / name).read_text("utf-8").removesuffix("\n").split("\n")


def documents(code: str) -> list[Edited]:
    by_id: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for id, *pair in zip(lines("DOCUMENT_IDS.tsv"), lines("eng.txt"), lines(f"{code}.txt"), strict=True):
        by_id[id].append((pair[0], pair[1]))
    draw = np.random.default_rng(11)
    space = "" if code in ("jpn", "zho-CN") else " "
    return [edited(pairs, draw, (" ", space)) for pairs in by_id.values()]


def encoded(measure: Measure, code: str, texts: list[str]) -> dict[str, Floats]:
    """Vectors of texts: NTREX's own lines from the cache, the edited ones beside them."""
    own = lines(f"{code}.txt")
    found = dict(zip(own, measure.vectors("p", f"ntrex.{code}", own), strict=True))
    new = sorted({text for text in texts if text not in found})
    digest = blake2b("\n".join(new).encode(), digest_size=6).hexdigest()  # English is edited alike in each pair
    return found | dict(zip(new, measure.vectors("p", f"ntrex-edited.{code}-{digest}", new), strict=True))


def mutual_best(x: Floats, y: Floats) -> set[Groups]:
    if not len(x) or not len(y):
        return set()
    scores = x @ y.T
    return {((i,), (int(j),)) for i, j in enumerate(scores.argmax(1)) if scores[:, j].argmax() == i}


def by_path(x: Floats, y: Floats, skip: float) -> set[Groups]:
    return {
        (tuple(range(a, b)), tuple(range(c, d)))
        for (a, b, c, d), confidence in aligned(x, y, skip=skip)
        if confidence is not None
    }


def noted(asked: dict[str, None], dimension: int, texts: Sequence[str]) -> Floats:
    """Which texts are to be encoded; their vectors mean nothing yet."""
    asked.update(dict.fromkeys(texts))
    return np.ones((len(texts), dimension), np.float32)


def looked_up(known: dict[str, Floats], texts: Sequence[str]) -> Floats:
    return np.array([known[text] for text in texts], np.float32).reshape(len(texts), -1)


def f1(found: list[set[Groups]], gold: list[set[Groups]]) -> float:
    right = sum(len(a & b) for a, b in zip(found, gold, strict=True))
    return 2 * right / (sum(map(len, found)) + sum(map(len, gold)))


def measured(measure: Measure, code: str, skips: list[float], every: int) -> list[float]:
    texts = [document for document in documents(code)[::every] if document.source and document.target]
    raw, groups = [], []
    for at, lang in enumerate(("eng", code)):
        sides = [(d.source, d.target)[at] for d in texts]
        asked: dict[str, None] = {}
        for side in sides:
            encode_groups(
                side,
                bcp47(lang),
                DEFAULT_LARGEST,
                partial(noted, asked, measure.reference.dimension),
                measure.reference,
            )
        known = encoded(measure, lang, list(asked))
        look_up = partial(looked_up, known)
        raw.append([look_up(side) for side in sides])
        groups.append([encode_groups(x, bcp47(lang), DEFAULT_LARGEST, look_up, measure.reference) for x in sides])
    gold = [document.links for document in texts]
    results = [f1([mutual_best(x, y) for x, y in zip(*raw, strict=True)], gold)]
    found = ([by_path(x, y, skip) for x, y in zip(*groups, strict=True)] for skip in skips)
    return results + [f1(links, gold) for links in found]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", nargs="+", default=REPORTED, help="languages beside English")
    parser.add_argument("--skip", nargs="+", type=float, default=[DEFAULT_SKIP], help="costs of no partner")
    parser.add_argument("--every", type=int, default=1, help="take every n-th document")
    parser.add_argument("--vectors", type=Path, default=cache_dir() / "benchmarks", help="where vectors are kept")
    given = parser.parse_args()
    measure = Measure(given.vectors)
    table = {code: measured(measure, code, given.skip, given.every) for code in given.pairs}
    print(f"\nNTREX's documents, {EDITED:.0%} of the sentences edited: F1 of links")
    print(f"  {'':24}", *(f"{'eng-' + code:>12}" for code in table))
    for row, name in enumerate(["cosine, mutual best", *(f"xling, skip = {skip}" for skip in given.skip)]):
        print(f"  {name:24}", *(f"{values[row]:12.3f}" for values in table.values()), flush=True)


if __name__ == "__main__":
    main()
