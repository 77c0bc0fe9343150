"""Which classes fences may have, and what checks each of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from . import console, data, python_code, rate_limit, shell, yaml_code
from .fences import Fence
from .problem import Problem

Check = Callable[[Fence], list[Problem]]

CLASSES: Mapping[str, Mapping[str, Check]] = {
    "yaml": {
        "massgen": yaml_code.full,
        "massgen-fragment": yaml_code.fragment,
        "massgen-invalid": yaml_code.invalid,
        "rate-limit": rate_limit.settings,
        "rate-limit-profile": rate_limit.profiles,
        "other": yaml_code.other,
    },
    "bash": {"check": shell.check, "run": shell.run, "other": shell.syntax},
    "console": {"check": console.check, "other": console.other},
    "powershell": {"other": data.anything},
    "python": {"run": python_code.run, "compile": python_code.compiles, "raises": python_code.raises},
}
"""Language to its classes; such a fence must have one."""

PLAIN: Mapping[str, Check] = {
    "text": data.anything,
    "json": data.json_code,
    "toml": data.toml_code,
    "ini": data.ini_code,
    "dockerfile": data.anything,
    "mermaid": data.anything,
    "diff": data.anything,
    "mdx": data.anything,
    "markdown": data.anything,
}
"""Languages that need no class."""


def check_fence(fence: Fence) -> list[Problem]:
    """All that is wrong with a fence."""
    if fence.language in CLASSES:
        return _check_classed(fence, CLASSES[fence.language])
    if fence.language in PLAIN:
        return PLAIN[fence.language](fence)
    known = ", ".join(sorted({*CLASSES, *PLAIN}))
    what = f"a fence of the language {fence.language!r}" if fence.language else "a fence without a language"
    return [Problem(fence.path, fence.line, what, f"use one of: {known}")]


def _check_classed(fence: Fence, classes: Mapping[str, Check]) -> list[Problem]:
    if fence.kind in classes:
        return classes[fence.kind](fence)
    said = f"the unknown class {fence.kind!r}" if fence.kind else "no class"
    what = f"a {fence.language} fence with {said}"
    return [Problem(fence.path, fence.line, what, f"write one of these after it: {', '.join(classes)}")]
