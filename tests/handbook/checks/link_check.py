"""Every link of the built site, also those that Docusaurus never looks at, followed without a network."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from . import tools


def check(build: Path) -> int:
    """Follow links and fragments in HTML pages, in their Markdown twins, and in llms.txt; how many there are.

    Raises:
        ToolError: A link leads nowhere; the message is lychee's list.
    """
    with tempfile.TemporaryDirectory() as folder:
        texts = _as_markdown(build, Path(folder))
        said = _follow(build, [str(build / "**/*.html"), str(build / "**/*.md"), *map(str, texts)])
    total = re.search(r"Total\.*(\d+)", said)
    return int(total[1]) if total else 0


def _follow(build: Path, inputs: Iterable[str]) -> str:
    """Let lychee follow the links of these files; the site's root is the build."""
    options = ["--offline", "--include-fragments", "--no-progress", "--format", "detailed"]
    places = ["--root-dir", str(build), "--index-files", "index.html"]
    return tools.run("lychee", [*options, *places, *inputs], cwd=build)


def _as_markdown(build: Path, folder: Path) -> list[Path]:
    """Links of Markdown are seen only in files that are called so."""
    present = [build / name for name in ("llms.txt", "llms-full.txt") if (build / name).exists()]
    return [Path(shutil.copy(text, folder / f"{text.name}.md")) for text in present]
