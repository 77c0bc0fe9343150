"""Faults of an installation, each made on purpose: what the package says then is followed to the letter."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from massgen_plugins.installation import CONFLICTS, Conflict

from .newcomer import Newcomer

_NO_HOST = 127


@dataclass(frozen=True)
class Fault:
    """How to bring it about in a working environment, and what ``massgen-rl run`` has to say of it."""

    name: str
    make: Callable[[Newcomer], None]
    said: str


def mend(newcomer: Newcomer, fault: Fault) -> str:
    """Make the fault, run the command that is printed, and look whether MassGen starts; empty if it does."""
    fault.make(newcomer)
    for command, variables in _starts(fault):
        broken = newcomer.run(*command, **variables)
        said = re.search(
            rf"^massgen-(?:rl|plugins): .*{fault.said}.*; run `(.+)`\.$", broken.err, re.MULTILINE
        )
        if not broken.code or said is None:
            return f"{fault.name}: {' '.join(command)} said {broken.err[-600:]!r}"
    cured = newcomer.run(said[1], shell=True)
    if cured.code:
        return f"{fault.name}: {said[1]} failed: {cured.err[-600:]}"
    started = newcomer.run("massgen-rl", "run", "--", "--help")
    return f"{fault.name}: not mended by {said[1]}: {started.err[-600:]}" if started.code else ""


def _starts(fault: Fault) -> list[tuple[tuple[str, ...], dict[str, str]]]:
    ours = (("massgen-rl", "run", "--", "--help"), {})
    limited = (("massgen", "--help"), {"MASSGEN_RATE_LIMIT": "1"})
    return [ours, limited] if fault.said.startswith("MassGen cannot be imported") else [ours]


def _packages(newcomer: Newcomer) -> Path:
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    return Path(newcomer.must(newcomer.python, "-c", code).out.strip())


def _without_massgen(newcomer: Newcomer) -> None:
    newcomer.uninstall("massgen")


def _too_old(newcomer: Newcomer) -> None:
    newcomer.install("--no-deps", "massgen==0.1.26")


def _without_command(newcomer: Newcomer) -> None:
    (info,) = _packages(newcomer).glob("massgen-*.dist-info")
    (info / "entry_points.txt").unlink()


def _damaged(newcomer: Newcomer) -> None:
    shutil.rmtree(_packages(newcomer) / "loguru")


def _missing(newcomer: Newcomer) -> None:
    newcomer.uninstall("pydantic-settings")
    newcomer.uninstall("python-dotenv")


def _unknown(newcomer: Newcomer) -> None:
    newcomer.install("--no-deps", "fastmcp==4.2.3")


def _conflict(conflict: Conflict) -> Fault:
    said = f"MassGen cannot be imported: {conflict.package} .* is in the way, .* {conflict.works} works"
    return Fault(" and ".join(conflict.bad), lambda newcomer: newcomer.install(*conflict.bad), said)


FAULTS = (
    *(_conflict(each) for each in CONFLICTS),
    Fault("no MassGen", _without_massgen, "There is no MassGen"),
    Fault("MassGen 0.1.26", _too_old, "MassGen 0.1.26 is not supported"),
    Fault("no command", _without_command, "This MassGen has no command"),
    Fault("a damaged package", _damaged, "MassGen cannot be imported: loguru .* is damaged"),
    Fault("a missing package", _missing, "MassGen cannot be imported: the module .* is missing"),
    Fault("a version that was never tried", _unknown, "MassGen cannot be imported: .*fastmcp 4.2.3 "),
)
