"""Locates API keys by the names of variables, without reading their values."""

from __future__ import annotations

import os
import re
from pathlib import Path

from massgen_plugins.cli.output import as_home

__all__ = ["key_names", "key_place"]

_NAMES = {
    "gemini": ("GOOGLE_API_KEY", "GEMINI_API_KEY"),
    "azure": ("AZURE_OPENAI_API_KEY",),
}
_LINE = re.compile(r"^\s*(?:export\s+)?([A-Z][A-Z0-9_]*)\s*=\s*\S", re.MULTILINE)
_MOST = 100_000


def key_names(provider: str) -> tuple[str, ...]:
    """The variables in which MassGen searches for a provider's key."""
    return _NAMES.get(provider, (f"{provider.upper().replace('-', '_')}_API_KEY",))


def key_place(provider: str) -> str:
    """The location of a provider's key: ``GEMINI_API_KEY in ~/.massgen/.env``; "" if there is none."""
    names = key_names(provider)
    for name in names:
        if os.environ.get(name):
            return f"{name} in the environment"
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - Path.home() raises where there is none
    for path in (home / ".massgen/.env", home / ".config/massgen/.env", Path("configs/.env")):
        found = _named_in(path)
        if match := next((name for name in names if name in found), ""):
            return f"{match} in {as_home(str(path))}"
    return ""


def _named_in(path: Path) -> set[str]:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return set(_LINE.findall(file.read(_MOST)))
    except OSError:
        return set()
