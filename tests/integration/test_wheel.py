"""What is published: a wheel that holds all of the package, and works away from the sources."""

import email
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import xling

setuptools = pytest.importorskip("setuptools", minversion="77", reason="needs setuptools, to build")
ROOT = Path(__file__).resolve().parents[2]
BUILD = "import sys, setuptools.build_meta as b; out = sys.argv[1]; b.build_wheel(out); b.build_sdist(out)"


def tracked(folder: str) -> set[str]:
    try:
        done = subprocess.run(["git", "ls-files", folder], cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs git and a checkout, to know what belongs to the project")
    return set(done.stdout.split("\n")) - {""}


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> dict[str, Path]:
    """A wheel and a source distribution, built from a copy of what is in git."""
    copy, out = tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("dist")
    for name in tracked("."):
        if not name.startswith(("tests/", "docs/", ".")) and (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes((ROOT / name).read_bytes())
    done = subprocess.run(
        [sys.executable, "-c", BUILD, str(out)], cwd=copy, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return {"wheel": next(out.glob("*.whl")), "sdist": next(out.glob("*.tar.gz"))}


def test_the_wheel_holds_all_of_the_package_and_nothing_else(built):
    with zipfile.ZipFile(built["wheel"]) as wheel:
        names = set(wheel.namelist())
    assert {name for name in names if ".dist-info/" not in name} == tracked("xling")
    assert "xling/py.typed" in names
    licences = [name for name in names if "/licenses/" in name]
    assert any(name.endswith("/LICENSE") for name in licences)
    assert any("LICENSE-" in name for name in licences)
    assert built["wheel"].stat().st_size < 5_000_000


def test_what_the_wheel_says_of_itself(built):
    with zipfile.ZipFile(built["wheel"]) as wheel:
        folder = f"xling-{xling.__version__}.dist-info"
        about = email.message_from_bytes(wheel.read(f"{folder}/METADATA"))
        points = wheel.read(f"{folder}/entry_points.txt").decode()
    assert (about["Name"], about["Version"]) == ("xling", xling.__version__)
    assert about["License-Expression"] == "Apache-2.0"
    assert "xling = xling.cli:main" in points
    for line in about.get_all("Requires-Dist"):
        assert " @ " not in line, "a published package may not depend on an address"


def test_the_source_distribution_holds_what_the_wheel_is_made_of(built):
    with tarfile.open(built["sdist"]) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    assert tracked("xling") <= names
    assert {"pyproject.toml", "README.md", "LICENSE"} <= names


def test_it_works_away_from_the_sources(built, tmp_path, xling_home):
    place = tmp_path / "site"
    with zipfile.ZipFile(built["wheel"]) as wheel:
        wheel.extractall(place)
    env = {**os.environ, "PYTHONPATH": str(place)}
    script = (
        "import xling; print(xling.__file__)\n"
        "with xling.open('docs') as docs:\n"
        "    docs.add(['Thank you', 'Good morning'])\n"
        "    print(docs.search('ありがとう')[0].text)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    where, found = done.stdout.splitlines()
    assert Path(where).is_relative_to(place)
    assert found == "Thank you"
    done = subprocess.run(
        [sys.executable, "-m", "xling.cli", "--version"],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.startswith(f"xling {xling.__version__}\n"), done.stderr


def test_the_version_is_the_same_wherever_it_stands():
    tomllib = pytest.importorskip("tomllib")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == xling.__version__
    assert f"image: xling:{xling.__version__}\n" in (ROOT / "docker" / "compose.yml").read_text("utf-8")
