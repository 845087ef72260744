"""Files that take the place of older ones only when they are whole."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from xling.errors import InvalidInput


@contextlib.contextmanager
def replacing(paths: Sequence[Path], encoding: str = "utf-8") -> Iterator[list[TextIO]]:
    """Files to write, which take the places of `paths` when all went well; line ends are written as they are given.

    Raises:
        InvalidInput: One of them cannot be written, or a text has half a character.
    """
    unfinished = [path.with_name(f"{path.name}.{os.getpid()}.part") for path in paths]
    try:
        with contextlib.ExitStack() as stack:
            yield [stack.enter_context(part.open("w", encoding=encoding, newline="")) for part in unfinished]
        for part, path in zip(unfinished, paths, strict=True):
            part.replace(path)
    except OSError as exc:
        raise InvalidInput(f"{paths[0]}: cannot be written ({exc.strerror or exc})") from exc
    except UnicodeEncodeError as exc:
        raise InvalidInput(f"{paths[0]}: a text has half a character (a lone surrogate): {exc.object[:40]!r}") from exc
    finally:
        for part in unfinished:
            part.unlink(missing_ok=True)
