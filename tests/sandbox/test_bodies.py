"""Refusals read like the provider's own."""

from __future__ import annotations

import pytest

from massgen_plugins.sandbox import Fault, FaultRule, QuotaKind, Tier
from massgen_plugins.sandbox.bodies import quota_id, quota_refusal
from massgen_plugins.sandbox.encodings import go_duration
from massgen_plugins.sandbox.gemini_faults import fault_body
from massgen_plugins.sandbox.quotas import NANOSECONDS
from massgen_plugins.sandbox.rulings import Violation

MODEL = "gemini-2.5-flash"


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0s"),
        (17, "17ns"),
        (1_500, "1.5µs"),
        (997_965_142, "997.965142ms"),
        (1_466_000_000, "1.466s"),
        (51_386_192_716, "51.386192716s"),
        (60_000_000_000, "1m0s"),
        (475_957_153_112, "7m55.957153112s"),
        (72_193_257_628_674, "20h3m13.257628674s"),
        (3_600_000_000_000, "1h0m0s"),
    ],
)
def test_durations_read_as_go_prints_them(nanoseconds: int, text: str) -> None:
    assert go_duration(nanoseconds) == text


@pytest.mark.parametrize(
    ("kind", "daily", "tier", "name"),
    [
        (QuotaKind.REQUESTS, False, Tier.FREE, "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"),
        (QuotaKind.REQUESTS, True, Tier.FREE, "GenerateRequestsPerDayPerProjectPerModel-FreeTier"),
        (QuotaKind.INPUT_TOKENS, False, Tier.FREE, "GenerateContentInputTokensPerModelPerMinute-FreeTier"),
        (QuotaKind.REQUESTS, False, Tier.TIER_1, "GenerateRequestsPerMinutePerProjectPerModel"),
        (QuotaKind.INPUT_TOKENS, False, Tier.TIER_1, "GenerateContentPaidTierInputTokensPerModelPerMinute"),
        (
            QuotaKind.INPUT_TOKENS,
            False,
            Tier.TIER_2,
            "GenerateContentPaidTierInputTokensPerModelPerMinute-PaidTier2",
        ),
        (QuotaKind.REQUESTS, True, Tier.TIER_3, "GenerateRequestsPerDayPerProjectPerModel-PaidTier3"),
    ],
)
def test_quotas_have_the_names_seen_in_the_wild(kind: QuotaKind, daily: bool, tier: Tier, name: str) -> None:
    assert quota_id(kind, daily=daily, tier=tier) == name


def test_a_refusal_names_quota_value_and_model_and_cuts_the_delay_to_seconds() -> None:
    violation = Violation(QuotaKind.REQUESTS, daily=False, limit=10, wait=42_920_000_000)
    error = quota_refusal([violation], MODEL, Tier.FREE)["error"]
    assert (error["code"], error["status"]) == (429, "RESOURCE_EXHAUSTED")
    assert "limit: 10, model: gemini-2.5-flash" in error["message"]
    assert error["message"].endswith("Please retry in 42.92s.")
    failure, _, retry = error["details"]
    [named] = failure["violations"]
    assert named["quotaValue"] == "10"
    assert named["quotaDimensions"] == {"location": "global", "model": MODEL}
    assert retry["retryDelay"] == "42s"


def test_several_quotas_are_named_in_one_refusal_with_the_longest_wait() -> None:
    violations = [
        Violation(QuotaKind.REQUESTS, daily=False, limit=10, wait=3 * NANOSECONDS),
        Violation(QuotaKind.INPUT_TOKENS, daily=False, limit=250_000, wait=9 * NANOSECONDS),
    ]
    failure, _, retry = quota_refusal(violations, MODEL, Tier.FREE)["error"]["details"]
    assert len(failure["violations"]) == 2
    assert retry["retryDelay"] == "9s"


def test_a_paid_day_tells_the_time_to_its_reset() -> None:
    violation = Violation(QuotaKind.REQUESTS, daily=True, limit=1000, wait=72_193_257_628_674)
    error = quota_refusal([violation], MODEL, Tier.TIER_1)["error"]
    assert "20h3m13.257628674s" in error["message"]
    assert "generate_requests_per_model_per_day, limit: 1000" in error["message"]
    assert error["details"][2]["retryDelay"] == "72193s"


def test_a_free_day_gives_a_hint_that_is_far_too_short() -> None:
    violation = Violation(QuotaKind.REQUESTS, daily=True, limit=20, wait=72_193_257_628_674)
    error = quota_refusal([violation], MODEL, Tier.FREE)["error"]
    assert "Please retry in 13.257628674s" in error["message"]


def test_a_request_that_never_fits_is_told_to_retry_in_a_second() -> None:
    violation = Violation(QuotaKind.INPUT_TOKENS, daily=False, limit=1000, wait=None)
    assert quota_refusal([violation], MODEL, Tier.FREE)["error"]["details"][2]["retryDelay"] == "1s"


def types_in(fault: Fault) -> list[str]:
    error = fault_body(FaultRule(fault, every=1), MODEL).body["error"]
    return [detail["@type"].rpartition(".")[2] for detail in error.get("details", [])]


@pytest.mark.parametrize(
    ("fault", "details"),
    [
        (Fault.MINUTE_TOKENS, ["QuotaFailure", "Help", "RetryInfo"]),
        (Fault.MINUTE_REQUESTS, ["QuotaFailure", "Help", "RetryInfo"]),
        (Fault.PAID_DAY, ["QuotaFailure", "Help", "RetryInfo"]),
        (Fault.FREE_DAY, ["QuotaFailure", "Help", "RetryInfo"]),
        (Fault.LIMIT_ZERO, ["QuotaFailure", "Help", "RetryInfo"]),
        (Fault.HELP_ONLY, ["Help"]),
        (Fault.NO_DETAILS, []),
        (Fault.PREPAY_EMPTY, []),
        (Fault.SPEND, []),
    ],
)
def test_injected_refusals_have_the_details_of_their_kind(fault: Fault, details: list[str]) -> None:
    assert types_in(fault) == details


def test_a_value_can_be_left_out_or_chosen() -> None:
    def violation(rule: FaultRule) -> dict[str, object]:
        named: dict[str, object] = fault_body(rule, MODEL).body["error"]["details"][0]["violations"][0]
        return named

    assert "quotaValue" not in violation(FaultRule(Fault.MINUTE_REQUESTS_WITHOUT_VALUE, every=1))
    assert violation(FaultRule(Fault.MINUTE_REQUESTS, every=1, quota_value=5))["quotaValue"] == "5"


def test_a_model_that_the_tier_lacks_has_limit_zero_in_prose_and_no_value() -> None:
    error = fault_body(FaultRule(Fault.LIMIT_ZERO, every=1), MODEL).body["error"]
    assert error["message"].count("limit: 0") == 3
    assert all("quotaValue" not in violation for violation in error["details"][0]["violations"])


def test_vertex_sends_its_error_in_a_list() -> None:
    [body] = fault_body(FaultRule(Fault.VERTEX_SHARED, every=1), MODEL).body
    assert body["error"]["errors"][0]["reason"] == "rateLimitExceeded"
