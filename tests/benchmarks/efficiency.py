"""How much of what the processor can multiply does encoding reach, and what does the rest of the time go into?

    python tests/benchmarks/efficiency.py [--lines 30] [--runs 3] [--threads 1 2] [--runtimes torch onnx openvino]

First the ceiling: products of the model's own sizes alone, by each library that is installed, in float32 and bfloat16.
Then lines of NTREX in ten languages are encoded as documents. What the model multiplies for a token is computed from
its configuration: the products with weights, which is nearly all; attention is given apart. Of the tokens only those of
texts count, not the padding that evens out a batch, so that padding is one of the losses. The share is that of the best
library of the same precision and number of threads. Last, what the time goes into: the runtime's own profiler for what
is in the graph, clocks for what is around it. A profiler slows down what it watches: its shares are of the time of
the graph without it.

Each number of threads is measured in a process of its own. The best of the runs counts; in brackets the same of the
processor's seconds, which other work on the machine changes less.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from contestants.assets import ntrex_rows
from efficiency_gemm import Sizes, ceilings
from efficiency_parts import GROUPS, Clock, onnx_nodes, openvino_nodes, torch_operators

RUNTIMES = ("torch", "onnx", "openvino")


def main() -> None:
    args = parser().parse_args()
    if args.child:
        print("\n" + json.dumps(measure(args)), flush=True)
        return
    found = {threads: child(args, threads) for threads in args.threads}
    print(report(found))


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--lines", type=int, default=30, help="of NTREX, each in ten languages")
    made.add_argument("--runs", type=int, default=3)
    made.add_argument("--threads", type=int, nargs="+", default=sorted({1, os.cpu_count() or 1}))
    made.add_argument("--runtimes", nargs="+", choices=RUNTIMES, default=list(RUNTIMES))
    made.add_argument("--model", default="bundled")
    made.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    return made


def child(args: argparse.Namespace, threads: int) -> dict[str, Any]:
    command = [sys.executable, __file__, "--child", "--lines", args.lines, "--runs", args.runs, "--threads", threads]
    command += ["--model", args.model, "--runtimes", *args.runtimes]
    limits = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(threads))
    environment = {**os.environ, **limits, "XLING_CACHE": "0", "ORT_DISABLE_TELEMETRY": "1"}
    done = subprocess.run([str(x) for x in command], check=True, stdout=subprocess.PIPE, text=True, env=environment)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Everything, in this process with its number of threads."""
    from xling.errors import InvalidInput, MissingExtra
    from xling.space.light import LightModel
    from xling.space.sentence_transformer import SentenceTransformerEncoder

    threads = args.threads[0]
    texts = [row.text for row in ntrex_rows(args.lines)]
    reference = SentenceTransformerEncoder(args.model, device="cpu", runtime="onnx")
    watched = Clock(LightModel, "encode")
    reference.encode_documents(texts)
    watched.off()
    light, batches = watched.calls[0][0], [ids for _, ids in watched.calls]  # the same batches in all runtimes
    lengths = [len(ids) for batch in batches for ids in batch]
    sizes = Sizes.of(light.recipe.transformer)
    padded = [len(batch) * max(map(len, batch)) for batch in batches]
    found: dict[str, Any] = {
        "threads": threads,
        "texts": len(texts),
        "tokens": sum(lengths),
        "padded": sum(padded),
        "flop_a_token": sizes.flop_a_token,
        "attention_share": sizes.attention_flop(lengths) / (sizes.flop_a_token * sum(lengths)),
        "batch": sorted(padded)[len(padded) // 2],
        "runtimes": {},
    }
    rates = ceilings(sizes, found["batch"], threads, 5 * args.runs)
    found["ceilings"] = [[*name, *rate] for name, rate in rates.items()]
    encoders = {}
    for runtime in args.runtimes:
        with contextlib.suppress(InvalidInput, MissingExtra):  # a runtime that is not there
            encoders[runtime] = SentenceTransformerEncoder(args.model, device="cpu", runtime=runtime)
            encoders[runtime].encode_documents(texts)
        if runtime in encoders and not encoders[runtime].running:
            del encoders[runtime]
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in encoders}
    for _ in range(args.runs):  # in turn, so that a noisy minute of the machine falls on all alike
        for name, encoder in encoders.items():
            start, processor = time.perf_counter(), time.process_time()
            encoder.encode_documents(texts)
            taken[name].append((time.perf_counter() - start, time.process_time() - processor))
    graph = light.directory / "transformer.onnx"
    feeds = [light.inputs(batch) for batch in batches]
    for name, encoder in encoders.items():
        seconds, processor = (min(column) for column in zip(*taken[name], strict=True))
        precision = precision_of(encoder) if name == "openvino" else "f32"
        parts = shares(name, encoder, texts, graph, feeds, threads, precision)
        found["runtimes"][name] = {"s": seconds, "cpu_s": processor, "precision": precision, "parts": parts}
    return found


def precision_of(encoder: Any) -> str:
    """What OpenVINO multiplies in."""
    light = encoder._find_light()
    return str(light._form.key["precision"])


def shares(
    name: str, encoder: Any, texts: Sequence[str], graph: Path, feeds: Sequence[Any], threads: int, precision: str
) -> dict[str, float]:
    """Parts of the time of encoding, which sum up to one."""
    from xling.space.light import LightModel
    from xling.space.sentence_transformer import SentenceTransformerEncoder

    if name == "torch":
        start = time.perf_counter()
        nodes = torch_operators(lambda: encoder.encode_documents(texts))
        whole = time.perf_counter() - start
        around = {"tokenising, pooling and the rest around it": max(whole - nodes.total(), 0.0)}
    else:
        clocks = {what: Clock(owner, what) for owner, what in ((SentenceTransformerEncoder, "_light_tokens"),)}
        clocks |= {what: Clock(LightModel, what) for what in ("_run", "inputs")}
        start = time.perf_counter()
        encoder.encode_documents(texts)
        whole = time.perf_counter() - start
        for clock in clocks.values():
            clock.off()
        spent = {what: clock.seconds for what, clock in clocks.items()}
        around = {
            "tokenising": spent["_light_tokens"],
            "looking up words": spent["inputs"],
            "pooling and the rest around it": whole - spent["_light_tokens"] - spent["_run"],
        }
        nodes = (
            onnx_nodes(graph, feeds, threads) if name == "onnx" else openvino_nodes(graph, feeds, threads, precision)
        )
        nodes = scaled(nodes, spent["_run"] - spent["inputs"])
    return {group: seconds / whole for group, seconds in {**{g: nodes[g] for g in GROUPS}, **around}.items()}


def scaled(nodes: Counter[str], seconds: float) -> Counter[str]:
    total = nodes.total()
    return Counter({group: spent * seconds / total for group, spent in nodes.items()})


def report(found: dict[int, dict[str, Any]]) -> str:
    one = next(iter(found.values()))
    lines = [
        f"{one['texts']} texts, {one['tokens']:,} tokens, {one['padded']:,} with padding "
        f"({1 - one['tokens'] / one['padded']:.1%} of those are padding). The model multiplies "
        f"{one['flop_a_token'] / 1e6:.1f} MFLOP a token with its weights, and {one['attention_share']:.1%} of that "
        "more within attention.",
        "",
        f"The ceiling: GFLOP/s of the model's products alone, {one['batch']:,} tokens at once (in brackets: per second "
        "of the processor):",
        "",
        "| | " + " | ".join(f"{threads} thread{'s' * (threads > 1)}" for threads in found) + " |",
        "| --- |" + " --- |" * len(found),
    ]
    for i, (library, kind, *_) in enumerate(one["ceilings"]):
        cells = ["{2:,.0f} ({3:,.0f})".format(*each["ceilings"][i]) for each in found.values()]
        lines.append(f"| {library}, {kind} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "Encoding documents:",
        "",
        "| runtime | threads | texts/s | tokens/s | with padding | GFLOP/s | share of the ceiling | with padding |",
        "| --- |" + " --- |" * 7,
    ]
    for threads, each in found.items():
        for name, of_runtime in each["runtimes"].items():
            lines.append(_row(threads, each, name, of_runtime))
    for threads, each in found.items():
        lines += ["", f"What the time goes into, {threads} thread{'s' * (threads > 1)}:", ""]
        parts = list(dict.fromkeys(part for one in each["runtimes"].values() for part in one["parts"]))
        lines += ["| | " + " | ".join(each["runtimes"]) + " |", "| --- |" + " --- |" * len(each["runtimes"])]
        for part in parts:
            cells = [f"{one['parts'][part]:.1%}" if part in one["parts"] else "–" for one in each["runtimes"].values()]
            lines.append(f"| {part} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _row(threads: int, each: dict[str, Any], name: str, of_runtime: dict[str, Any]) -> str:
    kind = "bfloat16" if of_runtime["precision"] == "bf16" else "float32"
    work = each["tokens"] * each["flop_a_token"] / 1e9
    fastest = max(rate for _, k, rate, _ in each["ceilings"] if k == kind)
    cheapest = max(rate for _, k, _, rate in each["ceilings"] if k == kind)
    reached, of_processor = work / of_runtime["s"], work / of_runtime["cpu_s"]
    padding = each["padded"] / each["tokens"]
    cells = [
        f"{name}, {kind}",
        f"{threads}",
        f"{each['texts'] / of_runtime['s']:.0f} ({each['texts'] / of_runtime['cpu_s']:.0f})",
        f"{each['tokens'] / of_runtime['s']:,.0f} ({each['tokens'] / of_runtime['cpu_s']:,.0f})",
        f"{each['padded'] / of_runtime['s']:,.0f} ({each['padded'] / of_runtime['cpu_s']:,.0f})",
        f"{reached:.0f} ({of_processor:.0f})",
        f"{reached / fastest:.0%} ({of_processor / cheapest:.0%})",
        f"{padding * reached / fastest:.0%} ({padding * of_processor / cheapest:.0%})",
    ]
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
