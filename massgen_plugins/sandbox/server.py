"""The sandbox as a server on the loopback interface: routes, control, life cycle."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Self

from aiohttp import web

from massgen_plugins.sandbox.config import Quota, SandboxConfig, quotas_from_json
from massgen_plugins.sandbox.exchange import Exchange
from massgen_plugins.sandbox.referee import Referee
from massgen_plugins.sandbox.report import SandboxReport
from massgen_plugins.sandbox.routes import Routes

__all__ = ["Sandbox"]

_LOG = logging.getLogger(__name__)
_LARGEST_BODY = 20 * 1024 * 1024
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Sandbox:
    """A provider on 127.0.0.1 within its ``async with`` block.

    Raises ``OSError`` on entering if the configured port is taken.
    """

    def __init__(self, config: SandboxConfig | None = None) -> None:
        self.config = config or SandboxConfig()
        self._started = time.monotonic_ns()
        self._referee = Referee(self.config, unix=time.time_ns())
        self._exchange = Exchange(self.config, self._referee, self._clock)
        self._runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=0.1)

    @property
    def url(self) -> str:
        """Its URL, such as ``http://127.0.0.1:40123``; raises ``RuntimeError`` unless it is running."""
        if not self._runner.addresses:
            raise RuntimeError("the sandbox does not run: use `async with Sandbox(...) as sandbox`")
        host, port = self._runner.addresses[0][:2]
        return f"http://{host}:{port}"

    def report(self) -> SandboxReport:
        """The report so far."""
        return self._referee.report()

    def reset(self) -> None:
        """Forget all requests and their usage."""
        self._referee.reset()

    def change_quotas(self, quotas: Mapping[str, tuple[Quota, ...]]) -> None:
        """Replace the limits by model; earlier usage counts towards them."""
        self._referee.change_quotas(quotas)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, "127.0.0.1", self.config.port).start()
        except BaseException:
            await self._runner.cleanup()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    def _clock(self) -> int:
        return time.monotonic_ns() - self._started

    def _application(self) -> web.Application:
        app = web.Application(client_max_size=_LARGEST_BODY, middlewares=[_always_json])
        app.add_routes(
            [
                web.get("/_sandbox/report", self._on_report),
                web.post("/_sandbox/reset", self._on_reset),
                web.post("/_sandbox/quotas", self._on_quotas),
                *Routes(self.config, self._exchange).table(),
            ]
        )
        return app

    async def _on_report(self, _: web.Request) -> web.StreamResponse:
        return web.Response(text=self.report().to_json(), content_type="application/json")

    async def _on_reset(self, _: web.Request) -> web.StreamResponse:
        self.reset()
        return web.json_response({})

    async def _on_quotas(self, request: web.Request) -> web.StreamResponse:
        try:
            self.change_quotas(quotas_from_json(await request.read()))
        except ValueError as problem:
            return _plain_error(400, str(problem))
        return web.json_response({})


@web.middleware
async def _always_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Convert errors to JSON responses, so that the server survives any request."""
    try:
        return await handler(request)
    except web.HTTPRequestEntityTooLarge:
        return _plain_error(400, "Request payload size exceeds the limit.")
    except web.HTTPException as problem:
        return _plain_error(problem.status, problem.reason)
    except web.RequestPayloadError:
        return _plain_error(400, "The request's body does not keep what its headers promise.")
    except ConnectionError:
        return web.Response()  # not sent: the client has disconnected
    except Exception:
        _LOG.exception("the sandbox failed to answer %s", request.path)
        return _plain_error(500, "The sandbox itself failed; its log says why.")


def _plain_error(status: int, message: str) -> web.Response:
    return web.json_response(
        {"error": {"code": status, "message": message, "status": "SANDBOX"}}, status=status
    )
