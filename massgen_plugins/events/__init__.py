"""What happened, as values; plugins hear of it through the hook ``massgen_event``.

None carries a key, a prompt or an answer. Events of one call carry its number, which is unique in the
process; agent and run are None and "" outside of any agent's stream. Spans are seconds, moments seconds since
the epoch.
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
        pool: Whose quota it is.
        agent_id: Whose call it is; None outside of any agent's stream.
        seconds: How long it will take, estimated from below.
        place: How many calls of the same event loop go before it.
        message: The same in one sentence.
        run: The MassGen run in this process.
        call: The call's number.
        limit: What is waited for, such as ``9 requests per minute``; "" if it is no limit.
        reason: Why: ``limit``, ``pause`` after a refusal, ``startup``, ``until`` (a spent day),
            ``paused`` (by the user), and others.
        again: Whether this wait was told before: the estimate has changed by more than two seconds.
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
    """Whoever waited for a call does so no longer: it was cancelled, and takes nothing of its quota.

    Attributes:
        pool: Its model's own.
        agent_id: Whose call it was.
        run: The MassGen run in this process.
        call: The call's number.
    """

    pool: Pool
    agent_id: str | None
    run: str
    call: int


@dataclass(frozen=True, slots=True)
class CallAdmitted:
    """A call has passed every middleware and may leave.

    Attributes:
        pool: Its model's own.
        agent_id: Whose call it is.
        run: The MassGen run in this process.
        call: The call's number.
        waited: Seconds for which all middleware together held this attempt.
        attempt: 1 for the first time that the request leaves.
    """

    pool: Pool
    agent_id: str | None
    run: str
    call: int
    waited: float
    attempt: int


@dataclass(frozen=True, slots=True)
class CallAnswered:
    """The beginning of an answer is here.

    Attributes:
        pool: Its model's own.
        agent_id: Whose call it is.
        run: The MassGen run in this process.
        call: The call's number.
        status: HTTP status; 0 if no answer came.
        seconds: From the admission to the headers.
    """

    pool: Pool
    agent_id: str | None
    run: str
    call: int
    status: int
    seconds: float


@dataclass(frozen=True, slots=True)
class CallSettled:
    """An attempt is over, and what it took is known as far as the provider says it.

    Attributes:
        pool: Its model's own.
        agent_id: Whose call it is.
        run: The MassGen run in this process.
        call: The call's number.
        attempt: 1 for the first time that the request left.
        model: The resolved model.
        requested_model: The model's name as it was sent.
        admitted: When it left, in seconds since the epoch.
        waited: Seconds for which all middleware together held this attempt.
        seconds: From the admission to the end of the answer.
        status: HTTP status; 0 if no answer came.
        outcome: ``answered``, ``refused`` (by the provider) or ``failed`` (no usable answer).
        amounts: What the provider reported, by kind, as its limits count it; empty if it did not.
        raw: The provider's own breakdown, by its own names, for prices.
        cost: Millionths of a US dollar, fractions included, when the provider itself says so; None if it
            does not.
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
    """A provider answered "no"; the call waits and is sent again if that can help.

    Attributes:
        pool: Whose quota it was.
        kind: ``window``, ``until``, ``call``, ``permanent`` or ``overload``.
        retry_after: Seconds after which the provider invites to come again; None if it did not say.
        agent_id: Whose call it was.
        run: The MassGen run in this process.
        call: The call's number.
        limits: The limits that it named, such as ``9 requests per minute``.
        quote: The provider's own words, at most 200 characters.
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
    """A provider named a lower limit than ours; it holds from now on, for everybody.

    Attributes:
        pool: Whose limit it is.
        message: The same in one sentence.
        limits: The limits that it named, such as ``9 requests per minute``.
    """

    pool: Pool
    message: str
    limits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PenaltyStarted:
    """After a refusal, no call of a pool leaves for a while.

    Attributes:
        pool: Which pool.
        seconds: How long.
        kind: The kind of the refusal.
    """

    pool: Pool
    seconds: float
    kind: str


@dataclass(frozen=True, slots=True)
class CallTurnedAway:
    """We refused a call, since no wait within its bounds would help; its agent's turn ends.

    Attributes:
        pool: Whose quota, or budget, is in the way.
        agent_id: Whose call it was.
        message: Why, and what to do, in one or two sentences.
        run: The MassGen run in this process.
        call: The call's number.
        resets_at: When it may pass, in seconds since the epoch; None if that is not known.
    """

    pool: Pool
    agent_id: str | None
    message: str
    run: str = ""
    call: int = 0
    resets_at: float | None = None


@dataclass(frozen=True, slots=True)
class StoreChanged:
    """The shared store has failed, or works again; limiting goes on in memory in between.

    Attributes:
        working: Whether it works now.
        message: What happened, and what to do, in one or two sentences.
    """

    working: bool
    message: str


@dataclass(frozen=True, slots=True)
class LimitsChanged:
    """Other limits hold in a pool from now on.

    Attributes:
        pool: Which pool.
        before: What held, such as ``9 requests per minute``; ``paused`` is one of them.
        after: What holds now.
        origin: Where the new ones come from: a file, a profile's name, ``steering``, or the provider.
        by: Who changed them, if it was somebody at the command line.
    """

    pool: Pool
    before: tuple[str, ...]
    after: tuple[str, ...]
    origin: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class BudgetMark:
    """So much of a budget is spent; once for each mark of the settings, in each process.

    Attributes:
        pool: The budget's.
        budget: Its name: ``run``, ``day``, ``month``, ``agents.NAME``, ``accounts.NAME.day``.
        percent: The mark.
        spent: Millionths of a US dollar.
        amount: The budget, in millionths of a US dollar.
        message: The same in one sentence.
        agent_id: Whose call reached it; None outside of any agent's stream.
        run: The MassGen run in this process.
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
    """An agent goes on with another model than its configuration names, as the settings of its budget say.

    Attributes:
        agent_id: Which agent.
        run: The MassGen run in this process.
        before: The model of its configuration.
        after: The model from now on; the same as ``before`` when it goes back to that.
        message: The same in one sentence, with the reason.
    """

    agent_id: str
    run: str
    before: str
    after: str
    message: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something of ours does not work as it should; the run goes on.

    Attributes:
        message: What, and what to do, in one or two sentences.
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
