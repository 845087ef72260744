"""xling against what users would take instead: the same texts, the same weights, side by side in one run.

    python tests/benchmarks/race.py --install       # once: the peers, into an environment of their own
    python tests/benchmarks/race.py                 # 10,000 texts of NTREX in ten languages (half an hour, two cores)
    python tests/benchmarks/race.py --lines 1997    # all 19,970 (an hour)
    python tests/benchmarks/race.py --quick         # 600 texts, to see that all run
    python tests/benchmarks/race.py --only xling langchain

Each contestant is as its documentation shows it (`contestants/`), with its own batch sizes, unit vectors and the
model's prompts, on the disk of this machine: Qdrant Edge for xling, qdrant-client's local mode for the peers, txtai's
own database. Indexing is done in as many parts as there are rounds, each contestant in turn, so that a slow minute of
the machine falls on all of them; the model is loaded before the clock starts. Queries are sentences; their nine
translations are to be found among all texts, 100 hits deep (mAP). The filter is one language of the ten. Cold is a
fresh process: from its start to its first answer from the collection on disk. Memory is the peak while indexing, mapped
pages of files included. In brackets: times as good as LangChain. A second table has seconds of the processor, of all
threads, which other work on the machine changes less.

What was measured is kept in FOLDER, in a file for each set of settings, as it comes, and the next run goes on from
there: so a long race can be run in parts. A contestant that fails is shown so, and is tried again by the next run.
`--fresh` forgets what was measured of those that run. `--show` prints the table of what is there, and measures nothing.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from contestants import DEFAULT, NAMES, contestant
from contestants.environment import install, python_of

REPOSITORY = Path(__file__).resolve().parents[2]


def main() -> None:
    args = parser().parse_args()
    if args.phase:
        child(args)
        return
    from xling.cache_dir import cache_dir

    folder = args.folder or cache_dir() / "race"
    venv = args.peers_venv or folder / "peers"
    if args.install:
        install(venv)
        return
    lines, queries = (60, 100) if args.quick else (args.lines, args.queries)
    state = folder / f"{lines}-lines-{queries}-queries-{args.rounds}-rounds"
    state.mkdir(parents=True, exist_ok=True)
    race = Race(state, venv, lines, queries, args.rounds)
    names = args.only or list(DEFAULT)
    if args.fresh:
        race.forget(names)
    missing = {} if args.show else race.run(names)
    table = race.table(missing)
    print(table)
    if args.markdown:
        args.markdown.write_text(table + "\n", "utf-8")


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--only", nargs="+", choices=NAMES, help=f"of: {', '.join(NAMES)}", metavar="CONTESTANT")
    made.add_argument("--install", action="store_true", help="install the peers, and nothing else")
    made.add_argument("--lines", type=int, default=1000, help="of NTREX, each in ten languages")
    made.add_argument("--quick", action="store_true", help="few texts and queries")
    made.add_argument("--queries", type=int, default=200)
    made.add_argument("--rounds", type=int, default=2)
    made.add_argument("--resume", action="store_true", help="go on from what was measured before: the default")
    made.add_argument("--fresh", action="store_true", help="forget it")
    made.add_argument("--show", action="store_true", help="only make the table of what was measured")
    made.add_argument("--markdown", type=Path, help="write the table to this file too")
    made.add_argument("--folder", type=Path, help="where all of it is kept (default: xling's cache directory)")
    made.add_argument("--peers-venv", type=Path, help="an environment with the peers (default: FOLDER/peers)")
    for name in ("--phase", "--part", "--model", "--onnx"):
        made.add_argument(name, help=argparse.SUPPRESS)
    return made


def child(args: argparse.Namespace) -> None:
    from contestants.phases import run

    part = json.loads(args.part)
    found = run(args.phase, args.only[0], args.folder, Path(args.model), Path(args.onnx), tuple(part))
    print("\n" + json.dumps(found), flush=True)
    os._exit(0)  # what libraries tidy up at the end is nobody's answer


class Race:
    """Runs the phases in turn and keeps what they give."""

    def __init__(self, state: Path, venv: Path, lines: int, queries: int, rounds: int) -> None:
        from contestants.assets import model_directory, ntrex_rows, onnx_file, write_rows

        self._state, self._venv, self._queries, self._rounds = state, venv, queries, rounds
        self._rows = ntrex_rows(lines)
        write_rows(state, self._rows)
        self._model = model_directory()
        self._onnx = onnx_file(state.parent, self._model)
        self._file = state / "results.json"
        self._results: dict[str, dict[str, Any]] = {}
        if self._file.is_file():
            self._results = json.loads(self._file.read_text("utf-8"))["results"]

    def forget(self, names: Iterable[str]) -> None:
        for name in names:
            self._results.pop(name, None)

    def run(self, names: list[str]) -> dict[str, str]:
        """All phases of these contestants. Gives those that are not installed, with what would help."""
        missing = {name: self._missing(name) for name in names}
        running = [name for name in names if not missing[name]]
        for name in running:
            broken = self._results.get(name, {}).keys() & {"failed", "under way"}
            if broken:  # what it wrote is not whole: from the beginning
                self.forget([name])
        bounds = [len(self._rows) * i // self._rounds for i in range(self._rounds + 1)]
        for i in range(self._rounds):
            for name in running:
                self._measure(name, f"index {i + 1}", [bounds[i], bounds[i + 1]])
        for name in running:
            self._measure(name, "query", [self._queries, self._queries // 2])
        for i in range(3):
            for name in running:
                self._measure(name, f"cold {i + 1}", [0, 0])
        return {name: why for name, why in missing.items() if why}

    def table(self, missing: dict[str, str]) -> str:
        from contestants.report import markdown

        shown = {name: self._results[name] for name in NAMES if name in self._results}
        days = sorted({part["day"] for one in shown.values() for part in one.values() if "day" in part})
        when = " to ".join(dict.fromkeys([days[0], days[-1]])) if days else "nothing measured"
        about = f"{len(self._rows):,} texts, {self._queries} queries; {machine()}; {when}."
        return f"{about}\n\n{markdown(shown, self._rows, missing)}"

    def _missing(self, name: str) -> str:
        packages = contestant(name).packages
        script = f"import importlib.metadata as m\nfor p in {packages!r}: m.version(p)"
        python = self._python(name)
        there = python.is_file() and not subprocess.run([python, "-c", script], capture_output=True).returncode
        return "" if there else f"not installed: `--install`, or `pip install {' '.join(packages)}`"

    def _python(self, name: str) -> Path:
        return python_of(self._venv) if contestant(name).peer else Path(sys.executable)

    def _measure(self, name: str, phase: str, part: list[int]) -> None:
        mine = self._results.setdefault(name, {})
        if phase in mine or "failed" in mine:
            return
        kind = phase.partition(" ")[0]
        if phase == "index 1":
            shutil.rmtree(self._state / "collections" / name, ignore_errors=True)
            (self._state / "collections").mkdir(exist_ok=True)
        if kind == "index":  # when this is cut off, the collection is not whole
            mine["under way"] = {}
            self._save()
        command = [self._python(name), __file__, "--only", name, "--folder", self._state, "--phase", kind]
        command += ["--part", json.dumps(part), "--model", self._model, "--onnx", self._onnx]
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "HF_HUB_OFFLINE": "1", "XLING_CACHE": "0"}
        before, start = processor_seconds(), time.perf_counter()
        done = subprocess.run([str(x) for x in command], env=environment, capture_output=True, text=True)
        seconds, processor = time.perf_counter() - start, processor_seconds() - before
        mine.pop("under way", None)
        found = None if done.returncode else json.loads(done.stdout.splitlines()[-1])
        if kind == "cold" and found:
            found = {"s": seconds, "cpu_s": processor}
        if found:
            mine[phase] = {**found, "day": dt.date.today().isoformat()}
            print(f"  {name}, {phase}: {seconds:.1f} s", file=sys.stderr, flush=True)
        else:
            said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}, and no answer"]
            mine["failed"] = {"phase": phase, "why": said[-1][:300], "stderr": done.stderr[-3000:]}
            print(f"  {name}, {phase}: FAILED\n{done.stderr[-3000:]}", file=sys.stderr, flush=True)
        self._save()

    def _save(self) -> None:
        unfinished = self._file.with_suffix(".part")
        unfinished.write_text(json.dumps({"machine": machine(), "results": self._results}, indent=1), "utf-8")
        unfinished.replace(self._file)


def processor_seconds() -> float:
    """Of all child processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def machine() -> str:
    """Processor, cores, threads and Python, for people."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        lines = cpuinfo.read_text("utf-8").splitlines()
        model = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), model)
    threads = os.environ.get("OMP_NUM_THREADS", "as many as each takes")
    return f"{os.cpu_count()} cores of {model}, threads: {threads}, Python {platform.python_version()}"


if __name__ == "__main__":
    main()
