"""The wire's interface to the host: which requests are model calls, and where outcomes are reported."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from typing import Any, Protocol, TypeVar

from massgen_plugins.chain import Chain
from massgen_plugins.errors import CallRefused
from massgen_plugins.interrupts import ends_the_run
from massgen_plugins.middleware import ModelCall
from massgen_plugins.providers.base import ModelRequest, Provider

__all__ = ["Gate", "find_provider", "guarded", "report_fault", "report_unseen", "sending", "set_gate"]

T = TypeVar("T")


class Gate(Protocol):
    """Decides which requests are limited. Methods may be called from any thread and any event loop."""

    @property
    def chain(self) -> Chain:
        """The middleware through which every model call passes."""

    def provider_for(self, method: str, url: str) -> Provider | None:
        """The provider of a model call; None for other requests. Called for every request: must be cheap."""

    def unrecognised(self, method: str, url: str) -> None:
        """Called for a possible model call that no provider recognises; it is sent anyway.

        These are every POST with a body, and every WebSocket (``wss://``) and gRPC channel (``grpc://``)
        that is opened. Must be cheap and never raise.
        """

    def open_call(
        self, provider: Provider, request: ModelRequest, *, urgent: bool, repeatable: bool
    ) -> ModelCall | None:
        """Create the call to admit; None if it is not limited.

        Args:
            provider: The provider of the model call.
            request: The request as parsed by the provider.
            urgent: Whether the caller blocks a running event loop while waiting.
            repeatable: Whether the request can be sent again.
        """

    def refused(self, call: ModelCall, error: CallRefused) -> None:
        """Called when a middleware has refused the call, before the client learns of it."""

    def fault(self, place: str, error: BaseException) -> None:
        """Called for an internal error at ``place``; the client's request continues without middleware."""


_gate: Gate | None = None

sending: ContextVar[list[Any] | None] = ContextVar("massgen_plugins_sending", default=None)
"""The exchange whose request is being sent in this context, in a list of one item.

Marks the requests of an inner client as part of it: litellm sends one request through httpx and aiohttp. The
list is emptied afterwards, since tasks started meanwhile may keep the context alive.
"""


def set_gate(gate: Gate | None) -> None:
    """Set the gate for all requests from now on; None lets all of them pass."""
    global _gate  # noqa: PLW0603 - one process has one set of patched classes, hence one gate
    _gate = gate


def find_provider(
    method: str, url: str, has_body: Callable[[T], bool], request: T
) -> tuple[Gate, Provider] | None:
    """The gate and the provider of a model call; None for all other traffic.

    Args:
        method: In upper or lower case.
        url: The full URL.
        has_body: Whether the request has a body; called only for a POST that no provider recognises.
        request: The argument of ``has_body``.
    """
    gate = _gate
    if gate is None:
        return None
    method = method.upper()
    try:
        provider = gate.provider_for(method, url)
        if provider is not None:
            return gate, provider
        if method == "POST" and has_body(request):
            gate.unrecognised(method, url)
    except BaseException as error:
        if ends_the_run(error):
            raise
        report_fault(gate, "provider_for", error)
    return None


def report_unseen(method: str, url: str) -> None:
    """Report traffic that the wire cannot read, such as a WebSocket, to the host."""
    gate = _gate
    if gate is not None:
        guarded(gate, "unrecognised", gate.unrecognised, method, url)


def report_fault(gate: Gate, place: str, error: BaseException) -> None:
    """Report an internal error; a failure to report must not break the client's request either."""
    with suppress(Exception):
        gate.fault(place, error)


def guarded(gate: Gate, place: str, ask: Callable[..., T], *args: object) -> T | None:
    """Call a synchronous function of a plugin; if it fails, report the error and return None.

    Catches everything that the plugin itself raises, even SystemExit or a cancellation; interrupts from
    outside propagate.
    """
    try:
        return ask(*args)
    except BaseException as error:
        if ends_the_run(error):
            raise
        report_fault(gate, place, error)
        return None
