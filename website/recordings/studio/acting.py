"""Runs a program that asks or fills the screen, in a terminal of its own, and presses its keys."""

from __future__ import annotations

import codecs
import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Callable

import pyte

from studio.marks import mark
from studio.script import Act, Step

__all__ = ["perform"]

_WITHIN = 600.0
"""Seconds until what an act waits for must be there."""

_LOOK = 0.05
_BREATH = 0.4


class _Stage:
    """A program in a terminal; what it draws goes on to ``show``, and is looked at here."""

    def __init__(self, command: str, show: Callable[[str], None]) -> None:
        size = os.get_terminal_size()
        self._show = show
        self._screen = pyte.Screen(size.columns, size.lines)
        self._stream = pyte.ByteStream(self._screen)
        self._decode = codecs.getincrementaldecoder("utf-8")("ignore").decode
        self.process, self._terminal = pty.fork()
        if self.process == 0:
            os.execvp("bash", ["bash", "-c", f"sleep 0.2; exec {command}"])
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", size.lines, size.columns, 0, 0))

    def pass_on(self, seconds: float) -> bool:
        """Show what is drawn within this time; False once the program has ended."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not select.select([self._terminal], [], [], left)[0]:
                return True
            try:
                data = os.read(self._terminal, 65536)
            except OSError:  # the program has ended
                return False
            if not data:
                return False
            self._stream.feed(data)
            self._show(self._decode(data))
        return True

    def shows(self, text: str) -> bool:
        """Whether the text is on the screen now; one that ends with a prompt, at the end of it."""
        shown = " ".join(" ".join(self._screen.display).split())
        return shown.endswith(text) if text.endswith("$") else text in shown

    def press(self, keys: str) -> None:
        """Press keys."""
        os.write(self._terminal, keys.encode())

    def end(self) -> None:
        """End the program, if it still runs."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        os.close(self._terminal)


def perform(step: Step, show: Callable[[str], None], *, key: float) -> None:
    """Run the command of ``step``; ``key`` is the time between two keys, 0 to leave out the pauses, too.

    Raises:
        TimeoutError: What an act waits for did not come.
    """
    stage = _Stage(step.run, show)
    try:
        for act in step.acts:
            _await(stage, act)
            show("".join([mark(cut=True) if act.cut else "", mark(say=act.say) if act.say else ""]))
            for keys in [act.type] if act.type.startswith("\x1b") else act.type:
                stage.press(keys)
                stage.pass_on(max(key, 0.01))
            if act.type:
                show(mark(start=True))
            _look(stage, show, act.pause if key else 0.3)
        show(mark(end=True))
    finally:
        stage.end()


def _await(stage: _Stage, act: Act) -> None:
    end = time.monotonic() + _WITHIN
    while not stage.shows(act.wait):
        if time.monotonic() > end or not stage.pass_on(_LOOK):
            raise TimeoutError(f"{act.wait!r} did not come within {_WITHIN:.0f} s")


def _look(stage: _Stage, show: Callable[[str], None], seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not stage.pass_on(_BREATH):
            time.sleep(_BREATH)  # the program has ended; what it drew is still to be read
        show(mark(breath=True))  # a pause with a sign of life is not cut
