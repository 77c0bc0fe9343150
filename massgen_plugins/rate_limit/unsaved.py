"""What the store does not know yet: stamps and settlements that travel with the next transaction."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from massgen_plugins.quota import Scope
from massgen_plugins.rate_limit.ledger import Hold
from massgen_plugins.rate_limit.scope_state import Restatement

__all__ = ["Ticket", "Unsaved"]


@dataclass(eq=False, slots=True)
class Ticket:
    """An admitted call: what the store knows of it, and what is true by now.

    ``current`` is None once the call was released.
    """

    scope: Scope
    stored: Hold | None
    current: Hold | None


class Unsaved:
    """Tickets whose truth the store does not know yet, by scope; used by all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tickets: dict[Scope, dict[Ticket, None]] = {}

    def note(self, ticket: Ticket, current: Hold | None) -> None:
        """This is what is true of the ticket now."""
        with self._lock:
            ticket.current = current
            self._tickets.setdefault(ticket.scope, {})[ticket] = None

    def scopes(self) -> list[Scope]:
        """Where there is news."""
        with self._lock:
            return list(self._tickets)

    @contextmanager
    def news(self, scope: Scope) -> Iterator[list[Restatement]]:
        """The restatements for a store; they count as told unless the block raises."""
        with self._lock:
            tickets = list(self._tickets.pop(scope, ()))
            told = [(ticket, ticket.stored, ticket.current) for ticket in tickets]
        try:
            yield [(stored, current) for _, stored, current in told if stored is not None]
        except BaseException:
            with self._lock:
                waiting = self._tickets.setdefault(scope, {})
                for ticket in tickets:
                    waiting[ticket] = None
            raise
        with self._lock:
            for ticket, _, current in told:
                ticket.stored = current
