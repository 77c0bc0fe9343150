"""Reports traffic that the wire does not read, WebSockets and gRPC, to the gate and lets it pass."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from massgen_plugins.wire.gate import report_unseen
from massgen_plugins.wrapping import Target

__all__ = ["targets"]


def targets(module: ModuleType) -> list[Target]:
    """What to wrap in the imported module."""
    if module.__name__.startswith("grpc"):
        return [Target(module, name, _reporting_channel) for name in ("secure_channel", "insecure_channel")]
    return [Target(module.connect, "__init__", _reporting_socket)] if isinstance(module.connect, type) else []


def _reporting_channel(original: Callable[..., Any]) -> Callable[..., Any]:
    def channel(target: str, *args: Any, **kwargs: Any) -> Any:
        report_unseen("POST", f"grpc://{target}")
        return original(target, *args, **kwargs)

    return channel


def _reporting_socket(original: Callable[..., Any]) -> Callable[..., Any]:
    def __init__(self: Any, uri: str, *args: Any, **kwargs: Any) -> None:  # noqa: N807 - becomes __init__ of a class
        report_unseen("GET", str(uri))
        original(self, uri, *args, **kwargs)

    return __init__
