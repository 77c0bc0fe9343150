"""Plays a script in the terminal it is started in: types each command, then really runs it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from studio.acting import perform
from studio.marks import mark
from studio.script import Script, Step

_PROMPT = "\x1b[1;32m$\x1b[0m "
_KEY = 0.03
"""Seconds between two keys."""

_BREATH = 0.5
"""Seconds between two signs of life."""

_HURRIED = "RECORDING_IN_A_HURRY" in os.environ
"""Nobody will look at it: the text is the same without keys that take time and pauses to read."""


def _play(step: Step) -> None:
    if step.hidden:
        subprocess.run(["bash", "-c", step.hidden], check=False, capture_output=True)
        return
    if step.caption:
        _show(mark(say=step.caption))
    if not step.unseen:
        _type(step.run)
    if step.acts:
        _show(mark(start=True))
        perform(step, _show, key=0 if _HURRIED else _KEY)
    elif not step.run.startswith("#"):
        subprocess.run(["bash", "-c", step.run], check=False)
    _pause(step.pause)


def _type(command: str) -> None:
    _show(_PROMPT)
    for character in command:
        _show(character)
        _wait(_KEY)
    _wait(0.3)
    _show("\n")


def _pause(seconds: float) -> None:
    """Time to read."""
    for _ in range(round(seconds / _BREATH)):
        _show("\x1b[0m")  # nothing to see; but a pause with a sign of life is not cut
        _wait(_BREATH)


def _wait(seconds: float) -> None:
    if not _HURRIED:
        time.sleep(seconds)


def _show(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    for each in Script.load(Path(sys.argv[1])).steps:
        _play(each)
    _show(_PROMPT)
