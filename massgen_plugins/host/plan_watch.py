"""Tracks the use of plans: records it for commands, and warns the user once per threshold and window."""

from __future__ import annotations

import atexit
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from massgen_plugins.host.ticker import Ticker
from massgen_plugins.live.plans import PlanNote, write_plans
from massgen_plugins.providers.plans import PlanUse, plan_use
from massgen_plugins.rate_limit.messages import describe_span

__all__ = ["PlanWatch"]

_THRESHOLDS = (0.95, 0.8)


class PlanWatch:
    """Reads the headers of answers to programs that use plans.

    Args:
        say: Shows a sentence; may be called repeatedly with the same one.
    """

    def __init__(self, say: Callable[[str], object]) -> None:
        self._say = say
        self._said: set[tuple[str, str, float, float | None]] = set()
        self._new: dict[tuple[str, str], PlanNote] = {}
        self._ticker = Ticker(self._write, "massgen-plugins-plans")

    def of(self, program: str) -> Callable[[int, Mapping[str, str]], None]:
        """A callback for the status and headers of each answer to a program of this type."""

        def seen(_status: int, headers: Mapping[str, str]) -> None:
            for use in plan_use(headers):
                self._keep(program, use)
                self._look(program, use)

        return seen

    def _keep(self, program: str, use: PlanUse) -> None:
        if not self._new:  # the process may end before the thread gets to it
            atexit.unregister(self.close)
            atexit.register(self.close)
        note = PlanNote(program, use.window, use.used, use.resets_at or 0.0, time.time())
        self._new[program, use.window] = note
        self._ticker.wake()

    def close(self) -> None:
        """Write the remaining notes."""
        self._ticker.stop()
        self._write()

    def _write(self) -> bool:
        """Write new notes. Runs on its own thread, since it may block."""
        notes, self._new = self._new, {}
        if notes:
            with suppress(OSError):  # already reported for the record of the process next to it
                write_plans(notes.values(), time.time())
        return False

    def _look(self, program: str, use: PlanUse) -> None:
        passed = next((each for each in _THRESHOLDS if use.used >= each), None)
        if passed is None:
            return
        key = (program, use.window, passed, use.resets_at)
        if key not in self._said:
            self._said.add(key)
            self._say(_sentence(program, use))


def _sentence(program: str, use: PlanUse) -> str:
    left = use.resets_at - time.time() if use.resets_at is not None else 0
    end = f"; it resets in {describe_span(left)}" if left > 0 else ""
    return f"the plan of the {program} agents has used {use.used:.0%} of its {use.window}{end}."
