"""What a store does rarely, as steps: rules and lessons, and what people ask for.

Rules and lessons are read, thought about in Python, and written if nobody else was quicker.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable
from dataclasses import replace

from massgen_plugins.errors import StoreUnavailable
from massgen_plugins.middleware import Refusal
from massgen_plugins.quota import Scope, ScopeRules
from massgen_plugins.rate_limit.ledger import Moment
from massgen_plugins.rate_limit.lessons import Lessons
from massgen_plugins.rate_limit.stores.base import ScopeUnknown, ScopeView
from massgen_plugins.rate_limit.stores.redis.answers import view_of
from massgen_plugins.rate_limit.stores.redis.keys import INDEX, SECRET, keys_of, scope_in, scope_text
from massgen_plugins.rate_limit.stores.redis.known import Known
from massgen_plugins.rate_limit.stores.redis.library import Library
from massgen_plugins.rate_limit.stores.redis.questions import ask_view
from massgen_plugins.rate_limit.stores.redis.scripts import Command, run
from massgen_plugins.rate_limit.stores.redis.steps import Steps

__all__ = ["Upkeep"]

_TRIES = 50
"""How often others may be quicker."""

_YEAR = 366 * 86_400
_SECRET_BYTES = 32


class Upkeep:
    """Rare operations on the scopes of a server.

    Args:
        library: Its books.
    """

    def __init__(self, library: Library) -> None:
        self._library = library

    def open(self) -> Steps[bytes]:
        """Set the clock, and find the secret with which API keys are fingerprinted, or make it."""
        reply = yield run("clock", ())
        self._refuse(reply)
        reply = yield Command(("SET", SECRET, secrets.token_bytes(_SECRET_BYTES), "NX", "EX", _YEAR))
        self._refuse(reply)
        found = yield Command(("GET", SECRET))
        self._refuse(found)
        yield Command(("EXPIRE", SECRET, _YEAR))
        if not isinstance(found, bytes) or len(found) != _SECRET_BYTES:
            raise StoreUnavailable(f"{self._library.place}: {SECRET} was overwritten; delete that key.")
        return found

    def configure(self, scope: Scope, rules: ScopeRules) -> Steps[None]:
        """Let these rules hold in a scope; makes the scope if there is none."""
        library = self._library
        for _ in range(_TRIES):
            try:
                known = yield from library.read(scope)
            except ScopeUnknown:  # damaged, and set aside
                continue
            if not isinstance(known, Known):
                yield from library.create(scope, rules, known)
            elif known.rules == rules or (yield from library.change(scope, known, rules, known.lessons)):
                yield Command(("ZADD", INDEX, known.server // 1_000_000, scope_text(scope)))
                yield Command(("EXPIRE", INDEX, _YEAR))
                return
        raise self._too_busy(scope)

    def refused(self, scope: Scope, refusal: Refusal, begun: int) -> Steps[bool]:
        """Learn from the refusal of a call that left at tick ``begun``; True if a limit was lowered by it."""
        chance = random.random()  # noqa: S311 - jitter
        before, after = yield from self._learn(
            scope,
            begun,
            lambda lessons, rules, left, now: lessons.refused(
                refusal, left, now, rules.zone, rules.limits, chance
            ),
        )
        return before.learned != after.learned

    def succeeded(self, scope: Scope, begun: int) -> Steps[None]:
        """Learn from the answer to a call that left at tick ``begun``."""
        yield from self._learn(
            scope, begun, lambda lessons, _rules, left, now: lessons.succeeded(left, now.tick)
        )

    def unlearn(self, scope: Scope) -> Steps[None]:
        """Forget what refusals have taught about a scope; what was spent stays spent."""
        for _ in range(_TRIES):
            known = yield from self._present(scope)
            if (yield from self._library.change(scope, known, known.rules, Lessons())):
                return
        raise self._too_busy(scope)

    def forget(self, scope: Scope) -> Steps[None]:
        """Drop everything known of a scope."""
        self._library.drop(scope)
        self._refuse((yield Command(("DEL", *keys_of(scope)))))
        yield Command(("ZREM", INDEX, scope_text(scope)))

    def view(self) -> Steps[list[ScopeView]]:
        """All scopes, for people to look at."""
        names = yield Command(("ZRANGE", INDEX, 0, -1))
        self._refuse(names)
        views = []
        for name in names:
            try:
                scope = scope_in(name)
                view = yield from self._view(scope)
            except (ValueError, TypeError):
                self._library.report(f"{self._library.place}: {INDEX} holds something that is no scope.")
            except ScopeUnknown:
                continue
            else:
                views.append(view)
        return sorted(views, key=lambda view: view.scope)

    def _view(self, scope: Scope) -> Steps[ScopeView]:
        library = self._library
        while True:
            known = yield from self._present(scope)
            reply = yield ask_view(known)
            if (yield from library.done(scope, known, reply)):
                return view_of(known, scope, reply)

    def _learn(
        self, scope: Scope, begun: int, teach: Callable[[Lessons, ScopeRules, int, Moment], None]
    ) -> Steps[tuple[Lessons, Lessons]]:
        """Change lessons, all in the scope's own time; returns them before and after."""
        library = self._library
        for _ in range(_TRIES):
            known = yield from self._present(scope)
            now = Moment(max(known.server + known.shift, known.latest) * 1000, known.server * 1000)
            lessons = replace(known.lessons, learned=dict(known.lessons.learned))
            teach(lessons, known.rules, begun + known.skew * 1000, now)
            if lessons == known.lessons or (yield from library.change(scope, known, known.rules, lessons)):
                return known.lessons, lessons
        raise self._too_busy(scope)

    def _present(self, scope: Scope) -> Steps[Known]:
        known = yield from self._library.read(scope)
        if not isinstance(known, Known):
            raise ScopeUnknown(scope)
        return known

    def _refuse(self, reply: object) -> None:
        if isinstance(reply, Exception):
            raise StoreUnavailable(f"{self._library.place} cannot be used: {reply}")

    def _too_busy(self, scope: Scope) -> StoreUnavailable:
        return StoreUnavailable(f"{self._library.place} cannot be used: too many change {scope} at once.")
