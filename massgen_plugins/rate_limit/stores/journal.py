"""What changed in a scope, as text: one entry for each transaction, so that none rewrites what others wrote.

An entry is a list of lines, each a letter and its fields:

    b BEGUN ROW DAYS                      a call was booked
    s BEGUN ROW ARRIVED ROW DAYS          a call that was booked so was answered, and took the second row
    m (BEGUN ARRIVED ROW) twice, DAYS     a call was booked as the first three say, and now is as the others
    c JSON                                the claims of those who wait
    l JSON                                what refusals taught
    r BORN JSON                           the rules; with other books (BORN), nothing was spent before
    f PROCESS CALLS TICK                  so many calls of a process are on their way
    t WHEN EARLY LATE                     what answers have told of the time
    x                                     the scope was forgotten

Rows are hexadecimal, DAYS are ordinals: those of a zone joined by ``+``, zones by ``,`` in the order of the
limits. Who applies all entries in their order to the same beginning has the same state.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from massgen_plugins.rate_limit.hold import NOT_YET, Change, Hold, Page
from massgen_plugins.rate_limit.scope_state import ScopeState
from massgen_plugins.rate_limit.stores import codec
from massgen_plugins.rate_limit.wall_clock import Heard

__all__ = ["apply", "booking", "changed", "flights", "heard"]


_TICK_BITS = 63
"""A moment has no more."""


def booking(hold: Hold) -> str:
    """A call was booked."""
    begun, _, row = hold.booked
    return f"b {begun} {row:x} {_days(hold.page)}"


def changed(change: Change) -> str:
    """A call is booked otherwise than before."""
    (begun, arrived, row), (new_begun, new_arrived, new_row), page = change
    if begun == new_begun and arrived == NOT_YET:
        return f"s {begun} {row:x} {new_arrived} {new_row:x} {_days(page)}"
    return f"m {begun} {arrived} {row:x} {new_begun} {new_arrived} {new_row:x} {_days(page)}"


def flights(process: str, calls: int, tick: int) -> str:
    """So many calls of a process are on their way."""
    return f"f {process} {calls} {tick}"


def heard(told: Heard | None) -> str:
    """What answers have told of the time; None: nothing any more."""
    return f"t {told.when} {told.early} {told.late}" if told else "t"


def apply(entry: str, state: ScopeState | None) -> ScopeState | None:
    """Let happen to a state what an entry says; raises one of ``codec.BROKEN`` if it is damaged.

    Args:
        entry: Its lines.
        state: Changed, or replaced; None: there is no scope.

    Returns:
        The state afterwards.
    """
    booked: list[Change] = []  # carried out together, which costs much less
    settled: list[Change] = []
    pages: dict[str, Page] = {}
    claims = ""  # of all who wait, so only the last word counts
    for line in entry.split("\n"):
        kind, *fields = line.split(" ")
        if kind in _CALLS:
            page = pages.get(fields[-1]) or pages.setdefault(fields[-1], _page(fields[-1], _existing(state)))
            (booked if kind == "b" else settled).append(_CALLS[kind](fields, page))
        elif kind == "c":
            claims = line[2:]
        else:
            if kind not in _ASIDE:
                _carry_out(booked + settled, claims, state)
                booked, settled, pages, claims = [], [], {}, ""
            state = _OTHERS[kind](line[2:], state)
    _carry_out(booked + settled, claims, state)
    return state


def _carry_out(changes: list[Change], claims: str, state: ScopeState | None) -> None:
    if changes:
        _existing(state).ledger.replay(changes)
    if claims:
        _existing(state).line = codec.decode_line(claims)


def _forgotten(rest: str, state: ScopeState | None) -> None:
    """Nothing is left."""


def _ruled(rest: str, state: ScopeState | None) -> ScopeState:
    born, _, text = rest.partition(" ")
    rules = codec.decode_rules(text)
    if state is None or state.born != int(born):
        return ScopeState(rules, int(born))
    state.configure(rules)
    return state


def _booked(fields: list[str], page: Page) -> Change:
    tick, taken, _ = fields
    begun, row = int(tick), int(taken, 16)
    _check(begun, row, page)
    return (begun, NOT_YET, 0), (begun, NOT_YET, row), page


def _settled(fields: list[str], page: Page) -> Change:
    tick, estimate, answered, taken, _ = fields
    begun, row, arrived, new_row = int(tick), int(estimate, 16), int(answered), int(taken, 16)
    _check(begun | arrived, row | new_row, page)
    return (begun, NOT_YET, row), (begun, arrived, new_row), page


def _rebooked(fields: list[str], page: Page) -> Change:
    tick, answered, taken, new_tick, new_answered, new_taken, _ = fields
    begun, arrived, row = int(tick), int(answered), int(taken, 16)
    new_begun, new_arrived, new_row = int(new_tick), int(new_answered), int(new_taken, 16)
    _check(begun | arrived | new_begun | new_arrived, row | new_row, page)
    return (begun, arrived, row), (new_begun, new_arrived, new_row), page


def _check(ticks: int, rows: int, page: Page) -> None:
    """Whether the file was tampered with; all at once, since it is asked for every call of others."""
    if ticks >> _TICK_BITS or rows & page.lanes.beyond:
        raise ValueError("a number out of range")


def _learned(rest: str, state: ScopeState | None) -> ScopeState:
    state = _existing(state)
    state.learn(codec.decode_lessons(rest))
    return state


def _flown(rest: str, state: ScopeState | None) -> ScopeState:
    state = _existing(state)
    process, calls, tick = rest.split(" ")
    state.flights.report(process, int(calls), int(tick))
    return state


def _told(rest: str, state: ScopeState | None) -> ScopeState:
    state = _existing(state)
    state.heard = codec.decode_heard(rest.split(" ")) if rest else None
    return state


_CALLS = {"b": _booked, "s": _settled, "m": _rebooked}
_ASIDE = ("f", "t")
"""What has nothing to do with what calls have spent."""
_OTHERS = {"l": _learned, "r": _ruled, "f": _flown, "t": _told, "x": _forgotten}


def _existing(state: ScopeState | None) -> ScopeState:
    if state is None:
        raise ValueError("a change of a scope that does not exist")
    return state


def _page(days: str, state: ScopeState) -> Page:
    return Page(state.ledger.lanes, _days_in(days, tuple(state.ledger.zones)), state.born)


def _days(page: Page) -> str:
    return _days_out(tuple(page.days.values()))


@lru_cache(maxsize=64)
def _days_out(days: tuple[tuple[int, ...], ...]) -> str:
    return ",".join("+".join(map(str, ordinals)) for ordinals in days)


@lru_cache(maxsize=64)
def _days_in(text: str, zones: tuple[str, ...]) -> Mapping[str, tuple[int, ...]]:
    groups = [tuple(map(int, group.split("+"))) for group in text.split(",")] if text else []
    return dict(zip(zones, groups, strict=True))
