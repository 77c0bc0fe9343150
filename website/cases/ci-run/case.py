"""Every exit code of ``massgen --automation``, provoked: what a CI job can rely on, and what it cannot."""

from __future__ import annotations

import signal

from lab import Finished, Household, Lab

QUESTION = "Is this release note clear?"


def run(lab: Lab) -> None:
    """One run for each way in which a run can end."""
    good = lab.user("good", lab.provider())
    _note(lab, "good", good.massgen("good.yaml", QUESTION))
    _note(lab, "broken", good.massgen("broken.yaml", QUESTION))
    _note(lab, "absent", good.massgen("absent.yaml", QUESTION))
    _note(lab, "bad_flag", good.run("massgen", "--automation", "--no-such-flag", QUESTION))
    no_key = lab.user("no-key", lab.provider())
    del no_key.environment["GEMINI_API_KEY"]
    _note(lab, "no_key", no_key.massgen("good.yaml", QUESTION))
    slow = lab.user("slow", lab.provider(latency=30.0))
    _note(lab, "too_slow", slow.massgen("impatient.yaml", QUESTION))
    _note(lab, "interrupted", _interrupted(slow))
    nobody = lab.user("nobody", lab.provider())
    nobody.environment["GOOGLE_GEMINI_BASE_URL"] = "http://127.0.0.1:9"
    down = nobody.massgen("good.yaml", QUESTION, "--output-file", "answer.txt")
    _note(lab, "provider_down", down)
    written = nobody.project / "answer.txt"
    lab.story.add("provider_down", output_file_written=written.exists())
    lab.story.quote("output-file", written.read_text("utf-8")[:400])


def _interrupted(user: Household) -> Finished:
    with user.start("massgen", "--automation", "--config", "good.yaml", QUESTION) as running:
        running.wait_for("[Coordination in progress")
        running.signal(signal.SIGINT)
        return running.finish(60)


def _note(lab: Lab, name: str, finished: Finished) -> None:
    lab.story.add(
        name,
        exit_code=finished.code,
        seconds=finished.seconds,
        has_answer="ANSWER_FILE" in finished.stdout,
        has_status="STATUS:" in finished.stdout and any(finished.logs.rglob("status.json")),
    )
    lab.story.quote(f"{name}-stdout", finished.stdout, most=30)
    lab.story.quote(f"{name}-stderr", finished.stderr, most=12)
