"""Tokens bind: charged by their bound and kept, read from a cache, counted as they are produced.

Nothing is refused, the limit is used as soon as estimates have learned, and what was settled is what the
server counted, to the last token.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from backends import BACKENDS
from figures import note
from possible import holds

from massgen_plugins.quota import Sliding
from massgen_plugins.sandbox import Quota, SandboxProcess, tiers
from massgen_plugins.sandbox.books import open_window

pytestmark = pytest.mark.e2e

AGENTS = 6
LEARNED = 3
"""Calls of a model after which an estimate is trusted."""

LONG = Sliding(86_400 * 10**9)


@dataclass(frozen=True)
class _Case:
    """``kind`` is limited to ``amount`` in a minute; ``more`` goes into the agents' ``backend:`` block."""

    backend: str
    kind: str
    amount: int
    quotas: tuple[Quota, ...]
    more: Mapping[str, Any] = field(default_factory=dict)
    server: Mapping[str, Any] = field(default_factory=dict)


CASES = {
    "total tokens, charged by max_tokens and kept": _Case(
        "openai",
        "total_tokens",
        40_000,
        tiers.openai(None, 40_000),
        more={"max_tokens": 6_000},
    ),
    "input tokens, of which the cache gives half": _Case(
        "claude",
        "input_tokens",
        15_000,
        tiers.anthropic(None, 15_000, None),
        server={"cached_share": 0.5},
    ),
    "output tokens as they are produced": _Case(
        "claude", "output_tokens", 400, tiers.anthropic(None, None, 400)
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_tokens_bind_and_are_used_to_the_limit(folder, case):
    asked = CASES[case]
    backend = replace(BACKENDS[asked.backend], quotas=asked.quotas, more=asked.more, profile=_profile(asked))
    with SandboxProcess(backend.config(**asked.server)) as server:
        user = backend.user(folder, server.url)
        result = user.run(backend.team(AGENTS, server.url, rate_limit=backend.declare(user)))
        report = server.report()
    [limit] = report.limits
    used, settled = _used_once_learned(report, limit, user), _used_in_a_day(user, asked.kind)
    remarks = f"{used:.0%} of the limit used once learned; settled {settled:,}, the server {limit.charged:,}"
    note(case, report, result.completed, remarks=remarks)
    assert result.answers
    assert report.refused == 0
    assert limit.charged > 2 * asked.amount
    assert used >= 0.95
    assert settled == limit.charged


def _profile(asked):
    bucket = {"kind": asked.kind, "amount": asked.amount, "window": "bucket:60s"}
    long = {"kind": asked.kind, "amount": 10_000_000, "window": "24h"}
    return {"fallback": {"limits": [bucket, long]}}


def _used_once_learned(report, limit, user):
    """The part of what flowed into the bucket that was used, once estimates had learned.

    From the call that was held back and met the emptiest bucket, in the first half of those, to the last one
    that was held back: what is in the bucket at both is what is booked for a call, so all that flowed in was
    used, unless it overflowed, or calls were held back longer than they had to be.
    """
    calls = sorted(report.requests, key=lambda call: call.arrived_ns)
    bucket, fullness = open_window(limit.quota, 0), []
    for call in calls:
        fullness.append(bucket.used(call.arrived_ns))
        bucket.take(call.arrived_ns, call.charged[limit.name])
    held = [number for number, seconds in enumerate(holds(user)) if number >= LEARNED and seconds > 2]
    first, last = max(held[: len(held) // 2], key=fullness.__getitem__), held[-1]
    given = limit.quota.limit * (calls[last].arrived - calls[first].arrived) / limit.quota.window
    return sum(call.charged[limit.name] for call in calls[first:last]) / given


def _used_in_a_day(user, kind):
    rows = [row for pool in user.pools() for row in pool.limits]
    [used] = [row.used for row in rows if row.limit.kind == kind and row.limit.window == LONG]
    return used
