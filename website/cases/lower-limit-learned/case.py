"""The provider allows 5 requests a minute where the profile says 9: learned from a refusal, and kept."""

from __future__ import annotations

from lab import Lab

QUESTION = "Explain the difference between a process and a thread."


def run(lab: Lab) -> None:
    """Two runs; the second one knows."""
    server = lab.provider(rpm=5, tpm=250_000)
    user = lab.user("user", server)
    requests = refused = 0
    for name in ("first", "second"):
        finished = user.massgen("team.yaml", QUESTION)
        report = server.report()
        lab.story.add(
            name,
            requests=report.arrived - requests,
            refused=report.refused - refused,
            seconds=finished.completed or 0.0,
            backed_off=finished.count("backing off"),
            seen_by_agents=finished.text("agent_outputs/agent*.txt").count("Rate limited"),
        )
        requests, refused = report.arrived, report.refused
        lab.story.quote(f"{name}-errors", finished.stderr, holding="massgen-plugins")
        lab.story.quote(f"{name}-waits", finished.text("massgen.log"), holding="waiting about", most=6)
    lab.story.quote("status", user.run("massgen-rl", "status").stdout, most=20)
    lab.story.quote("forget", user.run("massgen-rl", "forget", "--help").stdout, most=20)
