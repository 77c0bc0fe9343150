"""What every store must do, as checks that any store can be put to.

    for check in CHECKS:
        check(Stand(store, advance))

Each check is told in its first line, begins with a fresh store, and raises ``AssertionError`` if the store
does not keep the promise. Time is the caller's: ``advance`` lets the store's clock go on.
"""

from __future__ import annotations

from massgen_plugins.testing.contract import admission, order, refusals, settling, swapping
from massgen_plugins.testing.contract.stand import Check, Stand

__all__ = ["CHECKS", "Check", "Stand"]

CHECKS: tuple[Check, ...] = (
    *swapping.CHECKS,
    *admission.CHECKS,
    *settling.CHECKS,
    *order.CHECKS,
    *refusals.CHECKS,
)
"""All of them."""
