"""``status --json``: the store's state for programs. Keys are stable: later versions add, and take none away.

The document::

    store         path of the file or address of the server, or null for "memory"
    exists        whether the file exists; true for a server
    read_at       when this was read, ISO 8601 in UTC
    scopes        a list, one for each scope:
      scope       provider/account/model as text; `forget` takes it
      provider, account, model, endpoint
      profile     where its limits come from
      in_flight   calls that were admitted and whose answers are waited for
      waiting     calls in the queue
      limits      a list, one for each limit:
        key         kind and window, such as requests/60s
        kind        requests, input_tokens, output_tokens, total_tokens or cost (millionths of a US dollar)
        window      seconds, or null for a calendar day
        zone        time zone of a calendar day, else null
        declared    what the profile allows; null for a limit that only a refusal made known
        cap         what is allowed now
        used, left  of the cap
        learned     whether a refusal lowered it
        free_in     seconds until all of it is free again
        resets_at   the same as a time, ISO 8601 in UTC
      penalties:
        pause       seconds for which nothing leaves; 0 for none
        closed      seconds for which every call is refused; 0 for none
        advice      what to do about it; empty if there is nothing
        day_spent   whether the provider called this day used up
        share       the part of each limit of seconds or minutes that may be used, 0 to 1
        probing     whether one call has to succeed before others follow
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from massgen_plugins.cli.penalties import Penalties, penalties_of
from massgen_plugins.quota import NANOSECONDS, CalendarDay
from massgen_plugins.rate_limit.decision import Usage
from massgen_plugins.rate_limit.stores.base import ScopeView

__all__ = ["document"]


def document(path: Path | str | None, scopes: Sequence[ScopeView], now: float) -> dict[str, Any]:
    """The whole document.

    Args:
        path: The store's file or address; None for memory.
        scopes: What is in it.
        now: When it was read, in seconds since the epoch.
    """
    return {
        "store": None if path is None else str(path),
        "exists": path is not None and (isinstance(path, str) or path.exists()),
        "read_at": _iso(now),
        "scopes": [_scope(view, now) for view in scopes],
    }


def _scope(view: ScopeView, now: float) -> dict[str, Any]:
    scope = view.scope
    return {
        "scope": str(scope),
        "provider": scope.provider,
        "account": scope.account,
        "model": scope.model,
        "endpoint": scope.endpoint,
        "profile": view.rules.profile,
        "in_flight": view.in_flight,
        "waiting": view.waiting,
        "limits": [_limit(usage, view, now) for usage in view.usage],
        "penalties": _penalties(penalties_of(view, now)),
    }


def _limit(usage: Usage, view: ScopeView, now: float) -> dict[str, Any]:
    limit, window = usage.limit, usage.limit.window
    free_in = max(0, usage.resets) / NANOSECONDS
    return {
        "key": limit.key,
        "kind": limit.kind.value,
        "window": None if isinstance(window, CalendarDay) else window.length / NANOSECONDS,
        "zone": window.zone if isinstance(window, CalendarDay) else None,
        "declared": limit.amount if limit in view.rules.limits else None,
        "cap": usage.cap,
        "used": usage.used,
        "left": max(0, usage.cap - usage.used),
        "learned": limit.key in view.lessons.learned,
        "free_in": round(free_in, 3),
        "resets_at": _iso(now + free_in),
    }


def _penalties(penalties: Penalties) -> dict[str, Any]:
    return {
        "pause": round(penalties.pause, 3),
        "closed": round(penalties.closed, 3),
        "advice": penalties.advice,
        "day_spent": penalties.day_spent,
        "share": penalties.share,
        "probing": penalties.probing,
    }


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
