"""Fragments of configurations: laid over the smallest one that is valid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_MODEL = {"type": "gemini", "model": "gemini-2.5-flash"}


def whole(part: Any) -> Any:
    """A complete configuration that says what the fragment says.

    Agents are merged by position; one that names its own backend type keeps nothing of the one beneath.
    """
    if not isinstance(part, Mapping):
        return part
    merged = dict(part)
    if "agent" in part:
        merged["agent"] = _agent(part["agent"], 0)
        return merged
    agents = part.get("agents", [{}, {}])
    merged["agents"] = (
        [_agent(agent, i) for i, agent in enumerate(agents)] if isinstance(agents, list) else agents
    )
    return merged


def _agent(agent: Any, position: int) -> Any:
    if not isinstance(agent, Mapping):
        return agent
    backend = agent.get("backend", {})
    if isinstance(backend, Mapping) and "type" not in backend:
        backend = {**_MODEL, **backend}
    return {"id": f"agent{position + 1}", **agent, "backend": backend}
