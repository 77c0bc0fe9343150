"""Checks whether MassGen and the HTTP clients have the functions that this package wraps."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import massgen_plugins
from massgen_plugins.cli.checks.finding import Finding, fail, ok
from massgen_plugins.cli.installed_host import host_folder
from massgen_plugins.installation import explain, install_whole_set

__all__ = ["check_attachment", "check_seams"]


@dataclass(frozen=True, slots=True)
class _Seam:
    """A function or method by name.

    Attributes:
        package: Its top-level package.
        files: Files in the package that may define it.
        names: A function, or a class and its method.
    """

    package: str
    files: tuple[str, ...]
    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.package} {'.'.join(self.names)}"


_MAKERS = ("cli/backends.py", "cli.py")
_SEAMS = (
    _Seam("massgen", _MAKERS, ("create_agents_from_config",)),
    _Seam("massgen", _MAKERS, ("create_backend",)),
    _Seam("massgen", ("orchestrator.py",), ("Orchestrator", "_apply_agent_startup_rate_limit")),
    _Seam("massgen", ("subagent/manager.py",), ("SubagentManager", "_generate_subagent_yaml_config")),
    _Seam("aiohttp", ("client.py",), ("ClientSession", "_request")),
    _Seam("httpx", ("_client.py",), ("AsyncClient", "send")),
    _Seam("httpx", ("_client.py",), ("Client", "send")),
    _Seam("httpx2", ("_client.py",), ("AsyncClient", "send")),
    _Seam("httpx2", ("_client.py",), ("Client", "send")),
)
_PROOF = (
    "import massgen_plugins as b; b.start(); import massgen.cli as c, sys; "
    "from massgen_plugins.wrapping import is_wrapped; "
    "m = sys.modules.get('massgen.cli.backends', c); "
    "sys.exit(0 if is_wrapped(m, 'create_agents_from_config') else 3)"
)
_NOT_ATTACHED = 3
_PATIENCE = 180


def check_seams() -> Iterator[Finding]:
    """Check each function in the sources, without importing anything."""
    for seam in _SEAMS:
        folder = _folder(seam.package)
        if folder is None:
            yield _absent(seam)
        elif any(_defines(folder / file, seam.names) for file in seam.files):
            yield ok(str(seam), "found")
        else:
            yield fail(
                str(seam),
                f"not found below {folder}",
                "upgrade massgen-plugins, or use an older version of it",
            )


def check_attachment() -> Finding:
    """Import MassGen in a separate process, which takes about ten seconds, and check that we attach."""
    # The variable only disables the automatic start, while this checks whether attaching works.
    environment = {name: value for name, value in os.environ.items() if name != massgen_plugins.DISABLE}
    command = [sys.executable, "-c", _PROOF]
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and our own text
            command, env=environment, capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return fail("attachment", f"MassGen was not imported within {_PATIENCE} s", "try `massgen --help`")
    if not done.returncode:
        return ok("attachment", "MassGen was started, and the package attached to it")
    last = (done.stderr.strip().splitlines() or ["no reason was given"])[-1]
    if done.returncode != _NOT_ATTACHED:
        found, cure = explain(last)
        return fail("attachment", f"MassGen cannot be imported: {found}", f"run `{cure}`")
    return fail(
        "attachment", f"MassGen was started, but nothing attached: {last[:300]}", "upgrade massgen-plugins"
    )


def _absent(seam: _Seam) -> Finding:
    if seam.package == "massgen":
        return fail(str(seam), "there is no MassGen in this environment", f"run `{install_whole_set()}`")
    return ok(str(seam), f"{seam.package} is not installed, so there is nothing of it to limit")


def _folder(package: str) -> Path | None:
    if package == "massgen":
        return host_folder()
    spec = find_spec(package)
    places = spec.submodule_search_locations if spec else None
    return Path(next(iter(places))) if places else None


def _defines(file: Path, names: tuple[str, ...]) -> bool:
    try:
        scope: ast.AST = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return False
    for name in names:
        inner = (node for node in ast.iter_child_nodes(scope) if getattr(node, "name", None) == name)
        found = next(inner, None)
        if found is None:
            return False
        scope = found
    return True
