"""A question, and a follow-up in another process that knows the first answer."""

from __future__ import annotations

import re

from lab import Lab

FIRST = "Suggest a name for a command-line tool that counts words."
SECOND = "Now suggest a shorter one."


def run(lab: Lab) -> None:
    """Ask, list the sessions, continue the latest one."""
    server = lab.provider()
    user = lab.user("user", server)
    first = user.massgen("team.yaml", FIRST)
    before = server.report()
    sessions = user.run("massgen", "--list-sessions")
    second = user.run("massgen", "--automation", "--continue", SECOND)
    after = server.report()
    per_call = [call.input_tokens for call in after.requests]
    lab.story.add("first", exit_code=first.code, requests=before.arrived, tokens=per_call[0])
    lab.story.add(
        "second",
        exit_code=second.code,
        requests=after.arrived - before.arrived,
        tokens=per_call[before.arrived] if after.arrived > before.arrived else 0,
        turns=len(set(re.findall(r"turn_\d+", "\n".join(map(str, user.project.rglob("turn_*")))))),
    )
    lab.story.quote("sessions", sessions.stdout, most=20)
    lab.story.quote("second-output", second.stdout + second.stderr, most=30)
    lab.story.quote(
        "files",
        "\n".join(sorted(str(p.relative_to(user.project)) for p in user.project.rglob("*") if p.is_file())),
        most=60,
    )
