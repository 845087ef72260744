"""Where xling keeps files of its own: what can be made again (cache) and what cannot (data)."""

from __future__ import annotations

import os
from pathlib import Path

HOME_VARIABLE = "XLING_HOME"
"""Environment variable: one directory that takes the place of both."""


def cache_dir() -> Path:
    """Directory for what can be made again: converted models, bases. Not created here."""
    home = _home()
    if home is not None:
        return home / "cache"
    import platformdirs

    return Path(platformdirs.user_cache_dir("xling", appauthor=False))


def data_dir() -> Path:
    """Directory for what is the user's: embedded collections opened by name. Not created here."""
    home = _home()
    if home is not None:
        return home / "data"
    import platformdirs

    return Path(platformdirs.user_data_dir("xling", appauthor=False))


def _home() -> Path | None:
    value = os.environ.get(HOME_VARIABLE)
    return Path(value).expanduser().absolute() if value else None
