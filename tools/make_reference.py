"""Write docs/cli.md and docs/api.md from the code:  python tools/make_reference.py

The tests compare both with what this makes, so they are as the code is. README.ja.md gets the code blocks of README.md.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

DOCS = Path(__file__).resolve().parents[1] / "docs"
README = DOCS.parent / "README.md"
_FENCE = re.compile(r"^```.*?^```", re.M | re.S)
NOTE = "<!-- Made by tools/make_reference.py from the code; not to be edited. -->\n"
ROOMS = ("xling.translate", "xling.explore", "xling.evaluate", "xling.text", "xling.language")
"""Besides `xling` itself: the modules whose `__all__` is public."""
_SECTIONS = re.compile(r"^(Args|Returns|Yields|Raises|Attributes|Note):$")
_ENTRY = re.compile(r"^(\*{0,2}\w+(?:, \w+)*): (.*)$")


def cli() -> str:
    """The page of the command line."""
    from typer.main import get_command

    from xling.cli.app import application

    root = get_command(application())
    parts = [NOTE, "# The command line", root.help or "", (getattr(root, "epilog", "") or "") + "\n"]
    parts.append(_options(root))
    for path, command in _commands(root, "xling"):
        parts += [f"## {path}", f"```\n{path} {' '.join(_usage(command))}\n```", _paragraphs(command.help or "")]
        parts.append(_options(command))
    return "\n\n".join(part.strip() for part in parts if part.strip()) + "\n"


def _commands(group: Any, path: str) -> Iterator[tuple[str, Any]]:
    for name, command in sorted(group.commands.items()):
        if hasattr(command, "commands"):
            yield from _commands(command, f"{path} {name}")
        elif not command.hidden:
            yield f"{path} {name}", command


def _usage(command: Any) -> list[str]:
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    return ["[OPTIONS]", *(_argument(p) for p in arguments)]


def _argument(parameter: Any) -> str:
    name = (parameter.metavar or parameter.name).upper().strip("[]")
    name = f"{name}..." if parameter.nargs == -1 else name
    return name if parameter.required else f"[{name}]"


def _options(command: Any) -> str:
    rows = []
    for parameter in command.params:
        if parameter.hidden:
            continue
        if parameter.param_type_name == "argument":
            name = f"`{_argument(parameter)}`"
        else:
            name = ", ".join(f"`{opt}`" for opt in [*parameter.opts, *parameter.secondary_opts])
        rows.append(f"| {name} | {_cell(_described(parameter))} |")
    return "\n".join(["| | |", "| --- | --- |", *rows]) if rows else ""


def _described(parameter: Any) -> str:
    text = " ".join((parameter.help or "").split())
    default = parameter.default
    if parameter.required:
        text += " Required."
    elif not (default in (None, False, True, (), []) or callable(default) or "(default:" in text):
        text += f" (default: {default})"
    if parameter.envvar:
        text += f" (environment variable {parameter.envvar})"
    return text


def _cell(text: str) -> str:
    return text.strip().replace("|", "\\|").replace("<", "&lt;")


def _paragraphs(text: str) -> str:
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))


def api() -> str:
    """The page of the Python API."""
    parts = [
        NOTE,
        "# The Python API",
        "What is public, by module. The verbs of a collection are those of `xling.Collection`.",
    ]
    for module_name in ("xling", *ROOMS):
        module = importlib.import_module(module_name)
        parts += [f"## {module_name}", _text(inspect.getdoc(module) or "")]
        for name in sorted(module.__all__, key=str.lower):
            parts.append(_member(f"{module_name}.{name}", getattr(module, name)))
    return "\n\n".join(part.strip() for part in parts if part.strip()) + "\n"


def _member(name: str, value: Any) -> str:
    if inspect.isclass(value):
        return _class(name, value)
    if inspect.isfunction(value):
        return f"### {name}\n\n{_function(name.rpartition('.')[2], value)}"
    plain = isinstance(value, (str, int, float))
    return f"### {name}\n\n`{value!r}`" if plain else f"### {name}\n\nA {_kind(value)}."


def _kind(value: Any) -> str:
    return f"{type(value).__name__} of {len(value)}" if isinstance(value, (tuple, frozenset, dict)) else "type alias"


def _class(name: str, value: type) -> str:
    parts = [f"### {name}", _text(_own_doc(value))]
    fields = getattr(value, "model_fields", {})
    if fields:
        parts.append("\n".join(f"- `{field}`: `{_annotation(value, field)}`" for field in fields))
    elif (
        not issubclass(value, (Exception, Warning)) and Protocol not in value.__mro__[1:2] and "__init__" in vars(value)
    ):
        parts.append(_function(name.rpartition(".")[2], value.__init__, documented=False))
    methods = dict(_methods(value))
    if value.__name__ == "AsyncCollection":
        names = ", ".join(
            f"`{method}`" for method, function in methods.items() if inspect.iscoroutinefunction(function)
        )
        return "\n\n".join([*parts[:2], f"To be awaited: {names}."])
    for method, function in methods.items():
        parts.append(f"#### {value.__name__}.{method}\n\n{_function(method, function)}")
    return "\n\n".join(part for part in parts if part)


def _methods(value: type) -> Iterator[tuple[str, Any]]:
    """Public methods and properties that this package defines, inherited ones included."""
    seen = set()
    for owner in value.__mro__:
        if not owner.__module__.startswith("xling"):
            continue
        for name, member in vars(owner).items():
            public = not name.startswith("_") and name not in seen and name != "model_config"
            if public and (inspect.isfunction(member) or isinstance(member, (property, classmethod, staticmethod))):
                seen.add(name)
                yield name, member


def _function(name: str, value: Any, *, documented: bool = True) -> str:
    if isinstance(value, property):
        return _text(inspect.getdoc(value) or "")
    function = inspect.unwrap(getattr(value, "__func__", value))
    signature = inspect.signature(function)
    parameters = [p for p in signature.parameters.values() if p.name not in {"self", "cls"}]
    shown = str(signature.replace(parameters=parameters))
    shown = re.sub(r"(: |-> )'([^']*)'", r"\1\2", shown)
    begin = "await " if inspect.iscoroutinefunction(function) else ""
    if len(begin + name + shown) > 100:
        inner, _, after = shown[1:].rpartition(")")
        shown = "(\n" + "".join(f"    {part},\n" for part in _split(inner)) + ")" + after
    text = f"```\n{begin}{name}{shown}\n```"
    return f"{text}\n\n{_text(inspect.getdoc(function) or '')}" if documented else text


def _split(inner: str) -> list[str]:
    """A parameter list at its own commas, not at those in brackets."""
    parts, depth, current = [], 0, ""
    for character in inner:
        depth += (character in "[(") - (character in "])")
        if character == "," and depth == 0:
            parts.append(current.strip())
            current = ""
        else:
            current += character
    return [*parts, current.strip()] if current.strip() else parts


def _annotation(value: type, field: str) -> str:
    """As it is written, which is the same under every Python."""
    return str(next(vars(owner)["__annotations__"][field] for owner in value.__mro__ if field in _annotations(owner)))


def _annotations(owner: type) -> dict[str, Any]:
    found: dict[str, Any] = vars(owner).get("__annotations__", {})
    return found


def _own_doc(value: type) -> str:
    return inspect.cleandoc(value.__doc__ or "")


def _text(doc: str) -> str:
    """A Google-style docstring as Markdown."""
    lines: list[str] = []
    in_section = False
    for line in doc.splitlines():
        section = _SECTIONS.match(line)
        if section:
            in_section = True
            lines += ["", f"*{section[1]}*", ""]
            continue
        if in_section and line and not line.startswith(" "):
            in_section = False
        if not in_section:
            lines.append(line)
            continue
        body = line[4:]
        entry = _ENTRY.match(body)
        if entry:
            lines.append(f"- `{entry[1]}`: {entry[2]}")
        else:
            lines.append(f"  {body.strip()}" if body.strip() and lines and lines[-1] else body.strip())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines)).strip()


def with_blocks_of(text: str, other: str) -> str:
    """The text with each code block as it stands in the other; the text itself where they are not as many."""
    blocks = _FENCE.findall(other)
    if len(_FENCE.findall(text)) != len(blocks):
        return text
    rest = iter(blocks)
    return _FENCE.sub(lambda _: next(rest), text)


def main() -> None:
    (DOCS / "cli.md").write_text(cli(), "utf-8")
    (DOCS / "api.md").write_text(api(), "utf-8")
    translated = DOCS.parent / "README.ja.md"
    translated.write_text(with_blocks_of(translated.read_text("utf-8"), README.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
