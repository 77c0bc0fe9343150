"""Checks the versions of Python, MassGen and the HTTP clients."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from importlib import metadata

import massgen_plugins
from massgen_plugins.cli.checks.finding import Finding, fail, ok
from massgen_plugins.cli.installed_host import LEAST_VERSION, require_host
from massgen_plugins.errors import HostMismatch

__all__ = ["check_versions"]

_CLIENTS = {
    "google-genai": "Gemini's SDK",
    "aiohttp": "HTTP client of Gemini's SDK",
    "httpx": "HTTP client of OpenAI's SDK",
    "httpx2": "HTTP client of Anthropic's SDK",
}


def check_versions() -> Iterator[Finding]:
    """Check all versions."""
    yield ok("python", f"{platform.python_version()} ({sys.executable})")
    yield ok("massgen-plugins", massgen_plugins.__version__)
    yield _massgen()
    for name, purpose in _CLIENTS.items():
        version = _version(name)
        missing = "not installed, so there is nothing of it to limit"
        yield ok(name, f"{version or missing} ({purpose})")


def _massgen() -> Finding:
    try:
        version = require_host()
    except HostMismatch as error:
        found, _, cure = str(error).partition("; ")
        return fail("massgen", found, cure.rstrip("."))
    return ok("massgen", f"{version} ({LEAST_VERSION} or newer is supported)")


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
