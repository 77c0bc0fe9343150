"""Follows problems, messages and examples to the letter: ``python -m tests.handbook.followed [NAME ...]``.

Needs uv on the PATH, a package index and a quarter of an hour; nothing is asked of a provider.
"""

from __future__ import annotations

import sys

from massgen_plugins import sandbox
from tests.handbook.refusing import refusing_provider

from . import first_day, messages, tasks
from .reader import follow

_TIGHT = sandbox.SandboxConfig(quotas={"*": sandbox.per_model(rpm=2)})


def main(names: list[str]) -> int:
    """Follow those whose name has one of these words, or all; 1 if one went otherwise than its page says."""
    wrong = 0
    with (
        sandbox.SandboxProcess() as provider,
        sandbox.SandboxProcess(_TIGHT) as tight,
        refusing_provider() as no,
    ):
        around = {"GOOGLE_GEMINI_BASE_URL": provider.url, "TIGHT": tight.url}
        for story in (*first_day.stories(no), *messages.stories(provider.url), *tasks.stories()):
            if names and not any(name in story.name for name in names):
                continue
            done = follow(story, **around)
            wrong += bool(done.wrong)
            mark = "WRONG" if done.wrong else "ok"
            sys.stdout.write(f"{mark:5} {done.seconds:4.0f} s  {done.name}\n")
            sys.stdout.write(f"      {done.wrong}\n" if done.wrong else "")
            sys.stdout.flush()
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
