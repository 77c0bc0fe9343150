"""A Redis server whose answers are spoiled from some moment on."""

from __future__ import annotations

import socket
import struct
import threading
import time
from contextlib import suppress
from typing import Self

_INF, _NAN = float("inf"), float("nan")


def _bulk(content: bytes) -> bytes:
    return b"$%d\r\n%s\r\n" % (len(content), content)


SPOILED = {
    "nothing": b"$-1\r\n",
    "no list": b"*-1\r\n",
    "empty list": b"*0\r\n",
    "empty text": _bulk(b""),
    "a number": b":7\r\n",
    "ok": b"+OK\r\n",
    "one byte": _bulk(b"\xff"),
    "no UTF-8": _bulk(b"\xff\xfe" * 40),
    "not a number": _bulk(struct.pack("<5d", _NAN, _NAN, _NAN, _NAN, _NAN)),
    "infinite": _bulk(struct.pack("<5d", _INF, _INF, 0, 1, 0)),
    "negative": _bulk(struct.pack("<5d", -1e15, -1e15, -1, -1, -1)),
    "nested": b"*2\r\n*1\r\n:1\r\n*1\r\n:2\r\n",
    "a list of nothing": b"*5\r\n" + b"$-1\r\n" * 5,
    "error without UTF-8": b"-ERR \xff\xfe\r\n",
    "HTTP": b"HTTP/1.1 400 Bad Request\r\n\r\n",
}
"""Answers by kind, as bytes of the protocol."""


class SpoiledRedis:
    """Stands before a Redis server, and passes on what it says until :attr:`answer` is set.

    Args:
        port: The server's; 0 for none, when every answer is a spoiled one from the start.
        answer: The spoiled one; empty for a server that never answers.
        delay: Seconds by which every question is held up.
    """

    def __init__(self, port: int, answer: bytes | None = None, delay: float = 0.0) -> None:
        self.answer = answer
        self._delay = delay
        self.received = b""
        self._behind = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = [self._listener]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._open.append(client)
                behind = socket.create_connection(("127.0.0.1", self._behind)) if self._behind else None
                self._open += [behind] if behind else []
                threading.Thread(target=self._forward, args=(client, behind), daemon=True).start()
                if behind:
                    threading.Thread(target=self._back, args=(behind, client), daemon=True).start()

    def _forward(self, client: socket.socket, behind: socket.socket | None) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                self.received += data
                if self.answer is not None:
                    client.sendall(self.answer)
                elif behind is not None:
                    time.sleep(self._delay)
                    behind.sendall(data)
            client.close()

    def _back(self, behind: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := behind.recv(65536):
                client.sendall(data)
