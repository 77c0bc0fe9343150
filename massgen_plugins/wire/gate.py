"""What the wire asks of the host: which requests are model calls, and who is told of their fate."""

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
    """Decides which requests are admitted by whom. Asked from any thread and any event loop."""

    @property
    def chain(self) -> Chain:
        """The middleware through which every model call passes."""

    def provider_for(self, method: str, url: str) -> Provider | None:
        """Whose model call this request is; None if it is none. Cheap: asked of every request."""

    def unrecognised(self, method: str, url: str) -> None:
        """A request that could be a model call, but no provider knows it; it goes on without us.

        Asked of every POST with a body, and of every web socket (``wss://``) and gRPC channel
        (``grpc://``) that is opened: cheap, and never raises.
        """

    def open_call(
        self, provider: Provider, request: ModelRequest, *, urgent: bool, repeatable: bool
    ) -> ModelCall | None:
        """The call to admit; None if nothing limits it.

        Args:
            provider: Who said that the request is a model call.
            request: What the provider read in it.
            urgent: Whether the caller blocks a running event loop while it waits.
            repeatable: Whether the request can be sent a second time.
        """

    def refused(self, call: ModelCall, error: CallRefused) -> None:
        """A middleware refused the call; the client is about to be told."""

    def fault(self, place: str, error: BaseException) -> None:
        """An error of ours at ``place``; the client's request goes on without us."""


_gate: Gate | None = None

sending: ContextVar[list[Any] | None] = ContextVar("massgen_plugins_sending", default=None)
"""The exchange whose request is being sent in this context: an inner client's request is part of it.

litellm sends one request through httpx and aiohttp. It stands in a list that is emptied afterwards, since
tasks that were started meanwhile may keep the context for long.
"""


def set_gate(gate: Gate | None) -> None:
    """Ask ``gate`` about all requests from now on; None lets all of them pass."""
    global _gate  # noqa: PLW0603 - one process has one set of patched classes, hence one gate
    _gate = gate


def find_provider(method: str, url: str, has_body: Callable[[], bool]) -> tuple[Gate, Provider] | None:
    """Who decides about a request, and whose model call it is; None for all other traffic.

    Args:
        method: In any case.
        url: Whole URL.
        has_body: Whether the request has one; asked only of a POST that nobody knows.
    """
    gate = _gate
    if gate is None:
        return None
    method = method.upper()
    try:
        provider = gate.provider_for(method, url)
        if provider is not None:
            return gate, provider
        if method == "POST" and has_body():
            gate.unrecognised(method, url)
    except BaseException as error:
        if ends_the_run(error):
            raise
        report_fault(gate, "provider_for", error)
    return None


def report_unseen(method: str, url: str) -> None:
    """Tell the host of traffic that the wire cannot read, such as a web socket."""
    gate = _gate
    if gate is not None:
        guarded(gate, "unrecognised", gate.unrecognised, method, url)


def report_fault(gate: Gate, place: str, error: BaseException) -> None:
    """Report an error of ours; not even a broken report may break the client's request."""
    with suppress(Exception):
        gate.fault(place, error)


def guarded(gate: Gate, place: str, ask: Callable[..., T], *args: object) -> T | None:
    """What a synchronous function of a plugin returns; None, and a report, if it fails.

    Whatever it raises is its own fault, even an exit or a cancellation; what comes from outside goes on.
    """
    try:
        return ask(*args)
    except BaseException as error:
        if ends_the_run(error):
            raise
        report_fault(gate, place, error)
        return None
