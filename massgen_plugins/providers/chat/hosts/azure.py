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
    # The prompt, max_tokens and best_of go into a counter, reset each minute (learn.microsoft.com, 2026);
    # without a bound the model's maximum counts until the call ends (staff, 2023): 4,096 is the least.
    charge=ChargeRule(kept=True, assumed_output=4_096),
    endpoint_always=True,
    announced=(
        # Of 120 requests a minute they say 20, of 300 they say 50: those of ten seconds (clemenssiebler.com,
        # 2024; learn.microsoft.com/answers 2156987, 2025). A longer reset means a minute.
        replace(openai_style("requests", Kind.REQUESTS), short=10.0),
        openai_style("tokens", Kind.TOTAL_TOKENS),
    ),
    book=RuleBook(
        label="Azure OpenAI",
        conventions=Conventions(tpm_counts=Kind.TOTAL_TOKENS),
        place="https://ai.azure.com",
        exact_reset=True,
        rules=(
            # "... exceeded call rate limit of your current OpenAI S0 pricing tier" (field, 2024 to 2026)
            rule(RefusalKind.WINDOW, words=("exceeded call rate limit",), limits=((Kind.REQUESTS, 60.0),)),
        ),
    ),
)
