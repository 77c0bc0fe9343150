"""The contract of stores, as checks that run against any implementation.

    for check in CHECKS:
        check(Stand(store, advance))

Each check needs a fresh store and raises ``AssertionError`` if the store breaks the contract. The caller
controls time: ``advance`` moves the store's clock forward.
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
"""All checks."""
