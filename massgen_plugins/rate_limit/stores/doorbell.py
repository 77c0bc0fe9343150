"""How a process that has set something free wakes another one that waits for it.

Every waiting process listens on a port of the loopback interface; an empty datagram to it means: ask again.
It carries nothing, and one that is lost, or sent by a stranger, costs no more than one question to the store.
One that is not empty wakes nobody: it only tells whether somebody listens.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress

__all__ = ["Doorbell"]

_HERE = "127.0.0.1"

_RING, _KNOCK = b"", b"?"


class Doorbell:
    """One process's bell, and its hand for those of others. Used by all threads.

    Args:
        on_ring: Called in a thread of the bell's own when somebody rings.
    """

    def __init__(self, on_ring: Callable[[], None]) -> None:
        self._on_ring = on_ring
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._process = 0
        self._port = 0

    @property
    def port(self) -> int:
        """Where it can be rung; begins to listen when first asked. 0 if the system does not allow it."""
        if self._process != os.getpid():
            with self._lock, suppress(OSError):
                if self._process != os.getpid():
                    self._open()
        return self._port

    def ring(self, port: int) -> bool:
        """Wake the process that listens there; False if there surely is none any more."""
        return self._send(port, _RING)

    def knock(self, port: int) -> bool:
        """Whether there may still be a process that listens there; it is not woken."""
        return self._send(port, _KNOCK)

    def _send(self, port: int, message: bytes) -> bool:
        if port in (0, self.port):
            return True
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hand:
                hand.connect((_HERE, port))  # who is connected is told when nobody listens there
                hand.send(message)
                return hand.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
        except ConnectionRefusedError:
            return False
        except OSError:
            return True

    def _open(self) -> None:
        self._process, self._port = os.getpid(), 0
        bell = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        bell.bind((_HERE, 0))
        self._socket, self._port = bell, bell.getsockname()[1]
        threading.Thread(target=self._listen, args=(bell,), name="massgen-plugins-bell", daemon=True).start()

    def close(self) -> None:
        """Listen no more; begins anew when it is asked for its port again."""
        with self._lock:
            bell, self._socket = self._socket, None
            if bell is not None and self._process == os.getpid():
                with suppress(OSError):
                    bell.sendto(b"", (_HERE, self._port))
            self._process = self._port = 0

    def _listen(self, bell: socket.socket) -> None:
        while True:
            try:
                message = bell.recv(1)
            except OSError:
                return
            if self._socket is not bell:
                bell.close()
                return
            if message == _RING:
                self._on_ring()
