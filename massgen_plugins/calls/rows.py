"""The rows and queries of the record of calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from massgen_plugins.budget.usage import Tokens

if TYPE_CHECKING:  # queries do not need profiles
    from massgen_plugins.budget.rates import Part

__all__ = [
    "ANSWERED",
    "FAILED",
    "PICO",
    "REFUSED",
    "TURNED_AWAY",
    "CallRow",
    "Question",
    "RunRow",
    "Totals",
]

ANSWERED, REFUSED, FAILED, TURNED_AWAY = "answered", "refused", "failed", "turned away"
"""Outcomes: answered or refused by the provider, no usable answer, and refused by us without being sent."""

PICO = 1_000_000
"""Costs are stored in millionths of a micro-dollar, so that sums are exact."""


@dataclass(frozen=True, slots=True)
class CallRow:
    """A finished attempt of a call, or a call that we turned away.

    Attributes:
        id: Its number in the record.
        time: When it was sent or turned away, in seconds since the epoch.
        run: Name of its run; "" outside of any run.
        agent: Its agent; "" outside of any agent's stream.
        model: The resolved model; for a call that was turned away, the pool that blocked it.
        requested_model: The model's name as sent.
        provider: The provider's name.
        account: The account name from the settings, or a fingerprint of the key.
        endpoint: Host of the base URL if it is not the provider's own.
        number: The call's number in its process.
        attempt: 1 for the first attempt; 0 for a call that was turned away.
        waited: Seconds that it waited.
        seconds: Time from sending to the end of the answer.
        status: HTTP status; 0 if there was no answer.
        outcome: ``answered``, ``refused``, ``failed`` or ``turned away``.
        tokens: Its usage; None if the provider reported none.
        cost: Micro-dollars, exact; None if unknown.
        parts: Components of the cost; empty if the provider reported it.
        source: Origin of the prices; "" if the cost is unknown.
        dated: Date of the prices, YYYY-MM-DD; "" if unknown.
        file: The team's file; "" if there is none.
    """

    id: int
    time: float
    run: str
    agent: str
    model: str
    requested_model: str
    provider: str
    account: str
    endpoint: str
    number: int
    attempt: int
    waited: float
    seconds: float
    status: int
    outcome: str
    tokens: Tokens | None
    cost: Decimal | None
    parts: tuple[Part, ...] = ()
    source: str = ""
    dated: str = ""
    file: str = ""


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run.

    Attributes:
        name: Its name.
        file: Absolute path of the team's file; "" if there is none.
        started: Seconds since the epoch.
        log_dir: Absolute path of MassGen's logs of the run; "" if unknown.
    """

    name: str
    file: str
    started: float
    log_dir: str


@dataclass(frozen=True, slots=True)
class Question:
    """A selection of calls. None: no restriction.

    Attributes:
        since: Start of the period, in seconds since the epoch.
        until: End of the period, exclusive.
        run: Name of the run.
        agent: Name of the agent.
        model: The resolved model, or its name as sent.
        provider: Name of the provider.
        account: Name of the account.
        file: The team's file of the run: its absolute path, or its file name.
        outcome: The outcome.
    """

    since: float | None = None
    until: float | None = None
    run: str | None = None
    agent: str | None = None
    model: str | None = None
    provider: str | None = None
    account: str | None = None
    file: str | None = None
    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over a group of calls.

    Attributes:
        key: The group: dimension to value, such as ``{"agent": "a"}``.
        calls: Attempts that were sent.
        answered: Attempts that were answered.
        refused: Attempts that the provider refused.
        failed: Attempts without a usable answer.
        turned_away: Calls that we refused; not included in ``calls``.
        runs: Number of distinct runs.
        waited: Total seconds of waiting.
        longest_wait: Seconds of the longest wait.
        seconds: Total seconds from sending to the end of the answer.
        tokens: Total usage, as far as known.
        cost: Micro-dollars, exact, of the calls whose cost is known.
        unknown: Calls whose cost is unknown.
        unsaid: Those of them without reported usage; for the others the price is unknown.
        first: When the first one was sent.
        last: When the last one was sent.
    """

    key: Mapping[str, str]
    calls: int = 0
    answered: int = 0
    refused: int = 0
    failed: int = 0
    turned_away: int = 0
    runs: int = 0
    waited: float = 0.0
    longest_wait: float = 0.0
    seconds: float = 0.0
    tokens: Tokens = field(default_factory=Tokens)
    cost: Decimal = Decimal(0)
    unknown: int = 0
    unsaid: int = 0
    first: float = 0.0
    last: float = 0.0
