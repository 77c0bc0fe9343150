"""The promise: six agents, one line of YAML, no refusal, and no second longer than the quota demands."""

from __future__ import annotations

import pytest
from figures import Bound, note
from harness import Team, User

from massgen_plugins.sandbox import Network, QuotaKind, SandboxConfig, SandboxProcess, WindowShape, per_model

pytestmark = pytest.mark.e2e

SERVER_RPM, PROFILE_RPM = 10, 9
LATENCY = 0.3


@pytest.mark.parametrize(
    ("shape", "uplink"),
    [
        (WindowShape.SLIDING, 0.0),
        (WindowShape.SLIDING, 0.15),
        (WindowShape.FIXED, 0.0),
        (WindowShape.BUCKET, 0.0),
    ],
)
def test_no_refusal_and_no_waste(folder, shape, uplink):
    with SandboxProcess(_server(shape, uplink)) as server:
        result = User(folder, server.url).run(Team.of(6), measured=True)
        report = server.report()
    bound = Bound.of(report, PROFILE_RPM)
    jitter = f", {uplink * 1000:.0f} ms uplink" if uplink else ""
    note(
        f"six agents, {shape}{jitter}",
        report,
        result.completed,
        bound,
        f"last round {bound.last_round:.1f} s",
    )
    assert report.refused == 0
    assert report.worst_window(QuotaKind.REQUESTS, 60) <= 1
    assert result.completed <= 1.05 * bound.seconds


def test_without_the_switch_the_same_team_is_refused(folder):
    with SandboxProcess(_server(WindowShape.SLIDING)) as server:
        user = User(folder, server.url)
        result = user.run(Team.of(6, switch=None))
        report = server.report()
    note("six agents, no switch", report, result.completed)
    assert report.refused > 0
    assert not user.store.exists()


def _server(shape, uplink=0.0):
    quotas = {"*": per_model(rpm=SERVER_RPM, tpm=250_000, rpd=250, shape=shape)}
    return SandboxConfig(quotas=quotas, network=Network(latency=LATENCY, uplink_random=uplink))
