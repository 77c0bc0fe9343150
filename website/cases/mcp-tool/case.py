"""An agent with an MCP server over stdio, of which one tool is kept from it."""

from __future__ import annotations

from lab import Lab, measured

QUESTION = """How many days are there from day 3 to day 10?
SANDBOX: call_tool mcp__clock__days_between {"first": 3, "second": 10}
Answer in one sentence."""


def run(lab: Lab) -> None:
    """One run; the scripted model calls the allowed tool once, then answers."""
    server = lab.provider()
    finished = lab.user("user", server).massgen("team.yaml", QUESTION)
    log = finished.text("massgen.log")
    lab.story.add(
        "mcp",
        **measured(finished, server.report(), "exit_code requests seconds"),
        offered="mcp__clock__days_between" in log,
        excluded_offered="mcp__clock__set_alarm" in log,
    )
    lab.story.quote("log", log, holding="Discovered|connected|Calling|Results", most=5)
    lab.story.quote("output", finished.stdout, most=30)
