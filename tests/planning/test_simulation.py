"""What the limiter makes of a team on a clock that jumps."""

from __future__ import annotations

import pytest

from massgen_plugins.planning.simulation import CallShape, simulate
from massgen_plugins.planning.team import PlannedAgent
from massgen_plugins.quota import (
    ACCOUNT_POOL,
    HELD,
    MINUTE,
    NANOSECONDS,
    CalendarDay,
    Domain,
    Kind,
    Limit,
    PoolRules,
)

DOMAIN = Domain("gemini", "project")
POOL = (DOMAIN, "flash")
QUICK = {"flash": CallShape(0.1, 0.2)}


def agents(count: int) -> list[PlannedAgent]:
    return [PlannedAgent(f"a{number}", "flash", DOMAIN, ("flash", ACCOUNT_POOL)) for number in range(count)]


def rules(*limits: Limit, **more: int) -> PoolRules:
    return PoolRules(limits, **more)


def per_minute(amount: int) -> Limit:
    return Limit(Kind.REQUESTS, amount, MINUTE)


def test_calls_that_fit_take_the_time_of_the_answers() -> None:
    team = agents(2)
    result = simulate(dict.fromkeys(team, 3), (), QUICK, {POOL: rules(per_minute(9), cooldown=0)})
    assert result.calls == 6
    assert result.seconds == pytest.approx(0.6, abs=0.01)


@pytest.mark.parametrize(("rpm", "windows"), [(4, 4), (9, 1), (17, 1), (18, 0)])
def test_a_limit_per_minute_takes_as_many_windows_as_it_must(rpm: int, windows: int) -> None:
    result = simulate(dict.fromkeys(agents(6), 3), (), QUICK, {POOL: rules(per_minute(rpm))})
    assert result.calls == 18
    assert 60 * windows <= result.seconds <= 60 * windows + 3 * max(windows, 1)
    assert set(result.limits) == ({f"{rpm} requests per minute"} if windows else set())


def test_tokens_bind_where_they_are_scarcer_than_requests() -> None:
    large = {"flash": CallShape(0.1, 0.2, {Kind.INPUT_TOKENS: 400})}
    tokens = Limit(Kind.INPUT_TOKENS, 1000, MINUTE)
    result = simulate(dict.fromkeys(agents(3), 2), (), large, {POOL: rules(per_minute(9), tokens)})
    assert 120 <= result.seconds <= 126
    assert [*result.limits] == ["1,000 input tokens per minute"]


def test_places_are_taken_until_the_answer_is_over() -> None:
    slow = {"flash": CallShape(1.0, 10.0)}
    one = Limit(Kind.CONCURRENT, 1, HELD)
    result = simulate(dict.fromkeys(agents(4), 1), (), slow, {POOL: rules(one)})
    assert 40 <= result.seconds <= 41


def test_final_calls_begin_when_all_others_are_over() -> None:
    team = agents(2)
    result = simulate(dict.fromkeys(team, 1), team[:1], QUICK, {})
    assert result.calls == 3
    assert result.seconds == pytest.approx(0.5, abs=0.01)


def test_a_wait_that_is_longer_than_allowed_is_said() -> None:
    impatient = rules(per_minute(1), max_wait=30 * NANOSECONDS)
    result = simulate(dict.fromkeys(agents(3), 1), (), QUICK, {POOL: impatient})
    assert "longer than the 30 s that is allowed" in result.refused
    assert result.calls == 1


def test_a_day_that_does_not_suffice_is_said() -> None:
    day = rules(Limit(Kind.REQUESTS, 2, CalendarDay("UTC")))
    result = simulate(dict.fromkeys(agents(3), 1), (), QUICK, {POOL: day})
    assert "daily limit of 2 requests" in result.refused
