"""A middleware that counts calls, and writes a line about each to the file that ACME_TALLY names."""

from __future__ import annotations

import os
from pathlib import Path

from massgen_plugins.middleware import Action, CallOutcome, Middleware, ModelCall, Usage
from massgen_plugins.quota import Kind


class CountingMiddleware(Middleware):
    """Counts calls by what became of them; never delays one."""

    def __init__(self) -> None:
        self._file = os.environ.get("ACME_TALLY")

    async def before_call(self, call: ModelCall) -> None:
        self.note(f"before {call.agent_id} {call.model}")

    async def after_call(self, call: ModelCall, outcome: CallOutcome) -> Action:
        self.note(f"after {call.agent_id} {outcome.status}")
        return Action.PASS

    def on_usage(self, call: ModelCall, usage: Usage) -> None:
        self.note(f"usage {call.agent_id} {usage.amounts.get(Kind.INPUT_TOKENS, 0)}")

    def on_finished(self, call: ModelCall) -> None:
        self.note(f"finished {call.agent_id}")

    def note(self, line: str) -> None:
        """Add a line to the tally."""
        if self._file:
            with Path(self._file).open("a", encoding="utf-8") as tally:
                tally.write(f"{line}\n")
