"""What a plugin sees of a model call, and the chain through which every call passes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from massgen_plugins.errors import CallRefused
from massgen_plugins.interrupts import ends_the_run
from massgen_plugins.quota import Amounts, Kind, Scope

__all__ = [
    "Action",
    "CallOutcome",
    "Chain",
    "Middleware",
    "ModelCall",
    "Refusal",
    "RefusalKind",
    "StatedLimit",
]


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class ModelCall:
    """One HTTP request to a model, before it leaves. Compared and hashed by identity.

    Attributes:
        scope: The quota on which the provider books it.
        requested_model: The model's name as it was sent.
        estimate: Upper bounds of what it will take, by kind; one request, and its input tokens.
        agent_id: Name of the agent in whose stream it happens; None outside of any stream.
        run: Names one MassGen run in this process; agents of one run share it.
        urgent: Whether the caller blocks an event loop while it waits (a synchronous call).
        repeatable: Whether the request can be sent a second time.
    """

    scope: Scope
    requested_model: str
    estimate: Amounts
    agent_id: str | None = None
    run: str = ""
    urgent: bool = False
    repeatable: bool = True

    def __post_init__(self) -> None:
        # Everybody in the chain is handed the same object: nobody may change what others see.
        object.__setattr__(self, "estimate", MappingProxyType(dict(self.estimate)))


class RefusalKind(StrEnum):
    """What a provider's "no" means, and so what helps against it."""

    MINUTE = "minute"
    """A limit with a short window is used up: wait for the hint, adopt a stated lower limit."""
    DAY = "day"
    """The day's limit is used up: until the next reset in its zone."""
    PERMANENT = "permanent"
    """Waiting never helps: no access, no credit, or one request larger than the limit."""
    OVERLOAD = "overload"
    """The server is busy or says nothing more: back off, recover gradually."""


@dataclass(frozen=True, slots=True)
class StatedLimit:
    """A limit that a provider names in a refusal.

    Attributes:
        kind: What it counts.
        per_day: True for a day's limit, False for a minute's.
        amount: The limit as the provider states it; None if it does not.
    """

    kind: Kind
    per_day: bool
    amount: int | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A provider's "no", read.

    Attributes:
        kind: What helps against it.
        retry_after: Seconds after which the provider invites to come again; None if it does not say.
        limits: The limits that it names as violated, if any.
        advice: For PERMANENT: one sentence for the user, what is wrong and what to do.
    """

    kind: RefusalKind
    retry_after: float | None = None
    limits: Sequence[StatedLimit] = ()
    advice: str = ""


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """The answer's beginning: its status, and what the provider read in it.

    Attributes:
        status: HTTP status; 0 if no answer came.
        refusal: The "no" in it, of a status, of an error body, or of the first event of a 200 stream.
        sent: Whether the request was written to the network at all.
        headers: Lower-case names to values; only names that speak of quotas, and ``date``.
    """

    status: int
    refusal: Refusal | None = None
    sent: bool = True
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "headers", MappingProxyType(dict(self.headers)))


class Action(StrEnum):
    """What a middleware wants done with an answer."""

    PASS = "pass"  # noqa: S105 - not a password
    SEND_AGAIN = "send_again"


class Middleware:
    """Base of all middleware: override what you need; every method may be called from any event loop.

    One call's methods are called in this order: ``before_call``, ``on_written``, ``after_call``,
    ``on_usage`` any number of times. When the call is sent again it starts over at ``before_call``
    with the same :class:`ModelCall`.
    """

    async def before_call(self, call: ModelCall) -> None:
        """Runs before the request leaves; may wait.

        Raises:
            CallRefused: The request must not leave; the agent's turn ends with the message.
        """

    def on_written(self, call: ModelCall) -> None:
        """The request is being written to the network: from now on the server may count it."""

    async def after_call(self, call: ModelCall, outcome: CallOutcome) -> Action:  # noqa: ARG002 - to override
        """Runs when the answer's headers (and of a stream the first event) are here, or when none came.

        Returns:
            ``SEND_AGAIN`` to have the answer discarded and the call sent again after another
            ``before_call``; never asked for when ``call.repeatable`` is False.

        Raises:
            CallRefused: The answer is a refusal that nothing can cure.
        """
        return Action.PASS

    def on_usage(self, call: ModelCall, usage: Amounts) -> None:
        """The provider reported what the call took; the last report is the true one."""


class Chain:
    """All middleware in order: ``before_call`` first to last, everything after it last to first.

    Args:
        middleware: Outermost first.
        fault: Told of a method of a middleware that failed, and with what; the others go on, so that one
            plugin's fault does not switch the limiter off. Without it, failures are raised.
    """

    def __init__(
        self, middleware: Sequence[Middleware], fault: Callable[[str, BaseException], None] | None = None
    ) -> None:
        self._forward = tuple(middleware)
        self._backward = tuple(reversed(self._forward))
        self._fault = fault

    async def before_call(self, call: ModelCall) -> None:
        """Let every middleware delay or refuse the call; those already passed learn of a refusal."""
        passed: list[Middleware] = []
        try:
            for middleware in self._forward:
                with self._guarded(middleware, "before_call"):
                    await middleware.before_call(call)
                    passed.append(middleware)
        except BaseException:
            for middleware in reversed(passed):
                with self._guarded(middleware, "after_call"):
                    await middleware.after_call(call, CallOutcome(status=0, sent=False))
            raise

    def on_written(self, call: ModelCall) -> None:
        """Tell every middleware that the request is on its way."""
        for middleware in self._forward:
            with self._guarded(middleware, "on_written"):
                middleware.on_written(call)

    async def after_call(self, call: ModelCall, outcome: CallOutcome) -> Action:
        """Let every middleware see the answer; one that wants the call sent again is enough.

        Raises:
            CallRefused: The first that was raised, after all have seen the answer.
        """
        action = Action.PASS
        refused: CallRefused | None = None
        for middleware in self._backward:
            try:
                with self._guarded(middleware, "after_call"):
                    if await middleware.after_call(call, outcome) is Action.SEND_AGAIN:
                        action = Action.SEND_AGAIN
            except CallRefused as error:
                refused = refused or error
        if refused is not None:
            raise refused
        return action

    def on_usage(self, call: ModelCall, usage: Amounts) -> None:
        """Tell every middleware what the provider reported."""
        usage = MappingProxyType(dict(usage))
        for middleware in self._backward:
            with self._guarded(middleware, "on_usage"):
                middleware.on_usage(call, usage)

    @contextmanager
    def _guarded(self, middleware: Middleware, method: str) -> Iterator[None]:
        try:
            yield
        except CallRefused:
            raise
        except BaseException as error:
            if self._fault is None or ends_the_run(error):
                raise
            self._fault(f"{type(middleware).__name__}.{method}", error)
