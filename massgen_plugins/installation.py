"""Installing MassGen: what keeps it from starting, which versions work, and the command that mends it.

MassGen 0.1.97 leaves most of its dependencies without an upper bound. Every command given here was run by
``make test-install`` in an environment with that very fault, and MassGen started afterwards.
"""

from __future__ import annotations

import re
import shutil
import sys
import sysconfig
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

__all__ = [
    "CONFLICTS",
    "WHOLE_SET",
    "Conflict",
    "explain",
    "install_command",
    "install_whole_set",
    "outside",
    "reinstall",
]

WHOLE_SET = "massgen-plugins[massgen]"
"""Our own extra: MassGen 0.1.97 with dependencies that fit together."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A package with which MassGen does not start.

    Attributes:
        package: Its name for pip.
        symptom: What Python says then, a part of its last line.
        bad: Requirements that bring about the fault; for tests.
        works: A version with which MassGen starts.
        cure: Requirements that mend it.
    """

    package: str
    symptom: str
    bad: tuple[str, ...]
    works: str
    cure: tuple[str, ...]


_MCP = ("mcp>=1.30,<2", "agentscope<2.0.11")  # a newer agentscope demands mcp 2

CONFLICTS = (
    Conflict("mcp", "'streamablehttp_client'", ("mcp==2.3.0", "agentscope==2.0.11"), "1.30.0", _MCP),
    Conflict("mcp", "'eval_type_backport'", ("mcp==1.12.0",), "1.30.0", _MCP),
)


def explain(error: str) -> tuple[str, str]:
    """Why MassGen cannot be imported, and the command that mends it.

    Args:
        error: The last line of the traceback, such as ``ImportError: cannot import name ...``.
    """
    for conflict in CONFLICTS:
        if conflict.symptom in error and (version := _version(conflict.package)):
            name = conflict.package
            return f"{name} {version} is in the way, {name} {conflict.works} works", install_command(
                *conflict.cure
            )
    missing = re.search(r"No module named '(\w+)'", error)
    suspects = outside()
    if missing and not _names(missing[1], suspects):
        if version := _version(missing[1]):
            return f"{missing[1]} {version} is damaged", reinstall(missing[1])
        return f"the module {missing[1]} is missing", install_whole_set()
    untried = f"; not as tried: {', '.join(suspects)}" if suspects else ""
    return f"{error[:300]}{untried}", install_whole_set()


def outside() -> list[str]:
    """Installed packages that our extra would replace: each with its version, and those that work."""
    found = []
    for line in _requirements():
        if match := re.match(r"([\w.-]+)(?:\[[\w,-]+\])?([<>=,.\d]+); *extra == ['\"]massgen['\"]", line):
            version = _version(match[1])
            if version and not _fits(version, match[2]):
                found.append(f"{match[1]} {version} ({match[2]} works)")
    return found


def install_whole_set() -> str:
    """The command that installs our extra, whose requirements pip and uv read from what is installed."""
    return install_command(WHOLE_SET)


def reinstall(package: str) -> str:
    """The command that installs a package anew as it is, and nothing else."""
    version = _version(package)
    wanted = package.replace("_", "-") + (f"=={version}" if version else "")
    return install_command("--force-reinstall", "--no-deps", wanted)


def install_command(*arguments: str) -> str:
    """A command that installs into this environment, whichever tool made it."""
    return " ".join([_installer(), *(_quoted(each) for each in arguments)])


def _installer() -> str:
    """By the plain name if that is this environment's; environments made by uv have no pip."""
    if find_spec("pip") is None:
        return f"uv pip install --python {_quoted(sys.executable)}"
    found = shutil.which("pip")
    ours = found and Path(found).parent.resolve() == Path(sysconfig.get_path("scripts")).resolve()
    return "pip install" if ours else f"{_quoted(sys.executable)} -m pip install"


def _quoted(argument: str) -> str:
    """For every shell, Windows' too: double quotes where one of its letters means something."""
    return argument if re.fullmatch(r"[\w./:=\\-]+", argument) else f'"{argument}"'


def _names(module: str, suspects: list[str]) -> bool:
    return any(suspect.split()[0].replace("-", "_") == module for suspect in suspects)


def _requirements() -> list[str]:
    try:
        return metadata.requires("massgen-plugins") or []
    except metadata.PackageNotFoundError:
        return []


def _fits(version: str, bounds: str) -> bool:
    for bound in bounds.split(","):
        match = re.match(r"(>=|<|==)([\d.]+)", bound)
        if match is None:
            continue
        below = _numbers(version) < _numbers(match[2])
        if (match[1] == "<") is not below and match[1] != "==":
            return False
    return True


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:4])


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
