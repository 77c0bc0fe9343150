"""Six OpenAI-compatible agents and six Claude agents on a key of 10, and of 3, requests per minute."""

from __future__ import annotations

from lab import Finished, Lab, measured

from massgen_plugins.sandbox import SandboxReport

QUESTION = "What is the capital of France, and what is it known for?"


def run(lab: Lab) -> None:
    """Each team as MassGen runs it alone, with a tighter key, and with the switch."""
    for name in ("openai", "claude"):
        for variant, rpm, config in (
            ("off", 10, f"{name}.yaml"),
            ("tight", 3, f"{name}.yaml"),
            ("on", 10, f"{name}-limited.yaml"),
        ):
            server = lab.provider(rpm=rpm)
            finished = lab.user(f"{name}-{variant}", server).massgen(config, QUESTION)
            _note(lab, f"{name}.{variant}", finished, server.report())


def _note(lab: Lab, name: str, finished: Finished, report: SandboxReport) -> None:
    retries = [call.headers.get("x-stainless-retry-count", "0") for call in report.requests]
    lab.story.add(
        name,
        **measured(finished, report, "exit_code requests refused served seconds answered"),
        hidden_retries=sum(count != "0" for count in retries),
        answers=finished.text("coordination_events.json").count('"event_type": "new_answer"'),
        errors=finished.count("Rate limit reached") + finished.count("would exceed your organization"),
    )
    lab.story.quote(f"{name}-output", finished.stdout, most=30)
    lab.story.quote(f"{name}-plugin", finished.stderr, holding="massgen-plugins")
    lab.story.quote(f"{name}-errors", finished.stderr + finished.text("massgen.log"), holding="imit", most=4)
