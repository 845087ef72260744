"""How fast texts are split into sentences and chunks, tokens counted by the bundled model's tokenizer.

    python tests/benchmarks/chunking.py

Sentences of Tatoeba and NTREX, each once and in random order, as documents of some 20 kB with paragraphs of five; and
running text: the paragraphs of XQuAD-R's articles, and NTREX's news in their order.
Chunking is measured with a counter that has seen nothing, and in the last column on the second half of the texts
after the first.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import time
from collections.abc import Callable
from pathlib import Path

from xling.space.chunker import Chunker, Chunking
from xling.space.resolve import load_encoder
from xling.space.token_counts import TokenCounter
from xling.text import SentenceSplitter

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
SIZE = 20_000


def documents(lines: list[str], space: str, megabytes: float) -> list[str]:
    rng = random.Random(0)
    rng.shuffle(lines)
    texts, total = [""], 0
    for line in lines:
        if len(texts[-1].encode()) > SIZE:
            texts.append("")
        texts[-1] += line + ("\n\n" if rng.random() < 0.2 else space)
        total += len(line.encode()) + 1
        if total > megabytes * 1e6:
            break
    return texts


def speed(work: Callable[[], object], size: float, repeat: int) -> float:
    best = float("inf")
    for _ in range(repeat):
        started = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - started)
    return size / best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=float, default=3.0)
    parser.add_argument("--repeat", type=int, default=3)
    args = parser.parse_args()
    encoder = load_encoder("bundled")
    tokenizer = encoder._offsets()  # type: ignore[attr-defined]
    sources = {
        "English": ("en", _lines("eng"), " "),
        "English, running": ("en", _running("en", "eng"), None),
        "Japanese": ("ja", _lines("jpn"), ""),
        "German": ("de", _lines("deu"), " "),
        "Thai": ("th", _lines("tha"), " "),
    }
    splitter = SentenceSplitter()
    print(f"MB/s of UTF-8 on {os.cpu_count()} cores, best of {args.repeat}\n")
    columns = ["MB", "sentences", "tokenizer", "chunks", "256 tokens, overlap 1", "chunks, second half"]
    print(" " * 18 + "".join(f"{column:>{len(column) + 3}}" for column in columns))
    for name, (lang, lines, space) in sources.items():
        texts = lines if space is None else documents(lines, space, args.megabytes)
        size = sum(len(text.encode()) for text in texts) / 1e6
        runs = [
            speed(lambda t=texts, la=lang: [splitter.breaks(x, la) for x in t], size, args.repeat),
            speed(lambda t=texts: tokenizer.encode_batch_fast(t, add_special_tokens=False), size, args.repeat),
        ]
        for chunking in (Chunking(), Chunking(tokens=256, overlap=1)):

            def chunk(texts: list[str] = texts, lang: str = lang, chunking: Chunking = chunking) -> None:
                encoder._counter = TokenCounter(tokenizer)  # as at the start: no word is known
                Chunker(encoder, chunking).spans_many(texts, [lang] * len(texts))

            runs.append(speed(chunk, size, args.repeat))
        half = len(texts) // 2
        Chunker(encoder).spans_many(texts[:half], [lang] * half)
        later = texts[half:]
        started = time.perf_counter()
        Chunker(encoder).spans_many(later, [lang] * len(later))
        runs.append(sum(len(text.encode()) for text in later) / 1e6 / (time.perf_counter() - started))
        row = [f"{size:.2f}", *(f"{run:.1f}" for run in runs)]
        print(f"{name:18}" + "".join(f"{cell:>{len(c) + 3}}" for c, cell in zip(columns, row, strict=True)))


def _running(lang: str, code: str) -> list[str]:
    """Articles and news as they are written."""
    articles = json.loads((DATA / "xquad-r" / f"{lang}.json").read_text("utf-8"))["data"]
    news = (DATA / "ntrex" / f"{code}.txt").read_text("utf-8").splitlines()
    texts = ["\n\n".join(part["context"] for part in article["paragraphs"]) for article in articles]
    return texts + [" ".join(news[i : i + 40]) for i in range(0, len(news), 40)]


def _lines(code: str) -> list[str]:
    """Every sentence once: a repeated one would be counted from memory."""
    tatoeba = "tatoeba.*-eng.eng" if code == "eng" else f"tatoeba.{code}-eng.{code}"
    files = [*sorted((DATA / "tatoeba").glob(tatoeba)), DATA / "ntrex" / f"{code}.txt"]
    lines = (line.strip() for file in files for line in file.read_text("utf-8").splitlines())
    return [line for line in dict.fromkeys(lines) if line]


if __name__ == "__main__":
    main()
