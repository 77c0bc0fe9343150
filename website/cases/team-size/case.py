"""Calls, tokens and seconds for one answer, by size of the team, and with the flags that save."""

from __future__ import annotations

from lab import Finished, Lab, measured

from massgen_plugins.sandbox import SandboxReport

QUESTION = "Which three questions should a design review always ask, and why?"
SIZES = (1, 2, 3, 4, 6, 8)
LATENCY = 1.0
WORDS = 300
"""Of an answer: about a page."""


def run(lab: Lab) -> None:
    """Each size as it is, then three agents with each flag."""
    for size in SIZES:
        _one(lab, f"team{size}", f"team-{size}.yaml")
    _one(lab, "quick", "team-3.yaml", "--quick")
    _one(lab, "fast", "team-3.yaml", "--fast")
    _one(lab, "single", "team-3.yaml", "--single-agent", "agent1")
    one, three = (float(lab.story.figures[f"team{size}.tokens_in"]) for size in (1, 3))
    lab.story.add("ratio", three_to_one=three / one)


def _one(lab: Lab, name: str, config: str, *options: str) -> None:
    server = lab.provider(latency=LATENCY, words=WORDS)
    finished = lab.user(name, server).massgen(config, QUESTION, *options)
    _note(lab, name, finished, server.report())


def _note(lab: Lab, name: str, finished: Finished, report: SandboxReport) -> None:
    lab.story.add(
        name,
        **measured(finished, report, "exit_code requests tokens_in tokens_out seconds wall"),
        largest_prompt=max(call.input_tokens for call in report.requests),
        first_prompt=report.requests[0].input_tokens,
    )
    lab.story.quote(f"{name}-output", finished.stdout, most=40)
