"""Six Gemini agents on one key of 10 requests per minute, without and with the plugin."""

from __future__ import annotations

from lab import Finished, Lab

from massgen_plugins.sandbox import QuotaKind, SandboxReport

QUESTION = "What is the capital of France, and what is it known for?"


def run(lab: Lab) -> None:
    """Both teams, each with a provider of its own."""
    for name, config in (("off", "team.yaml"), ("on", "team-limited.yaml")):
        server = lab.provider(rpm=10, tpm=250_000, rpd=250)
        finished = lab.user(name, server).massgen(config, QUESTION)
        _note(lab, name, finished, server.report())


def _note(lab: Lab, name: str, finished: Finished, report: SandboxReport) -> None:
    lab.story.add(
        name,
        requests=report.arrived,
        refused=report.refused,
        served=report.served,
        seconds=finished.completed or 0.0,
        backed_off=finished.count("backing off"),
        exit_code=finished.code,
        spoilt_outputs=finished.text("agent_outputs/agent*.txt").count("Rate limited"),
        worst_minute=int(report.worst_window(QuotaKind.REQUESTS, 60, with_refused=True) * 10),
    )
    lab.story.quote(f"{name}-output", finished.stdout, most=40)
    lab.story.quote(f"{name}-waits", finished.text("massgen.log"), holding="waiting about")
    lab.story.quote(f"{name}-retries", finished.stderr, holding="backing off", most=5)
    lab.story.quote(f"{name}-pane", finished.text("agent_outputs/agent1.txt"), holding="Rate limited", most=3)
