"""A review panel: three reviewers with different eyes, strict voting, one report."""

from __future__ import annotations

from lab import Lab, measured

QUESTION = "Review this change: the login form now logs the submitted password when a login fails."


def run(lab: Lab) -> None:
    """One review, and who voted for whom."""
    server = lab.provider(latency=0.5, words=120)
    finished = lab.user("user", server).massgen("team.yaml", QUESTION)
    report, status = server.report(), finished.status
    votes = status["results"]["votes"]
    lab.story.add(
        "panel",
        **measured(finished, report, "exit_code requests seconds winner tokens_in tokens_out"),
        votes=sum(votes.values()) if isinstance(votes, dict) else len(votes),
    )
    lab.story.quote("output", finished.stdout, most=40)
