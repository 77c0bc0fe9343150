"""Errors that are no quota: what waiting cures is absorbed, and nothing of it is in an answer."""

from __future__ import annotations

from pathlib import Path

import pytest
from figures import note
from harness import FLASH, Team, User

from massgen_plugins.sandbox import (
    Fault,
    FaultRule,
    Network,
    Place,
    SandboxConfig,
    SandboxProcess,
    per_model,
)

pytestmark = pytest.mark.e2e

WATCHED = ("python", str(Path(__file__).parent / "watched_massgen.py"))
STRUCK = (2, 4)


@pytest.mark.parametrize(
    ("fault", "place"),
    [
        (Fault.MINUTE_REQUESTS, Place.FIRST_EVENT),
        (Fault.NO_DETAILS, Place.HEADERS),
        (Fault.OVERLOADED, Place.HEADERS),
        (Fault.INTERNAL, Place.HEADERS),
    ],
)
def test_an_injected_error_is_not_seen_by_any_agent(folder, fault, place):
    rule = FaultRule(fault, nth=STRUCK, place=place, seconds=2)
    quotas = {FLASH: per_model(rpm=20, tpm=250_000)}
    config = SandboxConfig(quotas=quotas, faults=(rule,), network=Network(latency=0.3))
    with SandboxProcess(config) as server:
        result = User(folder, server.url).run(Team.of(2), program=WATCHED)
        report = server.report()
    struck = [record for record in report.requests if record.fault]
    note(f"injected: {fault}, {place}", report, result.completed, remarks=f"{len(struck)} struck")
    assert len(struck) == len(STRUCK)
    assert "BACK-OFFS OF MASSGEN: 0" in result.stdout
    assert "backing off" not in result.log
    shown = {**result.answers, **result.agent_outputs}
    assert result.answers
    assert not [file for file, text in shown.items() if "Rate limited" in text]
