"""``status --json``: the store's state for programs. Keys are stable: later versions add, and take none away.

The document::

    store         path of the file or address of the server, or null for "memory"
    exists        whether the file exists; true for a server
    read_at       when this was read, ISO 8601 in UTC
    pools         a list, one for each pool:
      pool        provider/account/name as text; `forget` takes it
      domain      provider/account as text: what is stored and decided as one; `forget` takes it, too
      provider, account, endpoint
      name        the model; *account for the limits of the whole account
      profile     where its limits come from
      under_way   calls that were admitted and are not over; null where no limit counts them
      waiting     calls in the queue
      next_slot   seconds until the first of them may leave; null if none waits
      queue       a list in the order of the queue, one for each process that waits:
        process     names it
        waiting     calls of it that wait for the same pools
        waits_for   seconds for which the first of them has waited
        leaves_in   seconds until that one may leave, estimated from below
      limits      a list, one for each limit:
        key         kind and window, such as requests/60s
        kind        requests, input_tokens, total_tokens, cost (millionths of a US dollar), concurrent ...
        shape       sliding, bucket, day, month or held
        window      seconds, or null for a calendar day or month and for what is held
        zone        time zone of a calendar day or month, else null
        declared    what the profile allows; null for a limit that only the provider made known
        stated      what the provider said of it in a refusal or an answer; null for nothing
        cap         what is allowed now
        used, left  of the cap
        learned     whether the provider's word lowered it
        free_in     seconds until all of it is free again
        resets_at   the same as a time, ISO 8601 in UTC
      penalties:
        pause       seconds for which nothing leaves; 0 for none
        closed      seconds for which every call is refused; 0 for none
        advice      what to do about it; empty if there is nothing
        until       when the provider takes calls again, ISO 8601 in UTC; null if it does
        quote       the provider's words; empty if nothing holds
        share       the part of each limit of seconds or minutes that may be used, 0 to 1
        probing     whether one call has to succeed before others follow
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from massgen_plugins.cli.penalties import PenaltiesView, penalties_of
from massgen_plugins.quota import NANOSECONDS, Held
from massgen_plugins.rate_limit.book import write_window
from massgen_plugins.rate_limit.slots import WaiterView
from massgen_plugins.rate_limit.verdict import LimitView
from massgen_plugins.rate_limit.viewing import PoolView, StoreView

__all__ = ["document"]


def document(place: Path | str | None, view: StoreView, now: float) -> dict[str, Any]:
    """The whole document.

    Args:
        place: The store's file or address; None for memory.
        view: What is in it.
        now: When it was read, in seconds since the epoch.
    """
    return {
        "store": None if place is None else str(place),
        "exists": place is not None and (isinstance(place, str) or place.exists()),
        "read_at": _iso(now),
        "pools": [_pool(each, now) for each in view.pools if each.eventful],
    }


def _pool(view: PoolView, now: float) -> dict[str, Any]:
    pool, domain = view.pool, view.pool.domain
    held = [row.used for row in view.limits if isinstance(row.limit.window, Held)]
    return {
        "pool": str(pool),
        "domain": str(domain),
        "provider": domain.provider,
        "account": domain.account,
        "endpoint": domain.endpoint,
        "name": pool.name,
        "profile": view.rules.profile,
        "under_way": max(held, default=None),
        "waiting": view.waiting,
        "next_slot": _left(view.queue[0].leaves, view) if view.queue else None,
        "queue": [_waiter(each, view) for each in view.queue],
        "limits": [_limit(row, view, now) for row in view.limits],
        "penalties": _penalties(penalties_of(view), now),
    }


def _waiter(waiter: WaiterView, view: PoolView) -> dict[str, Any]:
    return {
        "process": waiter.process,
        "waiting": waiter.waiting,
        "waits_for": round(max(0, view.now.tick - waiter.since) / NANOSECONDS, 3),
        "leaves_in": _left(waiter.leaves, view),
    }


def _limit(row: LimitView, view: PoolView, now: float) -> dict[str, Any]:
    limit = row.limit
    free_in = max(0, row.resets) / NANOSECONDS
    shape, size = write_window(limit.window)
    stated = view.penalties.learned.get(limit.key)
    declared = limit.amount if limit in view.rules.limits else None
    return {
        "key": limit.key,
        "kind": str(limit.kind),
        "shape": shape,
        "window": size / NANOSECONDS if isinstance(size, int) and size else None,
        "zone": size if isinstance(size, str) else None,
        "declared": declared,
        "stated": stated.amount if stated else None,
        "cap": row.cap,
        "used": row.used,
        "left": max(0, row.cap - row.used),
        "learned": stated is not None and (declared is None or stated.amount < declared),
        "free_in": round(free_in, 3),
        "resets_at": _iso(now + free_in),
    }


def _penalties(penalties: PenaltiesView, now: float) -> dict[str, Any]:
    return {
        "pause": round(penalties.pause, 3),
        "closed": round(penalties.closed, 3),
        "advice": penalties.advice,
        "until": _iso(now + penalties.until) if penalties.until else None,
        "quote": penalties.quote,
        "share": penalties.share,
        "probing": penalties.probing,
    }


def _left(tick: int, view: PoolView) -> float:
    return round(max(0, tick - view.now.tick) / NANOSECONDS, 3)


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
