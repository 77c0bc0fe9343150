"""Every link of the built site, also those that Docusaurus never looks at, followed without a network."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from . import tools


def check(build: Path, root: Path | None = None) -> int:
    """Follow links and fragments in HTML pages, in their Markdown twins, and in llms.txt; how many there are.

    Args:
        build: Where the site lies.
        root: Where the address ``/`` leads; without it, to the site.

    Raises:
        ToolError: A link leads nowhere; the message is lychee's list.
    """
    with tempfile.TemporaryDirectory() as folder:
        texts = _as_markdown(build, Path(folder))
        said = _follow(root or build, [str(build / "**/*.html"), str(build / "**/*.md"), *map(str, texts)])
    total = re.search(r"Total\.*(\d+)", said)
    return int(total[1]) if total else 0


def _follow(root: Path, inputs: Iterable[str]) -> str:
    """Let lychee follow the links of these files."""
    options = ["--offline", "--include-fragments", "--no-progress", "--format", "detailed"]
    places = ["--root-dir", str(root), "--index-files", "index.html"]
    return tools.run("lychee", [*options, *places, *inputs], cwd=root)


def _as_markdown(build: Path, folder: Path) -> list[Path]:
    """Links of Markdown are seen only in files that are called so."""
    present = [build / name for name in ("llms.txt", "llms-full.txt") if (build / name).exists()]
    return [Path(shutil.copy(text, folder / f"{text.name}.md")) for text in present]
