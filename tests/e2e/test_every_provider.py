"""No agent of any backend meets a limit: six agents of each, under limits of its provider's own shape.

Each backend runs without the plugin (it must be refused, else the limits do not bind) and with it.
"""

from __future__ import annotations

import os

import pytest
from backends import BACKENDS
from figures import note

from massgen_plugins.sandbox import SandboxProcess
from massgen_plugins.sandbox.schedule import quickest

pytestmark = pytest.mark.e2e

ALL = os.environ.get("MASSGEN_E2E") == "all"
AGENTS = 6
MOST_WITHOUT_PROFILE = 2
"""Refusals at the server that it may take to learn the limits of a tier that nobody declared."""

UNPROTECTED = ("chatcompletion", "claude")
"""Backends that run here without the plugin, too; `MASSGEN_E2E=all` runs each of them in each way."""

ANNOUNCED = ("openai", "chatcompletion", "claude", "cerebras")
"""Backends whose headers or first refusal tell the limit. Where nothing is announced on success (groq, grok,
openrouter, azure_openai), all calls under way are refused together: up to one for each agent, absorbed."""

SLOWER = {"azure_openai": 1.2, "grok": 1.3}
"""Most times the bound. Azure's windows are fixed and nobody tells when they begin: sliding is what is safe.
xAI's are of one second, and a call may be counted as late as its headers come, here 0.3 s later."""


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
    bound = quickest(report)
    seconds = _seconds(report)
    note(f"{backend}, declared", report, seconds, bound, "first arrival to last answer")
    assert result.answers
    assert report.refused == 0
    assert all(limit.fullest <= 1 for limit in report.limits if limit.quota.kind != "output_tokens")
    if backend == "vllm":  # its two places are free so soon that MassGen itself is what takes time
        assert max(model.most_concurrent for model in report.models) <= 2
    else:
        assert seconds <= SLOWER.get(backend, 1.05) * bound.seconds


@pytest.mark.parametrize("backend", BACKENDS if ALL else ANNOUNCED)
def test_what_nobody_declared_is_learned(folder, backend):
    result, report = _run(folder, backend)
    note(f"{backend}, no profile", report, result.completed, quickest(report), _reasons(report))
    assert result.answers
    assert report.refused <= (MOST_WITHOUT_PROFILE if backend in ANNOUNCED else AGENTS)


def _run(folder, name, *, declared=False, **environment):
    backend = BACKENDS[name]
    with SandboxProcess(backend.config()) as server:
        user = backend.user(folder, server.url, **environment)
        block = backend.declare(user) if declared else None
        result = user.run(backend.team(AGENTS, server.url, rate_limit=block))
        return result, server.report()


def _seconds(report):
    ends = [record.finished_ns for record in report.requests]
    return max(ends) / 1e9 - report.first_arrival


def _reasons(report):
    return ", ".join(f"{count} by {name}" for name, count in sorted(report.refusals.items()))
