"""Locates the installed MassGen without importing it, which takes ten seconds."""

from __future__ import annotations

import re
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from massgen_plugins.errors import HostMismatch
from massgen_plugins.installation import install_whole_set

__all__ = ["LEAST_VERSION", "host_folder", "host_version", "require_host"]

LEAST_VERSION = "0.1.27"
"""The oldest supported MassGen."""

_HOST = "massgen"


def host_version() -> str | None:
    """The installed version; None if MassGen is not installed in this environment."""
    try:
        return metadata.version(_HOST) if host_folder() else None
    except metadata.PackageNotFoundError:
        return None


def host_folder() -> Path | None:
    """Directory of the package's modules; None if it cannot be found."""
    spec = find_spec(_HOST)
    places = spec.submodule_search_locations if spec else None
    return Path(next(iter(places))) if places else None


def require_host() -> str:
    """The installed version.

    Raises:
        HostMismatch: MassGen is not installed, or too old.
    """
    version = host_version()
    if version is None:
        raise HostMismatch(f"There is no MassGen in this environment; run `{install_whole_set()}`.")
    if _numbers(version) < _numbers(LEAST_VERSION):
        raise HostMismatch(
            f"MassGen {version} is not supported, {LEAST_VERSION} and newer are; run `{install_whole_set()}`."
        )
    return version


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"[0-9]+", version)[:3])
