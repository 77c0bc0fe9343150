"""Hosts that run third-party models: Groq, Cerebras, Together, Fireworks, Nebius, NVIDIA, SambaNova."""

from __future__ import annotations

from massgen_plugins.middleware import RefusalKind
from massgen_plugins.providers.announce import HeaderSet, openai_style
from massgen_plugins.providers.base import Conventions
from massgen_plugins.providers.chat.host import ChargeRule, Host
from massgen_plugins.providers.chat.requests import UNCACHED
from massgen_plugins.providers.rules import RuleBook, rule
from massgen_plugins.providers.windows import DAY_SECONDS
from massgen_plugins.quota import ACCOUNT_POOL, Kind

__all__ = ["CEREBRAS", "FIREWORKS", "GROQ", "NEBIUS", "NVIDIA", "SAMBANOVA", "TOGETHER"]

_OVERLOAD, _PERMANENT, _WINDOW = RefusalKind.OVERLOAD, RefusalKind.PERMANENT, RefusalKind.WINDOW

GROQ = Host(
    name="groq",
    hosts=("api.groq.com",),
    backends=frozenset({"groq"}),
    # Prompt and max_completion_tokens count (field, 2026); cached tokens do not (docs, 2026).
    charge=ChargeRule(kept=True, cached_free=True),
    # Requests are per day, tokens per minute; tokens per day have no header (docs, 2026).
    announced=(
        openai_style("requests", Kind.REQUESTS, DAY_SECONDS),
        openai_style("tokens", Kind.TOTAL_TOKENS),
    ),
    book=RuleBook(
        label="Groq",
        conventions=Conventions(tpm_counts=Kind.TOTAL_TOKENS, key_prefixes=("gsk_",)),
        place="https://console.groq.com/settings/billing",
        rules=(
            rule(_OVERLOAD, codes="capacity_exceeded over_capacity", statuses=(498, 503)),
            rule(
                _PERMANENT,
                codes="blocked_api_access",
                words=("spend alert", "spend limit"),
                pool=ACCOUNT_POOL,
            ),
        ),
    ),
)

_SPANS = (("minute", 60.0), ("hour", 3_600.0), ("day", DAY_SECONDS))
CEREBRAS = Host(
    name="cerebras",
    hosts=("api.cerebras.ai",),
    backends=frozenset({"cerebras"}),
    # Input and max_completion_tokens, or "an upper bound", are reserved and refunded (docs, 2026-07-18).
    charge=ChargeRule(assumed_output=2_048, uncached=True),
    announced=tuple(
        openai_style(f"{what}-{span}", kind, seconds)
        for span, seconds in _SPANS
        for what, kind in (("requests", Kind.REQUESTS), ("tokens", Kind.TOTAL_TOKENS))
    ),
    book=RuleBook(
        label="Cerebras",
        conventions=Conventions(tpm_counts=Kind.TOTAL_TOKENS, bucket=True, key_prefixes=("csk-",)),
        place="https://cloud.cerebras.ai",
        exact_reset=True,
        # Flat bodies: {"message", "type": "too_many_requests_error", "param": "quota", "code"} (field, 2026)
        rules=(rule(_OVERLOAD, codes="queue_exceeded", words=("high traffic", "queue")),),
    ),
)

TOGETHER = Host(
    name="together",
    hosts=("api.together.xyz", "api.together.ai"),
    backends=frozenset({"together"}),
    # Per second, and dynamic: the -dynamic headers state the current limits (docs, 2026).
    announced=(
        HeaderSet(Kind.REQUESTS, "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", 1.0),
        HeaderSet(Kind.REQUESTS, "x-ratelimit-limit-dynamic", "x-ratelimit-remaining-dynamic", "", 1.0),
        HeaderSet(Kind.TOTAL_TOKENS, "x-tokenlimit-limit", "x-tokenlimit-remaining", "", 1.0),
        HeaderSet(Kind.TOTAL_TOKENS, "x-tokenlimit-limit-dynamic", "x-tokenlimit-remaining-dynamic", "", 1.0),
    ),
    book=RuleBook(
        label="Together",
        conventions=Conventions(tpm_counts=Kind.TOTAL_TOKENS),
        place="https://api.together.ai/settings/billing",
        # 429: above your rate; 503: at or below it, the model lacks capacity (docs, 2026). The type
        # credit_limit is a request rate (field, 2024), stated in its prose.
        rules=(rule(_OVERLOAD, statuses=(503,)),),
    ),
)

FIREWORKS = Host(
    name="fireworks",
    hosts=("api.fireworks.ai",),
    backends=frozenset({"fireworks"}),
    charge=ChargeRule(uncached=True),
    # Headers are in tokens per second of limits per minute (docs, 2026).
    announced=tuple(
        HeaderSet(
            kind,
            f"x-ratelimit-limit-tokens-{what}",
            f"x-ratelimit-remaining-tokens-{what}",
            pool=ACCOUNT_POOL,
            scale=60,
        )
        for what, kind in (
            ("prompt", Kind.INPUT_TOKENS),
            ("cache-adjusted-prompt", UNCACHED),
            ("generated", Kind.OUTPUT_TOKENS),
        )
    ),
    book=RuleBook(
        label="Fireworks",
        conventions=Conventions(tpm_counts=Kind.INPUT_TOKENS, key_prefixes=("fw_",)),
        place="https://app.fireworks.ai/account/billing",
        pool=ACCOUNT_POOL,
        rules=(
            rule(_OVERLOAD, words=("first token before the given deadline", "overloaded")),
            rule(
                _PERMANENT, statuses=(402, 403, 412), words=("suspended", "spending limit", "past invoices")
            ),
            # Flat: {"error": "Too Many Requests", "message": "You have exceeded your usage limits. ..."}: the
            # limits are adaptive and not stated (field, 2026).
            rule(_OVERLOAD, words=("exceeded your usage limits",), pool=ACCOUNT_POOL),
        ),
    ),
)

NEBIUS = Host(
    name="nebius",
    hosts=("api.studio.nebius.ai", "api.studio.nebius.com", "api.tokenfactory.nebius.com"),
    backends=frozenset({"nebius"}),
    announced=(
        openai_style("requests", Kind.REQUESTS),
        openai_style("tokens", Kind.TOTAL_TOKENS),
    ),  # field, 2026
    book=RuleBook(
        label="Nebius",
        conventions=Conventions(tpm_counts=Kind.TOTAL_TOKENS),
        place="https://tokenfactory.nebius.com",
    ),
)

NVIDIA = Host(
    name="nvidia_nim",
    hosts=("integrate.api.nvidia.com", "ai.api.nvidia.com"),
    backends=frozenset({"nvidia_nim"}),
    # {"status": 429, "title": "Too Many Requests"}, no headers, about 40 a minute (field, 2026)
    book=RuleBook(
        label="NVIDIA NIM",
        conventions=Conventions(key_prefixes=("nvapi-",)),
        place="https://build.nvidia.com",
    ),
)

SAMBANOVA = Host(
    name="sambanova",
    hosts=("api.sambanova.ai",),
    announced=(  # field, 2026: resets are timestamps
        openai_style("requests", Kind.REQUESTS),
        openai_style("requests-day", Kind.REQUESTS, DAY_SECONDS),
    ),
    book=RuleBook(label="SambaNova", conventions=Conventions(), place="https://cloud.sambanova.ai"),
)
