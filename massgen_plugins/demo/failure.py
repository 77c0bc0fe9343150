"""The one error of the demo."""

from __future__ import annotations

from massgen_plugins.errors import MassgenPluginsError

__all__ = ["DemoError"]


class DemoError(MassgenPluginsError):
    """The demo could not be carried out; the message says what to do."""
