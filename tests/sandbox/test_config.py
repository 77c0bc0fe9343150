"""The configuration survives JSON and refuses nonsense."""

from __future__ import annotations

import pytest

from massgen_plugins.sandbox import (
    Fault,
    FaultRule,
    Network,
    Place,
    Quota,
    QuotaKind,
    SandboxConfig,
    Tier,
    WindowShape,
    clock_offset_before_midnight,
    per_model,
)
from massgen_plugins.sandbox.quotas import NANOSECONDS, next_midnight

RICH = SandboxConfig(
    quotas={"gemini-2.5-flash": per_model(rpm=10, tpm=250_000, rpd=20, shape=WindowShape.FIXED, phase=7.5)},
    projects={"key": "project"},
    aliases={"gemini-flash-latest": "gemini-3.5-flash"},
    network=Network(uplink_random=0.15, latency=0.3),
    faults=(FaultRule(Fault.SPEND, nth=(1, 2), place=Place.MID_STREAM, quota_value=5),),
    tier=Tier.TIER_2,
    clock_offset=-3600.5,
)


@pytest.mark.parametrize("config", [SandboxConfig(), RICH])
def test_it_survives_json(config: SandboxConfig) -> None:
    assert SandboxConfig.from_json(config.to_json()) == config


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('{"qoutas": {}}', "qoutas"),
        ('{"network": {"latency": -1}}', "latency"),
        ('{"network": {"latency": NaN}}', "latency"),
        ('{"quotas": {"*": [{"kind": "requests", "limit": -1}]}}', "limit"),
        ('{"quotas": {"*": [{"kind": "images", "limit": 1}]}}', "kind"),
        ('{"port": 70000}', "port"),
        ("[]", "SandboxConfig"),
        ("{", "JSON"),
    ],
)
def test_nonsense_is_refused_by_name(text: str, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        SandboxConfig.from_json(text)


def test_the_usual_three_limits() -> None:
    assert per_model(rpm=9, tpm=240_000, rpd=245, minute=5, spent_today=240) == (
        Quota(QuotaKind.REQUESTS, 9, window=5),
        Quota(QuotaKind.INPUT_TOKENS, 240_000, window=5),
        Quota(QuotaKind.REQUESTS, 245, shape=WindowShape.DAY, spent=240),
    )


def test_a_clock_can_be_set_shortly_before_midnight() -> None:
    unix = 1_795_000_000 * NANOSECONDS
    shown = unix + round(clock_offset_before_midnight(3, unix=unix) * NANOSECONDS)
    assert next_midnight(shown) - shown == 3 * NANOSECONDS
