"""Work as steps: a generator hands out what has to wait (a call to Qdrant, heavy computing) and is sent the results.

So the same code serves a caller who waits in a thread (`run`) and one on an event loop (`arun`), and is read from top
to bottom: `records = yield from ask(Store.retrieve, ids)`.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass
from typing import Any, Concatenate, Generic, ParamSpec, TypeAlias, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")
_S = TypeVar("_S")


@dataclass(frozen=True, slots=True)
class Call:
    """Call a method of what the steps are about (a `Store`, a client)."""

    method: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    doing: str = ""
    """For the message if it fails."""


@dataclass(frozen=True, slots=True)
class Work(Generic[_T]):
    """Compute something that would hold an event loop up, or that waits for a lock."""

    function: Callable[[], _T]


Step: TypeAlias = "Call | Work[Any]"
Steps: TypeAlias = Generator[Step, Any, _T]


def ask(method: Callable[Concatenate[_S, _P], _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Steps[_T]:
    """The step that calls `method`, given as a function of its class: `yield from ask(Store.count, filter)`."""
    result: _T = yield Call(method.__name__, args, kwargs)
    return result


def work(function: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Steps[_T]:
    """The step that computes `function(*args, **kwargs)`, off the event loop where there is one."""
    result: _T = yield Work(functools.partial(function, *args, **kwargs))
    return result


def run(steps: Steps[_T], target: object) -> _T:
    """Take the steps here and now. Their calls go to the methods of `target`."""

    def call(step: Call) -> Any:
        return getattr(target, step.method)(*step.args, **step.kwargs)

    return take(steps, call)


def take(steps: Steps[_T], call: Callable[[Call], Any]) -> _T:
    """Take the steps here and now. Their calls are done by `call`."""
    try:
        step = next(steps)
        while True:
            try:
                answer = call(step) if isinstance(step, Call) else step.function()
            except BaseException as error:  # noqa: PERF203
                step = steps.throw(error)
            else:
                step = steps.send(answer)
    except StopIteration as done:
        result: _T = done.value
        return result


async def arun(
    steps: Steps[_T],
    call: Callable[[Call], Coroutine[Any, Any, Any]],
    off_loop: Callable[[Callable[[], Any]], Coroutine[Any, Any, Any]],
) -> _T:
    """Take the steps on an event loop.

    Args:
        steps: What to do.
        call: Does the calls.
        off_loop: Runs a function in a thread.
    """
    try:
        step = next(steps)
        while True:
            try:
                answer = await (call(step) if isinstance(step, Call) else off_loop(step.function))
            except BaseException as error:  # noqa: PERF203
                step = steps.throw(error)
            else:
                step = steps.send(answer)
    except StopIteration as done:
        result: _T = done.value
        return result
    finally:
        steps.close()


def stepwise(target: str) -> Callable[[Callable[_P, Steps[_T]]], Callable[_P, _T]]:
    """Make a method written as steps one that takes them, with the calls going to its attribute `target`.

    That is an object whose methods are called, or a function that does the calls.

    The steps themselves stay at hand for those who take them otherwise: see `steps_of`.
    """

    def decorate(method: Callable[_P, Steps[_T]]) -> Callable[_P, _T]:
        def taken(*args: _P.args, **kwargs: _P.kwargs) -> _T:
            found = getattr(args[0], target)
            return (take if callable(found) else run)(method(*args, **kwargs), found)

        functools.update_wrapper(taken, method)
        # What is shown of it is what it returns, not the steps.
        returned = str(method.__annotations__.get("return", "")).removeprefix("Steps[").removesuffix("]")
        signature = inspect.signature(method).replace(return_annotation=returned)
        del taken.__dict__["__wrapped__"]
        taken.__annotations__ = {**method.__annotations__, "return": returned}
        taken.__dict__.update(__signature__=signature, steps=method)
        return taken

    return decorate


def steps_of(method: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Steps[_T]:
    """The steps of a `stepwise` method, for use within others: `yield from steps_of(Some.method, self, …)`."""
    steps: Callable[..., Steps[_T]] = method.__dict__["steps"]
    return steps(*args, **kwargs)
