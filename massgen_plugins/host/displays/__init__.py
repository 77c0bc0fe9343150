"""Shows waits in MassGen's displays, with one module per display."""

from __future__ import annotations

from typing import Any

from massgen_plugins.host.displays.automation import AutomationDisplay
from massgen_plugins.host.displays.base import WaitDisplay
from massgen_plugins.host.displays.plain import PlainDisplay
from massgen_plugins.host.displays.rich import RichDisplay
from massgen_plugins.host.displays.textual import TextualDisplay
from massgen_plugins.host.displays.web import WebDisplay
from massgen_plugins.host.stage import Stage

__all__ = ["KINDS", "WaitDisplay", "display_of"]

KINDS: dict[str, type[WaitDisplay]] = {
    "TextualTerminalDisplay": TextualDisplay,
    "RichTerminalDisplay": RichDisplay,
    "WebDisplay": WebDisplay,
    "SilentDisplay": AutomationDisplay,
    "SimpleDisplay": PlainDisplay,
}
"""Adapters by name of MassGen's display class or one of its base classes."""


def display_of(host: Any, stage: Stage) -> WaitDisplay | None:
    """The adapter of a MassGen display; None if it shows nothing, or is unknown."""
    names = (each.__name__ for each in type(host).__mro__)
    kind = next((KINDS[name] for name in names if name in KINDS), None)
    return kind(host, stage) if kind is not None else None
