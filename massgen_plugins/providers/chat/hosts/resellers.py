"""Hosts that forward calls to other providers: GitHub Copilot, OpenRouter, Poe."""

from __future__ import annotations

from massgen_plugins.middleware import RefusalKind
from massgen_plugins.providers.announce import openai_style
from massgen_plugins.providers.base import Conventions
from massgen_plugins.providers.chat.host import Host
from massgen_plugins.providers.rules import RuleBook, rule
from massgen_plugins.providers.windows import DAY_SECONDS
from massgen_plugins.quota import ACCOUNT_POOL, Kind

__all__ = ["COPILOT", "FREE_POOL", "OPENROUTER", "POE"]

FREE_POOL = "openrouter:free"
"""All models with the suffix ``:free`` share 20 requests per minute and 50 or 1,000 per day (docs, 2026)."""

_OVERLOAD, _PERMANENT, _CALL = RefusalKind.OVERLOAD, RefusalKind.PERMANENT, RefusalKind.CALL
_UNTIL, _WINDOW = RefusalKind.UNTIL, RefusalKind.WINDOW
_AFFORD = (
    "{label} has too little credit for this one request with the output it may have: "
    "set a smaller max_tokens for the agent, or add credit{place}."
)

OPENROUTER = Host(
    name="openrouter",
    hosts=("openrouter.ai", "eu.openrouter.ai"),
    backends=frozenset({"openrouter"}),
    suffix_pools=((":free", FREE_POOL),),
    reports_cost=True,
    book=RuleBook(
        label="OpenRouter",
        conventions=Conventions(tpm_counts=Kind.TOTAL_TOKENS, day_zone="UTC", key_prefixes=("sk-or-",)),
        place="https://openrouter.ai/settings/credits",
        # openrouter.ai/docs/api-reference/limits and field, 2025 to 2026. Headers only come with refusals,
        # inside error.metadata; resets are in milliseconds since the epoch.
        rules=(
            rule(
                _UNTIL,
                words=("free-models-per-day",),
                pool=FREE_POOL,
                limits=((Kind.REQUESTS, DAY_SECONDS),),
            ),
            rule(_WINDOW, words=("free-models-per-min",), pool=FREE_POOL, limits=((Kind.REQUESTS, 60.0),)),
            # From an upstream provider, not our quota: only this model backs off.
            rule(_OVERLOAD, words=("provider returned error", "rate-limited upstream")),
            # A budget of calls in flight, released when they end.
            rule(
                _WINDOW,
                codes="in_flight_budget_exhausted weight_exceeds_budget openrouter_in_flight_budget",
                pool=ACCOUNT_POOL,
                wait=5.0,
            ),
            rule(_CALL, statuses=(402,), words=("can only afford",), advice=_AFFORD),
            rule(_PERMANENT, statuses=(402,), pool=ACCOUNT_POOL),
            rule(_PERMANENT, codes="openrouter_credits openrouter_key_limit", pool=ACCOUNT_POOL),
            rule(_PERMANENT, statuses=(403,), words=("key limit exceeded",), pool=ACCOUNT_POOL),
        ),
    ),
)

COPILOT = Host(
    name="copilot",
    hosts=("api.githubcopilot.com", ".githubcopilot.com"),
    backends=frozenset({"copilot"}),
    # docs.github.com/copilot (2026): time-based limits, and premium requests per month; no numbers given.
    book=RuleBook(
        label="GitHub Copilot",
        conventions=Conventions(),
        place="https://github.com/settings/copilot",
        rules=(rule(_PERMANENT, codes="quota_exceeded", statuses=(402, 429), pool=ACCOUNT_POOL),),
    ),
)

POE = Host(
    name="poe",
    hosts=("api.poe.com",),
    backends=frozenset({"poe"}),
    # creator.poe.com (2026): 500 per minute, reset in seconds
    announced=(openai_style("requests", Kind.REQUESTS, pool=ACCOUNT_POOL),),
    book=RuleBook(
        label="Poe",
        conventions=Conventions(),
        place="https://poe.com/api",
        pool=ACCOUNT_POOL,
        rules=(rule(_PERMANENT, codes="insufficient_credits", pool=ACCOUNT_POOL),),
    ),
)
