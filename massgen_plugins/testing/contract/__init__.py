"""What every store must do, as checks that any store can be put to.

    for check in CHECKS:
        asyncio.run(check(Stand(store, advance)))

Each check is told in its first line, begins with a fresh store, and raises ``AssertionError`` if the store
does not keep the promise. Time is the caller's: ``advance`` lets the store's clock go on.
"""

from __future__ import annotations

from massgen_plugins.testing.contract import admission, lessons, order, settling
from massgen_plugins.testing.contract.stand import Check, Stand

__all__ = ["CHECKS", "Check", "Stand"]

CHECKS: tuple[Check, ...] = (*admission.CHECKS, *settling.CHECKS, *order.CHECKS, *lessons.CHECKS)
"""All of them."""
