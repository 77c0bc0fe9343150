"""Reads single keys from a terminal that also shows output."""

from __future__ import annotations

import os
import re
import select
import signal
import sys
import time
from contextlib import suppress
from types import FrameType
from typing import Self

__all__ = ["Keyboard", "Waiting"]

_ARROWS = re.compile(r"\x1b[\[O][0-9;]*[A-Za-z~]")
"""Escape sequences of special keys, which are ignored."""


class Waiting:
    """Waits without reading keys, if there is no terminal."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def read(self, seconds: float) -> str:
        """Wait; always returns ""."""
        time.sleep(seconds)
        return ""


class Keyboard(Waiting):
    """Reads keys without Return and echo, within its context; resizing the window also ends a wait."""

    def __enter__(self) -> Self:
        import termios
        import tty

        self._input = sys.stdin.fileno()
        self._before = termios.tcgetattr(self._input)
        self._pressed = ""
        self._wake_out, self._wake_in = os.pipe()
        self._handler = signal.signal(signal.SIGWINCH, self._resized)
        tty.setcbreak(self._input)
        return self

    def __exit__(self, *_: object) -> None:
        import termios

        termios.tcsetattr(self._input, termios.TCSADRAIN, self._before)
        signal.signal(signal.SIGWINCH, self._handler)
        os.close(self._wake_out)
        os.close(self._wake_in)

    def read(self, seconds: float) -> str:
        """The next key within this time; "" if there was none, or the window was resized."""
        if self._pressed:
            key, self._pressed = self._pressed[0], self._pressed[1:]
            return key
        ready, _, _ = select.select([self._input, self._wake_out], [], [], max(0.0, seconds))
        if self._wake_out in ready:
            os.read(self._wake_out, 100)
        if self._input not in ready:
            return ""
        pressed = _ARROWS.sub("", os.read(self._input, 32).decode("utf-8", "replace") or "q")
        self._pressed = pressed[1:]
        return pressed[:1]

    def _resized(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - as signals are told
        with suppress(OSError):
            os.write(self._wake_in, b"r")
