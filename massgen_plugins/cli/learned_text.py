"""Describes learned limits and penalties of a pool."""

from __future__ import annotations

from massgen_plugins.cli.penalties import penalties_of
from massgen_plugins.quota import Limit
from massgen_plugins.rate_limit.messages import describe_span
from massgen_plugins.rate_limit.viewing import PoolView

__all__ = ["imposed", "learned"]


def learned(view: PoolView) -> list[str]:
    """Everything that `forget` drops; may be empty."""
    declared = {limit.key: limit for limit in view.rules.limits}
    limits = [_limit(limit, declared.get(key)) for key, limit in view.penalties.learned.items()]
    return [*limits, *imposed(view)]


def imposed(view: PoolView) -> list[str]:
    """What `penalty clear` drops."""
    penalties = penalties_of(view)
    found = []
    if penalties.pause:
        found.append(f"a pause of {describe_span(penalties.pause)}")
    if penalties.closed:
        found.append(f"the refusal of every call for {describe_span(penalties.closed)}")
    if penalties.until:
        found.append(f"a spent limit, for {describe_span(penalties.until)}")
    if penalties.probing:
        found.append("one call that goes ahead alone")
    if penalties.share < 1:
        found.append(f"the slower pace ({penalties.share:.0%} of each limit)")
    return found


def _limit(stated: Limit, declared: Limit | None) -> str:
    if declared is None or declared.amount == stated.amount:
        return f"the limit of {stated}"
    return f"the limit of {stated} ({declared.amount:,} hold again)"
