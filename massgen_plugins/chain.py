"""The chain of middleware that every call passes: first to last before it leaves, then last to first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from massgen_plugins.errors import CallRefused
from massgen_plugins.interrupts import ends_the_run
from massgen_plugins.middleware import Action, CallOutcome, Middleware, ModelCall, Refusal, Usage

__all__ = ["Chain"]

_Methods: TypeAlias = Sequence[tuple[str, Callable[..., Any]]]
"""Methods of middleware, each with its name for reports of faults."""


class Chain:
    """All middleware in order.

    Args:
        middleware: Outermost first.
        fault: Told of a method of a middleware that failed, and with what; the others go on, so that one
            plugin's fault does not switch the limiter off. Without it, failures are raised.
    """

    def __init__(
        self, middleware: Sequence[Middleware], fault: Callable[[str, BaseException], None] | None = None
    ) -> None:
        self._middleware = tuple(middleware)
        self._fault = fault
        backward = self._middleware[::-1]
        self._model_for = _overridden(self._middleware, "model_for")
        self._on_written = _overridden(self._middleware, "on_written")
        self._after_call = _overridden(backward, "after_call")
        self._on_usage = _overridden(backward, "on_usage")
        self._on_late_refusal = _overridden(backward, "on_late_refusal")
        self._on_finished = _overridden(backward, "on_finished")

    def model_for(self, agent_id: str, run: str, model: str) -> str | None:
        """Another model for a turn that begins; the first that a middleware names."""
        for name, method in self._model_for:
            try:
                other: str | None = method(agent_id, run, model)
            except BaseException as error:
                self._failed(name, error)
            else:
                if other is not None:
                    return other
        return None

    async def before_call(self, call: ModelCall) -> None:
        """Let every middleware delay or refuse the call; those already passed learn of a refusal."""
        passed: list[Middleware] = []
        try:
            for middleware in self._middleware:
                try:
                    await middleware.before_call(call)
                except BaseException as error:
                    self._failed(f"{type(middleware).__name__}.before_call", error)
                else:
                    passed.append(middleware)
        except BaseException:
            unsent = Chain(passed, self._fault)
            await unsent.after_call(call, CallOutcome(status=0, sent=False))
            unsent.on_finished(call)
            raise

    def on_written(self, call: ModelCall) -> None:
        """Tell every middleware that the request is on its way."""
        self._tell(self._on_written, call)

    async def after_call(self, call: ModelCall, outcome: CallOutcome) -> Action:
        """Let every middleware see the answer; one that wants the call sent again is enough.

        Raises:
            CallRefused: The first that was raised, after all have seen the answer.
        """
        action = Action.PASS
        refused: CallRefused | None = None
        for name, method in self._after_call:
            try:
                if await method(call, outcome) is Action.SEND_AGAIN:
                    action = Action.SEND_AGAIN
            except CallRefused as error:
                refused = refused or error
            except BaseException as error:
                self._failed(name, error)
        if refused is not None:
            raise refused
        return action

    def on_usage(self, call: ModelCall, usage: Usage) -> None:
        """Tell every middleware what the provider reported."""
        self._tell(self._on_usage, call, usage)

    def on_late_refusal(self, call: ModelCall, refusal: Refusal) -> None:
        """Tell every middleware of a refusal in the middle of an answer."""
        self._tell(self._on_late_refusal, call, refusal)

    def on_finished(self, call: ModelCall) -> None:
        """Tell every middleware that the attempt is over."""
        self._tell(self._on_finished, call)

    def _tell(self, methods: _Methods, *what: object) -> None:
        for name, method in methods:
            try:
                method(*what)
            except BaseException as error:
                self._failed(name, error)

    def _failed(self, name: str, error: BaseException) -> None:
        """Report a fault of a middleware; what is none, or concerns the whole run, is raised."""
        if self._fault is None or isinstance(error, CallRefused) or ends_the_run(error):
            raise error
        self._fault(name, error)


def _overridden(middleware: Iterable[Middleware], method: str) -> _Methods:
    """The implementations of one method, without the middleware that leave it as it is."""
    bound = [(each, getattr(each, method)) for each in middleware]
    unchanged = getattr(Middleware, method)
    return [
        (f"{type(each).__name__}.{method}", own)
        for each, own in bound
        if getattr(own, "__func__", own) is not unchanged
    ]
