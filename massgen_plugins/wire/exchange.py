"""The exchange of one model call: admit, send, examine the start of the answer, pass it on or send again.

The same code serves all clients: synchronous ones use senders and runners that never suspend.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
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
"""Exceptions that end a call from outside. Not GeneratorExit: nothing can be awaited after it."""

_UNREAD = ModelRequest("", "", "", "", {Kind.REQUESTS: Charge(1)}, stream=False)
"""Stands for a request that its provider failed to parse: the call is limited all the same."""


def current() -> Exchange | None:
    """The exchange whose request is being sent in this context, if any."""
    around: list[Exchange] | None = sending.get()
    return around[0] if around else None


def mark_written() -> None:
    """Report that the request of this context is being written; only the first call counts.

    Uses the context, since a reference held by a client would keep the attempt from finishing itself.
    """
    for exchange in sending.get() or ():
        if exchange.attempt is not None:
            exchange.attempt.mark_written()


@dataclass(eq=False, repr=False)  # a text of it would contain the key
class Exchange:
    """One request of a client. After an internal error, which is reported, it continues without middleware.

    Attributes:
        gate: Decides about it.
        provider: The provider of the request.
        sender: Sends it.
        runner: Runs the middleware; None for the caller's own event loop.
        request: The client's request; None if it cannot be read.
        attempt: Its admitted attempt; None if it needs no admission, or continues without middleware.
    """

    gate: Gate
    provider: Provider
    sender: Sender
    runner: Runner | None = None
    request: HttpRequest | None = None
    attempt: Attempt | None = None
    _asked: tuple[Provider, ModelRequest] = field(init=False)
    _call: ModelCall | None = None
    _hopped: bool = False

    async def run(self) -> Any:
        """Run the exchange; returns or raises what the client is to see."""
        self._open(self.provider, self.sender.read)
        try:
            while True:
                await self._admit()
                response = await self._send()
                answer = await self._judge(response)
                if answer is not None:
                    return answer
                self._finish()
                if self._hopped:  # start again from the original URL
                    self._open(self.provider, self.sender.read)
        except CallRefused as refusal:
            self._finish()
            if self._call is not None:
                guarded(self.gate, "refused", self.gate.refused, self._call, refusal)
            return self.sender.refuse(refusal)
        except (Exception, *_INTERRUPTS):
            self._finish()
            raise

    async def hop(self, status: int, headers: Mapping[str, str], request: HttpRequest) -> None:
        """Admit the client's own follow-up request: a redirect or a retry.

        Args:
            status: Status of the previous answer; 0 if there was none.
            headers: Headers of that answer, with lower-case names.
            request: The request about to be sent.

        Raises:
            CallRefused: The request must not be sent.
        """
        self._hopped = True
        attempt, self.attempt = self.attempt, None
        if attempt is not None:
            reader = AnswerReader(self.gate, attempt, *self._asked, NoBody(status, headers))
            refusal = reader.refusal_in(b"") if status >= 400 else None
            try:
                verdict = await attempt.answered(replace(reader.outcome, refusal=refusal))
            finally:
                attempt.finish()
            if isinstance(verdict, CallRefused):
                raise verdict
        self._call = None
        found = find_provider(request.method, request.url, bool, request.body)
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
                report_fault(self.gate, f"read_request of {provider.name}", error)
                request = _UNREAD
            if request is not None:
                self._asked = (provider, request)
                urgent = self.runner is not None and self.runner.urgent
                repeatable = self.sender.repeatable
                self._call = self.gate.open_call(provider, request, urgent=urgent, repeatable=repeatable)
        except BaseException as error:
            if ends_the_run(error):
                raise
            report_fault(self.gate, "open_call", error)

    async def _admit(self) -> None:
        if self._call is None:
            return
        try:
            admission = self._before(self._call)
            await (admission if self.runner is None else self.runner.run(admission))
        except CallRefused:
            raise
        except Exception as error:
            report_fault(self.gate, "before_call", error)
            self._call = None
        except _INTERRUPTS:
            # A thread can be interrupted between the grant and its return.
            if self.attempt is not None:
                await self.attempt.answered(CallOutcome(status=0, sent=False))
            raise

    async def _before(self, call: ModelCall) -> None:
        await self.gate.chain.before_call(call)
        self.attempt = Attempt(self.gate, call, self.runner)

    async def _send(self) -> ReceivedResponse:
        around, before = [self], sending.get()
        sending.set(around)
        try:
            response = await self.sender.send()
        except (Exception, *_INTERRUPTS):
            around.clear()
            if self.attempt is not None:
                await self.attempt.answered(CallOutcome(status=0, sent=self.attempt.written))
            raise
        finally:
            around.clear()
            # Not ``reset(token)``: an abandoned coroutine may be closed in a different context.
            sending.set(before)
        if self.attempt is not None:
            self.attempt.mark_written()
        return response

    async def _judge(self, response: ReceivedResponse) -> Any:
        """The answer for the client; None if the request is to be sent again."""
        attempt = self.attempt
        if attempt is None:
            return response.hand_over(None)
        reader = AnswerReader(self.gate, attempt, *self._asked, response)
        try:
            try:
                refusal = await reader.beginning(response)
            except Exception as error:
                report_fault(self.gate, "beginning", error)
                refusal = None
            except _INTERRUPTS:
                await attempt.answered(reader.outcome)
                raise
            outcome = reader.outcome if refusal is None else replace(reader.outcome, refusal=refusal)
            verdict = await attempt.answered(outcome)
        except _INTERRUPTS:
            await self._discard(response)
            raise
        if isinstance(verdict, CallRefused):
            await self._discard(response)
            raise verdict
        if verdict is Action.SEND_AGAIN and self.sender.repeatable:
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
