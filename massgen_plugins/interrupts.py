"""Distinguishes exceptions that end a run from exceptions that a plugin raises.

Ctrl-C, cancellation and the closing of a coroutine surface as exceptions wherever the program happens to be,
and must propagate. The same exceptions raised by a plugin itself are ordinary failures.
"""

from __future__ import annotations

import dis
import signal
import traceback
from types import CodeType

__all__ = ["ends_the_run"]

_RAISE = {dis.opmap[name] for name in ("RAISE_VARARGS", "RERAISE") if name in dis.opmap}
_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


def ends_the_run(error: BaseException) -> bool:
    """Whether an exception that passed through a plugin came from outside, and must propagate.

    Args:
        error: Caught at the call of the plugin, in the task that made the call.
    """
    if isinstance(error, Exception):
        return False
    frames = list(traceback.walk_tb(error.__traceback__))
    handlers = {_code(signal.getsignal(each)) for each in _SIGNALS}
    if any(frame.f_code in handlers for frame, _ in frames):
        return True
    if isinstance(error, SystemExit):
        return False
    import asyncio  # deferred: commands that never wait do not need it

    if isinstance(error, asyncio.CancelledError):
        return _is_cancelled()
    return not _was_raised(error)


def _is_cancelled() -> bool:
    import asyncio

    try:
        task = asyncio.current_task()
    except RuntimeError:  # no event loop, hence no cancellation
        return False
    return task is not None and task.cancelling() > 0


def _was_raised(error: BaseException) -> bool:
    """Whether the innermost frame executed ``raise``; an interrupt strikes at any other instruction."""
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    if last is None:
        return False
    return last.tb_frame.f_code.co_code[last.tb_lasti] in _RAISE


def _code(handler: object) -> CodeType | None:
    handler = getattr(handler, "func", handler)  # asyncio installs a partial
    code = getattr(handler, "__code__", None)
    return code if isinstance(code, CodeType) else None
