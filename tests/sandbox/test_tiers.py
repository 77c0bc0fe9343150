"""The limits of each provider charge a call by that provider's rule."""

from __future__ import annotations

from typing import Any

import pytest

from massgen_plugins.sandbox import Host, Quota, tiers

CALL = {"input_tokens": 100, "output_bound": 400, "characters": 480}
OUTPUT = 50


@pytest.mark.parametrize(
    ("quotas", "charged"),
    [
        (tiers.openai(10, 10_000), {"requests per 60 s": 1, "total_tokens per 60 s": 400}),
        (tiers.openai(10, None), {"requests per 60 s": 1}),
        (tiers.azure(12, 10_000), {"requests per 10 s": 1, "total_tokens per 60 s": 500}),
        (
            tiers.anthropic(10, 10_000, 1000),
            {"requests per 60 s": 1, "input_tokens per 60 s": 100, "output_tokens per 60 s": 50},
        ),
        (tiers.xai(2, 10_000), {"requests per 1 s": 1, "total_tokens per 60 s": 150}),
        (tiers.mistral(1, 10_000), {"requests per 1 s": 1, "total_tokens per 60 s": 150}),
        (
            tiers.groq(30, 1000, 8000, 200_000),
            {
                "requests per 60 s": 1,
                "requests per 86400 s": 1,
                "total_tokens per 60 s": 500,
                "total_tokens per 86400 s": 500,
            },
        ),
        (tiers.cerebras(5, 30_000), {"requests per 60 s": 1, "total_tokens per 60 s": 150}),
    ],
)
def test_one_call(judge_with: Any, quotas: tuple[Quota, ...], charged: dict[str, int]) -> None:
    judge = judge_with(*quotas)
    judge.end(judge.ask(0, **CALL), 1, OUTPUT)
    assert judge.referee.report().requests[0].charged == charged


def test_azure_grants_a_part_of_the_minute_at_a_time(judge_with: Any) -> None:
    judge = judge_with(*tiers.azure(12, None))
    assert [bool(judge.ask(second)) for second in (0, 9, 9.9, 10)] == [True, True, False, True]


def test_pools_of_accounts(judge_with: Any) -> None:
    kimi = judge_with(pools=tiers.moonshot(2, 3, 500_000, 1_500_000))
    first = kimi.ask(0, model="a", **CALL)
    assert kimi.ask(0, model="b", **CALL)
    assert not kimi.ask(0, model="c", **CALL)
    assert kimi.refused_by == ("account: concurrent",)
    kimi.end(first, 1, OUTPUT)
    assert kimi.limit("account: total_tokens per 60 s").charged == 1000
    free = judge_with(pools=tiers.openrouter_free(rpm=1))
    assert free.ask(0, model="a:free", host=Host.OPENROUTER)
    assert not free.ask(0, model="b:free", host=Host.OPENROUTER)
    assert free.ask(0, model="b", host=Host.OPENROUTER)
