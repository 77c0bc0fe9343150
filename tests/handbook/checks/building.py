"""The site as readers get it."""

from __future__ import annotations

import os
from pathlib import Path

from . import tools
from .places import BUILD, WEBSITE

GIVEN = "HANDBOOK_BUILD"
"""Environment variable that names a site that is built already; it is not built again then."""


def build() -> Path:
    """Build it, broken links and missing files being errors.

    Raises:
        ToolError: It cannot be built; the message is Docusaurus's.
    """
    if given := os.environ.get(GIVEN):
        return Path(given).resolve()
    tools.run("docusaurus", ["build", "--out-dir", str(BUILD)], cwd=WEBSITE, HANDBOOK_DRAFT="0")
    return BUILD
