"""Every protocol has words for every fault and every limit."""

from __future__ import annotations

import json
from typing import Any

import pytest

from massgen_plugins.sandbox import Fault, FaultRule, Host, QuotaKind, Tier
from massgen_plugins.sandbox.chat import ChatDialect
from massgen_plugins.sandbox.dialect import Dialect, PlainAnswer
from massgen_plugins.sandbox.embeddings import EmbeddingsDialect
from massgen_plugins.sandbox.gemini import GeminiDialect
from massgen_plugins.sandbox.messages import MessagesDialect
from massgen_plugins.sandbox.responses import ResponsesDialect
from massgen_plugins.sandbox.rulings import Violation

UNIX = 1_795_000_000 * 10**9
CHAT_HOSTS = [host for host in Host if host is not Host.ANTHROPIC]
DIALECTS: list[Dialect] = [
    GeminiDialect(Tier.FREE, "m", streamed=True),
    MessagesDialect(),
    *(kind(host) for host in CHAT_HOSTS for kind in (ChatDialect, ResponsesDialect, EmbeddingsDialect)),
]
FAULTS = [fault for fault in Fault if fault not in {Fault.RESET, Fault.STALL}]


def named(dialect: Any) -> str:
    return f"{type(dialect).__name__}-{dialect.host}"


def check(dialect: Dialect, answer: PlainAnswer) -> None:
    assert 400 <= answer.status < 600
    assert len(json.dumps(answer.body)) > 20
    event = dialect.error_event(answer, "m").decode()
    [data] = [line for line in event.splitlines() if line.startswith("data: ")]
    assert isinstance(json.loads(data.removeprefix("data: ")), dict | list)


@pytest.mark.parametrize("dialect", DIALECTS, ids=named)
def test_every_fault(dialect: Dialect) -> None:
    for fault in FAULTS:
        answer = dialect.fault(FaultRule(fault, every=1), "m", UNIX)
        check(dialect, answer)
        assert fault in {Fault.INTERNAL, Fault.OVERLOADED} or answer.status < 500


@pytest.mark.parametrize("dialect", DIALECTS, ids=named)
def test_every_limit(dialect: Dialect) -> None:
    cases = ((False, 10, 1), (True, 10, None), (False, 0, None), (False, None, 10**9))
    for kind in QuotaKind:
        for daily, limit, wait in cases:
            violation = Violation(kind, daily, limit, wait, 10, 3, 86_400 if daily else 1.0)
            check(dialect, dialect.refusal((violation,), "m", UNIX))
