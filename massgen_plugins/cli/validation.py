"""Implements ``profiles validate``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from massgen_plugins.cli.output import say, tell
from massgen_plugins.errors import ConfigurationError
from massgen_plugins.profiles.edit import validate

__all__ = ["FileFinding", "check_files"]


@dataclass(frozen=True, slots=True)
class FileFinding:
    """The result of validating a file.

    Attributes:
        file: Its path as given.
        profiles: Names of the profiles in it.
        error: One sentence with line, key and fix; empty if the file is valid.
    """

    file: str
    profiles: tuple[str, ...]
    error: str

    def as_json(self) -> dict[str, Any]:
        """Convert to JSON values."""
        return {"file": self.file, "ok": not self.error, "profiles": list(self.profiles), "error": self.error}

    def show(self) -> None:
        """Print the profiles on stdout, or the error on stderr."""
        if self.error:
            say(f"fail  {self.error}")
        else:
            tell(f"ok    {self.file}: {', '.join(self.profiles) or 'no profile'}")


def check_files(files: Iterable[Path]) -> list[FileFinding]:
    """Validate each file as if it were loaded."""
    return [_check(file) for file in files]


def _check(file: Path) -> FileFinding:
    try:
        return FileFinding(str(file), tuple(profile.name for profile in validate(file)), "")
    except ConfigurationError as error:
        return FileFinding(str(file), (), str(error))
