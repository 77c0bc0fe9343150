"""A terminal of its own for a program that draws on one."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import pyte

__all__ = ["Terminal"]

_STILL = 0.08
"""Seconds without a byte after which a picture counts as drawn."""

_PATIENCE = 2.0
"""Seconds for which that is waited for."""


class Terminal:
    """Runs ``command`` on a pseudo-terminal while its ``with`` block runs, and reads what it draws."""

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        columns: int = 160,
        rows: int = 50,
    ) -> None:
        self._own, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env={**environment, "TERM": "xterm-256color"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self._drawn = bytearray()
        self._lock = threading.Lock()
        self._last = 0.0
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def drawn(self) -> str:
        """All that was written to it so far, control codes included."""
        return self._drawn.decode(errors="replace")

    @property
    def screen(self) -> str:
        """What a person sees now, when a picture is whole."""
        end = time.monotonic() + _PATIENCE
        while time.monotonic() - self._last < _STILL and time.monotonic() < end:
            time.sleep(_STILL / 4)  # nothing tells that a program has finished a picture
        with self._lock:
            return "\n".join(line.rstrip() for line in self._screen.display)

    @property
    def ended(self) -> bool:
        """Whether the program has ended by itself."""
        return self._process.poll() is not None

    def _read(self) -> None:
        try:
            while piece := os.read(self._own, 65_536):
                with self._lock:
                    self._drawn += piece
                    self._stream.feed(piece)
                    self._last = time.monotonic()
        except OSError:  # what Linux says when the other side is closed
            pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join(10)
        os.close(self._own)
