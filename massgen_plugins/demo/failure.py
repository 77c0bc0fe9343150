"""The demo's exception."""

from __future__ import annotations

from massgen_plugins.errors import MassgenPluginsError

__all__ = ["DemoError"]


class DemoError(MassgenPluginsError):
    """The demo failed; the message says what to do."""
