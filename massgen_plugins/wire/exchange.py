"""The way of one model call: admit, send, look at the answer's beginning, hand it over or send again.

It is the same for every client: synchronous ones drive it with lines and runners that never suspend.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from massgen_plugins.errors import CallRefused
from massgen_plugins.middleware import Action, CallOutcome, ModelCall, Refusal
from massgen_plugins.providers.base import Provider
from massgen_plugins.wire.beginning import beginning_of, told_headers
from massgen_plugins.wire.gate import Gate, report_fault
from massgen_plugins.wire.inflight import Inflight, sending
from massgen_plugins.wire.line import Answer, Line, Runner
from massgen_plugins.wire.tee import Tee

__all__ = ["Exchange"]

_INTERRUPTS = (asyncio.CancelledError, KeyboardInterrupt, SystemExit)
"""What ends a call from outside. GeneratorExit is not among them: nothing can be awaited after it."""


class Exchange:
    """One request of a client. After a fault of ours, which is reported, it goes on without us."""

    def __init__(self, gate: Gate, provider: Provider, line: Line, runner: Runner) -> None:
        self._gate = gate
        self._provider = provider
        self._line = line
        self._runner = runner
        self._stream = False
        self._admitted = False
        self._tee: Tee | None = None

    async def run(self) -> Any:
        """Let the request through; returns or raises what the client shall see."""
        call = await self._open()
        if call is None:
            return await self._send_without_us()
        while True:
            try:
                await self._admit(call)
            except CallRefused as refusal:
                return self._refuse(call, refusal)
            except Exception as error:
                report_fault(self._gate, "before_call", error)
                return await self._send_without_us()
            answer = await self._send(call)
            verdict = await self._judge(call, answer)
            if verdict is Action.PASS:
                return answer.hand_over(self._tee)
            await self._discard(answer)
            if isinstance(verdict, CallRefused):
                return self._refuse(call, verdict)

    async def _open(self) -> ModelCall | None:
        try:
            request = self._provider.read_request(self._line.read())
            if request is None:
                return None
            self._stream = request.stream
            opening = self._gate.opening()
            if opening is not None:
                await self._runner.run(opening)
            return self._gate.open_call(
                self._provider, request, urgent=self._runner.urgent, repeatable=self._line.repeatable
            )
        except Exception as error:
            report_fault(self._gate, "open_call", error)
            return None

    async def _send_without_us(self) -> Any:
        inflight = Inflight(lambda: None)
        with sending(inflight):  # an inner client must not admit what we let pass
            answer = await self._line.send(inflight)
        return answer.hand_over(None)

    async def _admit(self, call: ModelCall) -> None:
        self._admitted = False
        try:
            await self._runner.run(self._before(call))
        except BaseException:
            # A thread can be interrupted when the admission was granted but has not arrived yet.
            if self._admitted:
                await self._after(call, CallOutcome(status=0, sent=False))
            raise

    async def _before(self, call: ModelCall) -> None:
        await self._gate.chain.before_call(call)
        self._admitted = True

    async def _send(self, call: ModelCall) -> Answer:
        inflight = Inflight(partial(self._written, call))
        try:
            with sending(inflight):
                answer = await self._line.send(inflight)
        except (Exception, *_INTERRUPTS):
            await self._after(call, CallOutcome(status=0, sent=inflight.written))
            raise
        inflight.mark_written()
        return answer

    def _written(self, call: ModelCall) -> None:
        try:
            self._gate.chain.on_written(call)
        except Exception as error:
            report_fault(self._gate, "on_written", error)

    async def _judge(self, call: ModelCall, answer: Answer) -> Action | CallRefused:
        outcome = CallOutcome(answer.status, headers=told_headers(answer.headers))
        try:
            try:
                outcome = replace(outcome, refusal=await self._look(call, answer))
            except Exception as error:
                report_fault(self._gate, "read_answer", error)
            except _INTERRUPTS:
                await self._after(call, outcome)
                raise
            verdict = await self._after(call, outcome)
        except _INTERRUPTS:
            await self._discard(answer)
            raise
        return Action.PASS if verdict is Action.SEND_AGAIN and not self._line.repeatable else verdict

    async def _look(self, call: ModelCall, answer: Answer) -> Refusal | None:
        reader = self._provider.usage_reader(stream=self._stream) if answer.status == 200 else None
        self._tee = tee = Tee(self._gate, call, reader, answer.content_encoding)
        beginning = beginning_of(answer.status, answer.headers, stream=self._stream)
        seen = bytearray()
        while (part := beginning(seen)) is None:
            piece = await answer.next_piece()
            if piece is None:
                part = slice(len(seen))
                break
            seen += tee.read(piece)
        if answer.status < 400 and not seen:
            return None
        return self._provider.read_refusal(answer.status, answer.headers, bytes(seen[part]))

    async def _after(self, call: ModelCall, outcome: CallOutcome) -> Action | CallRefused:
        return await self._runner.finish(self._tell(call, outcome))

    async def _tell(self, call: ModelCall, outcome: CallOutcome) -> Action | CallRefused:
        try:
            return await self._gate.chain.after_call(call, outcome)
        except CallRefused as refusal:
            return refusal
        except Exception as error:
            report_fault(self._gate, "after_call", error)
            return Action.PASS

    async def _discard(self, answer: Answer) -> None:
        with suppress(Exception):
            await answer.discard()

    def _refuse(self, call: ModelCall, refusal: CallRefused) -> Any:
        try:
            self._gate.refused(call, refusal)
        except Exception as error:
            report_fault(self._gate, "refused", error)
        return self._line.refuse(refusal)
