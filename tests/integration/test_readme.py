"""The README's Python runs, in a new process and an empty home, and prints what it says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "README.md"


def code_blocks():
    return re.findall(r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), re.M | re.S)


def test_the_blocks_run_in_order_and_print_what_they_say(xling_home, encoder):
    script = "\n".join(code_blocks())
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    assert "Thank you" in result.stdout
    for expected in re.findall(r"^print\(.*?\)\s+# (.*)$", script, re.M):
        assert expected in result.stdout


@pytest.mark.parametrize("name", ["add", "get", "delete", "count", "search", "search_many", "info", "drop", "close"])
def test_the_verbs_it_names_exist(name):
    import xling

    assert f"`{name}`" in README.read_text(encoding="utf-8")
    assert callable(getattr(xling.Collection, name))
