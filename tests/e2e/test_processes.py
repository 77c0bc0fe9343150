"""Processes of one user share one quota, whatever becomes of any of them."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from figures import Bound, note
from harness import Team, User

from massgen_plugins.sandbox import Network, QuotaKind, SandboxConfig, SandboxProcess, per_model

pytestmark = pytest.mark.e2e

RPM = 9
WAITING = f" {RPM}/min "
"""What the first agent that waits for this limit is shown."""


def test_three_processes_at_once(folder):
    with SandboxProcess(_server(rpm=10)) as server:
        user, team = User(folder, server.url), Team.of(3)
        with ExitStack() as stack:
            runs = [stack.enter_context(user.start(team, held=True)) for _ in range(3)]
            for run in runs:
                run.thaw()
            results = [run.finish() for run in runs]
        report = server.report()
    seconds = report.requests[-1].arrived + report.last_latency - report.requests[0].arrived
    remarks = "first arrival to last answer"
    note("three processes, three agents each", report, seconds, Bound.of(report, RPM), remarks)
    assert all(result.answers for result in results)
    assert report.refused == 0
    assert report.worst_window(QuotaKind.REQUESTS, 60) <= 1


def test_a_killed_process_neither_frees_nor_blocks_quota(folder):
    with SandboxProcess(_server(latency=5.0)) as server:
        user = User(folder, server.url)
        with user.start(Team.of(2), held=True) as follower, user.start(Team.of(6)) as killed:
            killed.stdout.wait_for(WAITING)
            in_flight = RPM - sum(call.finished_ns > 0 for call in server.report().requests)
            killed.kill()
            killed.wait(30)
            left_behind = server.report().arrived
            follower.thaw()
            followed = follower.finish()
        report = server.report()
    calls = report.requests
    gap = calls[left_behind].arrived - calls[left_behind - 1].arrived
    remarks = f"killed with {in_flight} in flight, the follower's first call {gap:.1f} s later"
    note("kill -9, then a follower", report, remarks=remarks)
    assert in_flight > 0
    assert report.refused == 0
    assert report.worst_window(QuotaKind.REQUESTS, 60) <= 1
    assert followed.answers
    # One window and its margin; the rest is for a busy machine.
    assert gap < 60 + 2 + 10


def test_a_frozen_process_at_the_head_of_the_queue_does_not_stall_the_others(folder):
    with SandboxProcess(_server()) as server:
        user = User(folder, server.url)
        with user.start(Team.of(3), held=True) as other, user.start(Team.of(6)) as frozen:
            frozen.stdout.wait_for(WAITING)
            other.thaw()
            other.stdout.wait_for("WAIT: ")
            frozen.freeze()
            served_by_then = server.report().arrived
            assert other.finish().answers
            served_meanwhile = server.report().arrived - served_by_then
            frozen.thaw()
            assert frozen.finish().answers
        report = server.report()
    remarks = f"{served_meanwhile} calls of the other one while it was frozen"
    note("frozen at the head, then thawed", report, remarks=remarks)
    assert served_meanwhile
    assert report.refused == 0
    assert report.worst_window(QuotaKind.REQUESTS, 60) <= 1


def _server(rpm=RPM, latency=0.3):
    return SandboxConfig(quotas={"*": per_model(rpm=rpm, tpm=250_000)}, network=Network(latency=latency))
