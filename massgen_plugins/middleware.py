"""What a plugin sees of a model call, and what it can do about it."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from massgen_plugins.quota import Amounts, Charge, Domain, Pool, Window

__all__ = [
    "Action",
    "Announced",
    "CallOutcome",
    "Middleware",
    "ModelCall",
    "Refusal",
    "RefusalKind",
    "StatedLimit",
    "Usage",
]


_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class ModelCall:
    """One HTTP request to a model, before it leaves. Compared and hashed by identity.

    Attributes:
        domain: Where it is booked: provider, account, endpoint.
        pools: Names of all pools that it books in, its model's own first; the account's is implied.
        model: The resolved model, for people and for prices.
        requested_model: The model's name as it was sent.
        charges: What it books in each pool, by kind.
        agent_id: Name of the agent in whose stream it happens; None outside of any stream.
        run: Names one MassGen run in this process; agents of one run share it.
        urgent: Whether the caller blocks an event loop while it waits (a synchronous call).
        repeatable: Whether the request can be sent a second time.
        max_output: The bound on output tokens that was sent with it; None if none was.
        number: Unique in this process.
        opened: When it was made, in seconds of the monotonic clock.
    """

    domain: Domain
    pools: tuple[str, ...]
    model: str
    requested_model: str
    charges: Mapping[str, Charge]
    agent_id: str | None = None
    run: str = ""
    urgent: bool = False
    repeatable: bool = True
    max_output: int | None = None
    number: int = field(default_factory=_numbers.__next__)
    opened: float = field(default_factory=time.monotonic)

    @property
    def pool(self) -> Pool:
        """Its model's own pool."""
        return Pool(self.domain, self.pools[0])

    def __post_init__(self) -> None:
        # Everybody in the chain is handed the same object: nobody may change what others see.
        object.__setattr__(self, "charges", MappingProxyType(dict(self.charges)))


class RefusalKind(StrEnum):
    """What a provider's "no" means, and so what helps against it."""

    WINDOW = "window"
    """A limit with a short window is used up: wait for the hint, adopt a stated lower limit."""
    UNTIL = "until"
    """A limit is used up until a moment: ``until``, ``retry_after``, or the stated calendar window's end."""
    CALL = "call"
    """This call can never pass, such as one request larger than a limit; it says nothing of other calls."""
    PERMANENT = "permanent"
    """Waiting never helps: no access, no credit, no such model."""
    OVERLOAD = "overload"
    """The server is busy or says nothing more: back off, recover gradually."""


@dataclass(frozen=True, slots=True)
class StatedLimit:
    """A limit that a provider names in a refusal.

    Attributes:
        kind: What it counts.
        window: Over which time.
        amount: The limit as the provider states it; None if it does not.
    """

    kind: str
    window: Window
    amount: int | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A provider's "no", read.

    Attributes:
        kind: What helps against it.
        pool: The pool of which it speaks: a name, or ``quota.ACCOUNT_POOL``; None: the model's own.
            A pool that the call did not book in (another bucket than its name says) is booked from now on.
        retry_after: Seconds after which the provider invites to come again; None if it does not say.
        until: The moment up to which it refuses, in seconds since the epoch; None if it does not say.
        limits: The limits that it names as violated, if any.
        advice: One sentence for the user, what is wrong and what to do; needed for PERMANENT and CALL.
        quote: The provider's own words, at most 200 characters; see ``providers.text.quoted``.
    """

    kind: RefusalKind
    pool: str | None = None
    retry_after: float | None = None
    until: float | None = None
    limits: Sequence[StatedLimit] = ()
    advice: str = ""
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Announced:
    """What an answer's headers say of one limit.

    Attributes:
        kind: What it counts.
        window: Over which time; None if the provider does not say: a known limit of this kind is meant.
        limit: Its amount; None if unsaid.
        remaining: What is left of it, as the server counts; negative when it is overdrawn; None if unsaid.
        resets_in: Seconds until all (of a bucket: or the next part) of it is free again; None if unsaid.
        pool: The pool of which it speaks; None: the model's own.
    """

    kind: str
    window: Window | None = None
    limit: int | None = None
    remaining: int | None = None
    resets_in: float | None = None
    pool: str | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What a provider reports that a call took.

    Attributes:
        amounts: By kind, as its limits count them.
        raw: The provider's own breakdown, by its own names (such as ``cached_tokens``), for prices.
        cost: Millionths of a US dollar, fractions included, when the provider itself says so; None if it
            does not.
    """

    amounts: Amounts
    raw: Amounts = field(default_factory=dict)
    cost: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "amounts", MappingProxyType(dict(self.amounts)))
        object.__setattr__(self, "raw", MappingProxyType(dict(self.raw)))


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """The answer's beginning: its status, and what the provider read in it.

    Attributes:
        status: HTTP status; 0 if no answer came.
        refusal: The "no" in it: of a status, of an error body, or of an early event of a 200 stream.
        sent: Whether the request was written to the network at all.
        headers: Lower-case names to values; only names that speak of quotas, and ``date``.
        announced: What the provider read in its headers.
    """

    status: int
    refusal: Refusal | None = None
    sent: bool = True
    headers: Mapping[str, str] = field(default_factory=dict)
    announced: Sequence[Announced] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "headers", MappingProxyType(dict(self.headers)))


class Action(StrEnum):
    """What a middleware wants done with an answer."""

    PASS = "pass"  # noqa: S105 - not a password
    SEND_AGAIN = "send_again"


class Middleware:
    """Base of all middleware: override what you need; every method may be called from any event loop.

    One attempt's methods are called in this order: ``before_call``, ``on_written``, ``after_call``,
    ``on_usage`` and ``on_late_refusal`` any number of times, ``on_finished`` always and once if
    ``before_call`` returned. When the call is sent again it starts over at ``before_call`` with the same
    :class:`ModelCall`.
    """

    def model_for(self, agent_id: str, run: str, model: str) -> str | None:  # noqa: ARG002 - to override
        """Asked when a turn of an agent begins: another model for it than its own; None leaves that."""
        return None

    async def before_call(self, call: ModelCall) -> None:
        """Runs before the request leaves; may wait.

        Raises:
            CallRefused: The request must not leave; the agent's turn ends with the message.
        """

    def on_written(self, call: ModelCall) -> None:
        """The request is being written to the network: from now on the server may count it."""

    async def after_call(self, call: ModelCall, outcome: CallOutcome) -> Action:  # noqa: ARG002 - to override
        """Runs when the answer's beginning is here, or when none came.

        Returns:
            ``SEND_AGAIN`` to have the answer discarded and the call sent again after another
            ``before_call``; never asked for when ``call.repeatable`` is False.

        Raises:
            CallRefused: The answer is a refusal that nothing can cure.
        """
        return Action.PASS

    def on_usage(self, call: ModelCall, usage: Usage) -> None:
        """The provider reported what the call took so far; the last report is the true one."""

    def on_late_refusal(self, call: ModelCall, refusal: Refusal) -> None:
        """A refusal came in the middle of an answer that was passed on already: learn from it."""

    def on_finished(self, call: ModelCall) -> None:
        """This attempt is over: its answer has been read, closed or discarded, or it failed."""
