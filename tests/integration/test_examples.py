"""Every example runs in a process of its own and shows what it is there to show."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"

# What the output has to hold, in this order.
SHOWN = {
    "quickstart.py": ["8 added", "ありがとう", "Thank you", "Gracias", "早上好", "Good morning"],
    "films.py": ["6 added", "Seven Samurai", "also", "Spirited Away", "1 updated", "'seen': True"],
    "existing_collection.py": ["neutral=0", "おはよう", "neutral=1", "Thank you", "おはよう"],
}


def test_no_example_is_left_out():
    assert {file.name for file in EXAMPLES.glob("*.py")} == set(SHOWN)
    listed = (EXAMPLES / "README.md").read_text("utf-8")
    assert all(name in listed for name in SHOWN)


@pytest.mark.parametrize("name", SHOWN)
def test_an_example_runs(name, xling_home, encoder):
    result = subprocess.run([sys.executable, str(EXAMPLES / name)], capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    rest = result.stdout
    for expected in SHOWN[name]:
        assert expected in rest, result.stdout
        rest = rest.partition(expected)[2]
