"""The same three agents with parts of the work, and with votes: requests, tokens, who speaks last."""

from __future__ import annotations

from lab import Lab, measured

QUESTION = "Write a one-page introduction to version control."


def run(lab: Lab) -> None:
    """Decomposition, then voting."""
    for name, config in (("parts", "team.yaml"), ("votes", "voting.yaml")):
        server = lab.provider(latency=0.5, words=120)
        finished = lab.user(name, server).massgen(config, QUESTION)
        report, log = server.report(), finished.text("massgen.log")
        lab.story.add(
            name,
            **measured(finished, report, "exit_code requests seconds tokens_in tokens_out winner"),
        )
        lab.story.quote(f"{name}-output", finished.stdout, most=40)
        lab.story.quote(f"{name}-log", log, holding="ecomposition", most=12)
