"""A run is killed with calls on their way, and started again at once: is the quota lost, or overspent?"""

from __future__ import annotations

from lab import Lab

from massgen_plugins.sandbox import QuotaKind

QUESTION = "Summarise the trade-offs of event sourcing."
ARGUMENTS = ("--automation", "--config", "team.yaml", QUESTION)
LIMIT = 9


def run(lab: Lab) -> None:
    """Kill -9 when the first agent waits, then start the same command again."""
    server = lab.provider(rpm=LIMIT, tpm=250_000, latency=5.0)
    user = lab.user("user", server)
    with user.start("massgen", *ARGUMENTS) as killed:
        killed.wait_for(f" {LIMIT}/min")
        unfinished = sum(call.finished_ns == 0 for call in server.report().requests)
        killed.kill()
        lab.story.quote("killed-errors", killed.stderr, holding="massgen-plugins")
    left = server.report().arrived
    lab.story.quote("status", user.run("massgen-rl", "status").stdout, most=20)
    again = user.massgen("team.yaml", QUESTION)
    report = server.report()
    calls = sorted(call.arrived for call in report.requests)
    lab.story.add("killed", requests=left, unfinished=unfinished)
    lab.story.add(
        "again",
        requests=report.arrived - left,
        exit_code=again.code,
        seconds=again.completed or 0.0,
        gap=calls[left] - calls[left - 1],
        since_first=calls[left] - calls[0],
    )
    lab.story.add(
        "both",
        refused=report.refused,
        fullest_minute=round(report.worst_window(QuotaKind.REQUESTS, 60) * LIMIT),
    )
    lab.story.quote("again-waits", again.text("massgen.log"), holding="waiting about", most=7)
    lab.story.quote("again-output", again.stdout)
