"""The rows of the record of calls, and what is asked of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from massgen_plugins.budget.usage import Tokens

if TYPE_CHECKING:  # whoever only asks needs no profiles
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
"""Outcomes: the provider's answer, its no, no usable answer, and our no: the call never left."""

PICO = 1_000_000
"""Costs are stored in millionths of a micro-dollar, so that their sum is exact."""


@dataclass(frozen=True, slots=True)
class CallRow:
    """One attempt of a call that is over, or one call that we turned away.

    Attributes:
        id: Its number in the record.
        time: When it left, or was turned away, in seconds since the epoch.
        run: Name of its run; "" outside of any.
        agent: Its agent; "" outside of any agent's stream.
        model: The resolved model; of a call that was turned away, the pool that was in the way.
        requested_model: The model's name as it was sent.
        provider: Whose model.
        account: The user's name of the account, or a fingerprint of its key.
        endpoint: Host of the base URL when it is not the provider's own.
        number: The call's number in its process.
        attempt: 1 for the first time that it left; 0 of a call that was turned away.
        waited: Seconds for which it was held.
        seconds: From when it left to the end of its answer.
        status: HTTP status; 0 if no answer came.
        outcome: ``answered``, ``refused``, ``failed`` or ``turned away``.
        tokens: What it took; None if the provider did not say.
        cost: Micro-dollars, exact; None if it is not known.
        parts: How the cost comes about; empty if the provider itself named it.
        source: Whose prices these are; "" if the cost is not known.
        dated: When these prices were seen, YYYY-MM-DD; "" if that is not known.
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
    """One run.

    Attributes:
        name: Its name.
        file: The team's file, absolute; "" if there is none.
        started: Seconds since the epoch.
        log_dir: Where MassGen keeps its logs, absolute; "" if that is not known.
    """

    name: str
    file: str
    started: float
    log_dir: str


@dataclass(frozen=True, slots=True)
class Question:
    """Which calls; what is None is not asked.

    Attributes:
        since: At or after this moment, in seconds since the epoch.
        until: Before this moment.
        run: Of this run.
        agent: Of this agent.
        model: Of this resolved model, or of what was sent as its name.
        provider: Of this provider.
        account: Of this account.
        file: Of runs of this team's file: its absolute path, or its bare name.
        outcome: With this outcome.
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
    """What some calls sum up to.

    Attributes:
        key: The group: dimension to value, such as ``{"agent": "a"}``.
        calls: Attempts that left.
        answered: How many of them were answered.
        refused: How many the provider refused.
        failed: How many had no usable answer.
        turned_away: Calls that we refused; not among ``calls``.
        runs: Different runs among them.
        waited: Seconds for which they were held, all together.
        longest_wait: The longest of these.
        seconds: From leaving to the end of the answer, all together.
        tokens: The sum of what is known.
        cost: Micro-dollars, exact, of the calls whose cost is known.
        unknown: Calls whose cost is not known.
        unsaid: Those of them whose answers did not say what they took; of the others nobody knows the price.
        first: When the first one left.
        last: When the last one left.
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
