"""The light runtime beside torch: the same weights, texts and threads, in one run.

python tests/benchmarks/runtimes.py [--data ../shared/data] [--threads 2] [--texts 512] [--runs 5]
    [--runtimes torch onnx openvino]

Texts are lines of NTREX, ten languages alike. A query is encoded with both prompts, as a neutral search does; the
cosine is that of queries to those of the first runtime named. Cold is a fresh process: from the interpreter's start
to the end of the first search, with model, collection and compiled modules on disk. In brackets are seconds of the
processor, which other work on the machine changes less.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

LANGUAGES = ("arb", "deu", "eng", "fra", "hin", "jpn", "kor", "rus", "tha", "zho-CN")
RUNTIMES = ("torch", "onnx", "onnx-int8", "openvino")


def lines(data: Path, count: int) -> list[str]:
    files = [next((data / "ntrex").glob(f"*{language}*")) for language in LANGUAGES]
    per_language = [file.read_text("utf-8").splitlines()[: count // len(files)] for file in files]
    return [line for row in zip(*per_language, strict=True) for line in row]


def warm(names: Sequence[str], texts: list[str], runs: int) -> dict[str, list[float]]:
    """Of each runtime texts/s, milliseconds of a query (median, 99th percentile), lowest cosine to the first."""
    from xling.space.sentence_transformer import SentenceTransformerEncoder

    encoders = {name: SentenceTransformerEncoder("bundled", device="cpu", runtime=name) for name in names}
    vectors = {name: encoder.encode_queries(texts) for name, encoder in encoders.items()}
    for encoder in encoders.values():
        encoder.encode_documents(texts[:1])  # onnx-int8 loads another model for them
    seconds: dict[str, list[float]] = {name: [] for name in names}
    queries: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(runs):  # round robin, so that a noisy minute of the machine falls on all alike
        for name, encoder in encoders.items():
            start = time.perf_counter()
            encoder.encode_documents(texts)
            seconds[name].append(time.perf_counter() - start)
            for text in texts[:40]:
                start = time.perf_counter()
                encoder.encode_both([text[:60]], [text[:60]])
                queries[name].append(1000 * (time.perf_counter() - start))
    return {
        name: [
            len(texts) / min(seconds[name]),
            statistics.median(queries[name]),
            statistics.quantiles(queries[name], n=100)[98],
            float((vectors[name] * vectors[names[0]]).sum(axis=1).min()),
        ]
        for name in names
    }


def cold(names: Sequence[str], texts: list[str], runs: int) -> dict[str, list[float]]:
    """Of each runtime seconds to the first answer, of clock and processor: by `xling search`, and by Python."""
    import xling

    taken: dict[str, list[list[float]]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as place:
        with xling.open("cold", path=place, model="bundled") as collection:
            collection.add(texts)
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = str(Path(place, "compiled"))
        for run in range(runs + 1):
            for name in names:
                arguments = ["search", "good morning", "-c", "cold", "--path", place, "--runtime", name]
                script = f"import xling; c = xling.open('cold', path={place!r}, runtime={name!r}); c.search('good day')"
                command = seconds(environment, "-m", "xling.cli", *arguments)
                if run:  # the first one compiled the modules
                    taken[name].append([*command, *seconds(environment, "-c", script)])
    return {name: [statistics.median(column) for column in zip(*rows, strict=True)] for name, rows in taken.items()}


def seconds(environment: dict[str, str], *arguments: str) -> tuple[float, float]:
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True, env=environment)
    clock, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return clock, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--texts", type=int, default=512)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--runtimes", nargs="+", choices=RUNTIMES, default=list(RUNTIMES))
    options = parser.parse_args()
    os.environ.update(OMP_NUM_THREADS=str(options.threads), XLING_CACHE="0")
    names, texts = options.runtimes, lines(options.data, options.texts)
    measured, started = warm(names, texts, options.runs), cold(names, texts[:200], options.runs)
    print(f"{len(texts)} texts, {options.threads} threads, {options.runs} runs\n")
    print("| runtime | texts/s | query, p50 | query, p99 | lowest cosine | `xling search`, cold | Python, cold |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name in names:
        rate, median, tail, cosine = measured[name]
        clock, processor, of_python, processor_of_python = started[name]
        command, script = f"{clock:.2f} s ({processor:.2f})", f"{of_python:.2f} s ({processor_of_python:.2f})"
        hot = f"{rate:.0f} | {median:.1f} ms | {tail:.1f} ms | {cosine:.7f}"
        print(f"| {name} | {hot} | {command} | {script} |")


if __name__ == "__main__":
    main()
