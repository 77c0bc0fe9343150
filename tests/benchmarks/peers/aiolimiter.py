"""aiolimiter: a leaky bucket with a heap of waiters. The yardstick of what uncontended costs are told in."""

from aiolimiter import AsyncLimiter

from tests.benchmarks.peers.base import Peer


class Aiolimiter(Peer):
    name = "aiolimiter"
    package = "aiolimiter"

    def __init__(self, amount: int, seconds: float) -> None:
        self.acquire = AsyncLimiter(amount, seconds).acquire
