"""The page about the plugin's own Python API: every public name, with its types, read out of the package."""

from __future__ import annotations

import dataclasses
import enum
import importlib
import inspect
from types import ModuleType
from typing import Any

from website.generate.mdx import code, fence, from_docstring, front_matter, page, sentence, table
from website.generate.reading.comments import argument_texts
from website.generate.reading.distribution import massgen_version

__all__ = ["render"]

_MODULES = (
    ("massgen_plugins.hookspecs", "What hooks are given, and the mark for your functions"),
    ("massgen_plugins.middleware", "A call on its way, and the base class of what looks at it"),
    ("massgen_plugins.providers.base", "The base class of a provider, and what it reads"),
    ("massgen_plugins.quota", "Kinds, windows, limits and charges, as values"),
    ("massgen_plugins.errors", "What can be raised, and whose fault it is"),
    ("massgen_plugins.testing.virtual_time", "Tests of code that waits, without waiting"),
    ("massgen_plugins.testing.contract", "What every store must do, as checks for your own"),
    ("massgen_plugins.sandbox", "A provider on your machine that enforces quotas and counts"),
)
_VERIFIED = (
    *(
        f"{name.replace('.', '/')}.py"
        for name, _ in _MODULES
        if name.count(".") == 1 and "sandbox" not in name
    ),
    "massgen_plugins/providers/base.py",
    "tests/test_example_plugin.py",
)
_OPENING = """\
Every public name of the rate limiting plugin for Python code: its signature, its fields with their types and
units, and its methods. Import each from the module that its section names. What is not here is internal and
may change without notice.

Begin with [Hooks](/limits/hooks) to extend the limiter, or with
[Write a provider](/limits/write-a-provider) to teach it another API. Events have a page of their own:
[Events and metrics](/limits/events-and-metrics#events)."""


def render() -> str:
    """The page."""
    head = front_matter(
        "Python API of the rate limiting plugin",
        "Classes, functions and values for plugin authors, typed: middleware, providers, quotas, tests.",
        massgen_version(),
        _VERIFIED,
        keywords=("massgen_plugins.testing",),
    )
    return page(head, _OPENING, "<Filter />", *(_module(name, about) for name, about in _MODULES))


def _module(name: str, about: str) -> str:
    module = importlib.import_module(name)
    parts = [f"## `{name}` {{/* #{_anchor(name)} */}}", sentence(about)]
    if constants := _constants(module):
        parts.append(constants)
    for public in _public(module):
        value = getattr(module, public)
        if inspect.isclass(value):
            parts.append(_class(name, value))
        elif inspect.isfunction(value):
            parts.append(_function(name, value))
    return "\n\n".join(parts)


def _anchor(name: str) -> str:
    return name.removeprefix("massgen_plugins.").replace(".", "-")


def _public(module: ModuleType) -> list[str]:
    """The names that it exports, those that another of these modules is the home of left out."""
    seen = {name for other, _ in _MODULES[: _at(module)] for name in importlib.import_module(other).__all__}
    return [name for name in module.__all__ if name not in seen or module.__name__.endswith("sandbox")]


def _at(module: ModuleType) -> int:
    return [name for name, _ in _MODULES].index(module.__name__)


def _constants(module: ModuleType) -> str:
    values = [(name, getattr(module, name)) for name in _public(module)]
    plain = [(code(name), code(repr(value))) for name, value in values if isinstance(value, int | str)]
    return table(("Constant", "Value"), plain)


def _function(module: str, function: Any) -> str:
    name = function.__name__
    imported = f"from {module} import {name}\n\n{_signature(function, name)}"
    return "\n\n".join((_heading(module, name), fence("text", imported), *_paragraphs(function)))


def _class(module: str, cls: type) -> str:
    parts = [_heading(module, cls.__name__), *_paragraphs(cls)]
    if issubclass(cls, enum.Enum):
        parts.append(table(("Member", "Value"), [(code(each.name), code(repr(each.value))) for each in cls]))
    elif dataclasses.is_dataclass(cls):
        parts.append(_fields(cls))
    if methods := _methods(cls):
        parts.append(table(("Method", "What it does"), methods))
    return "\n\n".join(part for part in parts if part)


def _heading(module: str, name: str) -> str:
    return f"### `{name}` {{/* #{_anchor(module)}-{name.lower()} */}}"


def _paragraphs(value: Any) -> list[str]:
    """The words of a docstring, its lists of arguments left out."""
    texts = (inspect.getdoc(value) or "").split("\n\n")
    kept = [text for text in texts if not text.lstrip().startswith(("Attributes:", "Args:", "Raises:", ".."))]
    return [from_docstring(text) for text in kept if not text.startswith(("    ", "with "))]


def _fields(cls: type) -> str:
    texts = argument_texts(inspect.getdoc(cls) or "", "Attributes:")
    rows = []
    for field in dataclasses.fields(cls):
        optional = (
            field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
        )
        default = code(_short(repr(field.default))) if field.default is not dataclasses.MISSING else ""
        said = sentence(from_docstring(texts.get(field.name, "")))
        rows.append((code(field.name), code(str(field.type)), default or ("empty" if optional else ""), said))
    return table(("Field", "Type", "Default", "What it is"), rows)


def _short(text: str) -> str:
    return text if len(text) < 40 else f"{text.partition('(')[0]}(...)"


def _methods(cls: type) -> list[tuple[str, str]]:
    found = []
    for name, value in vars(cls).items():
        function = value.__func__ if isinstance(value, classmethod | staticmethod) else value
        if name.startswith("_") or not inspect.isfunction(function):
            continue
        first = (inspect.getdoc(function) or "").split("\n\n")[0]
        found.append((code(_signature(function, name, method=True)), sentence(from_docstring(first))))
    return found


def _signature(function: Any, name: str, *, method: bool = False) -> str:
    signature = inspect.signature(function)
    kept = [
        each
        for at, each in enumerate(signature.parameters.values())
        if not (method and at == 0 and each.name in ("self", "cls"))
    ]
    text = str(signature.replace(parameters=kept)).replace("'", "")
    prefix = "async " if inspect.iscoroutinefunction(function) else ""
    return f"{prefix}{name}{text}" if method else f"{prefix}def {name}{text}: ..."
