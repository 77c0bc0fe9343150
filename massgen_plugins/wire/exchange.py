"""The way of one model call: admit, send, look at the answer's beginning, hand it over or send again.

It is the same for every client: synchronous ones drive it with senders and runners that never suspend.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from massgen_plugins.errors import CallRefused
from massgen_plugins.interrupts import ends_the_run
from massgen_plugins.middleware import Action, CallOutcome, ModelCall
from massgen_plugins.providers.base import HttpRequest, ModelRequest, Provider
from massgen_plugins.quota import Charge, Kind
from massgen_plugins.wire.answer import AnswerReader
from massgen_plugins.wire.attempt import Attempt
from massgen_plugins.wire.gate import Gate, find_provider, guarded, report_fault, sending
from massgen_plugins.wire.sender import NoBody, ReceivedResponse, Runner, Sender

__all__ = ["Exchange", "current", "mark_written"]

_INTERRUPTS = (asyncio.CancelledError, KeyboardInterrupt, SystemExit)
"""What ends a call from outside. GeneratorExit is not among them: nothing can be awaited after it."""

_UNREAD = ModelRequest("", "", "", "", {Kind.REQUESTS: Charge(1)}, stream=False)
"""Of a provider that fails to read one: nothing is known of the call, and it is limited, too."""


def current() -> Exchange | None:
    """The exchange that sends around this code, if any."""
    around: list[Exchange] | None = sending.get()
    return around[0] if around else None


def mark_written() -> None:
    """The bytes of the request that is sent around this code leave now; only the first report counts.

    Found by the context, so that no client holds on to an attempt, which ends when nobody does.
    """
    for exchange in sending.get() or ():
        if exchange.attempt is not None:
            exchange.attempt.mark_written()


class Exchange:
    """One request of a client. After a fault of ours, which is reported, it goes on without us.

    Attributes:
        request: What the client sends; None if that cannot be read.
        attempt: The admission under which it does; None if it needs none, or is sent without us.
    """

    def __init__(self, gate: Gate, provider: Provider, sender: Sender, runner: Runner) -> None:
        self._gate = gate
        self._provider = provider
        self._sender = sender
        self._runner = runner
        self.request: HttpRequest | None = None
        self._asked: tuple[Provider, ModelRequest]
        self._call: ModelCall | None = None
        self.attempt: Attempt | None = None
        self._hopped = False

    async def run(self) -> Any:
        """Let the request through; returns or raises what the client shall see."""
        self._open(self._provider, self._sender.read)
        try:
            while True:
                await self._admit()
                response = await self._send()
                answer = await self._judge(response)
                if answer is not None:
                    return answer
                self._finish()
                if self._hopped:  # it is sent again from where it began
                    self._open(self._provider, self._sender.read)
        except CallRefused as refusal:
            self._finish()
            if self._call is not None:
                guarded(self._gate, "refused", self._gate.refused, self._call, refusal)
            return self._sender.refuse(refusal)
        except (Exception, *_INTERRUPTS):
            self._finish()
            raise

    async def hop(self, status: int, headers: Mapping[str, str], request: HttpRequest) -> None:
        """Admit what the client itself sends next: after a redirect, or in a try of its own.

        Args:
            status: How its request before that was answered; 0 if it was not.
            headers: Those of that answer, with lower-case names.
            request: What it is about to send.

        Raises:
            CallRefused: It must not leave.
        """
        self._hopped = True
        attempt, self.attempt = self.attempt, None
        if attempt is not None:
            reader = AnswerReader(self._gate, attempt, *self._asked, NoBody(status, headers))
            refusal = reader.refusal_in(b"") if status >= 400 else None
            try:
                verdict = await attempt.answered(replace(reader.outcome, refusal=refusal))
            finally:
                attempt.finish()
            if isinstance(verdict, CallRefused):
                raise verdict
        self._call = None
        found = find_provider(request.method, request.url, lambda: bool(request.body))
        if found is not None:
            self._open(found[1], lambda: request)
            await self._admit()

    def _open(self, provider: Provider, read: Callable[[], HttpRequest]) -> None:
        self._call = None
        try:
            self.request = read()
            try:
                request = provider.read_request(self.request)
            except BaseException as error:
                if ends_the_run(error):
                    raise
                report_fault(self._gate, f"read_request of {provider.name}", error)
                request = _UNREAD
            if request is not None:
                self._asked = (provider, request)
                self._call = self._gate.open_call(
                    provider, request, urgent=self._runner.urgent, repeatable=self._sender.repeatable
                )
        except BaseException as error:
            if ends_the_run(error):
                raise
            report_fault(self._gate, "open_call", error)

    async def _admit(self) -> None:
        if self._call is None:
            return
        try:
            await self._runner.run(self._before(self._call))
        except CallRefused:
            raise
        except Exception as error:
            report_fault(self._gate, "before_call", error)
            self._call = None
        except _INTERRUPTS:
            # A thread can be interrupted when the admission was granted but has not arrived yet.
            if self.attempt is not None:
                await self.attempt.answered(CallOutcome(status=0, sent=False))
            raise

    async def _before(self, call: ModelCall) -> None:
        await self._gate.chain.before_call(call)
        self.attempt = Attempt(self._gate, call, self._runner)

    async def _send(self) -> ReceivedResponse:
        around, before = [self], sending.get()
        sending.set(around)
        try:
            response = await self._sender.send()
        except (Exception, *_INTERRUPTS):
            around.clear()
            if self.attempt is not None:
                await self.attempt.answered(CallOutcome(status=0, sent=self.attempt.written))
            raise
        finally:
            around.clear()
            # Not ``reset(token)``: an abandoned coroutine may be closed in another context.
            sending.set(before)
        if self.attempt is not None:
            self.attempt.mark_written()
        return response

    async def _judge(self, response: ReceivedResponse) -> Any:
        """What the client gets; None if the request is to be sent again."""
        attempt = self.attempt
        if attempt is None:
            return response.hand_over(None)
        reader = AnswerReader(self._gate, attempt, *self._asked, response)
        try:
            try:
                refusal = await reader.beginning(response)
            except Exception as error:
                report_fault(self._gate, "beginning", error)
                refusal = None
            except _INTERRUPTS:
                await attempt.answered(reader.outcome)
                raise
            verdict = await attempt.answered(replace(reader.outcome, refusal=refusal))
        except _INTERRUPTS:
            await self._discard(response)
            raise
        if isinstance(verdict, CallRefused):
            await self._discard(response)
            raise verdict
        if verdict is Action.SEND_AGAIN and self._sender.repeatable:
            await self._discard(response)
            return None
        if reader.held:
            reader.pass_on()
        return response.hand_over(reader)

    def _finish(self) -> None:
        if self.attempt is not None:
            self.attempt.finish()
            self.attempt = None

    async def _discard(self, response: ReceivedResponse) -> None:
        with suppress(Exception):
            await response.discard()
