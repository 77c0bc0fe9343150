"""MassGen as it is installed here, found without importing it: that takes ten seconds."""

from __future__ import annotations

import re
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from massgen_plugins.errors import HostMismatch

__all__ = ["host_folder", "host_version", "least_version", "require_host"]

_HOST = "massgen"
_US = "massgen-plugins"


def host_version() -> str | None:
    """The installed version; None if there is no MassGen in this environment."""
    try:
        return metadata.version(_HOST) if host_folder() else None
    except metadata.PackageNotFoundError:
        return None


def host_folder() -> Path | None:
    """Where the package's modules are; None if it cannot be imported from here."""
    spec = find_spec(_HOST)
    places = spec.submodule_search_locations if spec else None
    return Path(next(iter(places))) if places else None


def least_version() -> str:
    """The oldest version that is supported, as our own metadata says; empty if we are not installed."""
    try:
        requirements = metadata.requires(_US) or []
    except metadata.PackageNotFoundError:
        return ""
    found = (re.match(rf"{_HOST}\s*>=\s*([0-9.]+)", each) for each in requirements)
    return next((match[1] for match in found if match), "")


def require_host() -> str:
    """The installed version.

    Raises:
        HostMismatch: There is none, or it is too old.
    """
    version, least = host_version(), least_version()
    if version is None:
        raise HostMismatch("There is no MassGen in this environment; run `pip install massgen` in it.")
    if _numbers(version) < _numbers(least):
        raise HostMismatch(
            f"MassGen {version} is not supported; run `pip install --upgrade 'massgen>={least}'`."
        )
    return version


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"[0-9]+", version)[:3])
