"""The limiter as middleware: built-in plugin number one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from massgen_plugins.errors import CallRefused, ConfigurationError, described
from massgen_plugins.events import Event, LimitLearned, ProviderRefused, Trouble
from massgen_plugins.middleware import Action, CallOutcome, Middleware, ModelCall, Refusal, RefusalKind
from massgen_plugins.quota import NANOSECONDS, Amounts, Kind, Scope, ScopeRules
from massgen_plugins.rate_limit import messages
from massgen_plugins.rate_limit.estimator import Estimator
from massgen_plugins.rate_limit.hold import Hold
from massgen_plugins.rate_limit.lanes import bounded
from massgen_plugins.rate_limit.limiter import Limiter
from massgen_plugins.rate_limit.signal import Signal
from massgen_plugins.rate_limit.startup import Startup
from massgen_plugins.rate_limit.stores.memory import MemoryStore

__all__ = ["RateLimitMiddleware"]

_SERVER_ERRORS_START = 400

_MEANT = (CallRefused, ConfigurationError)
"""What the limiter says when it works. Any other exception is a fault of ours."""


@dataclass(eq=False, slots=True)
class _Passage:
    """One call on its way through, over all its attempts."""

    limiter: Limiter
    since: int
    hold: Hold | None = None
    refusals: int = 0


class RateLimitMiddleware(Middleware):
    """Admits every call into its scope, and learns from every answer.

    When the limiter fails unexpectedly, the scope is limited in memory from then on. When even that fails,
    one call passes without limits, and the next ones are refused: a bill that nobody allowed is worse.

    Args:
        limiter: The limiter of a scope, which does the waiting.
        rules: What holds in a scope now; raises ``ConfigurationError`` if nothing covers it.
        emit: Told of what happens.
    """

    def __init__(
        self,
        limiter: Callable[[Scope], Limiter],
        rules: Callable[[Scope], ScopeRules],
        emit: Callable[[Event], None] = lambda _: None,
    ) -> None:
        self._limiter_of = limiter
        self._rules = rules
        self._emit = emit
        self._estimator = Estimator()
        # Weak: when the wire lets go of a call, there will be no more news of it.
        self._passages: WeakKeyDictionary[ModelCall, _Passage] = WeakKeyDictionary()
        self._startups: dict[tuple[Scope, str, Limiter], Startup] = {}
        self._startup_lock = threading.Lock()
        self._startup_news = Signal()
        self._known_rules: dict[Scope, ScopeRules] = {}
        self._in_memory = Limiter(MemoryStore(), None, self._current_rules)
        self._failed: set[Scope] = set()
        self._let_pass: set[Scope] = set()

    async def before_call(self, call: ModelCall) -> None:
        """Wait until the call fits into every limit of its scope."""
        if call.scope not in self._failed:
            try:
                return await self._admit(call, self._limiter_of(call.scope))
            except _MEANT:
                raise
            except Exception as error:
                self._failed.add(call.scope)
                self._emit(Trouble(messages.fault_message(call.scope, described(error))))
        return await self._admit_in_memory(call)

    async def _admit_in_memory(self, call: ModelCall) -> None:
        try:
            await self._admit(call, self._in_memory)
        except _MEANT:
            raise
        except Exception as error:
            if call.scope in self._let_pass:
                raise CallRefused(messages.broken_message(call.scope)) from error
            self._let_pass.add(call.scope)
            raise

    def _current_rules(self, scope: Scope) -> ScopeRules:
        try:
            self._known_rules[scope] = self._rules(scope)
        except ConfigurationError:
            raise
        except Exception:  # the last ones hold on
            if scope not in self._known_rules:
                raise
        return self._known_rules[scope]

    async def _admit(self, call: ModelCall, limiter: Limiter) -> None:
        rules = self._current_rules(call.scope)
        limiter.configure(call.scope, rules)
        passage = self._passages.get(call)
        if passage is None or passage.limiter is not limiter:
            passage = self._passages[call] = _Passage(limiter, limiter.store.tick())
        try:
            await self._await_startup(call, rules, limiter)
            amounts = self._estimator.bound(call.scope, bounded(call.estimate))
            passage.hold = await limiter.acquire(
                call.scope, amounts, urgent=call.urgent, since=passage.since, who=call
            )
        except BaseException:
            self._end_startup(call, limiter, answered=False)
            self._passages.pop(call, None)
            raise
        self._startup(call, rules, limiter).left(call, limiter.store.tick())

    def on_written(self, call: ModelCall) -> None:
        """The margin counts from now, if the call had to wait for a connection."""
        passage = self._passages.get(call)
        if passage is not None and passage.hold is not None:
            passage.limiter.written(passage.hold)

    async def after_call(self, call: ModelCall, outcome: CallOutcome) -> Action:
        """Stamp the call, and learn: from a refusal what to change, from an answer that all is well."""
        passage = self._passages.get(call)
        if passage is None or passage.hold is None:
            return Action.PASS
        limiter = passage.limiter
        self._end_startup(call, limiter, answered=outcome.status > 0)
        if not outcome.sent:
            limiter.release(passage.hold)
            self._passages.pop(call, None)
            return Action.PASS
        if outcome.status:
            limiter.arrived(passage.hold)
            if "date" in outcome.headers:
                await limiter.heard(passage.hold, outcome.headers["date"])
        if outcome.refusal is not None:
            return await self._learn_refusal(call, passage, outcome.refusal)
        if 0 < outcome.status < _SERVER_ERRORS_START:
            await limiter.succeeded(passage.hold)
        else:
            limiter.lost(passage.hold)
            self._passages.pop(call, None)
        return Action.PASS

    def on_usage(self, call: ModelCall, usage: Amounts) -> None:
        """Give back what was estimated too high."""
        passage = self._passages.get(call)
        if passage is not None and passage.hold is not None:
            actual = bounded(usage)
            passage.limiter.settle(passage.hold, actual)
            self._estimator.learn(call.scope, call.estimate, actual)

    async def _learn_refusal(self, call: ModelCall, passage: _Passage, refusal: Refusal) -> Action:
        assert passage.hold is not None  # noqa: S101 - after_call has looked
        passage.refusals += 1
        # A refused request may count as one, but its tokens were never taken.
        passage.limiter.settle(passage.hold, {kind: 0 for kind in call.estimate if kind is not Kind.REQUESTS})
        lowered = await passage.limiter.refused(passage.hold, refusal)
        self._emit(ProviderRefused(call.scope, refusal.kind, refusal.retry_after))
        if lowered:
            self._emit(LimitLearned(call.scope, messages.learned_message(call.scope, refusal)))
        error = self._hopeless(call, passage, refusal)
        if error is not None:
            self._passages.pop(call, None)
            raise error
        if not call.repeatable:
            self._passages.pop(call, None)
            return Action.PASS
        return Action.SEND_AGAIN

    def _hopeless(self, call: ModelCall, passage: _Passage, refusal: Refusal) -> CallRefused | None:
        """The error for a call that no wait can save; a spent day is met at the next admission."""
        if refusal.kind is RefusalKind.PERMANENT:
            return CallRefused(messages.closed_message(call.scope, refusal.advice))
        if refusal.kind is RefusalKind.MINUTE and passage.refusals > 1:
            wanted = call.estimate.get(Kind.INPUT_TOKENS, 0)
            for stated in refusal.limits:
                if stated.kind is Kind.INPUT_TOKENS and stated.amount and wanted > stated.amount:
                    return CallRefused(messages.size_message(call.scope, wanted, stated.amount))
        return None

    async def _await_startup(self, call: ModelCall, rules: ScopeRules, limiter: Limiter) -> None:
        while True:
            now = limiter.store.tick()
            with self._startup_lock:
                earliest = self._startup(call, rules, limiter).earliest(call, call.agent_id, now)
            if earliest is not None and earliest <= now:
                return
            remaining = rules.cooldown if earliest is None else earliest - now
            await self._startup_news.wait(remaining / NANOSECONDS)

    def _startup(self, call: ModelCall, rules: ScopeRules, limiter: Limiter) -> Startup:
        key = (call.scope, call.run, limiter)
        if key not in self._startups:
            self._startups[key] = Startup(rules.cooldown_mode, rules.cooldown)
        return self._startups[key]

    def _end_startup(self, call: ModelCall, limiter: Limiter, *, answered: bool) -> None:
        startup = self._startups.get((call.scope, call.run, limiter))
        if startup is None:
            return
        with self._startup_lock:
            over = startup.ended(call, answered=answered)
        if over:
            self._startup_news.fire()
