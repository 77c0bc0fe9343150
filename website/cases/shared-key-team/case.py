"""Three people start a team of three each on one key at the same time, without and with the plugin."""

from __future__ import annotations

from contextlib import ExitStack

from lab import Finished, Household, Lab

from massgen_plugins.sandbox import QuotaKind, SandboxProcess

QUESTION = "Which three risks should a release checklist cover?"
PROCESSES = 3


def run(lab: Lab) -> None:
    """Three processes of one user, twice."""
    for name, config in (("off", "team.yaml"), ("on", "team-limited.yaml")):
        server = lab.provider(rpm=10, tpm=250_000, rpd=250)
        user = lab.user(name, server)
        results = _together(user, config)
        _note(lab, name, server, results)
        if name == "on":
            lab.story.quote("status", user.run("massgen-rl", "status").stdout)


def _together(user: Household, config: str) -> list[Finished]:
    arguments = ("--automation", "--config", config, QUESTION)
    with ExitStack() as stack:
        runs = [stack.enter_context(user.start("massgen", *arguments)) for _ in range(PROCESSES)]
        return [run.finish() for run in runs]


def _note(lab: Lab, name: str, server: SandboxProcess, results: list[Finished]) -> None:
    report = server.report()
    lab.story.add(
        name,
        requests=report.arrived,
        refused=report.refused,
        seconds=(report.last_arrival or 0.0) + report.last_latency - (report.first_arrival or 0.0),
        answered=sum("WINNER" in result.stdout for result in results),
        backed_off=sum(result.count("backing off") for result in results),
        slowest=max(result.completed or 0.0 for result in results),
        fastest=min(result.completed or 0.0 for result in results),
        fullest_minute=round(report.worst_window(QuotaKind.REQUESTS, 60) * 10),
    )
    for number, result in enumerate(results, 1):
        lab.story.quote(f"{name}-{number}", result.text("massgen.log"), holding="waiting about", most=6)
