"""Adds waits and usage of the agents to the result of ``massgen.run()``, as ``rate_limit``."""

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
"""Key in the result of ``massgen.run()``; its fields are those of ``rate_limit.json``."""

_NAME = "run"
_PATIENCE = 2.0
"""Seconds after which the result is returned without it."""

_begun: ContextVar[list[str] | None] = ContextVar("massgen_plugins_begun", default=None)
"""Names of the runs started in this call of ``massgen.run()``; None outside of any call."""


def attach(module: ModuleType) -> None:
    """Wrap ``massgen.run``."""
    if hasattr(module, _NAME):
        wrap_once(module, _NAME, _with_quota)


def note_run(run: str) -> None:
    """Note a run with limited agents."""
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
            with suppress(Exception):  # must not affect the answer
                document = await asyncio.wait_for(asyncio.to_thread(_document, begun[-1]), _PATIENCE)
                if document is not None:
                    result.setdefault(KEY, document)
        return result

    return run


def _document(run: str) -> dict[str, Any] | None:
    from massgen_plugins.host.runtime import runtime

    return runtime().live.document(run)
