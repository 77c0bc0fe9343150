"""Servers of one's own, and hosts that nobody knows: proxies, gateways, new providers."""

from __future__ import annotations

from massgen_plugins.providers.base import Conventions
from massgen_plugins.providers.chat.host import Host
from massgen_plugins.providers.openai.host import OPENAI_HEADERS
from massgen_plugins.providers.rules import RuleBook
from massgen_plugins.quota import Kind

__all__ = ["LMSTUDIO", "SGLANG", "UNKNOWN", "VLLM"]

_CONVENTIONS = Conventions(tpm_counts=Kind.TOTAL_TOKENS)


def _local(name: str, label: str) -> Host:
    """A server that runs one model, with places for so many calls at a time."""
    return Host(
        name=name,
        backends=frozenset({name}),
        endpoint_always=True,
        book=RuleBook(label=label, conventions=_CONVENTIONS),
    )


VLLM = _local("vllm", "vLLM")
SGLANG = _local("sglang", "SGLang")
LMSTUDIO = _local("lmstudio", "LM Studio")

UNKNOWN = Host(
    name="chat",
    url_backends=frozenset({"chatcompletion"}),
    endpoint_always=True,
    announced=OPENAI_HEADERS,
    book=RuleBook(label="This server", conventions=_CONVENTIONS),
)
