"""The state of a scope as text, for stores outside of the process. What is read may be hostile."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from massgen_plugins.quota import CalendarDay, Kind, Limit, ScopeRules, Sliding, Window
from massgen_plugins.rate_limit.hold import NOT_YET
from massgen_plugins.rate_limit.lanes import Lanes, bounded
from massgen_plugins.rate_limit.lessons import Lessons
from massgen_plugins.rate_limit.line import Bid, Claim, Line
from massgen_plugins.rate_limit.scope_state import ScopeState
from massgen_plugins.rate_limit.wall_clock import Heard, plausible

__all__ = [
    "BROKEN",
    "Frozen",
    "decode_heard",
    "decode_lessons",
    "decode_line",
    "decode_row",
    "decode_rules",
    "decode_state",
    "decode_ticks",
    "encode_lessons",
    "encode_line",
    "encode_rules",
    "encode_state",
    "freeze",
]

BROKEN = (ValueError, TypeError, KeyError, AttributeError, IndexError, ArithmeticError, RecursionError)
"""What decoding raises when what was stored is not what was encoded."""

_KINDS = {kind.value: kind for kind in Kind}
_EMPTY = "{}"
_COMPACT = (",", ":")
_FRESH = Lessons()
_SLICE = 64


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
        c.lane: [c.bid.priority, c.bid.arrival, dict(c.bid.amounts), *c[2:]] for c in line.claims.values()
    }
    return json.dumps([claims, line.stalled], separators=_COMPACT)


def decode_line(text: str) -> Line:
    """Claims from JSON; raises as :func:`decode_rules` does."""
    if text == _EMPTY:
        return Line()
    claims = {}
    kept, stalled = json.loads(text)
    for lane, (priority, arrival, amounts, seen, waiting, until) in kept.items():
        wanted = bounded({_KINDS[kind]: int(amount) for kind, amount in amounts.items()})
        bid = Bid(int(priority), int(arrival), wanted)
        claims[lane] = Claim(lane, bid, int(seen), int(waiting), int(until))
    return Line(claims, None if stalled is None else (str(stalled[0]), int(stalled[1]), int(stalled[2])))


class Frozen(NamedTuple):
    """What has to be written of a state, and will not change any more.

    Attributes:
        cells: (stamp, row) of the cells of each window.
        fields: All the rest, ready for JSON.
    """

    cells: list[list[tuple[int, int]]]
    fields: dict[str, Any]


def freeze(state: ScopeState) -> Frozen:
    """All of a scope, so that it can be encoded while the state goes on."""
    windows, days = state.ledger.spent()
    fields = {
        "born": state.born,
        "rules": encode_rules(state.rules),
        "lessons": encode_lessons(state.lessons),
        "line": encode_line(state.line),
        "flights": state.flights.processes.copy(),
        "heard": state.heard,
        "days": [{day: f"{row:x}" for day, row in spent.items()} for spent in days],
    }
    return Frozen(windows, fields)


def encode_state(frozen: Frozen) -> str:
    """All of a scope as JSON, slowly: between slices, other threads may have the interpreter."""
    windows = ",".join(f"[{_encode_cells(cells)}]" for cells in frozen.cells)
    return json.dumps(frozen.fields, separators=_COMPACT)[:-1] + f',"windows":[{windows}]}}'


def _encode_cells(cells: list[tuple[int, int]]) -> str:
    texts: list[str] = []
    for start in range(0, len(cells), _SLICE):
        texts.extend(f'[{stamp},"{row:x}"]' for stamp, row in cells[start : start + _SLICE])
        time.sleep(0)  # gives the interpreter away
    return ",".join(texts)


def decode_state(text: str) -> ScopeState:
    """A scope from what was encoded; raises one of ``BROKEN`` on anything else."""
    fields = json.loads(text)
    state = ScopeState(decode_rules(fields["rules"]), int(fields["born"]))
    state.learn(decode_lessons(fields["lessons"]))
    state.line = decode_line(fields["line"])
    for process, (calls, tick) in fields["flights"].items():
        state.flights.report(str(process), int(calls), int(tick))
    state.heard = None if fields["heard"] is None else decode_heard(fields["heard"])
    lanes = state.ledger.lanes
    state.ledger.fill(
        [
            [(decode_ticks(stamp)[0], decode_row(row, lanes)) for stamp, row in cells]
            for cells in fields["windows"]
        ],
        [{int(day): decode_row(row, lanes) for day, row in spent.items()} for spent in fields["days"]],
    )
    return state


def decode_row(text: str, lanes: Lanes) -> int:
    """A row from hexadecimal digits; raises one of ``BROKEN``."""
    row = int(text, 16)
    if row & lanes.beyond:
        raise ValueError("an amount out of range")
    return row


def decode_ticks(*numbers: int | str) -> list[int]:
    """Moments; raises one of ``BROKEN``."""
    ticks = list(map(int, numbers))
    if min(ticks) < 0 or max(ticks) > NOT_YET:
        raise ValueError("a moment out of range")
    return ticks


def decode_heard(numbers: Sequence[int | str]) -> Heard:
    """What answers have told of the time; raises one of ``BROKEN``."""
    told = Heard(*decode_ticks(*numbers))
    if not (plausible(told.early) and told.early <= told.late):
        raise ValueError("a time that cannot be")
    return told


def _limit_out(limit: Limit) -> list[Any]:
    window = limit.window.zone if isinstance(limit.window, CalendarDay) else limit.window.length
    return [limit.kind.value, limit.amount, window]


def _limit_in(fields: list[Any]) -> Limit:
    kind, amount, span = fields
    window: Window = CalendarDay(span) if isinstance(span, str) else Sliding(int(span))
    return Limit(Kind(kind), int(amount), window)
