"""No agent of any backend meets a limit: six agents of each, under limits of its provider's own shape.

Each backend runs without the plugin (it must be refused, else the limits do not bind), with a profile of the
true limits, and with none. The time is judged by what is possible for a client that is never refused, cannot
see how long its calls travel (here up to 150 ms), and sends no call before MassGen has made it: see
`massgen_plugins.sandbox.schedule.surest`.
"""

from __future__ import annotations

import os

import pytest
from backends import BACKENDS
from figures import note
from possible import possible, seconds_of

from massgen_plugins.sandbox import SandboxProcess
from massgen_plugins.sandbox.schedule import quickest

pytestmark = pytest.mark.e2e

ALL = os.environ.get("MASSGEN_E2E") == "all"
AGENTS = 6
MOST_WITHOUT_PROFILE = 2
"""Refusals at the server that it may take to learn the limits of a tier that nobody declared."""

UNPROTECTED = ("chatcompletion", "claude")
"""Backends that run here without the plugin, too; `MASSGEN_E2E=all` runs each of them in each way."""

LEARNERS = ("openai", "claude", "azure_openai", "grok", "groq", "openrouter", "vllm")
"""Backends that run here without a profile, too: each tells its limits in its own way, some only refusing."""


@pytest.mark.parametrize("backend", BACKENDS if ALL else UNPROTECTED)
def test_without_the_plugin_the_limits_bind(folder, backend):
    result, report = _run(folder, backend, MASSGEN_PLUGINS_DISABLE="1")
    note(f"{backend}, without the plugin", report, result.completed, remarks=_reasons(report))
    assert report.refused > 0
    costs = result.status["costs"]
    counted = (sum(report.input_tokens.values()), sum(report.output_tokens.values()))
    # MassGen reads the usage of every dialect as the server wrote it.
    assert (costs["total_input_tokens"], costs["total_output_tokens"]) == counted


@pytest.mark.parametrize("backend", BACKENDS)
def test_with_the_right_profile_nothing_is_refused_and_no_time_is_lost(folder, backend):
    result, report = _run(folder, backend, declared=True)
    bound, seconds = _note(f"{backend}, declared", report, result)
    assert result.answers
    assert report.refused == 0
    assert all(limit.fullest <= 1 for limit in report.limits if limit.quota.kind != "output_tokens")
    if backend == "vllm":  # its two places are free so soon that MassGen itself is what takes time
        assert max(model.most_concurrent for model in report.models) <= 2
    else:
        assert seconds <= 1.05 * bound


@pytest.mark.parametrize("backend", BACKENDS if ALL else LEARNERS)
def test_what_nobody_declared_is_learned(folder, backend):
    result, report = _run(folder, backend)
    _note(f"{backend}, no profile", report, result, _reasons(report))
    assert result.answers
    assert report.refused <= MOST_WITHOUT_PROFILE


def _run(folder, name, *, declared=False, **environment):
    backend = BACKENDS[name]
    with SandboxProcess(backend.config()) as server:
        user = backend.user(folder, server.url, **environment)
        block = backend.declare(user) if declared else None
        result = user.run(backend.team(AGENTS, server.url, rate_limit=block))
        return result, server.report()


def _note(run, report, result, remarks=""):
    """Put a run into the table; the seconds that are possible, and those that it took."""
    bound, seconds = possible(report, result.user), seconds_of(report)
    alone = f"the quota alone: {quickest(report).seconds:.1f} s"
    note(run, report, seconds, bound, f"{alone}; {remarks}" if remarks else alone)
    return bound.seconds, seconds


def _reasons(report):
    return ", ".join(f"{count} by {name}" for name, count in sorted(report.refusals.items()))
