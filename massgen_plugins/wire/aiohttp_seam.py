"""The seam in aiohttp: ``ClientSession._request``, through which every request of every session goes."""

# ruff: noqa: SLF001 - a patch of a private method needs what that method knows.

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import ClientResponse, ClientSession

from massgen_plugins.wire.aiohttp_line import AiohttpLine, watch
from massgen_plugins.wire.exchange import Exchange
from massgen_plugins.wire.inflight import current
from massgen_plugins.wire.loop_runner import LoopRunner
from massgen_plugins.wire.patches import Target
from massgen_plugins.wire.switch import model_call

__all__ = ["targets"]

Request = Callable[..., Awaitable[ClientResponse]]


def targets(aiohttp: Any) -> list[Target]:
    """What to patch in the imported module."""
    return [Target(aiohttp.ClientSession, "_request", _admitting)]


def _admitting(original: Request) -> Request:
    @functools.wraps(original)  # google-genai inspects the signature
    async def _request(
        self: ClientSession, method: str, str_or_url: Any, *args: Any, **kwargs: Any
    ) -> ClientResponse:
        asked = model_call(method, _whole_url(self, str_or_url))
        if asked is None:
            return await original(self, method, str_or_url, *args, **kwargs)
        if current() is not None:
            watch(self)
            return await original(self, method, str_or_url, *args, **kwargs)
        # Applied after the verdict: a refusal that is cured must not have been raised before.
        raise_for_status = kwargs.pop("raise_for_status", None)
        line = AiohttpLine(self, original, (method, str_or_url, *args), kwargs)
        response: ClientResponse = await Exchange(*asked, line, LoopRunner()).run()
        await _check_status(self, response, raise_for_status)
        return response

    return _request


def _whole_url(session: ClientSession, str_or_url: Any) -> str:
    if session._base_url is None:
        return str(str_or_url)
    try:
        return str(session._build_url(str_or_url))
    except ValueError:  # aiohttp will say so itself
        return ""


async def _check_status(session: ClientSession, response: ClientResponse, choice: Any) -> None:
    check = session._raise_for_status if choice is None else choice
    if callable(check):
        await check(response)
    elif check:
        response.raise_for_status()
