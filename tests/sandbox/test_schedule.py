"""The time that the limits alone demand, against schedules worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from massgen_plugins.sandbox import Quota, QuotaKind, SandboxReport, WindowShape, concurrent, per_model, tiers
from massgen_plugins.sandbox.schedule import quickest, surest

REQUESTS = QuotaKind.REQUESTS


def served(judge: Any, arrivals: list[float], lasts: float = 1.0, **call: Any) -> SandboxReport:
    running: list[tuple[float, int]] = []
    for second in arrivals:
        while running and running[0][0] <= second:
            end, number = running.pop(0)
            judge.end(number, end)
        number = judge.ask(second, **call)
        assert number
        running.append((second + lasts, number))
    for end, number in running:
        judge.end(number, end)
    return judge.referee.report()


@pytest.mark.parametrize(
    ("quotas", "arrivals", "seconds"),
    [
        (per_model(rpm=2), [0, 0, 60, 60], 61),
        (per_model(rpm=2), [0, 5, 80, 80], 61),
        (per_model(rpm=2), [0, 5, 80, 90], 71),
        (tiers.openai(2, None), [0, 0, 30, 60], 61),
        (tiers.openai(2, None), [0, 0, 40, 80], 61),
        ((Quota(REQUESTS, 1, 10, WindowShape.FIXED),), [7, 10, 20], 14),
        (tiers.xai(1, None), [0, 1, 2.5], 3),
        ((), [0, 3], 4),
    ],
)
def test_by_hand(judge_with: Any, quotas: tuple[Quota, ...], arrivals: list[float], seconds: float) -> None:
    assert quickest(served(judge_with(*quotas), arrivals)).seconds == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("quotas", "arrivals", "seconds"),
    [
        # Sent at 0, 1.5, 3.0; the first one arrives up to half a second after its sending.
        (tiers.xai(1, None), [0.5, 1.5, 3], 1 + 3.0 - 0.5),
        (per_model(rpm=2), [0, 0, 61, 61], 1 + 60.5 - 0.5),
        # Nobody tells that the window begins at 10.
        ((Quota(REQUESTS, 1, 10, WindowShape.FIXED),), [7, 10, 20], 1 + 2 * 10.5 - 0.5),
        (tiers.openai(2, None), [0, 0, 30, 60], 61),  # a bucket fills meanwhile
        ((), [0, 3], 4),
    ],
)
def test_a_client_that_cannot_see_its_calls_travel_needs_longer(
    judge_with: Any, quotas: tuple[Quota, ...], arrivals: list[float], seconds: float
) -> None:
    report = served(judge_with(*quotas), arrivals)
    assert surest(report, 0.5).seconds == pytest.approx(seconds)
    assert quickest(report).seconds <= seconds


@pytest.mark.parametrize(
    ("made", "seconds"), [([0, 0, 0], 3.5), ([0, 0, 2.5], 3.5), ([0, 0, 9], 10.0), ([4, 0, 0], 5.0)]
)
def test_no_call_is_sent_before_it_was_made(judge_with: Any, made: list[float], seconds: float) -> None:
    """At one a second, with half a second on the way: at 0, 1.5 and 3; the first arrives up to 0.5 later."""
    report = served(judge_with(*tiers.xai(1, None)), [0, 1.5, 3], lasts=1)
    assert surest(report, 0.5, made).seconds == pytest.approx(seconds)


@pytest.mark.parametrize("sooner", [0.01, 0.2])
def test_whoever_sends_sooner_can_be_refused(judge_with: Any, sooner: float) -> None:
    """The derivation's own case: the first call travels for as long as it can, the second not at all."""
    uplink, sent = 0.5, 1.5 - sooner
    judge = judge_with(*tiers.xai(1, None))
    assert judge.ask(uplink)
    assert not judge.ask(sent)
    judge = judge_with(*tiers.xai(1, None))
    assert judge.ask(uplink)
    assert judge.ask(uplink + 1)


def test_places_are_free_when_the_answers_before_are_over(judge_with: Any) -> None:
    report = served(judge_with(concurrent(2)), [0, 0, 3, 3, 10], lasts=3)
    found = quickest(report)
    assert (found.seconds, found.waits) == (pytest.approx(9), 2)


def test_tokens_count_as_they_were_charged(judge_with: Any) -> None:
    report = served(judge_with(*tiers.openai(None, 1200)), [0, 0, 30, 90], output_bound=600)
    assert quickest(report).seconds == pytest.approx(61)


def test_refused_calls_take_no_time_and_nobody_no_time_at_all(judge_with: Any) -> None:
    judge = judge_with(*per_model(rpm=1))
    assert quickest(judge.referee.report()).seconds == 0
    judge.end(judge.ask(0), 2)
    assert not judge.ask(1)
    assert quickest(judge.referee.report()).seconds == 2
