"""One admitted call, from its admission to the end of its answer, and its notifications to middleware."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress

from massgen_plugins.errors import CallRefused
from massgen_plugins.middleware import Action, CallOutcome, ModelCall
from massgen_plugins.wire.gate import Gate, guarded, report_fault
from massgen_plugins.wire.sender import Runner
from massgen_plugins.wire.sync_bridge import call_soon

__all__ = ["Attempt"]

_unfinished: set[asyncio.Task[Action | CallRefused]] = set()
"""Strong references, since event loops keep only weak ones to their tasks."""


class Attempt:
    """Sends each notification to the middleware at most once, and always the final one.

    The readers of the answer keep the attempt alive. If the last of them disappears without finishing it (an
    answer that is neither read nor closed, an abandoned coroutine), the attempt finishes itself.

    Args:
        gate: Has the middleware.
        call: The admitted call.
        runner: Runs the middleware; None for the caller's own event loop.

    Attributes:
        call: The admitted call.
        written: Whether writing of the request has begun.
    """

    def __init__(self, gate: Gate, call: ModelCall, runner: Runner | None = None) -> None:
        self.call = call
        self.written = False
        self._gate = gate
        self._runner = runner
        self._judging = False
        self._over = False
        self._owed = [call]

    def mark_written(self) -> None:
        """Called when the request is being written; only the first call counts."""
        if not self.written:
            self.written = True
            guarded(self._gate, "on_written", self._gate.chain.on_written, self.call)

    async def answered(self, outcome: CallOutcome) -> Action | CallRefused:
        """Let the middleware judge the start of the answer, even if the caller is cancelled meanwhile.

        In the caller's own loop, the middleware runs in a task of its own from its first step, since
        timeouts, for example, need the current task. An eager one, if it does not wait, costs no iteration.
        """
        self._judging = True
        work = self._judge(outcome)
        try:
            if self._runner is not None:
                return await self._runner.finish(work)
            if sys.version_info >= (3, 12):
                task = asyncio.Task(work, loop=asyncio.get_running_loop(), eager_start=True)
            else:
                task = asyncio.create_task(work)
            _unfinished.add(task)
            task.add_done_callback(_unfinished.discard)
            return await asyncio.shield(task)
        except Exception as error:  # SystemExit or cancellation in the bridge's thread
            report_fault(self._gate, "after_call", error)
            return Action.PASS

    async def _judge(self, outcome: CallOutcome) -> Action | CallRefused:
        try:
            return await self._gate.chain.after_call(self.call, outcome)
        except CallRefused as refusal:
            return refusal
        except Exception as error:
            report_fault(self._gate, "after_call", error)
            return Action.PASS
        finally:
            self._judging = False
            if self._over:
                self.finish()

    def finish(self) -> None:
        """End the attempt; notifies once, after the judgement if that is still in progress."""
        self._over = True
        if self._judging:
            return
        with suppress(IndexError):
            call = self._owed.pop()  # atomic: answer and judgement may end in different threads
            guarded(self._gate, "on_finished", self._gate.chain.on_finished, call)

    def __del__(self) -> None:
        # Deferred: the garbage collector may run while this thread holds a lock of a middleware.
        if self._owed:
            call_soon(self.finish)
