"""The seam in httpx and httpx2: ``send`` of both clients, through which every request goes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import ModuleType
from typing import Any

from massgen_plugins.wire.exchange import Exchange
from massgen_plugins.wire.httpx_line import AsyncHttpxLine, SyncHttpxLine
from massgen_plugins.wire.inflight import current
from massgen_plugins.wire.loop_runner import LoopRunner
from massgen_plugins.wire.patches import Target
from massgen_plugins.wire.switch import model_call

__all__ = ["targets"]

Send = Callable[..., Any]


def targets(package: ModuleType) -> list[Target]:
    """What to patch in the imported package."""
    return [
        Target(package.AsyncClient, "send", functools.partial(_admitting_async, package)),
        Target(package.Client, "send", functools.partial(_admitting_sync, package)),
    ]


def _admitting_async(package: ModuleType, original: Send) -> Send:
    @functools.wraps(original)
    async def send(self: Any, request: Any, **options: Any) -> Any:
        asked = model_call(request.method, str(request.url))
        if asked is None or current() is not None:
            return await original(self, request, **options)
        stream = options.pop("stream", False)
        line = AsyncHttpxLine(package, self, original, request, options)
        response = await Exchange(*asked, line, LoopRunner()).run()
        if not stream:
            await _read_async(response)
        return response

    return send


async def _read_async(response: Any) -> None:
    try:
        await response.aread()
    except BaseException:
        await response.aclose()
        raise


def _admitting_sync(package: ModuleType, original: Send) -> Send:
    from massgen_plugins.wire.sync_bridge import BridgeRunner, drive

    @functools.wraps(original)
    def send(self: Any, request: Any, **options: Any) -> Any:
        asked = model_call(request.method, str(request.url))
        if asked is None or current() is not None:
            return original(self, request, **options)
        stream = options.pop("stream", False)
        line = SyncHttpxLine(package, self, original, request, options)
        response = drive(Exchange(*asked, line, BridgeRunner()).run())
        if not stream:
            _read_sync(response)
        return response

    return send


def _read_sync(response: Any) -> None:
    try:
        response.read()
    except BaseException:
        response.close()
        raise
