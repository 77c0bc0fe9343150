"""Two agents, one question: every request, every vote, every file."""

from __future__ import annotations

from lab import Lab

QUESTION = "What is the capital of France?"


def run(lab: Lab) -> None:
    """One run, looked at from outside."""
    server = lab.provider(latency=0.5)
    user = lab.user("user", server)
    finished = user.massgen("team.yaml", QUESTION)
    report, status = server.report(), finished.status
    lab.story.add(
        "pair",
        exit_code=finished.code,
        requests=report.arrived,
        seconds=finished.completed or 0.0,
        wall=finished.seconds,
        winner=str(status["results"]["winner"]),
        tokens_in=sum(report.input_tokens.values()),
        tokens_out=sum(report.output_tokens.values()),
    )
    lab.story.quote("output", finished.stdout, most=40)
    lab.story.quote("logs", user.run("massgen", "logs").stdout, most=60)
    files = sorted(
        str(path.relative_to(finished.logs)) for path in finished.logs.rglob("*") if path.is_file()
    )
    lab.story.quote("files", "\n".join(files), most=60)
