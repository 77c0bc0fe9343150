"""Where a run's seconds go: starting Python and MassGen, waiting for the model, sleeping by rule."""

from __future__ import annotations

import resource

from lab import Finished, Household, Lab

QUESTION = "What is the capital of France?"
IMPORTS = {"python": "pass", "massgen": "import massgen", "cli": "import massgen.cli"}


def run(lab: Lab) -> None:
    """Start-up first, in seconds of one core; then teams of one and four at three speeds of the model."""
    idle = lab.user("idle", lab.provider())
    for name, text in IMPORTS.items():
        lab.story.add("start", **{name: _work(idle, "python", "-c", text)})
    lab.story.add(
        "start", help=_work(idle, "massgen", "--help"), backends=_work(idle, "massgen", "--list-backends")
    )
    for size in (1, 4):
        for latency in (1.0, 4.0, 8.0):
            _one(lab, f"agents{size}.latency{latency:g}", f"team-{size}.yaml", latency)
    _one(lab, "flag", "team-4.yaml", 1.0, "--rate-limit")


def _work(user: Household, *command: str) -> float:
    """Seconds of one core, the least of three times: a busy machine does not change them much."""
    return min(_measured(user, *command)[1] for _ in range(3))


def _measured(user: Household, *command: str) -> tuple[Finished, float]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    finished = user.run(*command)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return finished, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def _one(lab: Lab, name: str, config: str, latency: float, *options: str) -> None:
    server = lab.provider(latency=latency)
    user = lab.user(name, server)
    user.environment["MASSGEN_PLUGINS_DISABLE"] = "1"
    finished, work = _measured(user, "massgen", "--automation", "--config", config, *options, QUESTION)
    report = server.report()
    completed = finished.completed or 0.0
    lab.story.add(
        name,
        completed=completed,
        work=work,
        requests=report.arrived,
        rounds=completed / latency,
        spread=(report.last_arrival or 0.0) - (report.first_arrival or 0.0),
    )
