"""The minimum duration of a report's calls under their limits."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from massgen_plugins.sandbox.books import open_window
from massgen_plugins.sandbox.limits import Quota, WindowShape
from massgen_plugins.sandbox.quotas import NANOSECONDS, Window
from massgen_plugins.sandbox.records import LimitReport, RequestRecord
from massgen_plugins.sandbox.report import SandboxReport

__all__ = ["Quickest", "quickest", "surest"]


@dataclass(frozen=True)
class Quickest:
    """The fastest schedule of a report's calls.

    ``seconds``: minimum time from the first arrival to the end of the last answer. ``last_round``: the part
    of it from the arrival of the last delayed call to the end, as measured.
    ``waits``: number of calls delayed by a limit.
    """

    seconds: float
    last_round: float
    waits: int


def quickest(report: SandboxReport) -> Quickest:
    """Schedule the admitted calls in order, each as early as the limits allow with their own charges.

    Dependencies between calls are unknown to a server: they only count after the last delayed call. Calendar
    days are ignored. A report without admitted calls takes no time.
    """
    return _schedule(report, lambda quota: quota)


def surest(report: SandboxReport, uplink: float, made: Sequence[float] = ()) -> Quickest:
    """The same for a client that must never be refused and does not know the network delay.

    ``uplink``: maximum seconds from sending to the server's count; headers arrive later than that.
    ``made``: when the clients' programs created their calls, in seconds since the server's start, if known:
    the n-th call cannot be sent before n of them exist.

    Let N calls fit into a window of W seconds, and a call be sent at s. It may be counted as late as
    s + uplink, and the N-th call after it as soon as that one is sent. Unless that one is sent at
    s + uplink + W or later, some delays lead to a refusal. The same holds for a fixed window with an unknown
    start, which may begin with any call. Calls are therefore scheduled by sliding windows of W + uplink
    seconds. Only arrivals are observed, and the first one arrives up to ``uplink`` after its sending, so that
    much is subtracted once. A bucket refills continuously, so it is unchanged; the larger of both bounds
    applies.
    """
    moments = [round(moment * NANOSECONDS) for moment in sorted(made)]
    plain = _schedule(report, lambda quota: quota, moments)
    sure = _schedule(report, lambda quota: _lengthened(quota, uplink), moments)
    seconds = sure.seconds - uplink
    return replace(sure, seconds=seconds) if seconds > plain.seconds else plain


def _lengthened(quota: Quota, uplink: float) -> Quota:
    if quota.shape not in {WindowShape.SLIDING, WindowShape.FIXED}:
        return quota
    return replace(quota, window=quota.window + uplink, shape=WindowShape.SLIDING, phase=0.0)


def _schedule(report: SandboxReport, by: Callable[[Quota], Quota], made: Sequence[int] = ()) -> Quickest:
    calls = sorted((each for each in report.requests if each.admitted), key=lambda each: each.arrived_ns)
    if not calls:
        return Quickest(0.0, 0.0, 0)
    timed = [each for each in report.limits if each.quota.shape is not WindowShape.DAY]
    limits = [_Limit(each, by(each.quota)) for each in timed]
    now = began = calls[0].arrived_ns
    held_back, at, waits = calls[0], began, 0
    for number, call in enumerate(calls):
        concerned = [limit for limit in limits if limit.concerns(call)]
        earliest = max(now, made[number]) if number < len(made) else now
        fits = _earliest(concerned, earliest, call)
        if fits > now:
            held_back, at, waits = call, fits, waits + 1
        now = fits
        for limit in concerned:
            limit.take(now, call)
    last_round = max(call.finished_ns for call in calls) - held_back.arrived_ns
    seconds = (at - began + last_round) / NANOSECONDS
    return Quickest(seconds, last_round / NANOSECONDS, waits)


@dataclass
class _Limit:
    """A limit, initially unused; ``ends``: when concurrent calls end."""

    seen: LimitReport
    quota: Quota
    window: Window = field(init=False)
    ends: list[tuple[int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.window = open_window(self.quota, 0)

    def concerns(self, call: RequestRecord) -> bool:
        same = (self.seen.host, self.seen.project) == (call.host, call.project)
        pooled = self.seen.name != self.seen.quota.name
        return same and self.seen.name in call.charged and (pooled or self.seen.scope == call.quota_model)

    def wait(self, now: int, call: RequestRecord) -> int:
        while self.ends and self.ends[0][0] <= now:
            _, amount = heapq.heappop(self.ends)
            self.window.correct(now, now, -amount)
        amount = min(call.charged[self.seen.name], self.seen.quota.limit)
        wait = self.window.wait(now, amount)
        return self.ends[0][0] - now if wait and self.ends else wait or 0

    def take(self, now: int, call: RequestRecord) -> None:
        amount = call.charged[self.seen.name]
        self.window.take(now, amount)
        if self.seen.quota.shape is WindowShape.HELD:
            lasts = max(1, call.finished_ns - call.arrived_ns)
            heapq.heappush(self.ends, (now + lasts, amount))


def _earliest(limits: list[_Limit], now: int, call: RequestRecord) -> int:
    """The earliest time from ``now`` on at which all limits have room."""
    while wait := max((limit.wait(now, call) for limit in limits), default=0):
        now += wait
    return now
