"""The middleware chain: first to last before a call is sent, last to first afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
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
        fault: Called with the name and the exception of a method that failed. The other middleware still
            run, so that a faulty plugin cannot disable the limiter. If None, exceptions propagate.

    Attributes:
        on_written: Notifies every middleware that the request is being written.
        on_usage: Notifies every middleware of reported usage.
        on_late_refusal: Notifies every middleware of a refusal in the middle of an answer.
        on_finished: Notifies every middleware that the attempt is over.
    """

    on_written: Callable[[ModelCall], None]
    on_usage: Callable[[ModelCall, Usage], None]
    on_late_refusal: Callable[[ModelCall, Refusal], None]
    on_finished: Callable[[ModelCall], None]

    def __init__(
        self, middleware: Sequence[Middleware], fault: Callable[[str, BaseException], None] | None = None
    ) -> None:
        self._middleware = tuple(middleware)
        self._fault = fault
        backward = self._middleware[::-1]
        self._model_for = _overridden(self._middleware, "model_for")
        self._after_call = _overridden(backward, "after_call")
        self.on_written = partial(self._notify, _overridden(self._middleware, "on_written"))
        self.on_usage = partial(self._notify, _overridden(backward, "on_usage"))
        self.on_late_refusal = partial(self._notify, _overridden(backward, "on_late_refusal"))
        self.on_finished = partial(self._notify, _overridden(backward, "on_finished"))

    def model_for(self, agent_id: str, run: str, model: str) -> str | None:
        """Return the first replacement model that a middleware names for a new turn, or None."""
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
        """Let every middleware delay or refuse the call; if one does, notify those it has already passed."""
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

    async def after_call(self, call: ModelCall, outcome: CallOutcome) -> Action:
        """Show every middleware the answer; the call is sent again if any of them asks for it.

        Raises:
            CallRefused: The first one raised, after all middleware have seen the answer.
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

    def _notify(self, methods: _Methods, *what: object) -> None:
        for name, method in methods:
            try:
                method(*what)
            except BaseException as error:
                self._failed(name, error)

    def _failed(self, name: str, error: BaseException) -> None:
        """Report an exception of a middleware; re-raise refusals and exceptions that end the run."""
        if self._fault is None or isinstance(error, CallRefused) or ends_the_run(error):
            raise error
        self._fault(name, error)


def _overridden(middleware: Iterable[Middleware], method: str) -> _Methods:
    """Return the overrides of one method, in the order of the middleware."""
    bound = [(each, getattr(each, method)) for each in middleware]
    unchanged = getattr(Middleware, method)
    return [
        (f"{type(each).__name__}.{method}", own)
        for each, own in bound
        if getattr(own, "__func__", own) is not unchanged
    ]
