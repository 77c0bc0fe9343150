"""Copilot: its SDK hands every model request to a handler in this process, where the wire admits it."""

from __future__ import annotations

from typing import Any

from massgen_plugins.host.pointers.base import Enter, NotPointed, Pointer, Scope

__all__ = ["CopilotPointer", "handler_of"]


class CopilotPointer(Pointer):
    """Gives the backend a client with such a handler; no gateway is needed."""

    def uses_plan(self) -> bool:
        """Always: MassGen knows no other login for it."""
        return True

    def point(self, enter: Enter, scope: Scope) -> None:
        del enter
        if getattr(self.backend, "_started", False):
            raise NotPointed("its client has been started already")
        self.backend.client = _client(handler_of(scope))

    def runs_in_docker(self) -> bool:
        """Never: of this backend only the commands run there."""
        return False


def handler_of(scope: Scope) -> Any:
    """A handler that sends model requests as the agent's.

    Raises:
        NotPointed: The installed SDK has no such handlers.
    """
    try:
        from copilot.copilot_request_handler import CopilotRequestHandler
    except ImportError:
        raise NotPointed(
            "the installed github-copilot-sdk has no request handlers, 1.0 and newer do"
        ) from None

    class Handler(CopilotRequestHandler):
        async def send_request(self, request: Any, ctx: Any) -> Any:
            with scope():
                return await super().send_request(request, ctx)

    return Handler()


def _client(handler: Any) -> Any:
    from copilot import CopilotClient

    return CopilotClient(request_handler=handler)
