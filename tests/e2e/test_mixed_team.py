"""Several providers, tools and processes at once: whatever a key is used for, it is used under its limits."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

import pytest
import yaml
from backends import BACKENDS, UPLINK, mixed_team
from figures import note
from possible import possible, seconds_of

from massgen_plugins.quota import Sliding
from massgen_plugins.sandbox import Network, SandboxConfig, SandboxProcess, per_model, tiers

pytestmark = pytest.mark.e2e

RPM = 5
LONG = Sliding(86_400 * 10**9)
NETWORK = Network(uplink_random=UPLINK, latency=0.3)
TOOL = {
    "name": ["understand_file"],
    "category": "multimodal",
    "path": "massgen/tool/_multimodal_tools/understand_file.py",
    "function": ["understand_file"],
}
LOOK = 'SANDBOX: call_tool custom_tool__understand_file {"file_path": "%s", "model": "gpt-5-mini"}'
SMALL = 500
"""Input tokens of the tool's calls are fewer, of agents' more."""


def test_a_mixed_team_and_its_multimodal_tool_meet_no_limit(folder):
    """Agents of Gemini and Claude read a file with a tool that uses the OpenAI key of two other agents."""
    openai, claude = BACKENDS["openai"], BACKENDS["claude"]
    quotas = {
        "gemini-2.5-flash": per_model(rpm=RPM),
        openai.model: tiers.openai(rpm=RPM, tpm=None),
        claude.model: tiers.anthropic(rpm=RPM, itpm=None, otpm=None),
    }
    with SandboxProcess(SandboxConfig(quotas=quotas, network=NETWORK)) as server:
        keys = {**openai.environment(server.url), **claude.environment(server.url)}
        user = openai.user(folder, server.url, **keys)
        result = user.run(_team(server.url, user))
        report = server.report()
    openais = [each for each in report.requests if each.host == "openai"]
    calls, looked = len(openais), sum(each.input_tokens < SMALL for each in openais)
    remarks = f"{calls} calls of the OpenAI key, {looked} of them by the tool"
    note("two agents each of three providers, and a tool", report, result.completed, remarks=remarks)
    assert result.answers
    assert looked >= 4
    assert report.refused == 0
    assert {each.host for each in report.models} == {"gemini", "openai", "anthropic"}
    assert _requests_in_a_day(user, "openai") == calls


def test_three_processes_share_one_openai_key(folder):
    backend = replace(
        BACKENDS["openai"], quotas=tiers.openai(rpm=10, tpm=None), profile={"fallback": {"rpm": 10}}
    )
    with SandboxProcess(backend.config()) as server:
        user = backend.user(folder, server.url)
        team = backend.team(3, server.url, rate_limit=backend.declare(user))
        with ExitStack() as stack:
            runs = [stack.enter_context(user.start(team, held=True)) for _ in range(3)]
            for run in runs:
                run.thaw()
            results = [run.finish() for run in runs]
        report = server.report()
    seconds, bound = seconds_of(report), possible(report, user)
    note("three processes, three agents each, one OpenAI key", report, seconds, bound)
    assert all(result.answers for result in results)
    assert report.refused == 0
    assert seconds <= 1.05 * bound.seconds


def _team(url, user):
    team = mixed_team(url)
    agents = {name: {**block} for name, block in team.agents.items()}
    for block in agents.values():
        if block["type"] != "openai":
            block["custom_tools"] = [TOOL]
    house = user.write("house.txt", "A green house.")
    folder = user.config_dir / "profiles"
    folder.mkdir(parents=True)
    profiles = {}
    for provider, window in (("gemini", "60s"), ("openai", "bucket:60s"), ("anthropic", "bucket:60s")):
        minute = {"kind": "requests", "amount": RPM, "window": window}
        long = {"kind": "requests", "amount": 10_000, "window": "24h"}
        profiles[provider] = f"five-{provider}"
        rules = {"fallback": {"limits": [minute, long]}}
        document = {"provider": provider, "profiles": {profiles[provider]: rules}}
        (folder / f"{provider}.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    asked = {name: LOOK % house for name, block in agents.items() if "custom_tools" in block}
    return replace(team, agents=agents, messages=asked, rate_limit={"profile": profiles})


def _requests_in_a_day(user, provider):
    rows = [row for pool in user.pools() if pool.pool.domain.provider == provider for row in pool.limits]
    return sum(row.used for row in rows if row.limit.window == LONG)
