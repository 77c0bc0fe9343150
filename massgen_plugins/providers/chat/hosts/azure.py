"""Azure OpenAI: a deployment is a pool, a resource is an endpoint."""

from __future__ import annotations

from dataclasses import replace

from massgen_plugins.middleware import RefusalKind
from massgen_plugins.providers.announce import openai_style
from massgen_plugins.providers.base import Conventions
from massgen_plugins.providers.chat.host import ChargeRule, Host
from massgen_plugins.providers.rules import RuleBook, rule
from massgen_plugins.quota import Kind

__all__ = ["AZURE"]

AZURE = Host(
    name="azure_openai",
    hosts=(".openai.azure.com", ".cognitiveservices.azure.com", ".services.ai.azure.com", ".azure-api.net"),
    backends=frozenset({"azure_openai"}),
    # Prompt, max_tokens and best_of are added to a counter that is reset each minute (learn.microsoft.com,
    # 2026); without a limit the model's maximum counts until the call ends (staff, 2023), at least 4,096.
    charge=ChargeRule(kept=True, assumed_output=4_096),
    endpoint_always=True,
    announced=(
        # For 120 requests per minute they announce 20, for 300 they announce 50: per ten seconds
        # (clemenssiebler.com, 2024; learn.microsoft.com/answers 2156987, 2025). A longer reset: a minute.
        replace(openai_style("requests", Kind.REQUESTS), short=10.0),
        openai_style("tokens", Kind.TOTAL_TOKENS),
    ),
    book=RuleBook(
        label="Azure OpenAI",
        conventions=Conventions(tpm_counts=Kind.TOTAL_TOKENS),
        place="https://ai.azure.com",
        exact_reset=True,
        rules=(
            # Azure's API gateway in front of it (learn.microsoft.com, quota policies, 2025): status 403
            rule(RefusalKind.UNTIL, words=("out of call volume quota", "out of bandwidth quota")),
            # "... exceeded call rate limit of your current OpenAI S0 pricing tier" (field, 2024 to 2026)
            rule(RefusalKind.WINDOW, words=("exceeded call rate limit",), limits=((Kind.REQUESTS, 60.0),)),
        ),
    ),
)
