"""Six agents that wait, looked at from everywhere at one instant."""

from __future__ import annotations

import json
import math
import re
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import yaml
from harness import BIN, FLASH, QUESTION, Team, User
from terminal import Terminal
from web_page import WebPage

__all__ = ["DISPLAYS", "FLAGS", "Instant", "Watched", "six_agents"]

FLAGS = {
    "rich": ["--display", "rich"],
    "textual": ["--display", "textual"],
    "simple": ["--no-display"],
    "automation": ["--automation"],
    "web": ["--web", "--no-browser"],
}
DISPLAYS = tuple(FLAGS)
ROWS = 30
_PERIOD = 0.2

_CLOCK = r"(\d+):(\d\d)"
_COUNTDOWNS = {
    # Where a display names the agent, it is looked up; where not, it is the next one that leaves.
    "rich": re.compile(rf"next {_CLOCK}(?: \((?P<agent>\w+)\))?"),
    "web": re.compile(rf"NEXT {_CLOCK}(?: \((?P<agent>\w+)\))?"),
    "textual": re.compile(rf"· ⏳ {_CLOCK}"),
    "simple": re.compile(rf"\[(?P<agent>agent_\d)\][^\n]*⏳ {_CLOCK}"),
    "automation": re.compile(r"WAIT: (?P<agent>agent_\d) (\d+)s"),
}
_LINES = {"simple", "automation"}
"""What they have printed they cannot rewrite."""

_TICK = 1.2
_SHOWN_AGENT = "agent_1"
"""Whose tab is open in the full screen."""


def six_agents(amount: int = 2, window: str = "15s") -> dict[str, Any]:
    """A team whose agents have to wait soon."""
    limits = [{"kind": "requests", "amount": amount, "window": window}]
    none = {"rpm": None, "rpd": None, "tpm": None, "cooldown": 0}
    names = {f"agent_{number}": FLASH for number in range(1, 7)}
    document = Team(names, rate_limit={"models": {FLASH: {**none, "limits": limits}}}).document()
    document.pop("ui")
    return document


@dataclass(frozen=True)
class Instant:
    """What was seen at one instant.

    Attributes:
        display: The text in MassGen's display.
        watch: The text of ``massgen-rl watch``.
        agent: The agent that the display counts down for.
        seconds: Place to the whole seconds that it shows for that agent.
    """

    display: str
    watch: str
    agent: str
    seconds: dict[str, int]

    @property
    def spread(self) -> int:
        """How many seconds they differ."""
        return max(self.seconds.values()) - min(self.seconds.values())

    def __str__(self) -> str:
        figures = ", ".join(f"{place} {seconds} s" for place, seconds in self.seconds.items())
        return f"{self.display}\n\n{self.watch}\n\n{self.agent}: {figures}\n"


class Watched:
    """A run of six agents, and ``massgen-rl watch`` in a terminal of the same size.

    Args:
        user: Whose run it is.
        kind: Its display.
        columns: How wide both terminals are.
        out: Where screenshots of the web page go.
    """

    def __init__(self, user: User, kind: str, columns: int, out: Path, team: dict[str, Any]) -> None:
        self.user, self.kind = user, kind
        self._columns, self._out = columns, out
        self._file = user.write("team.yaml", yaml.safe_dump(team, sort_keys=False))
        self._stack = ExitStack()
        self._said = 0

    def __enter__(self) -> Self:
        enter = self._stack.enter_context
        command = [str(BIN / "massgen"), *FLAGS[self.kind], "--config", str(self._file)]
        self.host: Terminal | WebPage
        if self.kind == "web":
            self.host = enter(WebPage(self.user, command, self._file, self._columns, self._out))
        else:
            self.host = enter(self._terminal([*command, QUESTION]))
        self.watch = enter(self._terminal([str(BIN / "massgen-rl"), "watch"]))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _terminal(self, command: list[str]) -> Terminal:
        return Terminal(command, self.user.project, self.user.environment, self._columns, ROWS)

    def look(self, within: float) -> Instant | None:
        """The next instant at which the display shows how long an agent waits; None if none comes in time."""
        end = time.monotonic() + within
        self._fresh(self.host.screen)
        while time.monotonic() < end and not self.host.ended:
            if (found := self._now()) is not None:
                return found
            time.sleep(_PERIOD)  # a person who looks at the screen
        return None

    def _now(self) -> Instant | None:
        display = self.host.screen
        at = time.time()
        matches = list(_COUNTDOWNS[self.kind].finditer(self._fresh(display)))
        if not matches:
            return None
        groups = [each for each in matches[-1].groups() if each and each.isdigit()]
        shown = sum(int(number) * 60**power for power, number in enumerate(reversed(groups)))
        if self.kind in _LINES:
            time.sleep(_TICK)  # the line came at once, the other places follow within a second
        record = self._record()
        agent = self._agent(matches[-1].groupdict().get("agent"), record)
        until = _until(record, agent)
        watch = self.watch.screen
        in_watch = re.search(rf"^ +\d+ +{agent} .*?{_CLOCK}", watch, re.MULTILINE)
        watched = time.time() - at
        in_status = self._in_status(agent, at)
        changed = until is None or _until(self._record(), agent) != until
        if changed or in_watch is None or in_status is None:
            return None
        counted = int(in_watch[1]) * 60 + int(in_watch[2]) + int(watched)
        seconds = {"display": shown, "rate_limit.json": until - at, "watch": counted, "status": in_status}
        return Instant(display, watch, agent, {place: math.ceil(each) for place, each in seconds.items()})

    def _fresh(self, display: str) -> str:
        """What a display that cannot rewrite has said since it was last looked at."""
        if self.kind not in _LINES:
            return display
        assert isinstance(self.host, Terminal)
        said, before = self.host.drawn, self._said
        self._said = len(said)
        return said[before:]

    def _agent(self, named: str | None, record: dict[str, Any]) -> str:
        if named or self.kind == "textual":
            return named.lower() if named else _SHOWN_AGENT  # the page has it in capitals
        return min(record["waiting"], key=lambda row: row["until"], default={"agent": ""})["agent"]

    def _record(self) -> dict[str, Any]:
        files = list(self.user.project.glob(".massgen/massgen_logs/**/rate_limit.json"))
        return json.loads(files[0].read_text(encoding="utf-8")) if files else {"waiting": []}

    def _in_status(self, agent: str, at: float) -> float | None:
        command = [str(BIN / "massgen-rl"), "status", "--json"]
        done = subprocess.run(
            command, cwd=self.user.project, env=self.user.environment, capture_output=True, check=True
        )
        rows = [row for pool in json.loads(done.stdout)["pools"] for row in pool["agents"]]
        passed = time.time() - at
        return next((row["leaves_in"] + passed for row in rows if row["agent"] == agent), None)


def _until(record: dict[str, Any], agent: str) -> float | None:
    return next((row["until"] for row in record["waiting"] if row["agent"] == agent), None)


def record(
    watched: Watched, count: int, say: Callable[[int, Instant, object], object], within: float
) -> None:
    """Look a few times."""
    for number in range(count):
        instant = watched.look(within)
        if instant is None:
            return
        say(number, instant, watched.host)
        time.sleep(3)  # so that the next picture is another one
