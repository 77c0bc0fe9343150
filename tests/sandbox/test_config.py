"""The configuration survives JSON and refuses nonsense."""

from __future__ import annotations

import pytest

from massgen_plugins.sandbox import (
    Charge,
    Fault,
    FaultRule,
    Host,
    Network,
    Place,
    Pool,
    Price,
    Quota,
    QuotaKind,
    RetryAfter,
    SandboxConfig,
    Settlement,
    Tier,
    WindowShape,
    clock_offset_before_midnight,
    concurrent,
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


def test_limits_pools_and_prices_survive_json() -> None:
    otpm = Quota(QuotaKind.OUTPUT_TOKENS, 8000, charge=Charge.SUM, settlement=Settlement.KEPT, unbounded=5)
    config = SandboxConfig(
        quotas={"*": (concurrent(2), otpm)},
        pools=(Pool("free", ("*:free",), (Quota(QuotaKind.COST, 5, shape=WindowShape.HELD),)),),
        prices={"*": Price("0.075", 3, cached="0.01")},
        host=Host.XAI,
        refuse_at=Place.PREAMBLE,
        retry_after=RetryAfter.DATE,
    )
    assert SandboxConfig.from_json(config.to_json()) == config
    priced = SandboxConfig.from_json('{"prices": {"*": {"input": 0.075}}}')
    assert str(priced.prices["*"].input) == "0.075"


def test_places_are_held_and_nothing_else() -> None:
    with pytest.raises(ValueError, match="held"):
        Quota(QuotaKind.CONCURRENT, 2)
