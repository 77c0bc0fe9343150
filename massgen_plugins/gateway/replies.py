"""The gateway's own responses, in a format that the clients of all programs understand."""

from __future__ import annotations

from aiohttp import web

__all__ = ["ask_again", "no_upgrade", "not_found", "refused", "unreachable"]


def refused(sentence: str) -> web.Response:
    """A refused call, as a 400: no program retries it, and all display the sentence."""
    return _error(400, "invalid_request_error", sentence, {"x-should-retry": "false"})


def ask_again() -> web.Response:
    """Asks for an immediate retry, before the program's timeout; its place in the queue is kept."""
    return _error(503, "overloaded_error", "The call waits for its quota.", {"retry-after": "0"})


def unreachable() -> web.Response:
    """The provider cannot be reached."""
    return _error(502, "api_error", "The provider cannot be reached.")


def not_found() -> web.Response:
    """The response to unknown clients; it reveals nothing."""
    return web.Response(status=404, text="Not found.\n")


def no_upgrade() -> web.Response:
    """Rejects a WebSocket, which cannot be read here; programs fall back to plain requests."""
    reply = web.Response(status=426, text="Use plain HTTP requests.\n")
    reply.force_close()
    return reply


def _error(status: int, kind: str, message: str, headers: dict[str, str] | None = None) -> web.Response:
    error = {"type": kind, "code": status, "message": message, "status": kind.upper()}
    return web.json_response({"type": "error", "error": error}, status=status, headers=headers)
