"""How fast the calls of a report could have gone: the time that their limits alone demand."""

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
    """The quickest schedule of a report's calls.

    ``seconds``: from the first arrival to the end of the last answer, at best. ``last_round``: of these, the
    time from the arrival of the last call that a limit held back to that end, as it was measured.
    ``waits``: how many calls a limit had to hold back.
    """

    seconds: float
    last_round: float
    waits: int


def quickest(report: SandboxReport) -> Quickest:
    """The calls that were let in, in their order, each as early as the limits allow with their own charges.

    What calls wait for each other is not known to a server: it is counted only after the last one that a
    limit held back. Calendar days are left out. A report without such calls takes no time.
    """
    return _schedule(report, lambda quota: quota)


def surest(report: SandboxReport, uplink: float, made: Sequence[float] = ()) -> Quickest:
    """The same for a client that must not be refused and cannot see how long its calls travel.

    ``uplink``: seconds from sending to the server's count, at most; answers' headers come later than that.
    ``made``: when the clients' programs had made their calls, in seconds since the server's start, if that is
    known: the n-th call cannot be sent before n of them were made.

    Let N calls fit into a window of W seconds, and a call be sent at s. It may be counted as late as
    s + uplink, and the N-th call after it as soon as that one is sent. Unless that one is sent at
    s + uplink + W or later, there are travelling times with which it is refused. A fixed window whose
    beginning nobody tells may begin with any call, so for it the same is true. Calls are therefore sent by a
    schedule of sliding windows of W + uplink seconds. Only arrivals are seen, and the first one comes up to
    ``uplink`` after its sending: so much is taken off once. A bucket fills by the time that passes, so it is
    left as it is; the larger of both bounds holds.
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
    """One limit, empty at first; ``ends``: when those who hold a place give it back."""

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
    """The first moment from ``now`` on at which all of them have room."""
    while wait := max((limit.wait(now, call) for limit in limits), default=0):
        now += wait
    return now
