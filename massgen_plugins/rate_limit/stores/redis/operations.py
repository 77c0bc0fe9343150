"""What a store does for every call, as steps. Pure but for what it remembers: nothing is sent here."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from massgen_plugins.errors import StoreUnavailable
from massgen_plugins.quota import Amounts, Scope
from massgen_plugins.rate_limit.decision import Blocker, Decision, Reason
from massgen_plugins.rate_limit.line import Bid
from massgen_plugins.rate_limit.stores.base import ScopeUnknown
from massgen_plugins.rate_limit.stores.redis.answers import decision_of, forecast_of, note_clocks
from massgen_plugins.rate_limit.stores.redis.known import Known
from massgen_plugins.rate_limit.stores.redis.library import Library
from massgen_plugins.rate_limit.stores.redis.news import News, Outbox
from massgen_plugins.rate_limit.stores.redis.questions import (
    ask_admit,
    ask_forecast,
    ask_leave,
    ask_note,
)
from massgen_plugins.rate_limit.stores.redis.scripts import Command
from massgen_plugins.rate_limit.stores.redis.steps import Steps

__all__ = ["Operations"]

_TRIES = 10
"""How often a scope may change between our reading and our asking."""

_OTHER_DAY = 3


class Operations:
    """The operations on all scopes of a server.

    Args:
        library: Its books.
        outbox: News of calls that it does not know yet.
    """

    def __init__(self, library: Library, outbox: Outbox) -> None:
        self._library = library
        self._outbox = outbox
        self._process = ""
        self.rename()

    def rename(self) -> None:
        """This is another process than before."""
        self._process = f"{os.getpid()}.{secrets.token_hex(4)}"

    def admit(self, scope: Scope, lane: str, bids: Sequence[Bid]) -> Steps[Decision]:
        """Tell the news of a scope, then grant a lane's bids from the first on until one cannot leave now."""
        library, outbox = self._library, self._outbox
        wall = library.clock.wall()
        for _ in range(_TRIES):
            known = library.known(scope) or (yield from library.find(scope))
            today = known.days(wall)
            news = self._news(scope, known) if outbox.waiting else ()
            aloft = known.say_aloft(wall)
            question = ask_admit(known, today, lane, bids, news, aloft, self._process)
            reply = (yield from self._tell(scope, known, news, question)) if news else (yield question)
            if type(reply) is bytes:
                decision = decision_of(known, reply, bids, today, library.clock.kept)
                known.aloft += len(decision.holds)
                if decision.blocker is not None and decision.blocker.reason is Reason.CLOSED:
                    return (yield from self._advised(scope, decision, decision.blocker))
                return decision
            yield from library.cope(scope, reply)
            wall = _other_day(reply, wall)
        raise StoreUnavailable(f"{library.place} cannot be used: {scope} changes too fast.")

    def note(self, scope: Scope) -> Steps[None]:
        """Tell the news of a scope."""
        library, wall = self._library, self._library.clock.wall()
        for _ in range(_TRIES):
            known = library.known(scope) or (yield from library.find(scope))
            today, news = known.days(wall), self._news(scope, known)
            if not news:
                return
            question = ask_note(known, today, news, known.say_aloft(wall), self._process)
            reply = yield from self._tell(scope, known, news, question)
            if type(reply) is bytes:
                note_clocks(known, reply, library.clock.kept)
                return
            yield from library.cope(scope, reply)
            wall = _other_day(reply, wall)

    def tell_all(self, leaving: dict[tuple[Scope, str], None]) -> Steps[None]:
        """Tell everything that can be told, until there is no more: news, and lanes where nobody waits."""
        while leaving or self._outbox.scopes():
            while leaving:
                scope, lane = leaving.popitem()[0]
                try:
                    yield from self.leave(scope, lane)
                except ScopeUnknown:
                    continue
            for scope in self._outbox.scopes():
                try:
                    yield from self.note(scope)
                except ScopeUnknown:
                    self._outbox.drop(scope)

    def leave(self, scope: Scope, lane: str) -> Steps[None]:
        """A lane waits no more."""
        library = self._library
        for _ in range(_TRIES):
            known = yield from library.find(scope)
            reply = yield ask_leave(known, lane)
            if (yield from library.done(scope, known, reply)):
                return

    def forecast(self, scope: Scope, lane: str, ahead: Amounts, own: Amounts) -> Steps[int]:
        """The tick at which ``own`` can leave after ``ahead`` of its lane; an estimate from below."""
        library = self._library
        while True:
            known = yield from library.find(scope)
            reply = yield ask_forecast(known, lane, ahead, own)
            if (yield from library.done(scope, known, reply)):
                return forecast_of(known, reply)

    def _advised(self, scope: Scope, decision: Decision, blocker: Blocker) -> Steps[Decision]:
        """With the advice that the one who was refused left; it is too long for every answer."""
        known = yield from self._library.read(scope)
        if blocker.limit is not None or not isinstance(known, Known):
            return decision
        return replace(decision, blocker=replace(blocker, advice=known.lessons.advice))

    def _news(self, scope: Scope, known: Known) -> Sequence[News]:
        news = self._outbox.take(scope, known.born, known.layout.lanes)
        known.aloft = max(0, known.aloft - sum(each.landing for each in news))
        return news

    def _tell(self, scope: Scope, known: Known, news: Sequence[News], question: Command) -> Steps[Any]:
        try:
            reply = yield question
        except BaseException:
            self._outbox.lost(scope, news)
            raise
        if isinstance(reply, Exception):
            self._outbox.lost(scope, news)
        elif type(reply) is bytes:
            self._outbox.told(news)
        else:
            self._outbox.untold(scope, news)
            known.aloft += sum(each.landing for each in news)
        return reply


def _other_day(reply: Any, wall: int) -> int:
    """The server's clock in nanoseconds if it said that its day is another one."""
    return int(reply[1]) * 1000 if reply[0] == _OTHER_DAY else wall
