"""Anthropic's announced limits and refusals, as tables.

Sources: platform.claude.com/docs/en/api/rate-limits and /errors (copies of 2026-08 to 2026-10), and refusals
quoted in public issues of 2025 and 2026.
"""

from __future__ import annotations

from massgen_plugins.middleware import RefusalKind
from massgen_plugins.providers.announce import HeaderSet
from massgen_plugins.providers.base import Conventions
from massgen_plugins.providers.rules import RuleBook, rule
from massgen_plugins.quota import ACCOUNT_POOL, Kind

__all__ = ["BOOK", "header_sets"]

_CALL, _OVERLOAD, _PERMANENT = RefusalKind.CALL, RefusalKind.OVERLOAD, RefusalKind.PERMANENT
_UNTIL, _WINDOW = RefusalKind.UNTIL, RefusalKind.WINDOW
_LONG_CONTEXT = (
    "{label} takes requests of this length from this account only with extra usage switched on{place}: "
    "switch it on, or give the agent less text."
)

BOOK = RuleBook(
    label="Anthropic",
    # "Continuously replenished up to your maximum limit" (docs, 2026-09)
    conventions=Conventions(tpm_counts=Kind.TOTAL_TOKENS, bucket=True, key_prefixes=("sk-ant-",)),
    place="https://platform.claude.com/settings/billing",
    rules=(
        rule(_CALL, words=("extra usage is required",), statuses=(429,), advice=_LONG_CONTEXT),
        # A monthly spend cap: the prose names the date, and there is no retry-after.
        rule(_UNTIL, codes="enforced_spend_limit_reached", pool=ACCOUNT_POOL, needs_moment=True),
        rule(
            _UNTIL, words=("reached your specified api usage limits",), pool=ACCOUNT_POOL, needs_moment=True
        ),
        rule(
            _PERMANENT,
            codes="enforced_spend_limit_reached billing_error",
            pool=ACCOUNT_POOL,
        ),
        rule(
            _PERMANENT,
            words=("credit balance is too low", "reached your specified api usage limits"),
            pool=ACCOUNT_POOL,
        ),
        rule(_OVERLOAD, codes="overloaded_error", statuses=(200, 429, 503, 529)),
        rule(
            _WINDOW,
            words=("number of concurrent connections", "concurrent requests"),
            pool=ACCOUNT_POOL,
            limits=((Kind.CONCURRENT, 0.0),),
        ),
        # Acceleration limit: within all other limits, but a sharp increase; there is nothing to learn.
        rule(
            _OVERLOAD, words=("usage has increased too quickly", "usage increase rate", "acceleration limit")
        ),
    ),
)

_WHAT = (
    ("requests", Kind.REQUESTS, 0),
    ("input-tokens", Kind.INPUT_TOKENS, 500),
    ("output-tokens", Kind.OUTPUT_TOKENS, 500),
)


def header_sets(prefix: str) -> tuple[HeaderSet, ...]:
    """The headers with a prefix: ``anthropic-ratelimit``, or ``anthropic-fast`` for fast mode.

    ``remaining`` of tokens is rounded to thousands. ``anthropic-ratelimit-tokens-*`` is ignored: it repeats
    the tightest limit without saying which one that is.
    """
    return tuple(
        HeaderSet(
            kind,
            f"{prefix}-{what}-limit",
            f"{prefix}-{what}-remaining",
            f"{prefix}-{what}-reset",
            rounding=rounding,
        )
        for what, kind, rounding in _WHAT
    )
