"""Where things are."""

from __future__ import annotations

import sys
import sysconfig
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
WEBSITE = ROOT / "website"
DOCS = WEBSITE / "docs"
STATIC = WEBSITE / "static"
BUILD = WEBSITE / "build"
PACKAGES = Path(sysconfig.get_path("purelib"))
"""Where the installed MassGen is."""
SCRIPTS = Path(sys.executable).parent
"""Where its commands are."""

LEAST_PAGES = 60
"""The handbook never has fewer pages than that."""


def massgen_version() -> str:
    """The version against which everything here is checked."""
    return version("massgen")


def shown(path: Path) -> str:
    """A path as a reader of a message wants it: from the repository's root."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
