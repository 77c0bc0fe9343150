"""What the server sees, in virtual time: the worst window, what it serves, and what it refuses."""

from __future__ import annotations

from tests.benchmarks import peers
from tests.benchmarks.figures import Effort, Figure
from tests.benchmarks.server import Latency, Server, drive
from tests.benchmarks.virtual import simulation

WORST = "worst window at the server, in memory"
USED = "share of the limit that was served"
POSSIBLE = "utilisation of what is possible"
REFUSED = "share of calls that were refused"
AMOUNT, SECONDS = 60, 60.0


def measure(effort: Effort) -> list[Figure]:
    """50 clients that always want more, through every limiter that there is."""
    return [figure for kind in peers.find() for figure in _seen(kind, effort.windows)]


def _seen(kind: type[peers.Peer], windows: int) -> list[Figure]:
    if kind.ours:  # a goal is judged by it, and few windows tell little about the last per cent
        windows *= 5
    with simulation() as clock:
        peer = kind(AMOUNT, SECONDS)
        seen = drive(clock, peer, Server(AMOUNT, SECONDS), windows)
        peer.close()
    figures = [
        Figure(WORST, kind.name, seen.worst, "x the limit", 1.0 if kind.ours else None),
        Figure(USED, kind.name, seen.utilisation, ""),
        Figure(REFUSED, kind.name, seen.refusals, "", 0.0 if kind.ours else None),
    ]
    if kind.ours:
        possible = SECONDS / (SECONDS + Latency().mean)
        share, note = seen.utilisation / possible, f"of W / (W + L) = {possible:.4f}, {windows} windows"
        figures.append(Figure(POSSIBLE, kind.name, share, "", 0.99, at_least=True, note=note))
    return figures
