"""What tests of all providers share: the built-in ones by name, and requests to them."""

from __future__ import annotations

import json

from massgen_plugins.providers.base import HttpRequest
from massgen_plugins.providers.plugin import massgen_provider

PROVIDERS = {provider.name: provider for provider in massgen_provider()}
NOW = 1_796_000_000.0
"""Seconds since 1970: a moment at the end of November 2026, as every answer's ``date`` header says."""
DATE = {"date": "Mon, 30 Nov 2026 00:53:20 GMT"}

URLS = {
    "openai": "https://api.openai.com/v1/responses",
    "anthropic": "https://api.anthropic.com/v1/messages",
    "azure_openai": "https://acme.openai.azure.com/openai/deployments/team/chat/completions?api-version=2024-02-15",
    "chat": "http://10.0.0.5:4000/v1/chat/completions",
    "grok": "https://api.x.ai/v1/responses",
    "zai": "https://api.z.ai/api/paas/v4/chat/completions",
}


def url_of(name):
    host = next(iter(getattr(getattr(PROVIDERS[name], "host", None), "hosts", ())), "127.0.0.1:8000")
    return URLS.get(name, f"https://{host}/v1/chat/completions")


def request_to(name, body=None, headers=None, url=None):
    """A request that a provider has read."""
    document = {"model": "some-model", "messages": [{"role": "user", "content": "hello"}], **(body or {})}
    data = json.dumps(document).encode()
    return PROVIDERS[name].read_request(
        HttpRequest("POST", url or url_of(name), headers or {"authorization": "Bearer k"}, data)
    )


def refusal_of(name, status, answer, headers=None, **request):
    """What a provider reads in an answer; ``answer`` is bytes, or anything that becomes JSON."""
    data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return PROVIDERS[name].read_refusal(
        status, {**DATE, **(headers or {})}, data, request_to(name, **request)
    )


def event(document, name=""):
    """One event of a stream."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(document)}\n\n".encode()


__all__ = ["DATE", "NOW", "PROVIDERS", "event", "refusal_of", "request_to", "url_of"]
