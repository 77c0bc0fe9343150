"""Records six agents that wait in one of MassGen's displays, with `massgen-rl watch` beside it.

    python tests/e2e/screens.py --display rich --columns 80 --out FOLDER

A real MassGen runs in a terminal of that size against a sandbox. Each file has its screen, that of `watch`,
and how many seconds all places say at that instant; of the web page there are screenshots, too.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from harness import User
from same_second import DISPLAYS, Instant, Watched, record, six_agents
from web_page import WebPage

from massgen_plugins.sandbox import SandboxConfig, SandboxProcess

LONGEST = 120.0


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--display", choices=DISPLAYS, required=True)
    parser.add_argument("--columns", type=int, default=80)
    parser.add_argument("--count", type=int, default=4)
    parser.add_argument("--amount", type=int, default=2)
    parser.add_argument("--window", default="15s")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    name = f"{options.display}-{options.columns}"

    def keep(number: int, instant: Instant, host: object) -> None:
        (options.out / f"{name}-{number}.txt").write_text(str(instant), encoding="utf-8")
        if isinstance(host, WebPage):
            host.keep(f"{name}-{number}.png")
        sys.stdout.write(f"{name} {number}: {instant.agent} {instant.seconds}\n")
        sys.stdout.flush()

    team = six_agents(options.amount, options.window)
    with tempfile.TemporaryDirectory() as folder, SandboxProcess(SandboxConfig()) as server:
        user = User(Path(folder), server.url)
        with Watched(user, options.display, options.columns, options.out, team) as watched:
            record(watched, options.count, keep, LONGEST)
            last = watched.host.screen
            (options.out / f"{name}-last.txt").write_text(f"{last}\n\n{watched.watch.screen}\n", "utf-8")


if __name__ == "__main__":
    main()
