"""The environment of the peers: a virtual environment of its own that sees the packages of the project's.

So torch, transformers and qdrant-client are the very same for all, and nothing of the peers comes into the project's.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

from contestants import DEFAULT, contestant

CONSTRAINTS = Path(__file__).resolve().parents[3] / "constraints.txt"


def python_of(venv: Path) -> Path:
    return venv / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def requirements() -> list[str]:
    return sorted({package for name in DEFAULT if contestant(name).peer for package in contestant(name).packages})


def install(venv: Path) -> None:
    """Make it and install the peers. torch is pinned, so that no build for GPUs is pulled in."""
    if not python_of(venv).is_file():
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        inside = subprocess.run(
            [python_of(venv), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout.strip()
        (Path(inside) / "project.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")
    command = [python_of(venv), "-m", "pip", "install", "--quiet", "--constraint", CONSTRAINTS, *requirements()]
    subprocess.run([str(part) for part in command], check=True)
