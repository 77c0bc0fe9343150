"""Installing MassGen: known dependency conflicts, versions that work, and the commands that fix them.

MassGen 0.1.97 sets no upper bound on most of its dependencies. ``make test-install`` runs every command given
here in an environment with that conflict, and checks that MassGen starts afterwards.
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
"""The extra of this package: MassGen 0.1.97 with compatible dependencies."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A dependency whose version keeps MassGen from starting.

    Attributes:
        package: Its name on PyPI.
        symptom: Part of the last line of the traceback.
        bad: Requirements that reproduce the conflict, for tests.
        works: A version that works.
        cure: Requirements that fix the conflict.
    """

    package: str
    symptom: str
    bad: tuple[str, ...]
    works: str
    cure: tuple[str, ...]


_MCP = ("mcp>=1.30,<2", "agentscope<2.0.11")  # newer agentscope requires mcp 2

CONFLICTS = (
    Conflict("mcp", "'streamablehttp_client'", ("mcp==2.3.0", "agentscope==2.0.11"), "1.30.0", _MCP),
    Conflict("mcp", "'eval_type_backport'", ("mcp==1.12.0",), "1.30.0", _MCP),
)


def explain(error: str) -> tuple[str, str]:
    """Return why MassGen cannot be imported, and the command that fixes it.

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
    """Installed packages that the extra would replace: each with its version and the versions that work."""
    found = []
    for line in _requirements():
        if match := re.match(r"([\w.-]+)(?:\[[\w,-]+\])?([<>=,.\d]+); *extra == ['\"]massgen['\"]", line):
            version = _version(match[1])
            if version and not _fits(version, match[2]):
                found.append(f"{match[1]} {version} ({match[2]} works)")
    return found


def install_whole_set() -> str:
    """The command that installs the extra; pip and uv read its requirements from the installed package."""
    return install_command(WHOLE_SET)


def reinstall(package: str) -> str:
    """The command that reinstalls a package in its present version, without dependencies."""
    version = _version(package)
    wanted = package.replace("_", "-") + (f"=={version}" if version else "")
    return install_command("--force-reinstall", "--no-deps", wanted)


def install_command(*arguments: str) -> str:
    """A command that installs into this environment, with pip or uv."""
    return " ".join([_installer(), *(_quoted(each) for each in arguments)])


def _installer() -> str:
    """Plain ``pip`` if it is this environment's; environments created by uv have no pip."""
    if find_spec("pip") is None:
        return f"uv pip install --python {_quoted(sys.executable)}"
    found = shutil.which("pip")
    ours = found and Path(found).parent.resolve() == Path(sysconfig.get_path("scripts")).resolve()
    return "pip install" if ours else f"{_quoted(sys.executable)} -m pip install"


def _quoted(argument: str) -> str:
    """Double-quote an argument with special characters, for every shell including those of Windows."""
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
