"""Checks whether the package starts automatically in the Python that runs MassGen."""

from __future__ import annotations

import os
import shutil
import site
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import massgen_plugins
from massgen_plugins.cli.checks.finding import Finding, fail, ok, warn

__all__ = ["check_activation"]

_STARTER = "massgen_plugins.pth"
_RUN = "or write `massgen-rl run -- ARGS` in place of `massgen ARGS`"


def check_activation() -> Iterator[Finding]:
    """Check the start file, the opt-out, and which ``massgen`` the shell runs."""
    yield _start_file()
    yield _opt_out()
    yield _command_on_path()


def _start_file() -> Finding:
    found = next((file for file in _start_files() if file.is_file()), None)
    waits = any(isinstance(finder, massgen_plugins.HostFinder) for finder in sys.meta_path)
    if waits or massgen_plugins.HostFinder.done:
        return ok("automatic start", f"active in this interpreter ({found or 'started by hand'})")
    if found and _opted_out():
        return ok("automatic start", f"installed, but switched off ({found})")
    if found:
        return fail(
            "automatic start",
            f"{found} is there, but this interpreter did not read it",
            f"start Python without -S and -I, and install into a directory of `python -m site`, {_RUN}",
        )
    return fail(
        "automatic start", f"there is no {_STARTER} beside the package", f"install it with pip again, {_RUN}"
    )


def _start_files() -> Iterator[Path]:
    folders = [*site.getsitepackages(), sysconfig.get_path("purelib")]
    if site.ENABLE_USER_SITE:
        folders.append(site.getusersitepackages())
    return (Path(folder) / _STARTER for folder in folders)


def _opted_out() -> bool:
    return os.environ.get(massgen_plugins.DISABLE, "0") not in ("", "0")


def _opt_out() -> Finding:
    if _opted_out():
        return warn(
            "opt-out",
            f"{massgen_plugins.DISABLE} is set, so `massgen` runs without limits",
            f"remove that environment variable, {_RUN}",
        )
    return ok("opt-out", f"{massgen_plugins.DISABLE} is not set")


def _command_on_path() -> Finding:
    ours = Path(sysconfig.get_path("scripts"))
    found = shutil.which("massgen")
    if found is None:
        return warn("massgen command", "`massgen` is not on PATH", f"add {ours} to PATH, {_RUN}")
    if Path(found).resolve().parent == ours.resolve():
        return ok("massgen command", f"{found} belongs to this environment")
    return fail(
        "massgen command",
        f"{found} belongs to another environment, which this package does not reach",
        f"install massgen-plugins there, put {ours} first on PATH, {_RUN}",
    )
