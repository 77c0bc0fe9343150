"""Whether the wire is on: the one gate of this process, which every seam asks first."""

from __future__ import annotations

from massgen_plugins.providers.base import Provider
from massgen_plugins.wire.gate import Gate, report_fault

__all__ = ["model_call", "turn"]

_gate: Gate | None = None


def turn(gate: Gate | None) -> None:
    """Route all requests through ``gate``; None lets all of them pass."""
    global _gate  # noqa: PLW0603 - one process has one set of patched classes, hence one gate
    _gate = gate


def model_call(method: str, url: str) -> tuple[Gate, Provider] | None:
    """Who decides about a request, and whose model call it is; None for all other traffic."""
    gate = _gate
    if gate is None:
        return None
    try:
        provider = gate.provider_for(method.upper(), url)
    except Exception as error:
        report_fault(gate, "provider_for", error)
        return None
    return None if provider is None else (gate, provider)
