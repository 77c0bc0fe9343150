"""``rate_limit.json`` next to MassGen's status.json: waiting calls and counters of the run."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from massgen_plugins.host.days import days_in
from massgen_plugins.host.stage import stages
from massgen_plugins.host.summary import RunFacts, summary_lines
from massgen_plugins.live.names import Names
from massgen_plugins.live.presence import WaitingCall
from massgen_plugins.live.tracker import Tracker
from massgen_plugins.quota import Pool, PoolRules

__all__ = ["RunRecord"]

_FORMAT = 1
_NAME = "rate_limit.json"


@dataclass(eq=False, slots=True)
class RunRecord:
    """The record of a run of this process.

    Attributes:
        run: Its name.
        team: Path of its configuration; "" if it has none.
        started: Seconds since the epoch.
        agents: Names of its agents.
        store: Its store, as in the settings.
        rules_of: Returns the rules of a pool.
        folder: Directory of MassGen's status.json; None until known.
    """

    run: str
    team: str
    started: float
    agents: frozenset[str] = frozenset()
    store: str = "memory"
    rules_of: Callable[[Pool], PoolRules | None] = lambda _: None
    folder: Path | None = None
    _last: str = field(default="", repr=False)

    def write(
        self, tracker: Tracker, names: Names, waiting: Sequence[WaitingCall], summary: Sequence[str]
    ) -> None:
        """Replace the file if its content has changed and its directory is known."""
        self._find_folder()
        if self.folder is None:
            return
        document = json.dumps(self.document(tracker, names, waiting, summary), indent=2, ensure_ascii=False)
        if document == self._last:
            return
        self._last = document
        draft = self.folder / f".{_NAME}"
        with suppress(OSError):  # a missing or unwritable folder has been reported by MassGen itself
            with os.fdopen(
                os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
            ) as file:
                file.write(f"{document}\n")
            draft.replace(self.folder / _NAME)

    def summary(self, tracker: Tracker, names: Names) -> list[str]:
        """The summary at the end; empty for a run without calls."""
        counters = tracker.counters(self.run)
        if not (counters.calls or counters.turned_away):
            return []
        uses = tracker.pools(self.run)
        known = {day.pool: str(day) for day in days_in(self.store)}
        days = {pool: known[pool] for pool in uses if pool in known}
        agents = tracker.agents(self.run)
        longest = max(agents, key=lambda name: agents[name].longest, default="")
        elapsed = max(0.0, tracker.ended(self.run) - self.started)
        facts = RunFacts(counters, elapsed, uses, days, names.shown(longest or None))
        return summary_lines(facts, self.rules_of)

    def _find_folder(self) -> None:
        for stage in stages():
            orchestrator = stage.orchestrator
            if (
                stage.folder is not None
                and self.agents
                and self.agents <= set(getattr(orchestrator, "agents", ()))
            ):
                self.folder = stage.folder
                return

    def document(
        self, tracker: Tracker, names: Names, waiting: Sequence[WaitingCall], summary: Sequence[str]
    ) -> dict[str, Any]:
        """The content of the file."""
        counters = tracker.counters(self.run)
        fields = ("model", "provider", "account", "since", "until", "place", "limit", "reason")
        return {
            "format": _FORMAT,
            "run": self.run,
            "team": self.team,
            "started": self.started,
            "calls": counters.calls,
            "answered": counters.answered,
            "refused": counters.refused,
            "turned_away": counters.turned_away,
            "waits": counters.waits,
            "waited_seconds": round(counters.waited, 3),
            "longest_wait_seconds": round(counters.longest, 3),
            "anybody_waited_seconds": round(counters.somebody, 3),
            "waiting": [
                {"agent": names.shown(each.agent or None), **{name: getattr(each, name) for name in fields}}
                for each in waiting
                if each.run == self.run
            ],
            "agents": {
                names.shown(name or None): {"calls": use.calls, "waited_seconds": round(use.waited, 3)}
                for name, use in tracker.agents(self.run).items()
            },
            "pools": {
                str(pool): {"calls": use.calls, **use.amounts, "cost_usd": round(use.cost / 1e6, 6) or None}
                for pool, use in tracker.pools(self.run).items()
            },
            "summary": list(summary),
        }
