"""A server that counts what arrives, and refuses what its quota does not allow.

It shares no code with the limiter. A client sends a line with the tokens of a call and gets ``ok`` or ``no``,
after as long as an answer's headers may take.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from dataclasses import dataclass, field

__all__ = ["Judge"]


@dataclass
class Judge:
    """Sliding windows over requests and tokens.

    Attributes:
        window: Seconds.
        requests: The most of them in every window.
        tokens: The most of them in every window.
        refused: How many calls were refused.
        fullest: The largest share of a limit that any window held.
    """

    window: float
    requests: int
    tokens: int
    refused: int = 0
    served: int = 0
    fullest: float = 0.0
    _kept: deque[tuple[float, int]] = field(default_factory=deque)
    _held: int = 0

    def count(self, now: float, tokens: int) -> bool:
        """A call arrives; whether it is served."""
        while self._kept and self._kept[0][0] <= now - self.window:
            self._held -= self._kept.popleft()[1]
        if len(self._kept) >= self.requests or self._held + tokens > self.tokens:
            self.refused += 1
            return False
        self._kept.append((now, tokens))
        self._held += tokens
        self.served += 1
        self.fullest = max(self.fullest, len(self._kept) / self.requests, self._held / self.tokens)
        return True

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client's calls, one after another."""
        try:
            while line := await reader.readline():
                served = self.count(time.monotonic(), int(line))
                await asyncio.sleep(random.uniform(0.02, 0.2))
                writer.write(b"ok\n" if served else b"no\n")
                await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass  # the client was killed
        finally:
            writer.close()
