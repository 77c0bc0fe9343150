"""The provider class of the chat family, parametrised by a host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from massgen_plugins.middleware import Announced, Refusal
from massgen_plugins.providers import announce, refusals
from massgen_plugins.providers.base import HttpRequest, ModelRequest, Provider, UsageReader
from massgen_plugins.providers.chat import events, requests
from massgen_plugins.providers.chat.apis import api_of
from massgen_plugins.providers.chat.host import Host
from massgen_plugins.providers.chat.hosts import HOSTS
from massgen_plugins.providers.chat.usage import ChatUsageReader
from massgen_plugins.providers.directory import owner_of
from massgen_plugins.providers.errors import read_error
from massgen_plugins.providers.headers import now_of
from massgen_plugins.providers.plans import spent_plan
from massgen_plugins.providers.urls import place_of

__all__ = ["URL_DECIDES", "ChatProvider"]


class ChatProvider(Provider):
    """Handles the traffic of one provider, including calls at unknown hosts, since a base URL may be a proxy.

    Args:
        host: Description of the provider.
    """

    def __init__(self, host: Host) -> None:
        self.name = host.name
        self.conventions = host.conventions
        self.host = host

    def serves(self, backend_type: str, base_url: str | None) -> bool:
        """Decide by the base URL if its host is known, else by the type."""
        host, place = self.host, place_of(base_url) if base_url else None
        if place is not None and backend_type in URL_DECIDES:
            if any(map(host.owns, place.names)):
                return True
            if (owner := owner_of(place)) is not None:
                return owner == self.name
        return backend_type in host.backends | (host.url_backends if base_url else host.default_of)

    def is_model_call(self, method: str, url: str) -> bool:
        """Whether the path is a model call, and the host does not belong to another provider."""
        if method != "POST" or api_of(url) is None:
            return False
        place = place_of(url)
        if place is None or owner_of(place) in (None, self.name):
            return True
        return any(map(self.host.owns, place.names))  # a third party may claim a host that is known

    def read_request(self, request: HttpRequest) -> ModelRequest | None:
        return requests.read_request(request, self.host)

    def resolve_model(self, model: str) -> str:
        return requests.resolve_model(model, self.host)

    def usage_reader(self, request: ModelRequest) -> UsageReader:  # noqa: ARG002 - the host is known
        return ChatUsageReader(self.host)

    def read_refusal(
        self,
        status: int,
        headers: Mapping[str, str],
        body: bytes,
        request: ModelRequest,
    ) -> Refusal | None:
        if (spent := spent_plan(status, headers, body)) is not None:
            return spent
        error = read_error(status, headers, body)
        if error is None:
            return None
        announced = self.read_announcement(error.headers, request)
        refusal = refusals.read_refusal(error, self.host.book, announced, now_of(headers))
        if (
            refusal is None
            or refusal.pool is None
            or self.resolve_model(refusal.pool) not in request.pools[:1]
        ):
            return refusal
        return replace(refusal, pool=None)  # None stands for the model's own pool

    def read_announcement(
        self,
        headers: Mapping[str, str],
        request: ModelRequest,  # noqa: ARG002 - the host is known
    ) -> Sequence[Announced]:
        return announce.read_announcement(headers, self.host.announced, self.conventions)

    def is_preamble(self, event: bytes) -> bool:
        return events.is_preamble(event)

    def is_end(self, event: bytes) -> bool:
        return events.is_end(event)


URL_DECIDES = frozenset({"openai", "chatcompletion"}).union(*(host.backends for host in HOSTS))
"""MassGen backend types that use OpenAI's protocols with any base URL."""
