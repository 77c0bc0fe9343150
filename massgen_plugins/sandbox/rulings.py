"""The referee's rulings, which protocols format as responses."""

from __future__ import annotations

from dataclasses import dataclass

from massgen_plugins.sandbox.limits import QuotaKind, WindowShape
from massgen_plugins.sandbox.quotas import NANOSECONDS

__all__ = ["Standing", "Violation", "longest_wait", "worst"]


@dataclass(frozen=True)
class Violation:
    """One limit that refuses a request.

    ``daily``: per day (calendar or rolling). ``limit``: the amount, ``None`` to leave the value out.
    ``wait``: nanoseconds until the request would fit, ``None`` if it never will.
    ``used``, ``requested``: amounts before the request, and of it. ``window``: seconds.
    ``name``: the limit's name in the report.
    """

    kind: QuotaKind
    daily: bool
    limit: int | None
    wait: int | None
    used: int = 0
    requested: int = 1
    window: float = 60.0
    name: str = ""

    @property
    def too_large(self) -> bool:
        """Whether the request is larger than the whole limit, and the limit is not zero."""
        return self.wait is None and bool(self.limit)


@dataclass(frozen=True)
class Standing:
    """The state of a limit. ``remaining`` may be negative; ``reset``: nanoseconds until fully available.

    ``requested``: the current request's charge.
    """

    kind: QuotaKind
    shape: WindowShape
    window: float
    limit: int
    remaining: int
    reset: int
    requested: int = 0

    @property
    def daily(self) -> bool:
        """Whether it is per day, calendar or sliding."""
        return self.shape is WindowShape.DAY or self.window >= 72_000


def worst(violations: tuple[Violation, ...]) -> Violation:
    """The violation that lasts longest; one without an end first."""
    return max(violations, key=lambda each: float("inf") if each.wait is None else each.wait)


def longest_wait(violations: tuple[Violation, ...]) -> int:
    """Nanoseconds until none of them refuses; one second if the request never fits."""
    return max(NANOSECONDS if v.wait is None else v.wait for v in violations)
