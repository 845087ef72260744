"""Several processes that make and fill one collection of a server at once."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid

import pytest

import xling
from tests.killed_writer import HashEncoder
from tests.stores import require_server

pytestmark = pytest.mark.server

CHILD = """
import json, sys
import xling
from tests.killed_writer import HashEncoder

number, place = int(sys.argv[1]), json.loads(sys.argv[2])
sys.stdin.readline()  # all begin together
with xling.open(**place, model=HashEncoder()) as docs:
    own = [{"id": f"{number}-{i}", "text": f"text {i} of process {number}", "lang": "en"} for i in range(100)]
    shared = [{"id": f"all-{i}", "text": f"text {i} of all", "lang": "en"} for i in range(50)]
    docs.add(own + shared, batch_size=25)
    hits = docs.search(own[7]["text"], limit=1, neutral=0)
    print(hits[0].id)
"""


def test_eight_processes_make_and_fill_one_collection(tmp_path):
    server = require_server()
    place = {"name": f"test-{uuid.uuid4().hex[:12]}", "url": server.url, "api_key": server.api_key}
    children = [
        subprocess.Popen(
            [sys.executable, "-c", CHILD, str(number), json.dumps(place)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(8)
    ]
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    said = [child.communicate(timeout=300)[0].strip() for child in children]
    with xling.open(**place, model=HashEncoder(), create=False) as docs:
        try:
            assert [child.returncode for child in children] == [0] * 8
            assert said == [f"{number}-7" for number in range(8)]
            assert docs.count() == 8 * 100 + 50
            wanted = [f"{n}-{i}" for n in range(8) for i in range(100)] + [f"all-{i}" for i in range(50)]
            assert None not in docs.get(wanted)
        finally:
            docs.drop()
