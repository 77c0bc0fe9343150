"""Two agents, one question: every request, every vote, every file."""

from __future__ import annotations

from lab import Lab, measured

QUESTION = "What is the capital of France?"


def run(lab: Lab) -> None:
    """One run, looked at from outside."""
    server = lab.provider(latency=0.5)
    user = lab.user("user", server)
    finished = user.massgen("team.yaml", QUESTION)
    lab.story.add(
        "pair",
        **measured(finished, server.report(), "exit_code requests seconds wall winner tokens_in tokens_out"),
    )
    lab.story.quote("output", finished.stdout, most=40)
    lab.story.quote("logs", user.run("massgen", "logs").stdout, most=60)
    files = sorted(
        str(path.relative_to(finished.logs)) for path in finished.logs.rglob("*") if path.is_file()
    )
    lab.story.quote("files", "\n".join(files), most=60)
