"""``status --json``: the store's state for programs. Keys are stable: later versions add, and take none away.

The document::

    store         path of the file or address of the server, or null for "memory"
    exists        whether the file exists; true for a server
    read_at       when this was read, ISO 8601 in UTC
    runs          a list, one for each process of this machine with limited agents:
      pid, run    its number, and the name of its newest run
      team        path of the MassGen configuration; empty if it had none
      directory   its working directory
      started     when its first agent was switched on, ISO 8601 in UTC
      calls       attempts that left
      answered, refused
      turned_away calls that the limiter refused
      waits       calls that had to wait
      waited      seconds that all calls together have waited
    pools         a list, one for each pool:
      pool        provider/account/name as text; `forget` takes it
      domain      provider/account as text: what is stored and decided as one; `forget` takes it, too
      provider, account, endpoint
      name        the model; *account for the limits of the whole account
      profile     where its limits come from
      under_way   calls that were admitted and are not over; null where no limit counts them
      waiting     calls in the queue
      next_slot   seconds until the next call may leave, or the first that waits; null for no known moment
      queue       a list in the order of the queue, one for each process that waits:
        process     names it
        waiting     calls of it that wait for the same pools
        waits_for   seconds for which the first of them has waited
        leaves_in   seconds until that one may leave, estimated from below
      agents      a list of this machine's calls that wait for the pool, in the order of their leaving:
        agent       the agent's name, or #1 and so on if names are hidden; empty outside of any agent's turn
        pid, run    of which process and run
        waits_for   seconds for which it has waited
        leaves_in   seconds until it may leave, estimated from below
        place       its place in the queue, 1 for the first
        limit       what it waits for, such as 9 requests per minute; empty if it is no limit
        reason      limit, pause, startup, until and others, as in the event CallWaits
      limits      a list, one for each limit:
        key         kind and window, such as requests/60s
        kind        requests, input_tokens, total_tokens, cost (millionths of a US dollar), concurrent ...
        shape       sliding, bucket, day, month or held
        window      seconds, or null for a calendar day or month and for what is held
        zone        time zone of a calendar day or month, else null
        declared    what the profile allows; null for a limit that only the provider made known
        settings    what the settings of this directory state; null for nothing
        last_run    what held in the last run, or holds in one that goes on; null for nothing
        stated      what the provider said of it in a refusal or an answer; null for nothing
        cap         what is allowed now
        used, left  of the cap
        learned     whether the provider's word lowered it
        next_slot   seconds until the smallest part of it is free; null for never, or for when a call ends
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
      steering:
        paused      the pause that somebody began: by whom, since and until when; null for none
        set         a list of limits that somebody set for a while, with key and value
        by          who did it: a login name
        since       when, in seconds since the epoch
        until       when it ends, in seconds since the epoch; null for when it is taken back
        value       the limit as it was given, before the safety margin; null for none
    unlimited     a list, one for each agent of the last day whose traffic nobody could read:
      agent       its name
      way         how it spoke to whom, such as requests to api.example
      seen        when, ISO 8601 in UTC
    plans         a list, one for each window of a plan with which a program logs in, as its provider said:
      program     claude_code, codex, ...
      window      such as weekly limit
      used        the used part, 0 to 1, or more
      resets_at   when it is new, ISO 8601 in UTC; null if that is not said
      seen        when it was said, ISO 8601 in UTC
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
    """The whole document."""
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
