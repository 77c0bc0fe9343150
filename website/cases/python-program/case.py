"""MassGen from a Python program: one question, and one with a conversation before it."""

from __future__ import annotations

from lab import Lab


def run(lab: Lab) -> None:
    """Both programs, as they stand in this folder."""
    server = lab.provider()
    user = lab.user("user", server)
    for name, program in (("ask", "ask.py"), ("follow_up", "follow_up.py")):
        before = server.report().arrived
        finished = user.run("python", program)
        lab.story.add(
            name,
            exit_code=finished.code,
            requests=server.report().arrived - before,
            seconds=finished.seconds,
        )
        lab.story.quote(f"{name}-output", finished.stdout)
        lab.story.quote(f"{name}-errors", finished.stderr, holding="Error", most=3)
