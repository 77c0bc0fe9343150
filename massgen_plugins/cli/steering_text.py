"""Describes changes of limits: before and after, and their end."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from massgen_plugins.quota import Limit, PoolRules
from massgen_plugins.rate_limit.messages import describe_span

__all__ = ["differences", "moment", "rules_as_json", "until_text"]

_DAY = 86_400
_SOON = 120


def moment(seconds: float) -> str:
    """A local time, with its day unless that is obvious, and the remaining time."""
    left = seconds - time.time()
    step = 10 if left > _SOON else 1  # the command itself takes a second
    local = datetime.fromtimestamp(seconds).astimezone()
    day = f" on {local:%d %B}" if left > _DAY else ""
    return f"{local:%H:%M}{day} (in {describe_span(math.ceil(left / step) * step)})"


def until_text(until: float | None, otherwise: str) -> str:
    """``until 04:22 (in 10 min)``, or ``otherwise`` if there is no end."""
    return otherwise if until is None else f"until {moment(until)}"


def differences(before: Mapping[str, PoolRules | None], after: Mapping[str, PoolRules | None]) -> list[str]:
    """The changes, such as ``requests per minute 9 -> 20``; with the provider's name if there are several."""
    several = len(after) > 1
    return [
        f"{text} ({provider})" if several else text
        for provider, rules in after.items()
        for text in _changes(before.get(provider), rules)
    ]


def rules_as_json(rules: Mapping[str, PoolRules | None]) -> dict[str, Any]:
    """JSON values by provider: the limits in force and whether they are paused."""
    return {
        provider: {
            "paused": bool(each and each.paused),
            "limits": {limit.key: limit.amount for limit in (each.limits if each else ())},
        }
        for provider, each in rules.items()
    }


def _changes(before: PoolRules | None, after: PoolRules | None) -> Sequence[str]:
    was = {limit.key: limit for limit in (before.limits if before else ())}
    now = {limit.key: limit for limit in (after.limits if after else ())}
    rows = []
    for key in {**was, **now}:
        old, new = was.get(key), now.get(key)
        if old != new:
            known = new or old
            assert known is not None  # noqa: S101 - it is in one of them
            rows.append(f"{_counted(known)} {_amount(old)} -> {_amount(new)}")
    if before and after and before.cooldown != after.cooldown:
        rows.append(f"cooldown {before.cooldown / 1e9:g} s -> {after.cooldown / 1e9:g} s")
    return rows


def _counted(limit: Limit) -> str:
    words = str(Limit(limit.kind, 2, limit.window))
    return words.partition(" ")[2] if words[0].isdigit() else words


def _amount(limit: Limit | None) -> str:
    if limit is None:
        return "no limit"
    return f"${limit.amount / 1e6:,.2f}" if limit.kind == "cost" else f"{limit.amount:,}"
