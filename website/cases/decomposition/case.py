"""The same three agents with parts of the work, and with votes: requests, tokens, who speaks last."""

from __future__ import annotations

from lab import Lab

QUESTION = "Write a one-page introduction to version control."


def run(lab: Lab) -> None:
    """Decomposition, then voting."""
    for name, config in (("parts", "team.yaml"), ("votes", "voting.yaml")):
        server = lab.provider(latency=0.5, words=120)
        finished = lab.user(name, server).massgen(config, QUESTION)
        report, log = server.report(), finished.text("massgen.log")
        lab.story.add(
            name,
            exit_code=finished.code,
            requests=report.arrived,
            seconds=finished.completed or 0.0,
            tokens_in=sum(report.input_tokens.values()),
            tokens_out=sum(report.output_tokens.values()),
            winner=str(finished.status["results"]["winner"]),
        )
        lab.story.quote(f"{name}-output", finished.stdout, most=40)
        lab.story.quote(f"{name}-log", log, holding="ecomposition", most=12)
