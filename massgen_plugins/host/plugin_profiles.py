"""Profile directories of plugins: unreadable ones are left out, without affecting the run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from massgen_plugins.errors import ConfigurationError

__all__ = ["readable"]


def readable(directories: Iterable[Path], report: Callable[[str], None]) -> list[Path]:
    """The readable directories; ``report`` is called with the reason for each of the others."""
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
