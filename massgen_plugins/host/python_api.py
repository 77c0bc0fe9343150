"""``massgen.run()``: what its agents waited for and used stands in what it returns, as ``rate_limit``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from types import ModuleType
from typing import Any

from massgen_plugins.wrapping import wrap_once

__all__ = ["KEY", "attach", "note_run"]

KEY = "rate_limit"
"""The key in what ``massgen.run()`` returns; its fields are those of ``rate_limit.json``."""

_NAME = "run"
_PATIENCE = 2.0
"""Seconds after which the result comes without it."""

_begun: ContextVar[list[str] | None] = ContextVar("massgen_plugins_begun", default=None)
"""Names of the runs that began in this call of ``massgen.run()``; None outside of any."""


def attach(module: ModuleType) -> None:
    """Wrap ``massgen.run``."""
    if hasattr(module, _NAME):
        wrap_once(module, _NAME, _with_quota)


def note_run(run: str) -> None:
    """A run has begun whose agents are limited."""
    begun = _begun.get()
    if begun is not None:
        begun.append(run)


def _with_quota(original: Callable[..., Any]) -> Callable[..., Any]:
    async def run(*args: Any, **kwargs: Any) -> Any:
        begun: list[str] = []
        token = _begun.set(begun)
        try:
            result = await original(*args, **kwargs)
        finally:
            _begun.reset(token)
        if begun and isinstance(result, dict):
            with suppress(Exception):  # the answer is what matters
                document = await asyncio.wait_for(asyncio.to_thread(_document, begun[-1]), _PATIENCE)
                if document is not None:
                    result.setdefault(KEY, document)
        return result

    return run


def _document(run: str) -> dict[str, Any] | None:
    from massgen_plugins.host.runtime import runtime

    return runtime().live.document(run)
