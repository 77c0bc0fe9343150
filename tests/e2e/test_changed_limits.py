"""Limits changed by hand reach a MassGen that is waiting."""

from __future__ import annotations

import subprocess
import time

import pytest
from figures import note
from harness import BIN, FLASH, Team, User

from massgen_plugins.sandbox import Network, SandboxConfig, SandboxProcess, per_model

pytestmark = pytest.mark.e2e

LOW, HIGH = 2, 60


def test_a_raised_limit_ends_a_wait(folder):
    quotas = {FLASH: per_model(rpm=100, tpm=250_000)}
    with SandboxProcess(SandboxConfig(quotas=quotas, network=Network(latency=0.3))) as server:
        user = User(folder, server.url)
        _set(user, LOW)
        with user.start(Team.of(2)) as run:
            run.stdout.wait_for(f" {LOW}/min ")
            _set(user, HIGH)
            seconds = _until_another_arrives(server)
            result = run.finish()
        report = server.report()
    remarks = f"the next call left {seconds:.2f} s after the change"
    note(f"{LOW} RPM raised to {HIGH} while waiting", report, result.completed, remarks=remarks)
    # Promised is a second; without the change it would have been most of a minute.
    assert seconds < 5
    assert result.completed < 45


def _set(user, rpm):
    command = [BIN / "massgen-rl", "profiles", "set", FLASH, f"rpm={rpm}"]
    subprocess.run(command, cwd=user.project, env=user.environment, check=True, timeout=60)


def _until_another_arrives(server):
    changed = time.monotonic()
    while server.report().arrived <= LOW:
        assert time.monotonic() < changed + 60
        time.sleep(0.02)
    return time.monotonic() - changed
