"""Events, delivered to plugins through the hook ``massgen_event``.

No event contains a key, a prompt or an answer. Events of one call share its number, which is unique within
the process. Outside of any agent's stream, ``agent_id`` is None and ``run`` is "". Durations are in seconds,
points in time in seconds since the epoch.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from massgen_plugins.quota import Amounts, Pool

__all__ = [
    "BudgetMark",
    "CallAdmitted",
    "CallAnswered",
    "CallGivenUp",
    "CallSettled",
    "CallTurnedAway",
    "CallWaits",
    "Event",
    "LimitLearned",
    "LimitsChanged",
    "ModelReplaced",
    "PenaltyStarted",
    "ProviderRefused",
    "StoreChanged",
    "Trouble",
]


@dataclass(frozen=True, slots=True)
class CallWaits:
    """A call has to wait for its quota.

    Attributes:
        pool: The pool whose quota it waits for.
        agent_id: The calling agent; None outside of any agent's stream.
        seconds: Expected wait; a lower bound.
        place: Number of calls of the same event loop ahead of it.
        message: The same in one sentence.
        run: The MassGen run within this process.
        call: The call's number.
        limit: The limit it waits for, such as ``9 requests per minute``; "" if it waits for another reason.
        reason: Why it waits: ``limit``, ``pause`` (after a refusal), ``startup``, ``until`` (a day used up),
            ``paused`` (by the user), and others.
        again: Whether this updates an earlier event: the estimate has changed by more than two seconds.
    """

    pool: Pool
    agent_id: str | None
    seconds: float
    place: int
    message: str
    run: str = ""
    call: int = 0
    limit: str = ""
    reason: str = ""
    again: bool = False


@dataclass(frozen=True, slots=True)
class CallGivenUp:
    """A waiting call was cancelled; it uses none of its quota.

    Attributes:
        pool: Its model's own pool.
        agent_id: The calling agent.
        run: The MassGen run within this process.
        call: The call's number.
    """

    pool: Pool
    agent_id: str | None
    run: str
    call: int


@dataclass(frozen=True, slots=True)
class CallAdmitted:
    """A call has passed all middleware and may be sent.

    Attributes:
        pool: Its model's own pool.
        agent_id: The calling agent.
        run: The MassGen run within this process.
        call: The call's number.
        waited: Seconds that this attempt spent in all middleware.
        attempt: 1 for the first attempt.
    """

    pool: Pool
    agent_id: str | None
    run: str
    call: int
    waited: float
    attempt: int


@dataclass(frozen=True, slots=True)
class CallAnswered:
    """The start of an answer has arrived, or the request failed without one.

    Attributes:
        pool: Its model's own pool.
        agent_id: The calling agent.
        run: The MassGen run within this process.
        call: The call's number.
        status: HTTP status; 0 if there was no answer.
        seconds: Time from the admission to the headers.
    """

    pool: Pool
    agent_id: str | None
    run: str
    call: int
    status: int
    seconds: float


@dataclass(frozen=True, slots=True)
class CallSettled:
    """An attempt is over, and its usage is known as far as the provider reports it.

    Attributes:
        pool: Its model's own pool.
        agent_id: The calling agent.
        run: The MassGen run within this process.
        call: The call's number.
        attempt: 1 for the first attempt.
        model: The resolved model.
        requested_model: The model's name as sent.
        admitted: When it was admitted, in seconds since the epoch.
        waited: Seconds that this attempt spent in all middleware.
        seconds: Time from the admission to the end of the answer.
        status: HTTP status; 0 if there was no answer.
        outcome: ``answered``, ``refused`` (by the provider) or ``failed`` (no usable answer).
        amounts: Reported usage by kind, as the provider's limits count it; empty if none was reported.
        raw: The provider's breakdown under its own names, for prices.
        cost: Millionths of a US dollar, possibly fractional; None if the provider does not report it.
    """

    pool: Pool
    agent_id: str | None
    run: str
    call: int
    attempt: int
    model: str
    requested_model: str
    admitted: float
    waited: float
    seconds: float
    status: int
    outcome: str
    amounts: Amounts = field(default_factory=dict)
    raw: Amounts = field(default_factory=dict)
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class ProviderRefused:
    """A provider refused a call; it is sent again later if that can help.

    Attributes:
        pool: The pool that the refusal applies to.
        kind: ``window``, ``until``, ``call``, ``permanent`` or ``overload``.
        retry_after: Seconds after which the provider allows a retry; None if it did not say.
        agent_id: The calling agent.
        run: The MassGen run within this process.
        call: The call's number.
        limits: The limits that the provider stated, such as ``9 requests per minute``.
        quote: The provider's message, at most 200 characters.
    """

    pool: Pool
    kind: str
    retry_after: float | None
    agent_id: str | None = None
    run: str = ""
    call: int = 0
    limits: tuple[str, ...] = ()
    quote: str = ""


@dataclass(frozen=True, slots=True)
class LimitLearned:
    """A provider stated a lower limit than the profile; it applies to all calls from now on.

    Attributes:
        pool: The pool that the limit belongs to.
        message: The same in one sentence.
        limits: The limits that the provider stated, such as ``9 requests per minute``.
    """

    pool: Pool
    message: str
    limits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PenaltyStarted:
    """All calls of a pool pause after a refusal.

    Attributes:
        pool: The paused pool.
        seconds: Duration of the pause.
        kind: Kind of the refusal.
    """

    pool: Pool
    seconds: float
    kind: str


@dataclass(frozen=True, slots=True)
class CallTurnedAway:
    """The plugin refused a call, since waiting within its limits would not help; the agent's turn ends.

    Attributes:
        pool: The quota or budget that blocks the call.
        agent_id: The calling agent.
        message: The reason and the fix, in one or two sentences.
        run: The MassGen run within this process.
        call: The call's number.
        resets_at: When the call can pass, in seconds since the epoch; None if unknown.
    """

    pool: Pool
    agent_id: str | None
    message: str
    run: str = ""
    call: int = 0
    resets_at: float | None = None


@dataclass(frozen=True, slots=True)
class StoreChanged:
    """The shared store has failed or recovered; in between, limits are kept in memory.

    Attributes:
        working: Whether it works now.
        message: The problem and the fix, in one or two sentences.
    """

    working: bool
    message: str


@dataclass(frozen=True, slots=True)
class LimitsChanged:
    """The limits of a pool have changed.

    Attributes:
        pool: The pool.
        before: The previous limits, such as ``9 requests per minute``, or ``paused``.
        after: The new limits.
        origin: Source of the new limits: a file, a profile's name, ``steering``, or the provider.
        by: The user who changed them at the command line, if any.
    """

    pool: Pool
    before: tuple[str, ...]
    after: tuple[str, ...]
    origin: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class BudgetMark:
    """Spending has reached a percentage of a budget set for warnings; emitted once per mark and process.

    Attributes:
        pool: The budget's pool.
        budget: Its name: ``run``, ``day``, ``month``, ``agents.NAME``, ``accounts.NAME.day``.
        percent: The mark.
        spent: Millionths of a US dollar.
        amount: The budget, in millionths of a US dollar.
        message: The same in one sentence.
        agent_id: The agent whose call reached the mark; None outside of any agent's stream.
        run: The MassGen run within this process.
    """

    pool: Pool
    budget: str
    percent: int
    spent: int
    amount: int
    message: str
    agent_id: str | None = None
    run: str = ""


@dataclass(frozen=True, slots=True)
class ModelReplaced:
    """An agent continues with a different model than configured, as its budget settings demand.

    Attributes:
        agent_id: The agent.
        run: The MassGen run within this process.
        before: The configured model.
        after: The model from now on; equal to ``before`` when the agent returns to it.
        message: The same in one sentence, with the reason.
    """

    agent_id: str
    run: str
    before: str
    after: str
    message: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """A problem of this plugin; the run continues.

    Attributes:
        message: The problem and the fix, in one or two sentences.
    """

    message: str


Event: TypeAlias = (
    CallWaits
    | CallGivenUp
    | CallAdmitted
    | CallAnswered
    | CallSettled
    | ProviderRefused
    | LimitLearned
    | PenaltyStarted
    | CallTurnedAway
    | StoreChanged
    | LimitsChanged
    | BudgetMark
    | ModelReplaced
    | Trouble
)
