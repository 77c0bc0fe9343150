"""Two agents write release notes with file tools and a tool that checks words, and deliver a document."""

from __future__ import annotations

from lab import Lab, measured
from lab.traces import calls

from massgen_plugins.sandbox.scenes import shipped_scenes

QUESTION = "Write the release notes of 2.4 from the changes."


def run(lab: Lab) -> None:
    """One run with a key of ten requests a minute; what agents say and write was written beforehand."""
    server = lab.provider(rpm=10, scenes=shipped_scenes())
    user = lab.user("user", server)
    (user.project / "docs").mkdir()
    finished = user.massgen("team.yaml", QUESTION)
    report, winner = server.report(), str(finished.status["results"]["winner"])
    lab.story.add(
        "run",
        **measured(finished, report, "exit_code requests refused seconds tokens_in winner waits"),
    )
    lab.story.quote("output", finished.stdout, most=60)
    for name in ("editor", "upgrader"):
        for part, trace in zip(("answer", "vote"), finished.traces(name), strict=True):
            lab.story.keep(f"{name}-{part}", calls(trace))
    lab.story.keep("presents", calls(finished.text(f"attempt_1/final/{winner}/execution_trace.md")))
    lab.story.quote("cost", user.run("massgen-rl", "cost", "--by", "agent").stdout)
    lab.story.keep("release-2.4.md", (user.project / "docs/release-2.4.md").read_text("utf-8"))
