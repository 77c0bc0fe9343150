"""Explains a failed import of MassGen to a run with limits."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from massgen_plugins.host.switch import KEY, environment_switch
from massgen_plugins.installation import explain

__all__ = ["explain_failed_start"]

_EXPLAINED = "__massgen_plugins_told__"
_LARGEST = 1_000_000
"""Maximum size of a configuration file that is read."""


def explain_failed_start(error: Exception) -> None:
    """Print one line with cause and fix, once per error, if ``massgen`` was to limit its agents."""
    if hasattr(error, _EXPLAINED) or not _is_massgen() or not _limits_asked_for():
        return
    setattr(error, _EXPLAINED, True)
    found, cure = explain(f"{type(error).__name__}: {error}")
    print(f"massgen-plugins: MassGen cannot be imported: {found}; run `{cure}`.", file=sys.stderr)  # noqa: T201 - there is no log yet


def _is_massgen() -> bool:
    """Whether this is MassGen's own command; ``argv[0]`` is ``-m`` while a module is located."""
    program = Path(sys.argv[0] if sys.argv else "")
    return program.stem in ("massgen", "-m") or program.parent.name == "massgen"


def _limits_asked_for() -> bool:
    """Whether the environment, or else a flag or configuration file on the command line, enables limits."""
    switch = environment_switch()
    arguments = sys.argv[1:]
    if switch is not None:
        return switch
    files = (Path(each) for each in arguments if each.endswith((".yaml", ".yml")))
    return "--rate-limit" in arguments or any(_switches_on(file) for file in files)


def _switches_on(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            text = opened.read(_LARGEST).decode(errors="replace")
    except OSError:
        return False
    return re.search(rf"^[^#\n]*\b{KEY}[\"']?\s*:\s*(?!false)\S", text, re.MULTILINE) is not None
