"""Retrieval sets: what is asked, what it is asked of, and what is right. Readers of the benchmark sets.

The readers take the folder that holds a benchmark's files as its authors publish them; nothing is fetched.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xling.errors import InvalidInput

Indices = NDArray[np.int64]

_XTREME = "af ar bg bn de el es et eu fa fi fr he hi hu id it ja jv ka kk ko ml mr nl pt ru sw ta te th tl tr ur vi zh"
TATOEBA_XTREME = tuple(_XTREME.split())
"""The 36 languages of the Tatoeba task of XTREME (Hu et al., ICML 2020), as BCP 47 codes."""

# Codes of the benchmark files that BCP 47 writes otherwise (RFC 5646: the shortest ISO 639 code, macro language or
# dominant member where the field says so). A code that is not here is its own BCP 47 code.
_CODES = (
    "afr:af amh:am ara:ar arb:ar aze:az bel:be ben:bn bos:bs bre:br bul:bg cat:ca ces:cs cha:ch cmn:zh cor:kw "
    "cym:cy dan:da deu:de ell:el eng:en epo:eo est:et eus:eu fao:fo fin:fi fra:fr fry:fy gla:gd gle:ga glg:gl "
    "heb:he hin:hi hrv:hr hun:hu hye:hy ido:io ile:ie ina:ia ind:id isl:is ita:it jav:jv jpn:ja kat:ka kaz:kk "
    "khm:km kor:ko kur:ku lat:la lit:lt lvs:lv mal:ml mar:mr mkd:mk mon:mn nld:nl nno:nn nob:nb oci:oc pes:fa "
    "pol:pl por:pt ron:ro rus:ru slk:sk slv:sl spa:es sqi:sq srp:sr swe:sv swh:sw tam:ta tat:tt tel:te tgl:tl "
    "tha:th tuk:tk tur:tr uig:ug ukr:uk urd:ur uzb:uz vie:vi xho:xh yid:yi zho:zh zho-CN:zh zho-TW:zh-TW "
    "zsm:ms"
)
_BCP47 = dict(pair.split(":") for pair in _CODES.split())


def bcp47(code: str) -> str:
    """The BCP 47 code for a language code as benchmark files write it, e.g. `jpn` → `ja`, `zho-CN` → `zh`."""
    return _BCP47.get(code, code)


@dataclass(frozen=True)
class RetrievalSet:
    """Queries, the pool of documents they are asked of, and which documents are right.

    Attributes:
        name: What the set is called in reports.
        queries: Texts of the queries.
        query_langs: BCP 47 code of each query.
        documents: Texts of the pool, every query's own.
        document_langs: BCP 47 code of each document.
        relevant: For each query the positions of its right documents in `documents`.
        gains: For each query the grades of those documents; None where relevance is binary.
        exclude: For each query the position of the document that is the query itself, left out of its ranking, or
            -1; None where queries are not in the pool.
        query_ids: Ids of the queries where the set has them.
        document_ids: Ids of the documents where the set has them.
    """

    name: str
    queries: Sequence[str]
    query_langs: Sequence[str]
    documents: Sequence[str]
    document_langs: Sequence[str]
    relevant: Sequence[Indices]
    gains: Sequence[NDArray[np.float64]] | None = None
    exclude: Indices | None = None
    query_ids: Sequence[str] = field(default=())
    document_ids: Sequence[str] = field(default=())

    def __post_init__(self) -> None:
        n, d = len(self.queries), len(self.documents)
        lengths = {"query_langs": (len(self.query_langs), n), "document_langs": (len(self.document_langs), d)}
        lengths["relevant"] = (len(self.relevant), n)
        if self.gains is not None:
            lengths["gains"] = (len(self.gains), n)
        if self.exclude is not None:
            lengths["exclude"] = (len(self.exclude), n)
        if self.query_ids:
            lengths["query_ids"] = (len(self.query_ids), n)
        if self.document_ids:
            lengths["document_ids"] = (len(self.document_ids), d)
        wrong = [f"{k} has {got}, not {want}" for k, (got, want) in lengths.items() if got != want]
        if wrong:
            raise InvalidInput(f"retrieval set {self.name!r} does not fit together: {'; '.join(wrong)}")
        named = np.concatenate([np.asarray(r, dtype=np.int64) for r in self.relevant]) if n else np.empty(0)
        if len(named) and (named.min() < 0 or named.max() >= d):
            raise InvalidInput(f"retrieval set {self.name!r}: a relevant document is not among its {d} documents")

    @property
    def languages(self) -> list[str]:
        """Languages of the queries and the documents, sorted."""
        return sorted({*self.query_langs, *self.document_langs})

    def take(self, rows: Sequence[int] | NDArray[Any]) -> RetrievalSet:
        """The same pool with only some of the queries."""
        index = [int(i) for i in rows]
        return RetrievalSet(
            self.name,
            [self.queries[i] for i in index],
            [self.query_langs[i] for i in index],
            self.documents,
            self.document_langs,
            [self.relevant[i] for i in index],
            None if self.gains is None else [self.gains[i] for i in index],
            None if self.exclude is None else self.exclude[index],
            [self.query_ids[i] for i in index] if self.query_ids else (),
            self.document_ids,
        )


def _lines(path: Path) -> list[str]:
    if not path.is_file():
        raise InvalidInput(f"no file {path}; give the folder that holds the benchmark's files")
    # Not splitlines(): sentences hold U+2028, U+0085 and the like.
    text = path.read_text(encoding="utf-8")
    return [line.rstrip("\r") for line in text.removesuffix("\n").split("\n")]


def tatoeba_codes(folder: str | Path) -> list[str]:
    """Codes (ISO 639-3, as in the file names) of the languages in a folder of LASER's Tatoeba test set, sorted."""
    codes = {p.name.split(".")[1].removesuffix("-eng") for p in Path(folder).glob("tatoeba.*-eng.eng")}
    if not codes:
        raise InvalidInput(f"no files tatoeba.XXX-eng.eng in {folder}")
    return sorted(codes)


def tatoeba(folder: str | Path, code: str) -> tuple[RetrievalSet, RetrievalSet]:
    """LASER's Tatoeba test set for one language: its sentences to English, and English to its sentences.

    Line i of one side translates line i of the other, and only that line counts as right, as in LASER (Artetxe &
    Schwenk, TACL 2019) and XTREME; their accuracy is P@1. The pool is the other side, of up to 1,000 sentences.

    Args:
        folder: Holds `tatoeba.XXX-eng.XXX` and `tatoeba.XXX-eng.eng`.
        code: Language as in the file names (`jpn`), or its BCP 47 code (`ja`).

    Raises:
        InvalidInput: No such files, or the two sides differ in length.
    """
    root = Path(folder)
    if not (root / f"tatoeba.{code}-eng.{code}").is_file():
        code = next((c for c in tatoeba_codes(root) if bcp47(c) == code), code)
    foreign = _lines(root / f"tatoeba.{code}-eng.{code}")
    english = _lines(root / f"tatoeba.{code}-eng.eng")
    if len(foreign) != len(english):
        raise InvalidInput(f"Tatoeba {code}: {len(foreign)} lines, but {len(english)} in English")
    lang, n = bcp47(code), len(foreign)
    right = list(np.arange(n, dtype=np.int64)[:, None])
    there = RetrievalSet(f"Tatoeba {lang}→en", foreign, [lang] * n, english, ["en"] * n, right)
    back = RetrievalSet(f"Tatoeba en→{lang}", english, ["en"] * n, foreign, [lang] * n, right)
    return there, back


def xquad_r(folder: str | Path, languages: Sequence[str] | None = None) -> RetrievalSet:
    """XQuAD-R of LAReQA: questions in 11 languages against the sentences of all 11 in one pool.

    A question's right answers are the sentences that hold its answer, one in each language (Roy et al., EMNLP 2020,
    arXiv 2004.05484); the measure is mAP. The sentences are those that the files list, whitespace at their ends
    removed.

    Args:
        folder: Holds `ar.json`, `de.json`, … with sentence breaks.
        languages: Only these; all that are there if not given.
    """
    root = Path(folder)
    found = languages or sorted(p.stem for p in root.glob("*.json"))
    if not found:
        raise InvalidInput(f"no XQuAD-R files (ar.json, …) in {folder}")
    documents: list[str] = []
    document_langs: list[str] = []
    asked: list[tuple[str, str, str]] = []
    answers: dict[str, dict[int, None]] = {}
    for lang in found:
        for paragraph in _paragraphs(root / f"{lang}.json"):
            first = len(documents)
            documents += [s.strip("\ufeff \t\r\n") for s in paragraph["sentences"]]
            document_langs += [lang] * len(paragraph["sentences"])
            for qa in paragraph["qas"]:
                at = first + _sentence_at(paragraph["sentence_breaks"], qa["answers"][0]["answer_start"])
                answers.setdefault(qa["id"], {})[at] = None
                asked.append((qa["id"], lang, qa["question"]))
    right = {qid: np.array(list(rows), dtype=np.int64) for qid, rows in answers.items()}
    return RetrievalSet(
        "XQuAD-R",
        [text for _, _, text in asked],
        [lang for _, lang, _ in asked],
        documents,
        document_langs,
        [right[qid] for qid, _, _ in asked],
        query_ids=[f"{lang}-{qid}" for qid, lang, _ in asked],
    )


def _paragraphs(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        raise InvalidInput(f"no file {path}; give the folder that holds XQuAD-R's files")
    try:
        data = json.loads(path.read_text(encoding="utf-8"))["data"]
        return [paragraph for article in data for paragraph in article["paragraphs"]]
    except (ValueError, KeyError, TypeError) as exc:
        raise InvalidInput(f"{path} is not an XQuAD-R file") from exc


def _sentence_at(breaks: Sequence[Sequence[int]], start: int) -> int:
    """The sentence that holds character `start`; the first one that ends after it where it falls in a gap."""
    return next((i for i, (_, end) in enumerate(breaks) if start < end), len(breaks) - 1)


def ntrex(
    folder: str | Path, languages: Sequence[str] | None = None, lines: range | Sequence[int] | None = None
) -> RetrievalSet:
    """NTREX-128: each news sentence asked of all sentences of all languages in one pool, to find its translations.

    The query itself is in the pool and left out of its own ranking. (Federmann et al., SUMEval 2022.)

    Args:
        folder: Holds `eng.txt`, `jpn.txt`, …, line-parallel.
        languages: As in the file names (`eng`, `zho-CN`) or BCP 47; all that are there if not given.
        lines: Only these lines, from 0; all if not given. A basis may then be estimated from other lines.
    """
    root = Path(folder)
    there = sorted(p.stem for p in root.glob("*.txt"))
    wanted = there if languages is None else [c for x in languages for c in there if x in (c, bcp47(c))]
    if len(wanted) < 2 or (languages is not None and len(wanted) != len(languages)):
        raise InvalidInput(f"NTREX needs two or more of the languages in {folder}: {', '.join(there) or 'none'}")
    texts = {code: _lines(root / f"{code}.txt") for code in wanted}
    if len({len(t) for t in texts.values()}) != 1:
        raise InvalidInput(f"the NTREX files in {folder} differ in length, so their lines are not parallel")
    kept = list(range(len(texts[wanted[0]])) if lines is None else lines)
    n = len(kept)
    pool = [texts[code][i] for code in wanted for i in kept]
    langs = [bcp47(code) for code in wanted for _ in kept]
    rows = np.arange(n * len(wanted)).reshape(len(wanted), n)
    relevant = [np.delete(rows[:, i], at) for at in range(len(wanted)) for i in range(n)]
    ids = [f"{lang}-{i}" for lang, i in zip(langs, kept * len(wanted), strict=True)]
    return RetrievalSet(
        "NTREX", pool, langs, pool, langs, relevant, exclude=rows.ravel(), query_ids=ids, document_ids=ids
    )
