"""The judge counts what arrived, rules on it, and remembers; time is an argument."""

from __future__ import annotations

import pytest

from massgen_plugins.sandbox import Fault, FaultRule, Place, SandboxConfig, SandboxReport, Tier, per_model
from massgen_plugins.sandbox.quotas import NANOSECONDS
from massgen_plugins.sandbox.referee import Arrival, Referee, resolve_model

FLASH = "gemini-2.5-flash"
MINUTE = 60 * NANOSECONDS


def arrive(
    referee: Referee,
    seconds: float,
    *,
    model: str = FLASH,
    key: str = "k",
    tokens: int = 10,
    streamed: bool = False,
) -> list[str]:
    """Names of the limits that refuse an arrival at ``seconds``; none if it is let in."""
    arrival = Arrival(key, model, "generateContent", tokens, streamed=streamed)
    ruling = referee.arrive(round(seconds * NANOSECONDS), arrival)
    refused = referee.report().requests[-1].refused_by
    assert bool(ruling.violations) == (bool(refused) and not refused[0].startswith("injected"))
    return list(refused)


def judge(**config: object) -> Referee:
    return Referee(SandboxConfig(**config), unix=1_795_000_000 * NANOSECONDS)


@pytest.mark.parametrize(
    ("model", "resolved"),
    [
        ("gemini-2.5-flash", "gemini-2.5-flash"),
        ("gemini-2.5-flash-lite", "gemini-2.5-flash-lite"),
        ("gemini-2.5-flash-lite-preview-06-17", "gemini-2.5-flash-lite"),
        ("gemini-3-pro-preview", "gemini-3-pro"),
        ("gemini-3.1-pro-preview-customtools", "gemini-3.1-pro"),
        ("gemini-2.0-flash-001", "gemini-2.0-flash"),
        ("gemini-2.5-pro-exp-03-25", "gemini-2.5-pro"),
        ("gemini-flash-latest", "gemini-3.5-flash"),
        ("-preview", "-preview"),
    ],
)
def test_models_share_the_quota_of_the_model_behind_their_name(model: str, resolved: str) -> None:
    assert resolve_model(model, {"gemini-flash-latest": "gemini-3.5-flash"}) == resolved


def test_limits_are_per_model_and_project() -> None:
    referee = judge(quotas={"*": per_model(rpm=1)}, projects={"k1": "one", "k2": "one", "k3": "two"})
    assert arrive(referee, 0, key="k1") == []
    assert arrive(referee, 1, key="k2") == ["GenerateRequestsPerMinutePerProjectPerModel-FreeTier"]
    assert arrive(referee, 2, key="k3") == []
    assert arrive(referee, 3, key="k1", model="gemini-2.5-pro") == []
    assert arrive(referee, 4, key="k1", model="gemini-2.5-flash-preview-05-20") != []


def test_a_model_without_limits_of_its_own_takes_the_general_ones_and_else_none() -> None:
    referee = judge(quotas={FLASH: per_model(rpm=1), "*": per_model(rpm=2)})
    assert [bool(arrive(referee, 0)) for _ in range(2)] == [False, True]
    assert [bool(arrive(referee, 0, model="other")) for _ in range(3)] == [False, False, True]
    free = judge(quotas={FLASH: per_model(rpm=1)})
    assert not any(arrive(free, 0, model="other") for _ in range(50))


def test_every_limit_that_is_exceeded_is_named() -> None:
    referee = judge(quotas={"*": per_model(rpm=1, tpm=15, rpd=1)}, tier=Tier.TIER_1)
    arrive(referee, 0)
    assert arrive(referee, 1) == [
        "GenerateRequestsPerMinutePerProjectPerModel",
        "GenerateContentPaidTierInputTokensPerModelPerMinute",
        "GenerateRequestsPerDayPerProjectPerModel",
    ]


@pytest.mark.parametrize(("count_refused", "refused_again"), [(False, False), (True, True)])
def test_whether_refusals_spend_quota_can_be_chosen(count_refused: bool, refused_again: bool) -> None:
    referee = judge(quotas={"*": per_model(rpm=1)}, count_refused=count_refused)
    arrive(referee, 0)
    assert arrive(referee, 30) != []
    assert bool(arrive(referee, 61)) is refused_again


@pytest.mark.parametrize("count_failed", [True, False])
def test_whether_server_errors_spend_quota_can_be_chosen(count_failed: bool) -> None:
    rule = FaultRule(Fault.INTERNAL, nth=(1,))
    referee = judge(quotas={"*": per_model(rpm=1)}, faults=(rule,), count_failed=count_failed)
    arrive(referee, 0)
    assert bool(arrive(referee, 1)) is count_failed


def test_a_request_over_its_quota_is_refused_for_that_and_uses_up_no_fault() -> None:
    referee = judge(quotas={"*": per_model(rpm=1)}, faults=(FaultRule(Fault.INTERNAL, nth=(2,)),))
    arrive(referee, 0)
    arrive(referee, 1)
    assert referee.report().requests[-1].fault is None
    arrive(referee, 61)
    assert referee.report().requests[-1].fault == "internal"


def test_an_injected_refusal_is_recorded_as_a_refusal_unless_it_hides_in_a_stream() -> None:
    rules = (FaultRule(Fault.SPEND, nth=(1, 2), place=Place.FIRST_EVENT), FaultRule(Fault.SPEND, nth=(3,)))
    referee = judge(faults=rules)
    assert arrive(referee, 0, streamed=True) == []
    assert arrive(referee, 0, streamed=False) == ["injected:spend"]
    assert arrive(referee, 0, streamed=True) == ["injected:spend"]


def test_new_quotas_know_what_was_spent_before() -> None:
    referee = judge(quotas={"*": per_model(rpm=10)})
    for second in range(4):
        arrive(referee, second)
    referee.change_quotas({"*": per_model(rpm=4)})
    assert arrive(referee, 5) != []
    assert arrive(referee, 60) == []


def test_a_reset_forgets_but_late_answers_do_no_harm() -> None:
    referee = judge(quotas={"*": per_model(rpm=1)})
    arrive(referee, 0)
    referee.reset()
    referee.headers_left(1, 5, 200)
    referee.finished(1, 6)
    assert referee.report().requests == ()
    assert arrive(referee, 1) == []


def test_a_day_ends_at_midnight_of_the_shifted_clock() -> None:
    referee = judge(quotas={"*": per_model(rpd=20, spent_today=20)})
    wait = _wait(referee, 0)
    assert wait is not None
    assert _wait(referee, wait) == 0


def _wait(referee: Referee, now: int) -> int | None:
    ruling = referee.arrive(now, Arrival("k", FLASH, "generateContent", 1))
    return ruling.violations[0].wait if ruling.violations else 0


def test_the_key_is_not_in_the_report() -> None:
    referee = judge()
    arrive(referee, 0, key="very-secret-key")
    assert "very-secret-key" not in referee.report().to_json()


def test_a_report_survives_json() -> None:
    referee = judge(quotas={"*": per_model(rpm=1)})
    arrive(referee, 0.123456789)
    arrive(referee, 1)
    report = referee.report()
    assert SandboxReport.from_json(report.to_json()) == report
