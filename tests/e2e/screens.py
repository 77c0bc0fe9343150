"""Records what six agents that wait look like in each of MassGen's displays, at several widths.

    python tests/e2e/screens.py --display rich --columns 80 --every 10 --out FOLDER

A real MassGen runs in a terminal of that size against a sandbox; its screen goes into a text file every few
seconds. Needs ``pip install pyte``.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import select
import signal
import socket
import struct
import subprocess
import tempfile
import termios
import time
from pathlib import Path
from urllib.parse import urlencode

import pyte
import yaml
from harness import BIN, FLASH, QUESTION, Team, User

from massgen_plugins.sandbox import SandboxConfig, SandboxProcess

DISPLAYS = {
    "rich": ["--display", "rich"],
    "textual": ["--display", "textual"],
    "simple": ["--no-display"],
    "automation": ["--automation"],
    "web": ["--web", "--no-browser"],
}
HERE = Path(__file__).parent
ROWS = 30
LONGEST = 400.0


def team(amount: int, window: str, count: int = 6) -> Team:
    """Agents that have to wait soon."""
    limits = [{"kind": "requests", "amount": amount, "window": window}]
    none = {"rpm": None, "rpd": None, "tpm": None, "cooldown": 0}
    names = {f"agent_{number}": FLASH for number in range(1, count + 1)}
    return Team(names, rate_limit={"models": {FLASH: {**none, "limits": limits}}})


def record(options: argparse.Namespace, folder: Path, server: str) -> None:
    """Run MassGen once, and keep its screens."""
    user = User(folder, server, TERM="xterm-256color", COLUMNS=str(options.columns), LINES=str(ROWS))
    document = team(options.amount, options.window).document()
    document.pop("ui")
    file = user.write("team.yaml", yaml.safe_dump(document, sort_keys=False))
    command = [str(BIN / "massgen"), *DISPLAYS[options.display], "--config", str(file), QUESTION]
    if options.display == "web":
        look_at_the_page(options, user, command, file)
        return
    pid, screen_end = pty.fork()
    if not pid:
        os.chdir(user.project)
        os.execve(command[0], command, user.environment)
    fcntl.ioctl(screen_end, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, options.columns, 0, 0))
    try:
        keep(options, screen_end)
    finally:
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)


def look_at_the_page(options: argparse.Namespace, user: User, command: list[str], file: Path) -> None:
    """Serve MassGen's web page, start the run in it, and take screenshots."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    known = user.project / ".massgen" / "config.yaml"  # else MassGen begins with a set-up
    known.parent.mkdir(exist_ok=True)
    known.write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    url = f"http://127.0.0.1:{port}/?{urlencode({'prompt': QUESTION, 'config': str(file)})}"
    served = subprocess.Popen(
        [*command, "--web-port", str(port)], cwd=user.project, env=user.environment, start_new_session=True
    )
    try:
        while served.poll() is None and not answers(port):
            time.sleep(0.5)
        count = int(options.seconds / options.every)
        looks = ["node", str(HERE / "web_screens.mjs"), url, str(options.out), str(count), str(options.every)]
        subprocess.run(looks, check=True)
    finally:
        os.killpg(served.pid, signal.SIGTERM)
        served.wait()


def answers(port: int) -> bool:
    """Whether somebody listens."""
    with socket.socket() as attempt:
        return attempt.connect_ex(("127.0.0.1", port)) == 0


def keep(options: argparse.Namespace, screen_end: int) -> None:
    """Write the screen to a file every few seconds, and all that was said at the end."""
    screen = pyte.Screen(options.columns, ROWS)
    stream = pyte.ByteStream(screen)
    raw = bytearray()
    begun, last = time.monotonic(), 0.0
    name = f"{options.display}-{options.columns}"
    while time.monotonic() - begun < options.seconds:
        ready, _, _ = select.select([screen_end], [], [], 0.5)
        if ready:
            try:
                data = os.read(screen_end, 65536)
            except OSError:
                break
            if not data:
                break
            raw += data
            stream.feed(data)
        passed = time.monotonic() - begun
        if passed - last >= options.every:
            last = passed
            text = "\n".join(line.rstrip() for line in screen.display)
            (options.out / f"{name}-{passed:05.0f}.txt").write_text(text, encoding="utf-8")
    (options.out / f"{name}.raw").write_bytes(bytes(raw))


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--display", choices=sorted(DISPLAYS), required=True)
    parser.add_argument("--columns", type=int, default=80)
    parser.add_argument("--every", type=float, default=5.0)
    parser.add_argument("--seconds", type=float, default=LONGEST)
    parser.add_argument("--amount", type=int, default=2)
    parser.add_argument("--window", default="15s")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, SandboxProcess(SandboxConfig()) as server:
        record(options, Path(folder), server.url)


if __name__ == "__main__":
    main()
