"""The state of a scope as text and bytes, for stores outside of the process. What is read may be hostile."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from massgen_plugins.quota import CalendarDay, Kind, Limit, ScopeRules, Sliding, Window
from massgen_plugins.rate_limit.flights import Flights
from massgen_plugins.rate_limit.ledger import Ledger
from massgen_plugins.rate_limit.lessons import Lessons
from massgen_plugins.rate_limit.line import Bid, Claim, Line

__all__ = [
    "BROKEN",
    "decode_flights",
    "decode_ledger",
    "decode_lessons",
    "decode_line",
    "decode_rules",
    "encode_flights",
    "encode_ledger",
    "encode_lessons",
    "encode_line",
    "encode_rules",
]

BROKEN = (ValueError, TypeError, KeyError, AttributeError, IndexError, ArithmeticError, RecursionError)
"""What decoding raises when what was stored is not what was encoded."""

_EMPTY = "{}"
_COMPACT = (",", ":")
_FRESH = Lessons()


def encode_rules(rules: ScopeRules) -> str:
    """Rules as JSON."""
    fields = {name: getattr(rules, name) for name in ScopeRules.__slots__ if name != "limits"}
    return json.dumps(
        {**fields, "limits": [_limit_out(limit) for limit in rules.limits]}, separators=_COMPACT
    )


def decode_rules(text: str) -> ScopeRules:
    """Rules from JSON; raises ValueError, TypeError, KeyError or AttributeError on anything else."""
    fields = json.loads(text)
    return ScopeRules(**{**fields, "limits": tuple(_limit_in(limit) for limit in fields["limits"])})


def encode_lessons(lessons: Lessons) -> str:
    """Lessons as JSON; mostly there are none."""
    if lessons == _FRESH:
        return _EMPTY
    learned = {key: _limit_out(limit) for key, limit in lessons.learned.items()}
    return json.dumps({**asdict(lessons), "learned": learned}, separators=_COMPACT)


def decode_lessons(text: str) -> Lessons:
    """Lessons from JSON; raises as :func:`decode_rules` does."""
    if text == _EMPTY:
        return Lessons()
    fields = json.loads(text)
    learned = {str(key): _limit_in(limit) for key, limit in fields.pop("learned").items()}
    return Lessons(learned=learned, **fields)


def encode_line(line: Line) -> str:
    """Claims as JSON."""
    if not line.claims:
        return _EMPTY
    claims = {
        c.lane: [c.bid.priority, c.bid.arrival, dict(c.bid.amounts), c.seen, c.waiting]
        for c in line.claims.values()
    }
    return json.dumps(claims, separators=_COMPACT)


def decode_line(text: str) -> Line:
    """Claims from JSON; raises as :func:`decode_rules` does."""
    if text == _EMPTY:
        return Line()
    claims = {}
    for lane, (priority, arrival, amounts, seen, waiting) in json.loads(text).items():
        wanted = {Kind(kind): int(amount) for kind, amount in amounts.items()}
        claims[lane] = Claim(lane, Bid(int(priority), int(arrival), wanted), int(seen), int(waiting))
    return Line(claims)


def encode_flights(flights: Flights) -> str:
    """Calls on their way as JSON."""
    return json.dumps(flights.processes, separators=_COMPACT) if flights.processes else _EMPTY


def decode_flights(text: str) -> Flights:
    """Calls on their way from JSON; raises as :func:`decode_rules` does."""
    return Flights({str(name): (int(calls), int(tick)) for name, (calls, tick) in json.loads(text).items()})


def encode_ledger(ledger: Ledger) -> bytes:
    """A line of JSON with the small numbers, then the cells of all windows."""
    logs, days = ledger.dump()
    head = {"logs": [[horizon, len(cells)] for horizon, cells in logs], "days": days}
    return json.dumps(head, separators=_COMPACT).encode() + b"\n" + b"".join(cells for _, cells in logs)


def decode_ledger(data: bytes, ledger: Ledger) -> None:
    """Fill a ledger of the same limits; raises as :func:`decode_rules` does."""
    text, _, cells = data.partition(b"\n")
    head = json.loads(text)
    logs = []
    for horizon, size in head["logs"]:
        logs.append((int(horizon), cells[:size]))
        cells = cells[size:]
    ledger.load(logs, head["days"])


def _limit_out(limit: Limit) -> list[Any]:
    window = limit.window.zone if isinstance(limit.window, CalendarDay) else limit.window.length
    return [limit.kind.value, limit.amount, window]


def _limit_in(fields: list[Any]) -> Limit:
    kind, amount, span = fields
    window: Window = CalendarDay(span) if isinstance(span, str) else Sliding(int(span))
    return Limit(Kind(kind), int(amount), window)
