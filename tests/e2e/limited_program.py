"""For the tests: a gateway with limits, for a program that works without MassGen around it.

python limited_program.py URL TYPE: prints the base URL for the program, then serves until it is killed. The
limits are those of the user's own profile, as ``Program.declare`` writes it.
"""

from __future__ import annotations

import sys
import threading
from collections import Counter

from massgen_plugins.gateway import PATIENCE, Entrance, Gateway
from massgen_plugins.host.governor import Governor
from massgen_plugins.host.programs import LiveTurn
from massgen_plugins.host.runtime import runtime
from massgen_plugins.host.stream import Agent


def main(url: str, program: str) -> None:
    shared = runtime()
    provider = shared.provider_of_backend(program, None)
    block = {"rate_limit": {"profile": f"declared-{provider.name}"}}
    governor = Governor(block, None, [], sys.stderr.write, shared.conventions_of)
    governor.emit = shared.emit
    turns = LiveTurn(Agent("a0", "run1", provider, "m", "m", governor, program=program), Counter())
    gateway = Gateway(lambda place, error: sys.stderr.write(f"{place}: {error!r}\n"))
    sys.stdout.write(gateway.open(Entrance(lambda _: url, turns.scope, PATIENCE[program])) + "\n")
    sys.stdout.flush()
    threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
