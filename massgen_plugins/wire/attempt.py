"""One admitted call, from its admission until its answer is over: what middleware is told of it, and when."""

from __future__ import annotations

from contextlib import suppress

from massgen_plugins.errors import CallRefused
from massgen_plugins.middleware import Action, CallOutcome, ModelCall, Refusal, Usage
from massgen_plugins.wire.gate import Gate, guarded, report_fault
from massgen_plugins.wire.sender import Runner
from massgen_plugins.wire.sync_bridge import call_soon

__all__ = ["Attempt"]


class Attempt:
    """Tells the middleware everything at most once, and always that the attempt is over.

    Whoever reads the answer keeps the attempt alive. When the last of them is gone without having ended it
    (an answer that was neither read nor closed, an abandoned coroutine), it ends by itself.

    Attributes:
        call: What was admitted.
        written: Whether the request began to leave.
    """

    def __init__(self, gate: Gate, call: ModelCall, runner: Runner) -> None:
        self.call = call
        self.written = False
        self._gate = gate
        self._runner = runner
        self._judging = False
        self._over = False
        self._owed = [call]

    def mark_written(self) -> None:
        """The request's bytes leave now. Only the first of several reports counts."""
        if not self.written:
            self.written = True
            guarded(self._gate, "on_written", self._gate.chain.on_written, self.call)

    async def answered(self, outcome: CallOutcome) -> Action | CallRefused:
        """Have the middleware judge the answer's beginning, to the end even if the caller is cancelled."""
        self._judging = True
        try:
            return await self._runner.finish(self._judge(outcome))
        except Exception as error:  # an exit or a cancellation in the thread of synchronous callers
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

    def used(self, usage: Usage) -> None:
        """The provider reported what the call took so far."""
        guarded(self._gate, "on_usage", self._gate.chain.on_usage, self.call, usage)

    def refused_late(self, refusal: Refusal) -> None:
        """A refusal came in an answer that is being passed on."""
        guarded(self._gate, "on_late_refusal", self._gate.chain.on_late_refusal, self.call, refusal)

    def finish(self) -> None:
        """The attempt is over; told once, and after the judgement if that still goes on."""
        self._over = True
        if self._judging:
            return
        with suppress(IndexError):
            call = self._owed.pop()  # atomic: the answer may end in one thread and its judgement in another
            guarded(self._gate, "on_finished", self._gate.chain.on_finished, call)

    def __del__(self) -> None:
        # Not here: the garbage collector may run while this very thread holds a lock of a middleware.
        if self._owed:
            call_soon(self.finish)
