"""What the wire asks of the host: which requests are model calls, and who hears of their fate."""

from __future__ import annotations

from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Protocol

from massgen_plugins.errors import CallRefused
from massgen_plugins.middleware import Chain, ModelCall
from massgen_plugins.providers.base import ModelRequest, Provider

__all__ = ["Gate", "report_fault"]


class Gate(Protocol):
    """Decides which requests are admitted by whom. Asked from any thread and any event loop."""

    @property
    def chain(self) -> Chain:
        """The middleware through which every model call passes."""

    def provider_for(self, method: str, url: str) -> Provider | None:
        """Whose model call this request is; None if it is none. Cheap: asked of every request."""

    def opening(self) -> Coroutine[Any, Any, None] | None:
        """What to await before :meth:`open_call`, so that it never blocks; None if there is nothing."""

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


def report_fault(gate: Gate, place: str, error: BaseException) -> None:
    """Report an error of ours; not even a broken report may break the client's request."""
    with suppress(Exception):
        gate.fault(place, error)
