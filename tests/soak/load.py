"""What the soak's pool allows, and how many want it."""

from __future__ import annotations

from massgen_plugins.quota import Kind, Limit, Sliding

__all__ = ["AGENTS", "LIMITS", "PROCESSES", "REQUESTS", "TOKENS", "WINDOW"]

WINDOW = 20.0
"""Seconds; the margin of such a window is 0.67 s, so a busy machine's pauses are not taken for faults."""

REQUESTS, TOKENS = 240, 160_000
PROCESSES, AGENTS = 4, 8

LIMITS = (
    Limit(Kind.REQUESTS, REQUESTS, Sliding(int(WINDOW * 1e9))),
    Limit(Kind.INPUT_TOKENS, TOKENS, Sliding(int(WINDOW * 1e9))),
)
