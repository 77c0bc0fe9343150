"""``plan`` against runs of the real MassGen: python -m tests.planning.real_runs [--at-a-time 4]

Each team runs twice: the first run is the past from which the plan of the second is made.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))

import yaml
from child import end_all
from harness import FLASH, QUESTION, Result, Team, User

from massgen_plugins.sandbox import Network, SandboxConfig, SandboxProcess, per_model

TEAMS = [
    *((2, 3), (2, 5), (3, 4), (3, 6), (3, 9), (4, 5)),
    *((4, 8), (4, 10), (6, 6), (6, 9), (6, 10), (6, 12)),
]
"""Agents, and requests per minute."""

LATENCY = 0.4


class Compared(NamedTuple):
    """One team's plan and run."""

    agents: int
    rpm: int
    planned_calls: int
    planned: float
    calls: int
    took: float

    @property
    def ratio(self) -> float:
        return self.planned / self.took


def compare(agents: int, rpm: int) -> Compared:
    """Run a team, plan it, and run it again."""
    quotas = {"*": per_model(rpm=rpm, tpm=10_000_000)}
    with (
        tempfile.TemporaryDirectory() as folder,
        SandboxProcess(SandboxConfig(quotas=quotas, network=Network(latency=LATENCY))) as server,
    ):
        user = User(Path(folder), server.url)
        limits = {FLASH: {"rpm": rpm, "tpm": 10_000_000}}
        team = Team.of(agents, rate_limit={"models": limits, "safety_margin": 0})
        file = user.write("team.yaml", _yaml(team))
        with user.command("massgen", "--automation", "--config", str(file), QUESTION, forked=True) as run:
            run.finish()
        with user.command("massgen-rl", "plan", str(file), "--json") as command:
            command.wait(120)
            plan = json.loads(command.stdout.text)
        # The first run's calls have aged out of every window.
        server.reset()
        store = user.store
        for each in store.parent.glob(f"{store.name}*"):
            each.unlink()
        with user.command("massgen", "--automation", "--config", str(file), QUESTION, forked=True) as run:
            result = run.finish()
        usual = next(each for each in plan["estimates"] if each["name"] == "usual")
        return Compared(
            agents, rpm, usual["calls"], usual["seconds"], server.report().arrived, result.completed
        )


def _run(user: User, file: Path) -> Result:
    with user.command("massgen", "--automation", "--config", str(file), QUESTION, forked=True) as run:
        return run.finish()


def _yaml(team: Team) -> str:
    return yaml.safe_dump(team.document(), sort_keys=False)


def main() -> None:
    """Compare all, and print a row for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--at-a-time", type=int, default=4)
    with ThreadPoolExecutor(parser.parse_args().at_a_time) as pool:
        rows = list(pool.map(lambda each: compare(*each), TEAMS))
    end_all()
    print("agents  rpm  planned calls  planned s  calls  took s  ratio")
    for row in rows:
        print(
            f"{row.agents:6}  {row.rpm:3}  {row.planned_calls:13}  {row.planned:9.1f}  {row.calls:5}  "
            f"{row.took:6.1f}  {row.ratio:5.3f}"
        )


if __name__ == "__main__":
    main()
