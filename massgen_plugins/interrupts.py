"""Tells what ends a run from what a plugin merely raises.

Ctrl-C, the end of an event loop and the end of a coroutine arrive as exceptions, too, wherever the program is
at that moment, and have to go on. The same exceptions raised by a plugin are a fault like any other.
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
    """Whether an exception that came out of a plugin came from outside, and has to go on.

    Args:
        error: Caught where the plugin was called, in the task that called it.
    """
    if isinstance(error, Exception):
        return False
    frames = list(traceback.walk_tb(error.__traceback__))
    handlers = {_code(signal.getsignal(each)) for each in _SIGNALS}
    if any(frame.f_code in handlers for frame, _ in frames):
        return True
    if isinstance(error, SystemExit):
        return False
    import asyncio  # commands that never wait do without it

    if isinstance(error, asyncio.CancelledError):
        return _is_cancelled()
    return not _was_raised(error)


def _is_cancelled() -> bool:
    import asyncio

    try:
        task = asyncio.current_task()
    except RuntimeError:  # no event loop: nobody can have cancelled anything
        return False
    return task is not None and task.cancelling() > 0


def _was_raised(error: BaseException) -> bool:
    """Whether the innermost code said ``raise``; an interrupt meets any other instruction."""
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    if last is None:
        return False
    return last.tb_frame.f_code.co_code[last.tb_lasti] in _RAISE


def _code(handler: object) -> CodeType | None:
    handler = getattr(handler, "func", handler)  # asyncio's is a partial
    code = getattr(handler, "__code__", None)
    return code if isinstance(code, CodeType) else None
