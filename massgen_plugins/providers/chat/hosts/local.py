"""Local servers, and unknown hosts: proxies, gateways, new providers."""

from __future__ import annotations

from massgen_plugins.middleware import RefusalKind
from massgen_plugins.providers.announce import openai_style
from massgen_plugins.providers.base import Conventions
from massgen_plugins.providers.chat.host import Host
from massgen_plugins.providers.openai.host import OPENAI_HEADERS
from massgen_plugins.providers.rules import RuleBook, rule
from massgen_plugins.providers.windows import DAY_SECONDS
from massgen_plugins.quota import ACCOUNT_POOL, Kind

__all__ = ["LMSTUDIO", "SGLANG", "UNKNOWN", "VLLM"]

_CONVENTIONS = Conventions(tpm_counts=Kind.TOTAL_TOKENS)
_TOO_MANY = ("too many requests", "toomanyrequests", "concurren", "at the same time")


def _local(name: str, label: str) -> Host:
    """A server that runs one model, with limited concurrency."""
    return Host(
        name=name,
        backends=frozenset({name}),
        endpoint_always=True,
        # It has no quota, so a 429 means too many concurrent calls, unless a proxy states a limit.
        book=RuleBook(
            label=label,
            conventions=_CONVENTIONS,
            rules=(
                rule(RefusalKind.WINDOW, statuses=(429,), words=_TOO_MANY, limits=((Kind.CONCURRENT, 0.0),)),
            ),
        ),
    )


VLLM = _local("vllm", "vLLM")
SGLANG = _local("sglang", "SGLang")
LMSTUDIO = _local("lmstudio", "LM Studio")

_KONG = tuple(
    openai_style(span, Kind.REQUESTS, seconds, pool=ACCOUNT_POOL)
    for span, seconds in (("second", 1.0), ("minute", 60.0), ("hour", 3_600.0), ("day", DAY_SECONDS))
)
"""What Kong's gateway allows a consumer, whichever model it asks (developer.konghq.com, 2025)."""

UNKNOWN = Host(
    name="chat",
    url_backends=frozenset({"chatcompletion"}),
    endpoint_always=True,
    announced=(*OPENAI_HEADERS, *_KONG),
    book=RuleBook(label="this server", conventions=_CONVENTIONS),
)
