"""An agent calls a Python function of yours: where it is loaded from, what it is called, what comes back."""

from __future__ import annotations

from lab import Lab, measured

QUESTION = """How many words has "the quick brown fox"?
SANDBOX: call_tool custom_tool__count_words {"text": "the quick brown fox"}
Answer in one sentence."""


def run(lab: Lab) -> None:
    """One run; the scripted model calls the tool once, then answers."""
    server = lab.provider()
    finished = lab.user("user", server).massgen("team.yaml", QUESTION)
    lab.story.add(
        "tool",
        **measured(finished, server.report(), "exit_code requests seconds"),
        called=finished.count("custom_tool__count_words") > 0,
    )
    log = finished.text("massgen.log")
    lab.story.quote("log", log, holding="filesystem_manager|Registered custom|Calling|Results", most=5)
    lab.story.quote("output", finished.stdout, most=30)
