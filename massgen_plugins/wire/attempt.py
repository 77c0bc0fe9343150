"""One admitted call, from its admission to the end of its answer, and its notifications to middleware."""

from __future__ import annotations

from contextlib import suppress

from massgen_plugins.errors import CallRefused
from massgen_plugins.middleware import Action, CallOutcome, ModelCall, Refusal, Usage
from massgen_plugins.wire.gate import Gate, guarded, report_fault
from massgen_plugins.wire.sender import Runner
from massgen_plugins.wire.sync_bridge import call_soon

__all__ = ["Attempt"]


class Attempt:
    """Sends each notification to the middleware at most once, and always the final one.

    The readers of the answer keep the attempt alive. If the last of them disappears without finishing it (an
    answer that is neither read nor closed, an abandoned coroutine), the attempt finishes itself.

    Attributes:
        call: The admitted call.
        written: Whether writing of the request has begun.
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
        """Called when the request is being written; only the first call counts."""
        if not self.written:
            self.written = True
            guarded(self._gate, "on_written", self._gate.chain.on_written, self.call)

    async def answered(self, outcome: CallOutcome) -> Action | CallRefused:
        """Let the middleware judge the start of the answer, uninterrupted by the caller's cancellation."""
        self._judging = True
        try:
            return await self._runner.finish(self._judge(outcome))
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

    def used(self, usage: Usage) -> None:
        """Called when the provider has reported usage."""
        guarded(self._gate, "on_usage", self._gate.chain.on_usage, self.call, usage)

    def refused_late(self, refusal: Refusal) -> None:
        """Called for a refusal in an answer that is already being passed on."""
        guarded(self._gate, "on_late_refusal", self._gate.chain.on_late_refusal, self.call, refusal)

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
