"""Three agents write and run code on a file of measurements, and deliver a tested script and a report."""

from __future__ import annotations

from lab import Lab, measured
from lab.traces import commands

from massgen_plugins.sandbox.scenes import shipped_scenes

QUESTION = "Summarise the measurements: a tested script and a report."


def run(lab: Lab) -> None:
    """One run with a key of ten requests a minute; what agents say and type was written beforehand."""
    server = lab.provider(rpm=10, scenes=shipped_scenes())
    user = lab.user("user", server)
    finished = user.massgen("team.yaml", QUESTION)
    report, winner = server.report(), str(finished.status["results"]["winner"])
    workspace = finished.logs / "turn_1/attempt_1/final" / winner / "workspace"
    lab.story.add(
        "run",
        **measured(finished, report, "exit_code requests refused seconds tokens_in winner waits"),
    )
    lab.story.quote("output", finished.stdout, most=60)
    for name in ("builder", "sceptic", "tester"):
        for part, trace in zip(("answer", "vote"), finished.traces(name), strict=True):
            lab.story.keep(f"{name}-{part}", commands(trace))
    lab.story.keep("presents", commands(finished.text(f"attempt_1/final/{winner}/execution_trace.md")))
    lab.story.quote("cost", user.run("massgen-rl", "cost", "--by", "agent").stdout)
    lab.story.quote("files", "\n".join(sorted(path.name for path in workspace.iterdir())))
    for name in ("summarise.py", "test_summarise.py", "report.md"):
        lab.story.keep(name, (workspace / name).read_text("utf-8"))
