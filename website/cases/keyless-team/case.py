"""Three agents without any API key, on a model server that speaks OpenAI's protocol on this machine."""

from __future__ import annotations

from lab import Household, Lab, measured

QUESTION = "What should a README contain?"
KEYS = ("GEMINI_API_KEY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY")


def run(lab: Lab) -> None:
    """The backend type for local servers, then the general one, neither with a key."""
    server = lab.provider(latency=0.5)
    user = lab.user("user", server)
    _without_keys(user)
    team = user.massgen("team.yaml", QUESTION)
    report = server.report()
    lab.story.add(
        "team",
        **measured(team, report, "exit_code requests refused seconds tokens_in tokens_out"),
    )
    lab.story.quote("team-output", team.stdout, most=30)
    general = user.massgen("team-chatcompletion.yaml", QUESTION)
    lab.story.add("general", exit_code=general.code, requests=server.report().arrived - report.arrived)
    lab.story.quote("general-output", general.stdout + general.stderr, most=30)


def _without_keys(user: Household) -> None:
    for name in KEYS:
        del user.environment[name]
