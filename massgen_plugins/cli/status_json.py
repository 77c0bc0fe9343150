"""``status --json``: the store's state as JSON. Keys are stable: later versions only add keys.

The document::

    store         path of the file or address of the server, or null for "memory"
    exists        whether the file exists; true for a server
    read_at       when this was read, ISO 8601 in UTC
    runs          a list, one for each process of this machine with limited agents:
      pid, run    its process ID, and the name of its latest run
      team        path of the MassGen configuration; empty if it has none
      directory   its working directory
      started     when its first limited agent was created, ISO 8601 in UTC
      calls       attempts that were sent
      answered, refused
      turned_away calls that the limiter refused
      waits       calls that had to wait
      waited      total seconds of completed waits
    pools         a list, one for each pool:
      pool        provider/account/name as text; `forget` takes it
      domain      provider/account as text; `forget` takes it, too
      provider, account, endpoint
      name        the model; *account for the limits of the whole account
      profile     profile of its limits
      under_way   admitted calls that are not over yet; null if no limit counts them
      waiting     calls in the queue
      next_slot   seconds until the next call, or the first waiting one, can be sent; null if unknown
      queue       a list in queue order, one for each process with waiting calls:
        process     its name
        waiting     number of its calls that wait for the same pools
        waits_for   seconds that the first of them has waited
        leaves_in   seconds until that one can be sent; a lower bound
      agents      a list of this machine's calls that wait for the pool, in expected order of admission:
        agent       the agent's name, or #1 and so on if names are hidden; empty outside of any agent's turn
        pid, run    its process and run
        waits_for   seconds that it has waited
        leaves_in   seconds until it can be sent; a lower bound
        place       its place in the queue, from 1
        limit       the limit it waits for, such as 9 requests per minute; empty for other reasons
        reason      limit, pause, startup, until and others, as in the event CallWaits
      limits      a list, one for each limit:
        key         kind and window, such as requests/60s
        kind        requests, input_tokens, total_tokens, cost (millionths of a US dollar), concurrent ...
        shape       sliding, bucket, day, month or held
        window      seconds; null for a calendar day or month, and for held
        zone        time zone of a calendar day or month, else null
        declared    amount in the profile; null if only the provider announced it
        settings    amount in the settings of this directory; null if there is none
        last_run    amount in the current or last run; null if there was none
        stated      amount that the provider stated in a refusal or an answer; null if none
        cap         amount in force
        used, left  of the cap
        learned     whether it was lowered because of the provider's statement
        next_slot   seconds until any of it is available; null for never, or when a call ends
        free_in     seconds until all of it is available
        resets_at   the same as a time, ISO 8601 in UTC
      penalties:
        pause       seconds for which calls are held; 0 for none
        closed      seconds for which calls are refused; 0 for none
        advice      what to do about it; empty if there is none
        until       when the provider accepts calls again, ISO 8601 in UTC; null if it does
        quote       the provider's message; empty if no penalty is in force
        share       the usable part of each limit of seconds or minutes, 0 to 1
        probing     whether one call has to succeed before others follow
      steering:
        paused      the pause in force: by whom, since and until when; null for none
        set         a list of temporary limits, with key and value
        by          login name of the user who set it
        since       when it was set, in seconds since the epoch
        until       when it ends, in seconds since the epoch; null if it has no end
        value       the limit as entered, before the safety margin; null for none
    unlimited     a list, one for each agent of the last day whose traffic was not recognised:
      agent       its name
      way         its traffic, such as requests to api.example
      seen        when, ISO 8601 in UTC
    plans         a list, one for each window of a plan that a program logs in with, as its provider reported:
      program     claude_code, codex, ...
      window      such as weekly limit
      used        the used part, 0 to 1, or more
      resets_at   when it resets, ISO 8601 in UTC; null if unknown
      seen        when it was reported, ISO 8601 in UTC
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from massgen_plugins.cli.looking import Looked
from massgen_plugins.cli.penalties import PenaltiesView, penalties_of
from massgen_plugins.cli.status_steering import steering_json
from massgen_plugins.host.unlimited import remembered
from massgen_plugins.live.plans import PlanNote
from massgen_plugins.live.presence import Presence, WaitingCall
from massgen_plugins.quota import NANOSECONDS, Held, Limit
from massgen_plugins.rate_limit.book import write_window
from massgen_plugins.rate_limit.moment import NEVER
from massgen_plugins.rate_limit.slots import WaiterView
from massgen_plugins.rate_limit.verdict import LimitView
from massgen_plugins.rate_limit.viewing import PoolView

__all__ = ["document"]


def document(looked: Looked) -> dict[str, Any]:
    """The complete document."""
    place = looked.place
    return {
        "store": None if place is None else str(place),
        "exists": place is not None and (isinstance(place, str) or place.exists()),
        "read_at": _iso(looked.now),
        "runs": [_run(each) for each in looked.presences],
        "pools": [_pool(each, looked) for each in looked.pools],
        "unlimited": [
            {"agent": each.agent, "way": each.way, "seen": _iso(each.seen)} for each in remembered()
        ],
        "plans": [_plan(each) for each in looked.plans],
    }


def _pool(view: PoolView, looked: Looked) -> dict[str, Any]:
    pool, domain, now = view.pool, view.pool.domain, looked.now
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
        "next_slot": None if (slot := looked.next_slot(view)) is None else round(slot, 3),
        "queue": [_waiter(each, view) for each in view.queue],
        "agents": [_agent(run, call, now) for run, call in looked.waiting_in(pool)],
        "limits": [_limit(row, view, looked) for row in view.limits],
        "penalties": _penalties(penalties_of(view), now),
        "steering": steering_json(view, looked),
    }


def _plan(note: PlanNote) -> dict[str, Any]:
    resets = _iso(note.resets_at) if note.resets_at else None
    return {**asdict(note), "used": round(note.used, 4), "resets_at": resets, "seen": _iso(note.seen)}


def _run(run: Presence) -> dict[str, Any]:
    counted = {**asdict(run.counters), "waited": round(run.counters.waited, 3)}
    return {
        "pid": run.pid,
        "run": run.run,
        "team": run.team,
        "directory": run.directory,
        "started": _iso(run.started),
        **counted,
    }


def _agent(run: Presence, call: WaitingCall, now: float) -> dict[str, Any]:
    return {
        "agent": call.agent,
        "pid": run.pid,
        "run": call.run,
        "waits_for": round(max(0.0, now - call.since), 3),
        "leaves_in": round(max(0.0, call.until - now), 3),
        "place": call.place,
        "limit": call.limit,
        "reason": call.reason,
    }


def _waiter(waiter: WaiterView, view: PoolView) -> dict[str, Any]:
    return {
        "process": waiter.process,
        "waiting": waiter.waiting,
        "waits_for": round(max(0, view.now.tick - waiter.since) / NANOSECONDS, 3),
        "leaves_in": _left(waiter.leaves, view),
    }


def _limit(row: LimitView, view: PoolView, looked: Looked) -> dict[str, Any]:
    limit, now = row.limit, looked.now
    free_in = max(0, row.resets) / NANOSECONDS
    shape, size = write_window(limit.window)
    stated = view.penalties.learned.get(limit.key)
    declared = limit.amount if limit in view.rules.limits else None
    here = looked.stated.get(view.pool)
    return {
        "key": limit.key,
        "kind": str(limit.kind),
        "shape": shape,
        "window": size / NANOSECONDS if isinstance(size, int) and size else None,
        "zone": size if isinstance(size, str) else None,
        "declared": declared,
        "settings": _amount_of(here.limits, limit) if here else None,
        "last_run": _amount_of(view.declared.limits, limit),
        "stated": stated.amount if stated else None,
        "cap": row.cap,
        "used": row.used,
        "left": max(0, row.cap - row.used),
        "learned": stated is not None and (declared is None or stated.amount < declared),
        "next_slot": round(row.next_slot / NANOSECONDS, 3) if row.next_slot < NEVER else None,
        "free_in": round(free_in, 3),
        "resets_at": _iso(now + free_in),
    }


def _amount_of(limits: Sequence[Limit], limit: Limit) -> int | None:
    return next((each.amount for each in limits if each.key == limit.key), None)


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
