"""A process that encodes: what runs in it, and what its parent holds of it.

A plain child of this interpreter, told what to do over its standard input. Unlike those of `multiprocessing` it does
not import the program that started it, so that needs no `if __name__ == "__main__":`; and it ends when its parent is
gone, killed or not, since its input ends then. Through the pipes go JSON and float32, each with its length before.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from multiprocessing import spawn
from typing import IO, Any

import numpy as np

from xling.errors import InvalidInput, ModelError, XlingError
from xling.space import Encoder, SharedSpace
from xling.space.protocols import Vectors
from xling.space.reopening import SpaceRecord

_LENGTH = struct.Struct(">Q")
_REASON = 300


class EncoderProcess:
    """One process with the model loaded. Used by one thread at a time; `close` may come from another.

    Args:
        record: The space.
        make_encoder: Name of a function that makes the encoder, `module:function`, where that is the user's own.
        threads: For its model.
    """

    def __init__(self, record: SpaceRecord, make_encoder: str | None, threads: int) -> None:
        self._order = {**asdict(record), "make_encoder": make_encoder}
        count = str(threads)
        self._environment = {**os.environ, "OMP_NUM_THREADS": count, "RAYON_NUM_THREADS": count}
        self._lock = threading.Lock()
        self._closed = False
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None

    def start(self) -> None:
        """Have the model loaded, unless it is.

        Raises:
            ModelError: It could not be, or is another one.
        """
        if self._process is not None:
            return
        code = f"import sys; sys.path[:] = {sys.path!r}; from {__name__} import main; main()"
        executable = spawn.get_executable()  # what `multiprocessing.set_executable` says where Python is embedded
        with self._lock:
            if self._closed:
                raise ModelError("the encoder processes were ended")
            self._errors = tempfile.TemporaryFile()  # noqa: SIM115
            self._process = subprocess.Popen(
                [os.fsdecode(executable or sys.executable), "-c", code],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env=self._environment,
                **_apart(),
            )
        self._ask(self._order)

    def encode(self, texts: Sequence[str], dimension: int) -> Vectors:
        """Document vectors, shape (len(texts), dimension).

        Raises:
            ModelError: The encoder failed, or the process has ended.
        """
        self.start()
        data = self._ask({"texts": list(texts)})
        return np.frombuffer(data, "<f4").reshape(len(texts), dimension)

    def close(self) -> None:
        """End it; it holds nothing that could be lost."""
        with self._lock:
            self._closed = True
            if self._process is not None:
                self._process.kill()
                self._process.wait()

    def _ask(self, request: Mapping[str, Any]) -> bytes:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            _write(process.stdin, json.dumps(request).encode())
            answer, data = _read(process.stdout), _read(process.stdout)
        except OSError:
            answer = data = None
        if answer is None or data is None:
            raise ModelError(self._end())
        said = json.loads(answer)
        if "error" in said:
            raise ModelError(f"an encoder process failed: {said['error']}")
        return data

    def _end(self) -> str:
        """Why it has ended."""
        process = self._process
        assert process is not None
        assert self._errors is not None
        code = process.wait()
        how = f"by signal {-code} ({_name_of_signal(-code)})" if code < 0 else f"with exit code {code}"
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        reason = f": {lines[-1][:_REASON]}" if lines else ""
        hint = "; if memory ran out, take fewer workers" if code in (-9, 137) else ""
        return f"an encoder process ended {how}{reason}{hint}. What was stored stays: call it again to go on from there"


def name_of_maker(make_encoder: Callable[[], Encoder] | None) -> str | None:
    """Where another process finds a function.

    Raises:
        InvalidInput: It cannot be found by its name.
    """
    if make_encoder is None:
        return None
    module, name = getattr(make_encoder, "__module__", None), getattr(make_encoder, "__qualname__", "")
    found: Any = None
    if module and module != "__main__":
        with contextlib.suppress(ImportError, AttributeError):
            found = _found(f"{module}:{name}")
    if found is not make_encoder:
        raise InvalidInput(
            "make_encoder= has to be a function or class at the top of a module that other processes can import: no "
            "lambda, no function within another, none of the script itself"
        )
    return f"{module}:{name}"


def _found(name: str) -> Any:
    module, _, path = name.partition(":")
    found: Any = importlib.import_module(module)
    for part in path.split("."):
        found = getattr(found, part)
    return found


def main() -> None:
    """What the process does until its input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends it
    requests = sys.stdin.buffer
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is not to come between
    order = json.loads(_read(requests) or b"{}")
    maker = order.pop("make_encoder")
    space = None
    try:
        space = SpaceRecord(**order).open(_found(maker) if maker else None)
        space.documents(["ready"])
    except Exception as exc:
        _answer(answers, error=exc)
        return
    _answer(answers)
    while (request := _read(requests)) is not None:
        _encode(space, json.loads(request)["texts"], answers)


def _encode(space: SharedSpace, texts: list[str], answers: IO[bytes]) -> None:
    try:
        vectors = space.documents(texts)
    except Exception as exc:
        _answer(answers, error=exc)
    else:
        _answer(answers, np.ascontiguousarray(vectors, "<f4").tobytes())


def _answer(stream: IO[bytes], data: bytes = b"", error: Exception | None = None) -> None:
    said = {}
    if error is not None:
        said["error"] = str(error) if isinstance(error, XlingError) else f"{type(error).__name__}: {error}"
    with contextlib.suppress(BrokenPipeError):  # nobody is there any more: the next reading ends it
        _write(stream, json.dumps(said).encode())
        _write(stream, data)


def _write(stream: IO[bytes], data: bytes) -> None:
    stream.write(_LENGTH.pack(len(data)))
    stream.write(data)
    stream.flush()


def _read(stream: IO[bytes]) -> bytes | None:
    """The next message; None at the end."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    data = stream.read(length)
    return data if len(data) == length else None


def _apart() -> dict[str, Any]:
    """Not of the terminal's group: Ctrl-C is the parent's to handle."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def _name_of_signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"
