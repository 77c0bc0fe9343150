"""What the gateway itself says to a program, in a shape that all of their clients read."""

from __future__ import annotations

from aiohttp import web

__all__ = ["ask_again", "no_upgrade", "not_found", "refused", "unreachable"]


def refused(sentence: str) -> web.Response:
    """A call may not be made: none of the programs sends again after a 400, and all show the sentence."""
    return _error(400, "invalid_request_error", sentence, {"x-should-retry": "false"})


def ask_again() -> web.Response:
    """The call waits longer than the program would: it shall ask again at once, and finds its place kept."""
    return _error(503, "overloaded_error", "The call waits for its quota.", {"retry-after": "0"})


def unreachable() -> web.Response:
    """The provider cannot be reached: what a program would have met by itself, as an answer."""
    return _error(502, "api_error", "The provider cannot be reached.")


def not_found() -> web.Response:
    """For everybody who is not a program of ours; it tells nothing."""
    return web.Response(status=404, text="Not found.\n")


def no_upgrade() -> web.Response:
    """Web sockets cannot be read here; programs that try one go on with plain requests."""
    reply = web.Response(status=426, text="Use plain HTTP requests.\n")
    reply.force_close()
    return reply


def _error(status: int, kind: str, message: str, headers: dict[str, str] | None = None) -> web.Response:
    error = {"type": kind, "code": status, "message": message, "status": kind.upper()}
    return web.json_response({"type": "error", "error": error}, status=status, headers=headers)
