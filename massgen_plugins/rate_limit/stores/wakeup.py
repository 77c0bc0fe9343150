"""Wake-ups between the processes of a machine, by UDP on the loopback interface.

Every waiting process listens on a port; an empty datagram means: retry. It carries no data, and a lost or
forged one costs one transaction at most. A non-empty datagram is a liveness probe, and wakes nobody.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress

__all__ = ["WakeUp"]

_LOOPBACK = "127.0.0.1"

_WAKE, _PROBE = b"", b"?"


class WakeUp:
    """Receives one process's wake-ups, and sends wake-ups to others. Thread-safe.

    Args:
        on_wake: Called in a separate thread when another process wakes this one.
    """

    def __init__(self, on_wake: Callable[[], None]) -> None:
        self._on_wake = on_wake
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._process = 0
        self._port = 0

    @property
    def port(self) -> int:
        """The port of this process, which listens from the first call on; 0 if it cannot."""
        if self._process != os.getpid():
            with self._lock, suppress(OSError):
                if self._process != os.getpid():
                    self._open()
        return self._port

    def wake(self, port: int) -> bool:
        """Wake the process that listens on a port; False if surely none does."""
        return self._send(port, _WAKE)

    def lives(self, port: int) -> bool:
        """Whether a process may be listening on a port, without waking it."""
        return self._send(port, _PROBE)

    def _send(self, port: int, message: bytes) -> bool:
        if port in (0, self.port):
            return True
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.connect((_LOOPBACK, port))  # connected: so that a closed port is reported
                sender.send(message)
                return sender.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
        except ConnectionRefusedError:
            return False
        except OSError:
            return True

    def _open(self) -> None:
        self._process, self._port = os.getpid(), 0
        listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        listener.bind((_LOOPBACK, 0))
        self._socket, self._port = listener, listener.getsockname()[1]
        threading.Thread(
            target=self._listen, args=(listener,), name="massgen-plugins-wakeup", daemon=True
        ).start()

    def close(self) -> None:
        """Stop listening; the next use of :attr:`port` starts again."""
        with self._lock:
            listener, self._socket = self._socket, None
            if listener is not None and self._process == os.getpid():
                with suppress(OSError):
                    listener.sendto(b"", (_LOOPBACK, self._port))
            self._process = self._port = 0

    def _listen(self, listener: socket.socket) -> None:
        while True:
            try:
                message = listener.recv(1)
            except OSError:
                return
            if self._socket is not listener:
                listener.close()
                return
            if message == _WAKE:
                self._on_wake()
