"""Seconds that `import xling` takes in a fresh interpreter, beside what users would import instead.

python tests/benchmarks/import_time.py [--runs 7]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time

STATEMENTS = {
    "pass (the interpreter alone)": "pass",
    "import xling": "import xling",
    "xling.open (the name alone)": "import xling; xling.open",
    "import qdrant_client": "import qdrant_client",
    "import sentence_transformers": "import sentence_transformers",
}


def seconds(statement: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    # Round robin, so that a noisy minute of the machine falls on all alike.
    taken: dict[str, list[float]] = {name: [] for name in STATEMENTS}
    for _ in range(runs):
        for name, statement in STATEMENTS.items():
            taken[name].append(seconds(statement))
    bare = statistics.median(taken["pass (the interpreter alone)"])
    ours = statistics.median(taken["import xling"]) - bare
    print(f"median of {runs} runs, the interpreter's own {bare:.3f} s taken off\n")
    print(f"{'statement':32} {'seconds':>8} {'ratio to import xling':>22}")
    for name in list(STATEMENTS)[1:]:
        own = statistics.median(taken[name]) - bare
        print(f"{name:32} {own:8.3f} {own / max(ours, 1e-4):22.1f}")


if __name__ == "__main__":
    main()
