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

from massgen_plugins.quota import Sliding
from massgen_plugins.sandbox import Quota, SandboxProcess, tiers
from massgen_plugins.sandbox.schedule import quickest

pytestmark = pytest.mark.e2e

AGENTS = 6
MINUTE = 30.0
"""Seconds of a minute here, so that there are several."""

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
        25_000,
        tiers.openai(None, 25_000, minute=MINUTE),
        more={"max_tokens": 6_000},
    ),
    "input tokens, of which the cache gives half": _Case(
        "claude",
        "input_tokens",
        12_000,
        tiers.anthropic(None, 12_000, None, minute=MINUTE),
        server={"cached_share": 0.5},
    ),
    "output tokens as they are produced": _Case(
        "claude", "output_tokens", 400, tiers.anthropic(None, None, 400, minute=MINUTE)
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
    seconds = max(call.finished_ns for call in report.requests) / 1e9 - report.first_arrival
    bound = quickest(report, after=LEARNED)
    settled = _used_in_a_day(user, asked.kind)
    used = f"{bound.seconds / seconds:.0%} of the limit used once learned"
    note(case, report, seconds, bound, f"{used}; settled {settled:,}, the server {limit.charged:,}")
    assert result.answers
    assert report.refused == 0
    assert limit.charged > 2 * asked.amount
    assert bound.seconds >= 0.95 * seconds
    assert settled == limit.charged


def _profile(asked):
    bucket = {"kind": asked.kind, "amount": asked.amount, "window": f"bucket:{MINUTE:g}s"}
    long = {"kind": asked.kind, "amount": 10_000_000, "window": "24h"}
    return {"fallback": {"limits": [bucket, long]}}


def _used_in_a_day(user, kind):
    rows = [row for pool in user.pools() for row in pool.limits]
    [used] = [row.used for row in rows if row.limit.kind == kind and row.limit.window == LONG]
    return used
