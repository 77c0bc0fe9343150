"""The routes of the sandbox and their dialects.

A method's path may have any prefix, which may name a host (``/api.groq.com/openai/v1``).
"""

from __future__ import annotations

from aiohttp import web

from massgen_plugins.sandbox.chat import ChatDialect
from massgen_plugins.sandbox.config import SandboxConfig
from massgen_plugins.sandbox.embeddings import EmbeddingsDialect
from massgen_plugins.sandbox.exchange import Endpoint, Exchange, plain_response
from massgen_plugins.sandbox.gemini import GeminiDialect
from massgen_plugins.sandbox.hosts import Host, host_of
from massgen_plugins.sandbox.messages import MessagesDialect
from massgen_plugins.sandbox.responses import ResponsesDialect

__all__ = ["Routes"]

_PREFIX = r"/{prefix:(?:.*/)?}"
_BASE = r"/{prefix:(?:(?:(?!/chat/completions/).)*/)?}"
"""Like a prefix, but without the endpoint's own path: servers have no endpoints under it."""

_AZURE = r"/{prefix:(?:.*/)?openai/deployments/}{deployment:[^/]+}/"
_GEMINI = _PREFIX + r"{version:v1|v1alpha|v1beta|v1beta1}/{scope:(?:.+/)?}models/{model:[^/:]+}:{method:\w+}"

_OF_COPILOT = {
    "policy": {"state": "enabled"},
    "capabilities": {"supports": {"tool_calls": True}, "limits": {}},
}
"""Additional fields in GitHub Copilot's list of models, which its program needs."""


class Routes:
    """The methods of all protocols, handled by ``exchange``."""

    def __init__(self, config: SandboxConfig, exchange: Exchange) -> None:
        self._config = config
        self._exchange = exchange

    def table(self) -> list[web.RouteDef]:
        """The routes, specific ones first."""
        return [
            web.post(_GEMINI, self._on_gemini),
            web.post(_AZURE + "chat/completions", self._on_chat),
            web.post(_AZURE + "responses", self._on_responses),
            web.post(_AZURE + "embeddings", self._on_embeddings),
            web.post(_BASE + "chat/completions", self._on_chat),
            web.post(_PREFIX + "responses", self._on_responses),
            web.post(_PREFIX + "embeddings", self._on_embeddings),
            web.post(_PREFIX + "v1/messages", self._on_messages),
            web.get(_PREFIX + "models", self._on_models),
        ]

    async def _on_gemini(self, request: web.Request) -> web.StreamResponse:
        method, model = request.match_info["method"], request.match_info["model"]
        as_events = method == "streamGenerateContent" and request.query.get("alt") == "sse"
        as_array = method == "streamGenerateContent" and not as_events
        dialect = GeminiDialect(self._config.tier, model, streamed=as_events)
        endpoint = Endpoint(dialect, method, model, as_array)
        if method == "countTokens":
            raw = await self._exchange.receive(request)
            return self._exchange.note(request, endpoint, dialect.count(raw))
        if method not in ("generateContent", "streamGenerateContent"):
            return plain_response(dialect.malformed(f"The sandbox has no method {method}.", 404))
        return await self._exchange.answer(request, endpoint)

    async def _on_chat(self, request: web.Request) -> web.StreamResponse:
        dialect = ChatDialect(self._host(request), _deployment(request), self._config.tier)
        return await self._exchange.answer(request, Endpoint(dialect, "chat.completions"))

    async def _on_responses(self, request: web.Request) -> web.StreamResponse:
        dialect = ResponsesDialect(self._host(request), _deployment(request))
        return await self._exchange.answer(request, Endpoint(dialect, "responses"))

    async def _on_embeddings(self, request: web.Request) -> web.StreamResponse:
        dialect = EmbeddingsDialect(self._host(request), _deployment(request))
        return await self._exchange.answer(request, Endpoint(dialect, "embeddings"))

    async def _on_messages(self, request: web.Request) -> web.StreamResponse:
        return await self._exchange.answer(request, Endpoint(MessagesDialect(), "messages"))

    async def _on_models(self, _: web.Request) -> web.StreamResponse:
        more = {"object": "model", "owned_by": "sandbox", **_OF_COPILOT}
        models = [{"id": name, "name": name, **more} for name in self._config.quotas]
        return web.json_response({"object": "list", "data": models})

    def _host(self, request: web.Request) -> Host:
        prefix = request.match_info["prefix"]
        return host_of(prefix, self._config.host)


def _deployment(request: web.Request) -> str:
    return request.match_info.get("deployment", "")
