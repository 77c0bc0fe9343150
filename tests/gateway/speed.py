"""What the gateway costs: time added to a request, and whether streams beside each other stall.

python -m tests.gateway.speed

Client, gateway, wire and provider share one machine and two threads: the figures are above those of a user.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from contextlib import nullcontext

from massgen_plugins import wire
from massgen_plugins.gateway import PATIENCE, Entrance, Gateway
from tests.wire.door import Door

from .upstream import OPEN, Upstream, connect, exchange, read_head

REQUESTS = 200
STREAMS, PIECE, PIECES = 8, 5_000, 100
EVERY = 0.05
"""Seconds between two pieces of 5 kB: 100 kB a second."""
BODY = b'{"model": "m", "stream": true, "messages": ["' + b"x" * 80_000 + b'"]}'
EVENT = b"data: " + b"y" * (PIECE - 8) + b"\n\n"


async def whole(_got: object, writer: asyncio.StreamWriter) -> None:
    """One event, at once."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: %d\r\n\r\n" % len(EVENT)
    writer.write(head + EVENT)
    await writer.drain()


async def steady(_got: object, writer: asyncio.StreamWriter) -> None:
    """100 kB a second."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(PIECES):
        writer.write(b"%x\r\n%b\r\n" % (len(EVENT), EVENT))
        await writer.drain()
        await asyncio.sleep(EVERY)
    writer.write(b"0\r\n\r\n")
    await writer.drain()


async def spans(url: str) -> list[float]:
    """Milliseconds of each of many requests, one after the other."""
    taken = []
    for _ in range(REQUESTS):
        begun = time.perf_counter()
        await exchange(f"{url}/v1/messages", body=BODY)
        taken.append(1_000 * (time.perf_counter() - begun))
    return taken


async def longest_gap(url: str) -> float:
    """Milliseconds: the longest time without a byte in a stream."""
    reader, _ = await connect(f"{url}/v1/messages", body=BODY)
    await read_head(reader)
    longest, last = 0.0, time.perf_counter()
    while await reader.read(65_536):
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    return 1_000 * longest


async def main() -> None:
    """Measure, and print."""
    wire.install(Door())
    gateway = Gateway(lambda place, error: sys.stderr.write(f"{place}: {error!r}\n"))
    async with Upstream() as upstream:
        base = gateway.open(Entrance(lambda _: upstream.url, nullcontext, PATIENCE["codex"]))
        upstream.scripts = [whole] * (2 * REQUESTS)
        direct, through = await spans(upstream.url), await spans(base)
        for url, name in ((upstream.url, "direct"), (base, "through the gateway")):
            upstream.scripts = [steady] * STREAMS
            gaps = await asyncio.gather(*(longest_gap(url) for _ in range(STREAMS)))
            sys.stdout.write(f"{STREAMS} streams of 100 kB/s, {name}: longest gap {max(gaps):.0f} ms\n")
    for writer in OPEN:
        writer.transport.abort()
    gateway.close()
    added = statistics.median(through) - statistics.median(direct)
    sys.stdout.write(
        f"a request of 80 kB: {statistics.median(direct):.2f} ms direct, {statistics.median(through):.2f} ms "
        f"through the gateway, {added:.2f} ms added (p90 {statistics.quantiles(through, n=10)[-1]:.2f} ms)\n"
    )


if __name__ == "__main__":
    asyncio.run(main())
