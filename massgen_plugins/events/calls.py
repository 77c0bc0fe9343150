"""What happens to a call: it waits, is admitted, answered and settled, or is turned away or given up."""

from __future__ import annotations

from dataclasses import dataclass, field

from massgen_plugins.quota import Amounts, Pool

__all__ = ["CallAdmitted", "CallAnswered", "CallGivenUp", "CallSettled", "CallTurnedAway", "CallWaits"]


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
