"""What became of calls, as bytes: records of one size, since every process reads those of all the others.

A record holds a call as it was known before and as it is now, each with the ticks at which it began and was
answered, and its row; and then two ordinals for each zone whose days are counted, the second 0 if it counts on
one day only. A call that is new had taken nothing before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from struct import Struct

from massgen_plugins.rate_limit.hold import NOT_YET, Change, Hold, Page
from massgen_plugins.rate_limit.lanes import WIDTH
from massgen_plugins.rate_limit.scope_state import ScopeState

__all__ = ["booking", "read", "written"]

_DAYS = Struct("<II")


def booking(hold: Hold) -> Change:
    """A call that was just admitted, as a change."""
    return (hold.begun, NOT_YET, 0), hold.booked, hold.page


def written(changes: Iterable[Change]) -> bytes:
    """The records of changes that were entered under the same limits."""
    records, last = [], None
    for (begun, arrived, row), (new_begun, new_arrived, new_row), page in changes:
        if page is not last:
            last, days = page, _days_out(tuple(page.days.values()))
            size = _row_size(len(page.lanes.limits))
            pack = _layout(size, len(days)).pack
        rows = row.to_bytes(size, "little"), new_row.to_bytes(size, "little")
        records.append(pack(begun, arrived, new_begun, new_arrived, *rows, days))
    return b"".join(records)


def read(records: bytes, state: ScopeState) -> list[Change]:
    """The changes of a scope, those of new calls first: so those follow each other that go the same way.

    Raises:
        ValueError: It is not what was written.
        struct.error: The same.
    """
    booked: list[Change] = []
    others: list[Change] = []
    pages: dict[bytes, Page] = {}
    lanes, zones, number = state.ledger.lanes, tuple(state.ledger.zones), int.from_bytes
    layout = _layout(_row_size(len(lanes.limits)), _DAYS.size * len(zones))
    for begun, arrived, new_begun, new_arrived, old, new, days in layout.iter_unpack(records):
        page = pages.get(days)
        if page is None:
            page = pages[days] = Page(lanes, _days_in(days, zones), state.born)
        row, new_row = number(old, "little"), number(new, "little")
        if (begun | arrived | new_begun | new_arrived) < 0 or (row | new_row) & lanes.beyond:
            raise ValueError("a number out of range")
        change = (begun, arrived, row), (new_begun, new_arrived, new_row), page
        (others if row else booked).append(change)
    return booked + others


def _row_size(limits: int) -> int:
    return -(-WIDTH * limits // 8)


@lru_cache(maxsize=64)
def _layout(row: int, days: int) -> Struct:
    return Struct(f"<4q{row}s{row}s{days}s")


@lru_cache(maxsize=64)
def _days_out(days: tuple[tuple[int, ...], ...]) -> bytes:
    return b"".join(_DAYS.pack(*(*ordinals, 0)[:2]) for ordinals in days)


@lru_cache(maxsize=64)
def _days_in(days: bytes, zones: tuple[str, ...]) -> Mapping[str, tuple[int, ...]]:
    pairs = zip(zones, _DAYS.iter_unpack(days), strict=True)
    return {zone: (first, second) if second else (first,) for zone, (first, second) in pairs}
