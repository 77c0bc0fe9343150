"""Limits of different models, and limits that count tokens."""

from __future__ import annotations

import pytest
from figures import note
from harness import FLASH, PRO, Team, User

from massgen_plugins.quota import Kind, Sliding
from massgen_plugins.sandbox import Network, QuotaKind, SandboxConfig, SandboxProcess, per_model

pytestmark = pytest.mark.e2e

NETWORK = Network(latency=0.3)
DAY_LONG = "24h"


def test_flash_and_pro_each_keep_to_their_own_limits(folder):
    quotas = {FLASH: per_model(rpm=10, tpm=250_000), PRO: per_model(rpm=2, tpm=125_000)}
    team = Team({"flash0": FLASH, "flash1": FLASH, "pro0": PRO, "pro1": PRO})
    with SandboxProcess(SandboxConfig(quotas=quotas, network=NETWORK)) as server:
        result = User(folder, server.url).run(team)
        report = server.report()
    calls = {model: sum(r.model == model for r in report.requests) for model in (FLASH, PRO)}
    note("two Flash, two Pro", report, result.completed, remarks=f"{calls[FLASH]} Flash, {calls[PRO]} Pro")
    assert report.refused == 0
    assert calls[PRO] > 2
    assert report.worst_window(QuotaKind.REQUESTS, 60, model=FLASH) <= 1
    assert report.worst_window(QuotaKind.REQUESTS, 60, model=PRO) == 1


def test_tokens_bind_and_are_settled_to_the_last_one(folder):
    tpm = 25_000
    long_window = {"kind": "input_tokens", "amount": 10_000_000, "window": DAY_LONG}
    limits = {"rpm": "none", "tpm": tpm, "limits": [long_window]}
    team = Team.of(3, rate_limit={"models": {FLASH: limits}})
    with SandboxProcess(SandboxConfig(quotas={FLASH: per_model(tpm=tpm)}, network=NETWORK)) as server:
        user = User(folder, server.url)
        result = user.run(team)
        report = server.report()
    worst = report.worst_window(QuotaKind.INPUT_TOKENS, 60)
    settled, counted = _used_in_a_day(user), report.input_tokens[FLASH]
    remarks = f"tokens: worst minute {worst:.2f}, settled {settled:,}, counted by the server {counted:,}"
    note("input tokens bind", report, result.completed, remarks=remarks)
    assert report.refused == 0
    assert counted > tpm
    assert settled == counted


def _used_in_a_day(user):
    [pool] = user.pools()
    for row in pool.limits:
        if row.limit.kind == Kind.INPUT_TOKENS and row.limit.window == Sliding(86_400 * 10**9):
            return row.used
    raise AssertionError(f"no such limit in {pool.limits}")
