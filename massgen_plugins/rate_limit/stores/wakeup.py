"""How a process that has set something free wakes another one that waits for it.

Every waiting process listens on a port of the loopback interface; an empty datagram to it means: ask again.
It carries nothing, and one that is lost, or sent by a stranger, costs no more than one transaction. One that
is not empty wakes nobody: it only tells whether somebody listens.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress

__all__ = ["WakeUp"]

_HERE = "127.0.0.1"

_WAKE, _PROBE = b"", b"?"


class WakeUp:
    """One process's socket for wake-ups, and the sending of wake-ups to others. Used by all threads.

    Args:
        on_wake: Called in a thread of its own when somebody wakes this process.
    """

    def __init__(self, on_wake: Callable[[], None]) -> None:
        self._on_wake = on_wake
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._process = 0
        self._port = 0

    @property
    def port(self) -> int:
        """Where this process can be woken; it begins to listen when first asked. 0 if that is not allowed."""
        if self._process != os.getpid():
            with self._lock, suppress(OSError):
                if self._process != os.getpid():
                    self._open()
        return self._port

    def wake(self, port: int) -> bool:
        """Wake the process that listens there; False if there surely is none any more."""
        return self._send(port, _WAKE)

    def lives(self, port: int) -> bool:
        """Whether there may still be a process that listens there; it is not woken."""
        return self._send(port, _PROBE)

    def _send(self, port: int, message: bytes) -> bool:
        if port in (0, self.port):
            return True
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.connect((_HERE, port))  # who is connected is told when nobody listens there
                sender.send(message)
                return sender.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
        except ConnectionRefusedError:
            return False
        except OSError:
            return True

    def _open(self) -> None:
        self._process, self._port = os.getpid(), 0
        listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        listener.bind((_HERE, 0))
        self._socket, self._port = listener, listener.getsockname()[1]
        threading.Thread(
            target=self._listen, args=(listener,), name="massgen-plugins-wakeup", daemon=True
        ).start()

    def close(self) -> None:
        """Listen no more; begins anew when it is asked for its port again."""
        with self._lock:
            listener, self._socket = self._socket, None
            if listener is not None and self._process == os.getpid():
                with suppress(OSError):
                    listener.sendto(b"", (_HERE, self._port))
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
