"""MassGen's web page, served by a real MassGen and looked at in Chromium."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Self
from urllib.parse import urlencode

from harness import QUESTION, User

__all__ = ["WebPage"]

_LOOK = Path(__file__).with_name("web_screens.mjs")


class WebPage:
    """The page of a run that begins when it is opened.

    Args:
        user: Whose MassGen it is.
        command: What serves it.
        file: The team's configuration.
        columns: How wide the page is, in letters of eight pixels.
        out: Where screenshots go.
    """

    def __init__(self, user: User, command: list[str], file: Path, columns: int, out: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        known = user.project / ".massgen" / "config.yaml"  # else MassGen begins with a set-up
        known.parent.mkdir(exist_ok=True)
        known.write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
        self._user, self._out, self._pixels = user, out, columns * 8
        self._command = [*command, "--web-port", str(self._port)]
        query = urlencode({"prompt": QUESTION, "config": str(file)})
        self._url = f"http://127.0.0.1:{self._port}/?{query}"

    def __enter__(self) -> Self:
        log = (self._out / "web.log").open("wb")
        self._served = subprocess.Popen(
            self._command,
            cwd=self._user.project,
            env=self._user.environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        log.close()
        while self._served.poll() is None and not _answers(self._port):
            time.sleep(0.5)  # until it listens
        look = ["node", str(_LOOK), self._url, str(self._out), str(self._pixels)]
        self._browser = subprocess.Popen(look, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._browser.communicate()
        os.killpg(self._served.pid, signal.SIGTERM)
        self._served.wait()

    @property
    def screen(self) -> str:
        """The text of the page now."""
        return self.keep("")

    def keep(self, name: str) -> str:
        """Keep a screenshot under this name; the page's text."""
        assert self._browser.stdin
        assert self._browser.stdout
        self._browser.stdin.write(f"{name}\n")
        self._browser.stdin.flush()
        return str(json.loads(self._browser.stdout.readline()))

    @property
    def ended(self) -> bool:
        """Whether nothing is served any longer."""
        return self._served.poll() is not None


def _answers(port: int) -> bool:
    with socket.socket() as attempt:
        return attempt.connect_ex(("127.0.0.1", port)) == 0
