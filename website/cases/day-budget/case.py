"""A budget of 20 requests a day, spent over three runs that know nothing of each other."""

from __future__ import annotations

from lab import Lab

QUESTION = "Name a good first issue for a new contributor."


def run(lab: Lab) -> None:
    """Three runs, one after the other, then what the command line says of the day."""
    server = lab.provider(rpd=20, tpm=250_000)
    user = lab.user("user", server)
    before = 0
    for name in ("first", "second", "third"):
        finished = user.massgen("team.yaml", QUESTION)
        arrived = server.report().arrived
        lab.story.add(
            name,
            requests=arrived - before,
            exit_code=finished.code,
            answered="WINNER" in finished.stdout,
            seconds=finished.seconds,
            told=finished.stderr.count("is used up"),
        )
        before = arrived
        lab.story.quote(f"{name}-output", finished.stdout)
        lab.story.quote(f"{name}-errors", finished.stderr, holding="massgen-plugins", most=3)
    report = server.report()
    lab.story.add("day", requests=report.arrived, refused=report.refused)
    lab.story.quote("status", user.run("massgen-rl", "status").stdout, most=20)
