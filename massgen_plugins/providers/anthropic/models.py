"""Anthropic's pools shared by several models.

Source: platform.claude.com/docs/en/api/rate-limits (copies of 2026-08 to 2026-10): "Opus 4.x" combines 4.5,
4.6, 4.7 and 4.8, "Sonnet 4.x" combines 4.5 and 4.6; Opus 5, Sonnet 5 and all others have their own pools, and
so does fast mode.
"""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["ANTHROPIC_HOSTS", "FAST", "base_model", "counts_cache_reads", "pools_of"]

ANTHROPIC_HOSTS = ("api.anthropic.com",)
FAST = ":fast"
"""Suffix of pool names for fast mode."""

_TAIL = re.compile(r"(?:-20\d{6}|-latest|@20\d{6}|-v\d(?::\d)?|\[1m\])+$")
_SHARED = (
    (re.compile(r"claude-opus-4-[5-9](?:\b|-)"), "anthropic:opus-4"),
    (re.compile(r"claude-sonnet-4-[56](?:\b|-)"), "anthropic:sonnet-4"),
)


@lru_cache(maxsize=256)
def base_model(model: str) -> str:
    """The model without its date: ``claude-haiku-4-5`` for ``claude-haiku-4-5-20251001``; never empty.

    Also removes a vendor's prefix: ``anthropic/claude-opus-4.6`` becomes ``claude-opus-4-6``.
    """
    name = model[:200].rpartition("/")[2].rpartition("anthropic.")[2]
    if name.startswith("claude"):
        name = name.replace(".", "-")
    return _TAIL.sub("", name) or model


@lru_cache(maxsize=256)
def pools_of(model: str, *, fast: bool = False) -> tuple[str, ...]:
    """The pools of a model: its own, and the one that it shares with others, if any."""
    base = base_model(model)
    pools = (base, *(pool for pattern, pool in _SHARED if pattern.match(base)))
    return tuple(pool + FAST for pool in pools) if fast else pools


def counts_cache_reads(model: str) -> bool:
    """Whether input read from the cache counts; only for Haiku 3.5 (docs, 2026-09)."""
    return base_model(model).startswith(("claude-3-5-haiku", "claude-haiku-3-5"))
