"""The site as readers get it."""

from __future__ import annotations

import functools
import os
from pathlib import Path

from . import tools
from .places import BUILD, WEBSITE

GIVEN = "HANDBOOK_BUILD"
"""Environment variable that names a site that is built already; it is not built again then."""


@functools.cache
def build() -> Path:
    """Build it, once for all tests; broken links and missing files are errors.

    Raises:
        ToolError: It cannot be built; the message is Docusaurus's.
    """
    if given := os.environ.get(GIVEN):
        return Path(given).resolve()
    return build_into(BUILD)


def build_into(folder: Path, base: str = "/") -> Path:
    """Build it for the path under which it is served."""
    tools.run(
        "docusaurus", ["build", "--out-dir", str(folder)], cwd=WEBSITE, HANDBOOK_DRAFT="0", BASE_URL=base
    )
    return folder
