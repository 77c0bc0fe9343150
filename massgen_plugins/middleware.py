"""The middleware API: model calls, their outcomes, and the base class of middleware."""

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
    """One HTTP request to a model, before it is sent. Compared and hashed by identity.

    Attributes:
        domain: Where it is booked: provider, account, endpoint.
        pools: Names of the pools it books in, its model's own first; the account's is implied.
        model: The resolved model, for display and prices.
        requested_model: The model's name as sent.
        charges: What it books in each pool, by kind.
        agent_id: The agent that makes the call; None outside of any agent's stream.
        run: Identifies the MassGen run within this process.
        urgent: Whether the caller blocks an event loop while waiting (a synchronous call).
        repeatable: Whether the request can be sent again.
        max_output: The request's limit on output tokens; None if it sets none.
        number: Unique within this process.
        opened: Creation time, in seconds of the monotonic clock.
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
        # Read-only, since all middleware share one object.
        object.__setattr__(self, "charges", MappingProxyType(dict(self.charges)))


class RefusalKind(StrEnum):
    """The kind of a provider's refusal, which determines the reaction."""

    WINDOW = "window"
    """A limit with a short window is exhausted: wait as advised, adopt a lower limit if stated."""
    UNTIL = "until"
    """A limit is exhausted until ``until``, ``retry_after``, or the end of the stated calendar window."""
    CALL = "call"
    """This call can never succeed, such as a request larger than a limit; other calls are unaffected."""
    PERMANENT = "permanent"
    """Waiting does not help: no access, no credit, unknown model."""
    OVERLOAD = "overload"
    """The server is overloaded or gives no details: back off, recover gradually."""


@dataclass(frozen=True, slots=True)
class StatedLimit:
    """A limit that a provider states in a refusal.

    Attributes:
        kind: What it counts.
        window: The window it applies to.
        amount: The stated amount; None if the provider states none.
    """

    kind: str
    window: Window
    amount: int | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A parsed refusal of a provider.

    Attributes:
        kind: Determines the reaction.
        pool: The pool it applies to: a name, or ``quota.ACCOUNT_POOL``; None for the model's own. If the
            call did not book in that pool, later calls of this model do.
        retry_after: Seconds after which the provider allows a retry; None if it does not say.
        until: When the refusal ends, in seconds since the epoch; None if the provider does not say.
        limits: The limits stated as exceeded, if any.
        advice: One sentence for the user: the problem and the fix. Required for PERMANENT and CALL.
        quote: The provider's message, at most 200 characters; see ``providers.text.quoted``.
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
    """The state of one limit as announced in an answer's headers. None: not announced.

    Attributes:
        kind: What it counts.
        window: The window it applies to; None: that of a known limit of this kind.
        limit: Its amount.
        remaining: What the server has left; negative if overdrawn.
        resets_in: Seconds until it is fully available again; for a bucket, possibly until the next refill.
        pool: The pool it belongs to; None for the model's own.
    """

    kind: str
    window: Window | None = None
    limit: int | None = None
    remaining: int | None = None
    resets_in: float | None = None
    pool: str | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """A call's usage as reported by the provider.

    Attributes:
        amounts: By kind, as the provider's limits count them.
        raw: The provider's breakdown under its own names (such as ``cached_tokens``), for prices.
        cost: Millionths of a US dollar, possibly fractional; None if the provider does not report it.
    """

    amounts: Amounts
    raw: Amounts = field(default_factory=dict)
    cost: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "amounts", MappingProxyType(dict(self.amounts)))
        object.__setattr__(self, "raw", MappingProxyType(dict(self.raw)))


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """The start of an answer: its status, and what the provider read from it.

    Attributes:
        status: HTTP status; 0 if there was no answer.
        refusal: The refusal in the status, the error body, or an early event of a 200 stream, if any.
        sent: Whether any of the request was written to the network.
        headers: Values by lower-case name; only ``date`` and headers about quotas.
        announced: The limits announced in the headers.
    """

    status: int
    refusal: Refusal | None = None
    sent: bool = True
    headers: Mapping[str, str] = field(default_factory=dict)
    announced: Sequence[Announced] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "headers", MappingProxyType(dict(self.headers)))


class Action(StrEnum):
    """What to do with an answer."""

    PASS = "pass"  # noqa: S105 - not a password
    SEND_AGAIN = "send_again"


class Middleware:
    """Base class of middleware. Override what you need; methods may be called from any event loop.

    Order of calls for one attempt: ``before_call``, ``on_written``, ``after_call``, any number of
    ``on_usage`` and ``on_late_refusal``, then ``on_finished`` exactly once, provided that ``before_call``
    returned. A call that is sent again starts over at ``before_call`` with the same :class:`ModelCall`.
    """

    def model_for(self, agent_id: str, run: str, model: str) -> str | None:  # noqa: ARG002 - to override
        """Called when an agent's turn begins; return a model to replace ``model``, or None to keep it."""
        return None

    async def before_call(self, call: ModelCall) -> None:
        """Called before the request is sent; may wait.

        Raises:
            CallRefused: Do not send the request; the agent's turn ends with this message.
        """

    def on_written(self, call: ModelCall) -> None:
        """Called when the request is about to be written: from now on the server may count it."""

    async def after_call(self, call: ModelCall, outcome: CallOutcome) -> Action:  # noqa: ARG002 - to override
        """Called when the start of the answer has arrived, or when the request failed without one.

        Returns:
            ``SEND_AGAIN`` to discard the answer and send the call again after another ``before_call``;
            do not return it if ``call.repeatable`` is False.

        Raises:
            CallRefused: The answer is a refusal that retrying cannot fix.
        """
        return Action.PASS

    def on_usage(self, call: ModelCall, usage: Usage) -> None:
        """Called when the provider reports the call's usage so far; the last report is final."""

    def on_late_refusal(self, call: ModelCall, refusal: Refusal) -> None:
        """Called for a refusal inside an answer that has already been passed on to the client."""

    def on_finished(self, call: ModelCall) -> None:
        """Called when the attempt is over: its answer was read, closed or discarded, or it failed."""
