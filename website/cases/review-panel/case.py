"""A review panel: three reviewers with different eyes, strict voting, one report."""

from __future__ import annotations

from lab import Lab

QUESTION = "Review this change: the login form now logs the submitted password when a login fails."


def run(lab: Lab) -> None:
    """One review, and who voted for whom."""
    server = lab.provider(latency=0.5, words=120)
    finished = lab.user("user", server).massgen("team.yaml", QUESTION)
    report, status = server.report(), finished.status
    votes = status["results"]["votes"]
    lab.story.add(
        "panel",
        exit_code=finished.code,
        requests=report.arrived,
        seconds=finished.completed or 0.0,
        winner=str(status["results"]["winner"]),
        votes=sum(votes.values()) if isinstance(votes, dict) else len(votes),
        tokens_in=sum(report.input_tokens.values()),
        tokens_out=sum(report.output_tokens.values()),
    )
    lab.story.quote("output", finished.stdout, most=40)
