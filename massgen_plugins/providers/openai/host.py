"""OpenAI's own API, as data.

Sources: the rate limits and error codes guides at developers.openai.com (copies of 2026-05 to 2026-09), and
refusals quoted in public issues of 2025 and 2026.
"""

from __future__ import annotations

import re

from massgen_plugins.middleware import RefusalKind
from massgen_plugins.providers.announce import openai_style
from massgen_plugins.providers.base import Conventions
from massgen_plugins.providers.chat.host import ChargeRule, Host, TotalRule
from massgen_plugins.providers.rules import RuleBook, rule
from massgen_plugins.quota import ACCOUNT_POOL, Kind

__all__ = ["OPENAI", "OPENAI_HEADERS"]

OPENAI_HEADERS = (
    openai_style("requests", Kind.REQUESTS, None),
    openai_style("project-requests", Kind.REQUESTS, None),
    openai_style("tokens", Kind.TOTAL_TOKENS),
    openai_style("project-tokens", Kind.TOTAL_TOKENS),
    openai_style("images", "images"),
)
"""Requests are per minute, or per day if that limit is tighter; tokens are per minute."""

OPENAI = Host(
    name="openai",
    hosts=("api.openai.com", "eu.api.openai.com", "us.api.openai.com"),
    backends=frozenset({"openai", "codex"}),
    default_of=frozenset({"chatcompletion"}),
    # "The maximum of max_tokens and the estimated number of tokens based on the character count" (rate limits
    # guide, 2026). Whether the unused part is refunded is not documented: assume that it is not.
    charge=ChargeRule(total=TotalRule.LARGER, kept=True),
    announced=OPENAI_HEADERS,
    version_tail=True,
    book=RuleBook(
        label="OpenAI",
        # A real refusal of 2025-07-15 proves continuous refill, at a sixtieth of the limit per second.
        conventions=Conventions(tpm_counts=Kind.TOTAL_TOKENS, bucket=True, key_prefixes=("sk-",)),
        place="https://platform.openai.com/settings/organization/billing",
        # A refusal names the pool itself: "Rate limit reached for gpt-4.1-long-context in organization ..."
        names_pools=re.compile(
            r"(?:reached|too large) for ([\w.:/-]{1,100}?) (?:\(for limit [\w.-]{1,80}\) )?(?:in|on) "
        ),
        rules=(
            rule(
                RefusalKind.PERMANENT,
                words=("you exceeded your current quota", "billing hard limit", "account is not active"),
                pool=ACCOUNT_POOL,
            ),
        ),
    ),
)
