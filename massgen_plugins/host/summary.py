"""The summary at the end of a run: calls, waits, and what would have made it faster."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from massgen_plugins.host.displays.wording import clock
from massgen_plugins.live.presence import Counters
from massgen_plugins.live.tracker import PoolUse
from massgen_plugins.quota import NANOSECONDS, Bucket, Kind, Limit, Pool, PoolRules, Sliding

__all__ = ["Demand", "RunFacts", "demand_of", "summary_lines"]

_DAY = 86_400 * NANOSECONDS


@dataclass(frozen=True, slots=True)
class Demand:
    """The minimum duration of a run's calls in one pool under its limits.

    Attributes:
        seconds: From the first call to the last.
        limit: The binding limit.
        twice: Seconds if that limit were twice as high.
    """

    seconds: float
    limit: Limit
    twice: float


def demand_of(rules: PoolRules | None, use: PoolUse) -> Demand | None:
    """The demand under a pool's limits; None if none of them causes waits."""
    rows = []
    for limit in rules.limits if rules is not None else ():
        amount = use.calls if limit.kind == Kind.REQUESTS else use.amounts.get(limit.kind, 0)
        if isinstance(limit.window, Sliding | Bucket) and limit.window.length < _DAY and limit.amount:
            seconds = _least(limit, limit.amount, amount)
            rows.append(Demand(seconds, limit, _least(limit, 2 * limit.amount, amount)))
    most = max(rows, key=lambda row: row.seconds, default=None)
    return most if most is not None and most.seconds else None


def _least(limit: Limit, allowed: int, amount: int) -> float:
    assert isinstance(limit.window, Sliding | Bucket)  # noqa: S101 - asked only then
    length = limit.window.length / NANOSECONDS
    if isinstance(limit.window, Bucket):
        return max(0, amount - allowed) * length / allowed
    return max(0, amount - 1) // allowed * length


@dataclass(frozen=True, slots=True)
class RunFacts:
    """Facts about a run.

    Attributes:
        counters: Its counters.
        elapsed: Its duration in seconds.
        uses: Its usage by pool.
        days: Use of daily limits, in words, by pool.
        longest: The agent that waited longest.
    """

    counters: Counters
    elapsed: float
    uses: Mapping[Pool, PoolUse]
    days: Mapping[Pool, str]
    longest: str = ""


def summary_lines(run: RunFacts, rules_of: Callable[[Pool], PoolRules | None]) -> list[str]:
    """Format the summary.

    Args:
        run: Facts about the run.
        rules_of: Returns the rules of a pool.
    """
    uses, counters = run.uses, run.counters
    demands = {pool: found for pool, use in uses.items() if (found := demand_of(rules_of(pool), use))}
    lines = [_first(counters, run.elapsed, demands)]
    lines += [_of_pool(pool, use, run.days.get(pool, "")) for pool, use in uses.items()]
    if counters.longest >= 1:
        who = f" ({run.longest})" if run.longest else ""
        lines[-1] += f" Longest wait {clock(counters.longest)}{who}."
    lines += [
        _sooner(pool, use, demands[pool], rules_of(pool)) for pool, use in uses.items() if pool in demands
    ]
    return [f"{'QUOTA:' if not number else '      '} {_plain(line)}" for number, line in enumerate(lines)]


def _plain(line: str) -> str:
    """Spell out control characters, which names of models and agents can contain."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in line)


def _first(counters: Counters, elapsed: float, demands: Mapping[Pool, Demand]) -> str:
    calls = f"{counters.calls} call{'' if counters.calls == 1 else 's'}"
    text = f"{calls}, {counters.refused} refused."
    if counters.turned_away:
        text = f"{calls}, {counters.refused} refused, {counters.turned_away} turned away by us."
    if counters.somebody >= 1:
        text += f" {clock(counters.somebody)} of {clock(elapsed)} was waiting"
        if demands:
            most = max(demands.values(), key=lambda each: each.seconds)
            text += f" for {most.limit}; the quota alone requires {clock(most.seconds)}"
        text += "."
    return text


def _of_pool(pool: Pool, use: PoolUse, day: str) -> str:
    parts = [day] if day else []
    for kind, word in ((Kind.INPUT_TOKENS, "in"), (Kind.OUTPUT_TOKENS, "out"), (Kind.TOTAL_TOKENS, "in all")):
        if use.amounts.get(kind):
            parts.append(f"{use.amounts[kind]:,} tokens {word}")
    if use.cost:
        some = " at least" if use.unpriced else ""
        parts.append(f"{use.cost / 1e6:.4f} US dollars{some}, the provider says")
    calls = f"{use.calls} call{'' if use.calls == 1 else 's'}"
    return f"{pool.name}: {', '.join([calls, *parts])}."


def _sooner(pool: Pool, use: PoolUse, demand: Demand, rules: PoolRules | None) -> str:
    half = PoolUse((use.calls + 1) // 2, {kind: (amount + 1) // 2 for kind, amount in use.amounts.items()})
    fewer = demand_of(rules, half)
    return (
        f"Faster for {pool.name}: {clock(demand.twice)} with {2 * demand.limit.amount:,} instead of "
        f"{demand.limit}, {clock(fewer.seconds if fewer else 0)} with half the calls (fewer agents). "
        "-> massgen-rl plan TEAM.yaml"
    )
