"""Other processes that wait at a file: where they can be woken, when that is of use, and whether they live.

A lane's name in the file ends with the port at which its process has a doorbell.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from massgen_plugins.rate_limit.ledger import Moment
from massgen_plugins.rate_limit.scope_state import ScopeState
from massgen_plugins.rate_limit.stores.doorbell import Doorbell

__all__ = ["Neighbours", "to_be_woken"]

_DIGITS = 5


class Neighbours:
    """Those with whom this process shares a file.

    Args:
        on_ring: Called, in a thread of its own, when one of them says that there is room.
    """

    def __init__(self, on_ring: Callable[[], None]) -> None:
        self._bell = Doorbell(on_ring)

    def address(self, lane: str) -> str:
        """What a lane of this process is called in the file."""
        return f"{lane}@{self._bell.port}"

    def lives(self, lane: str) -> bool:
        """Whether there may still be a process of a lane in the file."""
        return self._bell.knock(_port(lane))

    def wake_first(self, ports: Sequence[int]) -> None:
        """Wake the first one that lives. After the transaction: whoever is woken begins one."""
        for port in ports:
            if self._bell.ring(port):
                return

    def close(self) -> None:
        """Be woken no more, until a lane is given an address again."""
        self._bell.close()


def to_be_woken(state: ScopeState, now: Moment) -> list[int]:
    """The ports of the first one who waits, and of the others in their order, if it is to be woken.

    To be asked within a transaction.
    """
    if not state.line.claims or not state.first_to_be_woken(now):
        return []
    claims = sorted(state.line.claims.values(), key=lambda claim: claim.bid.place)
    return [_port(claim.lane) for claim in claims]


def _port(lane: str) -> int:
    port = lane.rpartition("@")[2]
    return int(port) if port.isdigit() and len(port) <= _DIGITS else 0
