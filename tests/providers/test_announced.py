"""Limits that answers announce in headers: every provider's names and encodings."""

from __future__ import annotations

import pytest

from massgen_plugins.quota import ACCOUNT_POOL, Kind, Limit
from tests.providers.every import DATE, PROVIDERS, request_to

INPUT, OUTPUT, TOTAL = Kind.INPUT_TOKENS, Kind.OUTPUT_TOKENS, Kind.TOTAL_TOKENS


def announced(name, headers, **request):
    found = PROVIDERS[name].read_announcement({**DATE, **headers}, request_to(name, **request))
    return {
        Limit(each.kind, 0, each.window).key: (each.limit, each.remaining, each.resets_in, each.pool)
        for each in found
    }


def style(what, limit, remaining, reset=None, prefix="x-ratelimit"):
    values = {"limit": limit, "remaining": remaining, "reset": reset}
    return {f"{prefix}-{part}-{what}": str(value) for part, value in values.items() if value is not None}


@pytest.mark.parametrize(
    ("name", "headers", "window", "values"),
    [
        # A real answer of OpenAI (2025-07-15)
        (
            "openai",
            style("tokens", "30,000", 554, "58.891s"),
            f"{TOTAL}/bucket:60s",
            (30_000, 554, 58.891, None),
        ),
        ("openai", style("requests", 500, 499, "120ms"), "requests/bucket:60s", (500, 499, 0.12, None)),
        # The same header speaks of the day where that is the tighter limit: what is gone comes back slowly
        (
            "openai",
            style("requests", 10_000, 9_990, "1m26.4s"),
            "requests/bucket:86400s",
            (10_000, 9_990, 86.4, None),
        ),
        (
            "openai",
            style("requests", 10_000, 9_999, "8.64s"),
            "requests/bucket:86400s",
            (10_000, 9_999, 8.64, None),
        ),
        # A server that speaks like OpenAI, and whose minute slides or begins anew
        ("openai", style("requests", 50, 49, "60s"), "requests/bucket:60s", (50, 49, 60, None)),
        ("openai", style("requests", 60, 50, "42s"), "requests/bucket:60s", (60, 50, 42, None)),
        ("openai", style("requests", 200, 0, "24h0m0s"), "requests/bucket:86400s", (200, 0, 86_400, None)),
        ("openai", style("requests", 500, 500, "0s"), "requests/bucket:60s", (500, 500, 0, None)),
        ("openai", style("images", 5, 4, "12s"), "images/bucket:60s", (5, 4, 12, None)),
        ("azure_openai", style("tokens", 40_000, -812, 41), f"{TOTAL}/60s", (40_000, -812, 41, None)),
        # A proxy has joined the provider's headers with its own: the tighter ones hold
        (
            "openai",
            style("requests", "500, 60", "499, 12", "120ms, 9s"),
            "requests/bucket:60s",
            (60, 12, 9, None),
        ),
        # Kong in front of a server: of all models together
        ("chat", style("minute", 20, 19), "requests/60s", (20, 19, None, ACCOUNT_POOL)),
        ("chat", style("second", 5, 4), "requests/1s", (5, 4, None, ACCOUNT_POOL)),
        ("chat", style("day", 900, 7), "requests/86400s", (900, 7, None, ACCOUNT_POOL)),
        ("azure_openai", style("requests", 240, 239), "requests/10s", (240, 239, None, None)),
        ("azure_openai", style("requests", 240, 239, 41), "requests/60s", (240, 239, 41, None)),
        ("azure_openai", style("requests", 4, 3, 10), "requests/10s", (4, 3, 10, None)),
        ("azure_openai", style("requests", 4, 4, 0), "requests/10s", (4, 4, 0, None)),
        (
            "groq",
            style("requests", 14_400, 14_370, "2m59.56s"),
            "requests/86400s",
            (14_400, 14_370, 179.56, None),
        ),
        ("groq", style("tokens", 8_000, 7_930, "525ms"), f"{TOTAL}/60s", (8_000, 7_930, 0.525, None)),
        (
            "cerebras",
            style("tokens-minute", 60_000, 59_000, 12.5),
            f"{TOTAL}/bucket:60s",
            (60_000, 59_000, 12.5, None),
        ),
        (
            "cerebras",
            style("requests-day", 14_400, 14_399, 33_011.38),
            "requests/bucket:86400s",
            (14_400, 14_399, 33_011.38, None),
        ),
        ("mistral", style("req-minute", 60, 59), "requests/60s", (60, 59, None, None)),
        ("mistral", style("tokens-5-minute", 500_000, 1), f"{TOTAL}/300s", (500_000, 1, None, None)),
        ("mistral", style("tokens-month", 10**9, 5), f"{TOTAL}/month:UTC", (10**9, 5, None, None)),
        (
            "together",
            {"x-ratelimit-limit": "10", "x-ratelimit-remaining": "9", "x-ratelimit-reset": "0.1"},
            "requests/1s",
            (10, 9, 0.1, None),
        ),
        (
            "together",
            {"x-tokenlimit-limit": "3000", "x-tokenlimit-remaining": "-20"},
            f"{TOTAL}/1s",
            (3_000, -20, None, None),
        ),
        (
            "fireworks",
            style("tokens-generated", 600, 590),
            f"{OUTPUT}/60s",
            (36_000, 35_400, None, ACCOUNT_POOL),
        ),
        (
            "fireworks",
            style("tokens-cache-adjusted-prompt", 15_000, 100),
            "uncached_input_tokens/60s",
            (900_000, 6_000, None, ACCOUNT_POOL),
        ),
        ("poe", style("requests", 500, 400, 17), "requests/60s", (500, 400, 17, ACCOUNT_POOL)),
        ("chat", style("requests", 20, 19, "2026-11-30T00:54:20Z"), "requests/60s", (20, 19, 60, None)),
        (
            "sambanova",
            style("requests-day", 400, 399, 1_796_000_060),
            "requests/86400s",
            (400, 399, 60, None),
        ),
        (
            "anthropic",
            {
                "anthropic-ratelimit-requests-limit": "50",
                "anthropic-ratelimit-requests-remaining": "49",
                "anthropic-ratelimit-requests-reset": "2026-11-30T00:53:21Z",
            },
            "requests/bucket:60s",
            (50, 49, 1, None),
        ),
        # Anthropic rounds to thousands
        (
            "anthropic",
            {
                "anthropic-ratelimit-input-tokens-limit": "30000",
                "anthropic-ratelimit-input-tokens-remaining": "12000",
            },
            f"{INPUT}/bucket:60s",
            (30_000, 11_500, None, None),
        ),
        (
            "anthropic",
            {
                "anthropic-ratelimit-output-tokens-limit": "8000",
                "anthropic-ratelimit-output-tokens-remaining": "0",
            },
            f"{OUTPUT}/bucket:60s",
            (8_000, 0, None, None),
        ),
    ],
)
def test_what_headers_say(name, headers, window, values):
    assert announced(name, headers)[window] == values


def test_less_than_one_in_a_second_is_one_in_several():
    headers = {"x-ratelimit-limit": "0.2", "x-ratelimit-remaining": "0.1", "x-ratelimit-reset": "4"}
    assert announced("together", headers) == {"requests/5s": (1, 0, 4, None)}


def test_of_organization_and_project_the_tighter_holds():
    both = {**style("tokens", 30_000, 20_000, "20s"), **style("project-tokens", 10_000, 4_000, "36s")}
    assert announced("openai", both) == {"total_tokens/bucket:60s": (10_000, 4_000, 36, None)}


@pytest.mark.parametrize(
    "headers",
    [
        style("tokens", -1, -1),
        style("tokens", 0, -1),
        style("tokens", "unknown", ""),
        {"x-ratelimit-reset-tokens": "1s"},
        {"content-type": "text/plain"},
        {},
    ],
)
@pytest.mark.parametrize("name", ["openai", "azure_openai", "chat", "groq"])
def test_placeholders_announce_nothing(name, headers):
    assert announced(name, headers) == {}


def test_limits_of_a_shared_pool_are_announced_for_that_pool():
    headers = {"anthropic-ratelimit-requests-limit": "50", "anthropic-ratelimit-requests-remaining": "49"}
    found = announced("anthropic", headers, body={"model": "claude-opus-4-6"})
    assert found == {"requests/bucket:60s": (50, 49, None, "anthropic:opus-4")}


def test_fast_mode_has_headers_of_its_own():
    headers = {"anthropic-fast-requests-limit": "5", "anthropic-ratelimit-requests-limit": "50"}
    found = announced("anthropic", headers, body={"model": "claude-opus-4-6", "speed": "fast"})
    assert found == {"requests/bucket:60s": (5, None, None, "anthropic:opus-4:fast")}


def test_the_tightest_of_anthropics_limits_is_not_read_twice():
    assert announced("anthropic", {"anthropic-ratelimit-tokens-limit": "80000"}) == {}


@pytest.mark.parametrize("name", ["deepseek", "nvidia_nim", "zai", "vllm", "moonshot", "openrouter"])
def test_hosts_that_announce_nothing(name):
    assert announced(name, style("requests", 3, 2, "1s")) == {}
