"""What providers refuse in their own ways: absorbed, or said once and at once; table by table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
from backends import BACKENDS, BackendTeam, mixed_team
from figures import note

from massgen_plugins.sandbox import (
    Charge,
    Fault,
    FaultRule,
    Place,
    Quota,
    QuotaKind,
    SandboxConfig,
    SandboxProcess,
    WindowShape,
    per_model,
)

pytestmark = pytest.mark.e2e

_SMALL = Quota(QuotaKind.TOTAL_TOKENS, 1000, shape=WindowShape.BUCKET, charge=Charge.LARGER)


@dataclass(frozen=True)
class _Case:
    """A team of one backend, and how its provider refuses.

    ``requests``: how many may reach the provider, ``None`` if that does not matter.
    ``said``: what the user must read, ``None`` if the refusal is to be absorbed.
    """

    backend: str
    config: SandboxConfig
    agents: int = 1
    requests: int | None = None
    said: str | None = None


def _rule(fault: Fault, place: Place = Place.HEADERS, **more: Any) -> SandboxConfig:
    return SandboxConfig(faults=(FaultRule(fault, place=place, **more),))


CASES = {
    "a request above the limit": _Case(
        "openai", SandboxConfig(quotas={"*": (_SMALL,)}), requests=1, said="1000"
    ),
    "insufficient quota": _Case(
        "openai", _rule(Fault.INSUFFICIENT_QUOTA, every=1), requests=1, said="check your plan and billing"
    ),
    "a spend cap until a date": _Case(
        "claude", _rule(Fault.SPEND_CAP, every=1, until="2027-01-01"), requests=1, said="2027-01-01"
    ),
    "Azure's refusal as third event": _Case(
        "azure_openai", SandboxConfig(quotas={"*": per_model(rpm=4)}, refuse_at=Place.PREAMBLE), agents=3
    ),
    "a failed response after its preamble": _Case(
        "openai", _rule(Fault.MINUTE_TOKENS, Place.PREAMBLE, nth=(1, 2)), agents=2
    ),
    "a 529 as an event": _Case("claude", _rule(Fault.OVERLOADED, Place.FIRST_EVENT, nth=(1, 2)), agents=2),
    "a refusal in the middle": _Case(
        "chatcompletion", _rule(Fault.MINUTE_REQUESTS, Place.MID_STREAM, nth=(2,), after_chunks=2), agents=3
    ),
    "a rolling day that is free in 7 s": _Case("groq", _rule(Fault.ROLLING_DAY, nth=(1,), seconds=6.9)),
    "a refusal of one upstream provider": _Case("openrouter", _rule(Fault.UPSTREAM, nth=(1,)), agents=2),
}


@pytest.mark.parametrize("case", CASES)
def test_a_refusal_is_absorbed_or_said_once(folder, case):
    asked = CASES[case]
    backend = BACKENDS[asked.backend]
    with SandboxProcess(replace(asked.config, host=backend.host)) as server:
        result = backend.user(folder, server.url).run(backend.team(asked.agents, server.url))
        report = server.report()
    note(case, report, remarks=", ".join(report.refusals))
    if asked.requests is not None:
        assert report.arrived == asked.requests
    if asked.said is None:
        assert result.answers
    else:
        assert asked.said in result.stdout + result.stderr + result.log


def test_a_mixed_team_meets_no_limit(folder):
    quotas = {
        "gemini-2.5-flash": per_model(rpm=6),
        BACKENDS["openai"].model: BACKENDS["openai"].quotas,
        BACKENDS["claude"].model: BACKENDS["claude"].quotas,
    }
    with SandboxProcess(SandboxConfig(quotas=quotas)) as server:
        openai, claude = BACKENDS["openai"], BACKENDS["claude"]
        keys = {**openai.environment(server.url), **claude.environment(server.url)}
        team = mixed_team(server.url)
        result = openai.user(folder, server.url, **keys).run(team)
        report = server.report()
    note("two agents each of three providers", report, result.completed)
    assert isinstance(team, BackendTeam)
    assert result.answers
    assert {each.host for each in report.models} == {"gemini", "openai", "anthropic"}
