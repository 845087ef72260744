"""What xling needs to run a model that was exported already, without torch.

    python tools/light_requirements.py cli serve

Prints requirements for pip, taken from pyproject.toml: xling's own and those of the extras named, less
sentence-transformers (which brings torch), and with the two packages that otherwise come with it. Needs Python 3.11.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import tomllib

PROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"
LEFT_OUT = "sentence-transformers"
CAME_WITH_IT = ("tokenizers", "safetensors")


def requirements(extras: list[str]) -> list[str]:
    """Requirements of xling with these extras, for the light runtime alone."""
    project = tomllib.loads(PROJECT.read_text("utf-8"))["project"]
    optional = project["optional-dependencies"]
    unknown = sorted(set(extras) - set(optional))
    if unknown:
        raise SystemExit(f"no such extra: {', '.join(unknown)}")
    wanted = [*project["dependencies"], *CAME_WITH_IT, *(line for extra in extras for line in optional[extra])]
    return [line for line in wanted if re.split(r"[^\w-]", line, maxsplit=1)[0] != LEFT_OUT]


if __name__ == "__main__":
    print("\n".join(requirements(sys.argv[1:])))  # noqa: T201
