"""What ``profiles validate`` finds in each file."""

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
    """A file, and what is in it or wrong with it.

    Attributes:
        file: Its path as given.
        profiles: Names of the profiles in it.
        error: One sentence with line, key and cure; empty if the file is right.
    """

    file: str
    profiles: tuple[str, ...]
    error: str

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {"file": self.file, "ok": not self.error, "profiles": list(self.profiles), "error": self.error}

    def show(self) -> None:
        """For people: what is right on stdout, what is wrong on stderr."""
        if self.error:
            say(f"fail  {self.error}")
        else:
            tell(f"ok    {self.file}: {', '.join(self.profiles) or 'no profile'}")


def check_files(files: Iterable[Path]) -> list[FileFinding]:
    """Check each file as if it were to be loaded."""
    return [_check(file) for file in files]


def _check(file: Path) -> FileFinding:
    try:
        return FileFinding(str(file), tuple(profile.name for profile in validate(file)), "")
    except ConfigurationError as error:
        return FileFinding(str(file), (), str(error))
