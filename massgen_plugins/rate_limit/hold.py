"""What an admitted call holds: the truth about it, and what the ledger knows of it so far."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from massgen_plugins.quota import Amounts, Scope
from massgen_plugins.rate_limit.meter import Meter

__all__ = ["Booked", "Hold"]

_NOWHERE = Scope("", "", "")

Booked = tuple[int, int | None, list[int]]
"""When the call began, when its answer arrived, and its row, as the ledger knows them."""


class Hold:
    """A call from its admission to its settlement.

    The truth (``begun``, ``arrived``, ``row``) may run ahead of what is ``booked``: a stamp matters one
    window later, so it can travel with the next transaction. Rows are replaced, never changed.

    Attributes:
        scope: Where it was admitted; known to the limiter, not to the ledger.
        begun: Tick from which the margin counts: when the call was, or at the latest will be, written.
        arrived: Tick at which its answer's headers came; None before.
        row: What it takes of each limit, in the order of ``meters``.
        days: The calendar days (ordinals) on which it counts, for each meter that counts days.
        meters: The limits that ``row`` speaks of.
        booked: What the ledger knows.
        born: Names the books it was entered in; see ``ScopeState.born``.
        process: Who made the call, while its answer is waited for; empty afterwards.
        landed: Whether news of its answer, or of its end, has come.
    """

    __slots__ = ("arrived", "begun", "booked", "born", "days", "landed", "meters", "process", "row", "scope")

    def __init__(
        self, begun: int, row: list[int], meters: Sequence[Meter], days: dict[int, tuple[int, ...]]
    ) -> None:
        self.scope = _NOWHERE
        self.begun = begun
        self.arrived: int | None = None
        self.row = row
        self.meters = meters
        self.days = days
        self.booked: Booked = (begun, None, row)
        self.born = 0
        self.process = ""
        self.landed = False

    def settle(self, actual: Amounts) -> bool:
        """Replace estimates by what is known better; False if nothing changes."""
        self.landed = True
        row = self.row.copy()
        for meter in self.meters:
            if meter.kind in actual:
                row[meter.index] = actual[meter.kind]
        if row == self.row:
            return False
        self.row = row
        return True

    def release(self) -> None:
        """The call was never sent: it takes nothing."""
        self.row = [0] * len(self.row)
        self.landed = True

    def remember(self) -> Callable[[], None]:
        """Returns what undoes a rebooking that a store could not keep; the truth stays what it is."""
        booked, process = self.booked, self.process
        meters, days, row = self.meters, self.days, self.row

        def undo() -> None:
            self.booked, self.process = booked, process
            if self.meters is not meters:  # the row has been fitted to other limits
                self.meters, self.days, self.row = meters, days, row

        return undo

    def fit_to(self, meters: Sequence[Meter]) -> None:
        """The scope's limits are others by now: keep what both know."""
        places = {meter.limit.key: index for index, meter in enumerate(self.meters)}
        sources = [places.get(meter.limit.key) for meter in meters]
        begun, arrived, booked_row = self.booked
        self.booked = (begun, arrived, [0 if source is None else booked_row[source] for source in sources])
        self.row = [0 if source is None else self.row[source] for source in sources]
        self.days = {
            index: self.days[source]
            for index, source in enumerate(sources)
            if source in self.days and source is not None
        }
        self.meters = meters
