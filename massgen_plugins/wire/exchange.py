"""The way of one model call: admit, send, look at the answer's beginning, hand it over or send again.

It is the same for every client: synchronous ones drive it with senders and runners that never suspend.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

from massgen_plugins.errors import CallRefused
from massgen_plugins.middleware import Action, CallOutcome, ModelCall
from massgen_plugins.providers.base import HttpRequest, ModelRequest, Provider
from massgen_plugins.wire.answer import AnswerReader
from massgen_plugins.wire.attempt import Attempt
from massgen_plugins.wire.gate import Gate, find_provider, guarded, report_fault
from massgen_plugins.wire.sender import Head, NoBody, ReceivedResponse, Runner, Sender

__all__ = ["Exchange", "current"]

_INTERRUPTS = (asyncio.CancelledError, KeyboardInterrupt, SystemExit)
"""What ends a call from outside. GeneratorExit is not among them: nothing can be awaited after it."""

_sending: ContextVar[list[Exchange] | None] = ContextVar("massgen_plugins_sending", default=None)
"""The exchange whose request is being sent in this context.

In a list that is emptied afterwards: tasks that were started meanwhile may keep its context for long.
"""


def current() -> Exchange | None:
    """The exchange that sends around this code, if any: what it sends is admitted already.

    litellm sends one request through httpx and aiohttp; the inner client finds the outer one's call here.
    """
    sending = _sending.get()
    return sending[0] if sending else None


class Exchange:
    """One request of a client. After a fault of ours, which is reported, it goes on without us.

    Attributes:
        request: What the client sends; None if that cannot be read.
    """

    def __init__(self, gate: Gate, provider: Provider, sender: Sender, runner: Runner) -> None:
        self._gate = gate
        self._provider = provider
        self._sender = sender
        self._runner = runner
        self.request: HttpRequest | None = None
        self._asked: tuple[Provider, ModelRequest]
        self._call: ModelCall | None = None
        self._attempt: Attempt | None = None
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

    def mark_written(self) -> None:
        """The bytes of the request that is being sent leave now."""
        if self._attempt is not None:
            self._attempt.mark_written()

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
        attempt, self._attempt = self._attempt, None
        if attempt is not None:
            reader = self._reader(attempt, NoBody(status, headers))
            outcome = reader.outcome()
            if status >= 400:
                outcome = replace(outcome, refusal=reader.refusal_in(b""))
            verdict = await attempt.answered(outcome)
            attempt.finish()
            if isinstance(verdict, CallRefused):
                raise verdict
        self._call = None
        found = find_provider(request.method, request.url, lambda: bool(request.body))
        if found is not None:
            self._open(found[1], lambda: request)
            await self._admit()

    def _open(self, provider: Provider, read: Callable[[], HttpRequest]) -> None:
        self._call = guarded(self._gate, "open_call", self._opened, provider, read)

    def _opened(self, provider: Provider, read: Callable[[], HttpRequest]) -> ModelCall | None:
        self.request = read()
        request = provider.read_request(self.request)
        if request is None:
            return None
        self._asked = (provider, request)
        return self._gate.open_call(
            provider, request, urgent=self._runner.urgent, repeatable=self._sender.repeatable
        )

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
            if self._attempt is not None:
                await self._attempt.answered(CallOutcome(status=0, sent=False))
            raise

    async def _before(self, call: ModelCall) -> None:
        await self._gate.chain.before_call(call)
        self._attempt = Attempt(self._gate, call, self._runner)

    async def _send(self) -> ReceivedResponse:
        sending, before = [self], _sending.get()
        _sending.set(sending)
        try:
            response = await self._sender.send(self.mark_written)
        except (Exception, *_INTERRUPTS):
            sending.clear()
            if self._attempt is not None:
                await self._attempt.answered(CallOutcome(status=0, sent=self._attempt.written))
            raise
        finally:
            sending.clear()
            # Not ``reset(token)``: an abandoned coroutine may be closed in another context.
            _sending.set(before)
        self.mark_written()
        return response

    async def _judge(self, response: ReceivedResponse) -> Any:
        """What the client gets; None if the request is to be sent again."""
        attempt = self._attempt
        if attempt is None:
            return response.hand_over(None)
        reader = self._reader(attempt, response)
        try:
            verdict = await self._verdict(attempt, reader, response)
        except _INTERRUPTS:
            await self._discard(response)
            raise
        if verdict is Action.SEND_AGAIN and self._sender.repeatable:
            await self._discard(response)
            return None
        if isinstance(verdict, CallRefused):
            await self._discard(response)
            raise verdict
        reader.pass_on()
        return response.hand_over(reader)

    async def _verdict(
        self, attempt: Attempt, reader: AnswerReader, response: ReceivedResponse
    ) -> Action | CallRefused:
        outcome = reader.outcome()
        try:
            outcome = replace(outcome, refusal=await reader.beginning(response))
        except Exception as error:
            report_fault(self._gate, "read_answer", error)
        except _INTERRUPTS:
            await attempt.answered(outcome)
            raise
        return await attempt.answered(outcome)

    def _reader(self, attempt: Attempt, head: Head) -> AnswerReader:
        return AnswerReader(self._gate, attempt, *self._asked, head)

    def _finish(self) -> None:
        if self._attempt is not None:
            self._attempt.finish()
            self._attempt = None

    async def _discard(self, response: ReceivedResponse) -> None:
        with suppress(Exception):
            await response.discard()
