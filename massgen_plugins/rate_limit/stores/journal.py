"""What changed in a scope, as text: one entry for each transaction, so that none rewrites what others wrote.

An entry is a list of lines, each a letter and its fields:

    b BEGUN ROW DAYS                      a call was booked
    m (BEGUN ARRIVED ROW) twice, DAYS     a call was booked as the first three say, and now is as the others
    c JSON                                the claims of those who wait
    l JSON                                what refusals taught
    r BORN JSON                           the rules; with other books (BORN), nothing was spent before
    f PROCESS CALLS TICK                  so many calls of a process are on their way
    x                                     the scope was forgotten

Rows are hexadecimal, DAYS are ordinals: those of a zone joined by ``+``, zones by ``,`` in the order of the
limits. Who applies all entries in their order to the same beginning has the same state.
"""

from __future__ import annotations

from functools import lru_cache

from massgen_plugins.rate_limit.hold import NOT_YET, Booked, Change, Hold, Page
from massgen_plugins.rate_limit.scope_state import ScopeState
from massgen_plugins.rate_limit.stores import codec

__all__ = ["apply", "booking", "changed", "flights"]


def booking(hold: Hold) -> str:
    """A call was booked."""
    begun, _, row = hold.booked
    return f"b {begun} {row:x} {_days(hold.page)}"


def changed(change: Change) -> str:
    """A call is booked otherwise than before."""
    before, (begun, arrived, row), page = change
    return f"m {before[0]} {before[1]} {before[2]:x} {begun} {arrived} {row:x} {_days(page)}"


def flights(process: str, calls: int, tick: int) -> str:
    """So many calls of a process are on their way."""
    return f"f {process} {calls} {tick}"


def apply(entry: str, state: ScopeState | None) -> ScopeState | None:
    """Let happen to a state what an entry says; raises one of ``codec.BROKEN`` if it is damaged.

    Args:
        entry: Its lines.
        state: Changed, or replaced; None: there is no scope.

    Returns:
        The state afterwards.
    """
    for line in entry.split("\n"):
        kind, _, rest = line.partition(" ")
        if kind == "x":
            state = None
        elif kind == "r":
            state = _ruled(rest, state)
        elif state is None:
            raise ValueError("a change of a scope that does not exist")
        else:
            _APPLY[kind](rest, state)
    return state


def _ruled(rest: str, state: ScopeState | None) -> ScopeState:
    born, _, text = rest.partition(" ")
    rules = codec.decode_rules(text)
    if state is None or state.born != int(born):
        return ScopeState(rules, int(born))
    state.configure(rules)
    return state


def _booked(rest: str, state: ScopeState) -> None:
    begun, row, days = rest.split(" ")
    after = codec.decode_tick(begun), NOT_YET, codec.decode_row(row, len(state.ledger.caps))
    state.ledger.replay(None, after, _days_in(days, state))


def _changed(rest: str, state: ScopeState) -> None:
    *fields, days = rest.split(" ")
    before, after = _booked_in(fields[:3], state), _booked_in(fields[3:], state)
    state.ledger.replay(before, after, _days_in(days, state))


def _claimed(rest: str, state: ScopeState) -> None:
    state.line = codec.decode_line(rest)


def _learned(rest: str, state: ScopeState) -> None:
    state.learn(codec.decode_lessons(rest))


def _flown(rest: str, state: ScopeState) -> None:
    process, calls, tick = rest.split(" ")
    state.flights.report(process, int(calls), int(tick))


_APPLY = {"b": _booked, "m": _changed, "c": _claimed, "l": _learned, "f": _flown}


def _booked_in(fields: list[str], state: ScopeState) -> Booked:
    begun, arrived, row = fields
    tick = codec.decode_tick
    return tick(begun), tick(arrived), codec.decode_row(row, len(state.ledger.caps))


def _days(page: Page) -> str:
    return _days_out(tuple(page.days.values()))


@lru_cache(maxsize=64)
def _days_out(days: tuple[tuple[int, ...], ...]) -> str:
    return ",".join("+".join(map(str, ordinals)) for ordinals in days)


def _days_in(text: str, state: ScopeState) -> dict[str, tuple[int, ...]]:
    zones = state.ledger.zones
    groups = [tuple(map(int, group.split("+"))) for group in text.split(",")] if text else []
    return dict(zip(zones, groups, strict=True))
