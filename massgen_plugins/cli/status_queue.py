"""Who waits for a pool, until when."""

from __future__ import annotations

from collections.abc import Iterator

from massgen_plugins.cli.looking import Looked
from massgen_plugins.cli.screen import Line, Screen, wrapped
from massgen_plugins.cli.wording import clock, plural
from massgen_plugins.quota import NANOSECONDS
from massgen_plugins.rate_limit.viewing import PoolView

__all__ = ["queue_lines"]


def queue_lines(view: PoolView, looked: Looked, screen: Screen) -> Iterator[Line]:
    """How many wait, when the first of them leaves, and who they are."""
    if not view.queue:
        return
    seconds = max(0, view.queue[0].leaves - view.now.tick) / NANOSECONDS
    count = len({waiter.process for waiter in view.queue})
    spread = f" in {count} processes" if count > 1 else ""
    slot = clock(seconds) if seconds >= 0.5 else "now"
    words = f"{plural(view.waiting, 'call waits', 'calls wait')}{spread}, next slot {slot}"
    yield from wrapped(words, screen.width, 2, "cyan")
