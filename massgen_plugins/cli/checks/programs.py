"""Checks the programs of MassGen's CLI agents: which are installed, and whether they were tested."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from massgen_plugins.cli.checks.finding import Finding, ok
from massgen_plugins.gateway.patience import PATIENCE
from massgen_plugins.host.pointers.copilot import COPILOT_CURE, sdk_version, suits_massgen

__all__ = ["check_programs"]

_COMMANDS = {"claude_code": "claude", "codex": "codex", "copilot": "copilot", "gemini_cli": "gemini"}
_BUNDLED = {"claude_code": ("claude_agent_sdk", "_bundled/claude"), "copilot": ("copilot", "bin/copilot")}
"""Packages that bundle a program, and its path inside."""
_VERSION = re.compile(r"\d+\.\d+\.\d+")
_ANSWERS_WITHIN = 20.0
_NOT_COVERED = "antigravity_cli, and Codex and Gemini CLI in Docker, run without limits: they are not reached"


def check_programs() -> Iterator[Finding]:
    """Check each program, starting those that are installed, and list what is not covered."""
    for backend, patience in PATIENCE.items():
        if backend == "copilot" and not suits_massgen(sdk := sdk_version()):
            yield _wrong_sdk(sdk)
            continue
        tried = f"tried with {' and '.join(patience.tried)}"
        path = _find(backend)
        if path is None:
            yield ok(f"{backend} agents", f"`{_COMMANDS[backend]}` is not installed ({tried})")
            continue
        version = _version(path)
        known = version in patience.tried
        found = f"{version or 'of an unknown version'} ({path}), {tried}"
        hint = f"a call waits for its quota; by itself the program waits {patience.waits}"
        yield ok(f"{backend} agents", found, "" if known else f"this version was not tried: {hint}")
    yield ok("not covered", _NOT_COVERED)


def _wrong_sdk(found: str | None) -> Finding:
    """The finding about an SDK that MassGen requires but does not work with."""
    words = f"MassGen 0.1.97 cannot work with github-copilot-sdk {found or '(none)'}, limited or not"
    return ok("copilot agents", words, f"if you want such agents, run `{COPILOT_CURE}`")


def _find(backend: str) -> str | None:
    package, file = _BUNDLED.get(backend, ("", ""))
    spec = find_spec(package) if package else None
    for place in (spec.submodule_search_locations if spec else None) or ():
        bundled = Path(place) / file
        if bundled.exists():
            return str(bundled)
    return shutil.which(_COMMANDS[backend])


def _version(path: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 - what MassGen would start, too
            [path, "--version"], capture_output=True, text=True, timeout=_ANSWERS_WITHIN, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = _VERSION.search(done.stdout)
    return found[0] if found else None
