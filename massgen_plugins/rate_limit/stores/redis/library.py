"""The books of all scopes: found, begun, changed, and set aside where they cannot be read."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from massgen_plugins.errors import StoreUnavailable
from massgen_plugins.quota import Scope, ScopeRules
from massgen_plugins.rate_limit.lessons import Lessons
from massgen_plugins.rate_limit.stores import codec
from massgen_plugins.rate_limit.stores.base import ScopeUnknown
from massgen_plugins.rate_limit.stores.redis.answers import note_clocks
from massgen_plugins.rate_limit.stores.redis.clock import ServerClock
from massgen_plugins.rate_limit.stores.redis.keys import keys_of
from massgen_plugins.rate_limit.stores.redis.known import Known
from massgen_plugins.rate_limit.stores.redis.layout import SCHEMA, Layout
from massgen_plugins.rate_limit.stores.redis.questions import ask_change, ask_create, ask_read
from massgen_plugins.rate_limit.stores.redis.steps import Steps

__all__ = ["Library"]

_, _NONE, _OTHER_RULES, _OTHER_DAY, _OTHER_SCHEMA, _DAMAGED, _OTHER_EDITION = range(7)


class Library:
    """Knows the scopes of one server.

    Args:
        place: The server, for people.
        clock: Its clock.
        report: Told, in one sentence, when something had to be set aside.
        moment: The server's clock in microseconds, in tests; 0 for its own.
    """

    def __init__(
        self, place: str, clock: ServerClock, report: Callable[[str], None], moment: Callable[[], int]
    ) -> None:
        self.place = place
        self.clock = clock
        self.report = report
        self.moment = moment
        self._books: dict[Scope, Known] = {}

    def drop(self, scope: Scope) -> None:
        """Read the scope again before it is used again."""
        self._books.pop(scope, None)

    def known(self, scope: Scope) -> Known | None:
        """The scope as it was last read."""
        return self._books.get(scope)

    def find(self, scope: Scope) -> Steps[Known]:
        """The scope as it was last read, or as it is now; raises ``ScopeUnknown`` if there is none."""
        known = self._books.get(scope) or (yield from self.read(scope))
        if not isinstance(known, Known):
            raise ScopeUnknown(scope)
        return known

    def read(self, scope: Scope) -> Steps[Known | tuple[bytes, bytes]]:
        """The scope as it is now; if there is none, the rules and lessons (JSON) that were left of it."""
        keys = keys_of(scope)
        reply = yield ask_read(keys, self.moment())
        old = self._books.pop(scope, None)
        if isinstance(reply, Exception) or reply[0] > _NONE:
            yield from self.cope(scope, reply)
        if reply[0] == _NONE:
            return reply[1], reply[2]
        _, server, head, rules, lessons = reply
        try:
            known = Known(keys, head, rules, lessons)
        except (*codec.BROKEN, struct.error):
            reply = yield ask_read(keys, self.moment(), unreadable=(rules, lessons))
            yield from self.cope(scope, reply)
            raise ScopeUnknown(scope) from None
        try:
            known.days(int(server) * 1000)
        except KeyError as error:
            raise StoreUnavailable(
                f"{self.place} cannot be used: the time zone of {scope} is not known here ({error}); "
                "install the package tzdata."
            ) from error
        if old is not None and old.born == known.born:
            known.aloft = old.aloft
        known.server, known.moment = int(server), self.moment
        known.set_skew(known.shift - self.clock.kept)
        self._books[scope] = known
        return known

    def create(self, scope: Scope, rules: ScopeRules, left: tuple[bytes, bytes]) -> Steps[None]:
        """Begin a book, unless somebody else does at the same time."""
        try:
            old = codec.decode_rules(left[0].decode()) if left[0] else rules
            lessons = codec.decode_lessons(left[1].decode()) if left[1] else Lessons()
        except codec.BROKEN:
            self.report(f"{self.place}: what refusals taught about {scope} could not be read and is dropped.")
            old, lessons = rules, Lessons()
        lessons = _kept(lessons, old, rules)
        text = codec.encode_rules(rules)
        layout = Layout(rules, lessons)
        reply = yield ask_create(keys_of(scope), self.moment(), layout, text, lessons)
        if isinstance(reply, Exception):
            yield from self.cope(scope, reply)

    def change(self, scope: Scope, known: Known, rules: ScopeRules, lessons: Lessons) -> Steps[bool]:
        """Let other rules or lessons hold; False if somebody has changed them meanwhile: read again."""
        lessons = _kept(lessons, known.rules, rules)
        layout = Layout(rules, lessons)
        same = layout.lanes.limits == known.layout.lanes.limits and layout.caps == known.layout.caps
        if same and rules == known.rules:
            layout = known.layout
        reply = yield ask_change(known, layout, codec.encode_rules(rules), lessons)
        self.drop(scope)
        if isinstance(reply, list) and reply[0] == _OTHER_EDITION:
            return False
        return (yield from self.done(scope, known, reply))

    def done(self, scope: Scope, known: Known, reply: Any) -> Steps[bool]:
        """Whether a script did what it was asked; False if it has to be asked again.

        Raises:
            ScopeUnknown: There is no book (any more).
            StoreUnavailable: The server refuses.
        """
        if type(reply) is bytes:
            note_clocks(known, reply, self.clock.kept)
            return True
        yield from self.cope(scope, reply)
        return False

    def cope(self, scope: Scope, reply: Any) -> Steps[None]:
        """Do what can be done about an answer that is not the one that was wanted."""
        if isinstance(reply, Exception):
            if "script" in str(reply):  # it met something that it cannot read, perhaps
                again = yield ask_read(keys_of(scope), self.moment())
                if isinstance(again, list) and again[0] == _DAMAGED:
                    yield from self.cope(scope, again)
            raise StoreUnavailable(f"{self.place} cannot be used: {reply}")
        if reply[0] in (_NONE, _OTHER_RULES, _DAMAGED):
            self.drop(scope)
        if reply[0] == _DAMAGED:
            name = reply[1].decode(errors="replace")
            self.report(
                f"{self.place}: what was kept of {scope} was damaged; it stays as {name} for a week, "
                "and counting begins anew."
            )
        if reply[0] in (_NONE, _DAMAGED):
            raise ScopeUnknown(scope)
        if reply[0] == _OTHER_SCHEMA:
            raise StoreUnavailable(
                f"{self.place} was written by another version of massgen-plugins (format {reply[1]}, "
                f"this one reads {SCHEMA[0]}): install the same version everywhere, or set another store."
            )


def _kept(lessons: Lessons, old: ScopeRules, rules: ScopeRules) -> Lessons:
    """Lessons without what was learned under limits that are others now."""
    before = {limit.key: limit for limit in old.limits}
    after = {limit.key: limit for limit in rules.limits}
    learned = {key: limit for key, limit in lessons.learned.items() if before.get(key) == after.get(key)}
    return replace(lessons, learned=learned)
