"""What headers announce, in the names and encodings of each host."""

from __future__ import annotations

import pytest

from massgen_plugins.sandbox import Host, QuotaKind, RetryAfter, WindowShape
from massgen_plugins.sandbox.announce import announced, retry_headers
from massgen_plugins.sandbox.encodings import decimal_seconds, go_duration, http_date, rfc3339
from massgen_plugins.sandbox.quotas import NANOSECONDS
from massgen_plugins.sandbox.rulings import Standing

UNIX = 1_795_000_000 * NANOSECONDS
SECOND = NANOSECONDS
SLIDING, HELD = WindowShape.SLIDING, WindowShape.HELD
RPM = Standing(QuotaKind.REQUESTS, SLIDING, 60, 500, 499, 120_000_000, 1)
RPD = Standing(QuotaKind.REQUESTS, SLIDING, 86_400, 1000, 998, 179_560_000_000, 1)
TPM = Standing(QuotaKind.TOTAL_TOKENS, SLIDING, 60, 30_000, -554, 58_891_000_001, 821)
ITPM = Standing(QuotaKind.INPUT_TOKENS, SLIDING, 60, 30_000, 12_499, 35 * SECOND, 9)
OTPM = Standing(QuotaKind.OUTPUT_TOKENS, SLIDING, 60, 8000, -1, 60 * SECOND)
PLACES = Standing(QuotaKind.CONCURRENT, HELD, 60, 2, 1, SECOND, 1)
NONE = Standing(QuotaKind.REQUESTS, SLIDING, 60, 0, 0, 0)
LIMITS = (RPM, RPD, TPM, PLACES, NONE)


@pytest.mark.parametrize(
    ("host", "standings", "headers"),
    [
        (
            Host.OPENAI,
            LIMITS,
            {
                "x-ratelimit-limit-requests": "500",
                "x-ratelimit-remaining-requests": "499",
                "x-ratelimit-reset-requests": "120ms",
                "x-ratelimit-limit-tokens": "30000",
                "x-ratelimit-remaining-tokens": "0",
                "x-ratelimit-reset-tokens": "58.892s",
            },
        ),
        (
            Host.AZURE,
            (TPM, Standing(QuotaKind.REQUESTS, WindowShape.FIXED, 10, 2, 1, 9_500_000_000, 1)),
            {
                "x-ratelimit-limit-requests": "2",
                "x-ratelimit-remaining-requests": "1",
                "x-ratelimit-reset-requests": "10",
                "x-ratelimit-limit-tokens": "30000",
                "x-ratelimit-remaining-tokens": "-554",
                "x-ratelimit-reset-tokens": "59",
            },
        ),
        (
            Host.GROQ,
            LIMITS,
            {
                "x-ratelimit-limit-requests": "1000",
                "x-ratelimit-remaining-requests": "998",
                "x-ratelimit-reset-requests": "2m59.56s",
                "x-ratelimit-limit-tokens": "30000",
                "x-ratelimit-remaining-tokens": "0",
                "x-ratelimit-reset-tokens": "58.892s",
            },
        ),
        (
            Host.CEREBRAS,
            (RPM, RPD),
            {
                "x-ratelimit-limit-requests-minute": "500",
                "x-ratelimit-remaining-requests-minute": "499",
                "x-ratelimit-reset-requests-minute": "0.12",
                "x-ratelimit-limit-requests-day": "1000",
                "x-ratelimit-remaining-requests-day": "998",
                "x-ratelimit-reset-requests-day": "179.56",
            },
        ),
        (
            Host.MISTRAL,
            (TPM,),
            {
                "x-ratelimit-limit-tokens-minute": "30000",
                "x-ratelimit-remaining-tokens-minute": "0",
                "x-ratelimit-tokens-query-cost": "821",
            },
        ),
        (
            Host.TOGETHER,
            (RPM,),
            {
                "x-ratelimit-limit": "8.33333",
                "x-ratelimit-remaining": "8.31667",
                "x-ratelimit-reset": "0.12",
            },
        ),
        (
            Host.FIREWORKS,
            (ITPM, OTPM),
            {
                "x-ratelimit-limit-tokens-prompt": "500",
                "x-ratelimit-remaining-tokens-prompt": "208.317",
                "x-ratelimit-limit-tokens-generated": "133.333",
                "x-ratelimit-remaining-tokens-generated": "0",
                "x-ratelimit-over-limit": "yes",
            },
        ),
        (
            Host.POE,
            (RPM,),
            {
                "x-ratelimit-limit-requests": "500",
                "x-ratelimit-remaining-requests": "499",
                "x-ratelimit-reset-requests": "1",
            },
        ),
        (
            Host.ANTHROPIC,
            (ITPM,),
            {
                "anthropic-ratelimit-input-tokens-limit": "30000",
                "anthropic-ratelimit-input-tokens-remaining": "12000",
                "anthropic-ratelimit-input-tokens-reset": "2026-11-18T11:07:15Z",
                "anthropic-ratelimit-tokens-limit": "30000",
                "anthropic-ratelimit-tokens-remaining": "12000",
                "anthropic-ratelimit-tokens-reset": "2026-11-18T11:07:15Z",
            },
        ),
        *((host, LIMITS, {}) for host in (Host.DEEPSEEK, Host.XAI, Host.ZAI, Host.NVIDIA, Host.OPENROUTER)),
    ],
)
def test_names_and_encodings(host: Host, standings: tuple[Standing, ...], headers: dict[str, str]) -> None:
    assert announced(host, standings, UNIX) == headers


@pytest.mark.parametrize(
    ("how", "headers"),
    [
        (RetryAfter.USUAL, {"retry-after": "2", "retry-after-ms": "1146"}),
        (RetryAfter.SECONDS, {"retry-after": "2"}),
        (RetryAfter.MILLISECONDS, {"retry-after-ms": "1146"}),
        (RetryAfter.DATE, {"retry-after": "Wed, 18 Nov 2026 11:06:42 GMT"}),
        (RetryAfter.NONE, {}),
    ],
)
def test_how_long_to_wait(how: RetryAfter, headers: dict[str, str]) -> None:
    assert retry_headers(Host.OPENAI, how, 1_145_100_000, UNIX) == headers
    assert retry_headers(Host.OPENAI, how, None, UNIX) == {}


def test_groq_says_seconds_only() -> None:
    assert retry_headers(Host.GROQ, RetryAfter.USUAL, 1, UNIX) == {"retry-after": "1"}


def test_encodings_round_up() -> None:
    assert go_duration(20 * 3600 * SECOND + 257_628_674) == "20h0m0.257628674s"
    assert decimal_seconds(29_500_000_000) == "29.5"
    assert decimal_seconds(3 * SECOND) == "3.0"
    assert rfc3339(UNIX + 1) == "2026-11-18T11:06:41Z"
    assert http_date(UNIX) == "Wed, 18 Nov 2026 11:06:40 GMT"
