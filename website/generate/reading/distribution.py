"""What the installed distribution of MassGen says of itself."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution, metadata, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

__all__ = [
    "count_of_packages",
    "extras",
    "massgen_directory",
    "massgen_version",
    "oldest_python",
    "package_version",
]

_NAME = "massgen"


def massgen_version() -> str:
    """The version that is installed, such as ``0.1.97``."""
    return version(_NAME)


def package_version(name: str) -> str:
    """The version of another package that is installed."""
    return version(name)


def massgen_directory() -> Path:
    """Where the package's files are."""
    found = distribution(_NAME).locate_file("massgen")
    return Path(str(found))


def extras() -> list[str]:
    """Names that may stand in brackets after ``pip install massgen``."""
    return sorted(metadata(_NAME).get_all("Provides-Extra") or ())


def oldest_python() -> str:
    """The oldest Python that MassGen accepts, such as ``3.11``."""
    return str(metadata(_NAME)["Requires-Python"]).removeprefix(">=")


def count_of_packages() -> int:
    """How many packages ``pip install massgen`` brings, itself included, as far as they are here."""
    found: set[tuple[str, str]] = set()
    _follow(_NAME, "", found)
    return len({name for name, _ in found})


def _follow(name: str, extra: str, found: set[tuple[str, str]]) -> None:
    node = (str(canonicalize_name(name)), extra)
    if node in found:
        return
    try:
        lines = distribution(name).requires or ()
    except PackageNotFoundError:
        return
    found.add(node)
    for requirement in map(Requirement, lines):
        if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
            for each in ("", *requirement.extras):
                _follow(requirement.name, each, found)
