"""Which models of Anthropic share a pool.

Source: platform.claude.com/docs/en/api/rate-limits (copies of 2026-08 to 2026-10): "Opus 4.x" is the sum of
4.5, 4.6, 4.7 and 4.8, "Sonnet 4.x" that of 4.5 and 4.6; Opus 5, Sonnet 5 and all others are by themselves.
Fast mode has a pool of its own.
"""

from __future__ import annotations

import re

__all__ = ["ANTHROPIC_HOSTS", "FAST", "base_model", "counts_cache_reads", "pools_of"]

ANTHROPIC_HOSTS = ("api.anthropic.com",)
FAST = ":fast"
"""Tail of the name of a pool for fast mode."""

_TAIL = re.compile(r"(?:-20\d{6}|-latest|@20\d{6}|-v\d(?::\d)?|\[1m\])+$")
_SHARED = (
    (re.compile(r"claude-opus-4-[5-9](?:\b|-)"), "anthropic:opus-4"),
    (re.compile(r"claude-sonnet-4-[56](?:\b|-)"), "anthropic:sonnet-4"),
)


def base_model(model: str) -> str:
    """The model without its date: ``claude-haiku-4-5`` of ``claude-haiku-4-5-20251001``; never empty.

    A vendor's prefix is cut, too: ``anthropic/claude-opus-4.6`` is ``claude-opus-4-6``.
    """
    name = model[:200].rpartition("/")[2].rpartition("anthropic.")[2]
    if name.startswith("claude"):
        name = name.replace(".", "-")
    return _TAIL.sub("", name) or model


def pools_of(model: str, *, fast: bool = False) -> tuple[str, ...]:
    """The pools in which a model's calls are booked: its own, and the one that it shares with others."""
    base = base_model(model)
    pools = (base, *(pool for pattern, pool in _SHARED if pattern.match(base)))
    return tuple(pool + FAST for pool in pools) if fast else pools


def counts_cache_reads(model: str) -> bool:
    """Whether input that is read from the cache counts: of Haiku 3.5 alone it does (docs, 2026-09)."""
    return base_model(model).startswith(("claude-3-5-haiku", "claude-haiku-3-5"))
