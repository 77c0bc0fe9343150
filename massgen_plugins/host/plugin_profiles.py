"""Profile directories of plugins: one that cannot be read costs its plugin its profiles, nobody the run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from massgen_plugins.errors import ConfigurationError

__all__ = ["readable"]


def readable(directories: Iterable[Path], report: Callable[[str], None]) -> list[Path]:
    """Those whose profiles can be read; of every other one ``report`` is told why it is left out."""
    from massgen_plugins.profiles.search import profiles_in

    found = []
    for directory in directories:
        try:
            profiles_in(directory)
        except ConfigurationError as error:
            report(f"The profiles of a plugin are left out: {error}")
        else:
            found.append(directory)
    return found
