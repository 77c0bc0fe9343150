"""The provider allows less than the profile says: that is learned from refusals that no agent sees."""

from __future__ import annotations

from pathlib import Path

import pytest
from figures import note
from harness import FLASH, Team, User

from massgen_plugins.quota import Kind
from massgen_plugins.sandbox import Network, QuotaKind, SandboxConfig, SandboxProcess, per_model

pytestmark = pytest.mark.e2e

SERVER_RPM = 5  # the seed profile says 9
WATCHED = ("python", str(Path(__file__).parent / "watched_massgen.py"))


def test_a_lower_limit_is_learned_and_kept(folder):
    team = Team.of(3)
    quotas = {FLASH: per_model(rpm=SERVER_RPM, tpm=250_000)}
    with SandboxProcess(SandboxConfig(quotas=quotas, network=Network(latency=0.3))) as server:
        user = User(folder, server.url)
        first = user.run(team, program=WATCHED)
        at_first = server.report()
        [pool] = user.pools()
        second = user.run(team, program=WATCHED)
        report = server.report()
    later = report.refused - at_first.refused
    note("5 RPM behind a profile of 9, first run", at_first, first.completed)
    note("5 RPM behind a profile of 9, both runs", report, second.completed, remarks=f"{later} refused later")
    assert 0 < at_first.refused <= len(team.models)
    assert later == 0
    assert report.worst_window(QuotaKind.REQUESTS, 60) <= 1
    learned = [(limit.kind, limit.amount) for limit in pool.penalties.learned.values()]
    assert (Kind.REQUESTS, SERVER_RPM) in learned
    assert f"allows {FLASH} only {SERVER_RPM} requests per minute" in first.stderr
    for result in (first, second):
        _saw_no_refusal(result)


def _saw_no_refusal(result):
    assert result.answers
    assert "BACK-OFFS OF MASSGEN: 0" in result.stdout
    assert "backing off" not in result.log
    shown = {**result.answers, **result.agent_outputs, **result.history}
    assert not [file for file, text in shown.items() if "Rate limited" in text or "429" in text]
