"""Commands whose arguments can be checked, and how."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Sequence
from importlib.metadata import metadata

from . import massgen_lines, massgen_rl_lines
from .places import ROOT

_EXTRA = re.compile(r"massgen\[(?P<names>[^\]]+)\]")
_TARGET = re.compile(r"^([a-z][\w-]*):", re.MULTILINE)
_RUNNERS = (["uv", "run"], ["uvx"], ["uv", "tool", "run"], ["pipx", "run"])
_OURS = frozenset({"massgen", "massgen_plugins", "tests"})


def complaints(words: Sequence[str]) -> list[str]:
    """What is wrong with one simple command."""
    words = _without_runner(list(words))
    name = words[0].rpartition("/")[2] if words else ""
    if name in _CHECKS:
        return _CHECKS[name](words[1:])
    if re.fullmatch(r"python[\d.]*|py", name):
        return _python(words[1:])
    return []


def _without_runner(words: list[str]) -> list[str]:
    for runner in _RUNNERS:
        if words[: len(runner)] == runner:
            return words[len(runner) :]
    return words


def _python(arguments: Sequence[str]) -> list[str]:
    """``python -m MODULE`` of MassGen's or ours."""
    if "-m" not in arguments[:2]:
        return []
    module, *rest = arguments[arguments.index("-m") + 1 :]
    if module == "pip":
        return _pip(rest)
    if module == "massgen":
        return massgen_lines.complaints(rest)
    if module.partition(".")[0] in _OURS and not _module_exists(module):
        return [f"there is no module {module}"]
    return []


def _module_exists(module: str) -> bool:
    """Found without importing it: its parents only."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _pip(arguments: Sequence[str]) -> list[str]:
    """An extra of MassGen's must exist."""
    known = set(metadata("massgen").get_all("Provides-Extra") or ())
    wanted = [
        name for word in arguments for match in _EXTRA.finditer(word) for name in match["names"].split(",")
    ]
    return [f"massgen has no extra {name.strip()!r}" for name in wanted if name.strip() not in known]


def _make(arguments: Sequence[str]) -> list[str]:
    """Every target must stand in our Makefile."""
    known = set(_TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8")))
    targets = [word for word in arguments if not word.startswith("-") and "=" not in word]
    return [f"the Makefile has no target {word!r}" for word in targets if word not in known]


_CHECKS: dict[str, Callable[[Sequence[str]], list[str]]] = {
    "massgen": massgen_lines.complaints,
    "massgen-rl": massgen_rl_lines.complaints,
    "make": _make,
    "pip": _pip,
    "pip3": _pip,
    "pipx": _pip,
    "uv": _pip,
}
