"""The budget middleware. Runs before the limiter, since budgets never wait."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from weakref import WeakKeyDictionary

from massgen_plugins.budget import messages
from massgen_plugins.budget.books import Books, Full, Reserved
from massgen_plugins.budget.cheaper import Replacements
from massgen_plugins.budget.marks import Marks
from massgen_plugins.budget.pricing import SAFETY_FACTOR, Bound, Prices, forecast, input_tokens, makes_output
from massgen_plugins.budget.terms import SHARED, Budget, Scope, Terms
from massgen_plugins.errors import CallRefused
from massgen_plugins.events import Event, Trouble
from massgen_plugins.middleware import Action, CallOutcome, Middleware, ModelCall, Usage
from massgen_plugins.quota import Domain, Kind

__all__ = ["BudgetMiddleware"]

_ERRORS_START = 400


@dataclass(eq=False, slots=True)
class _Attempt:
    """An attempt of a call that counts in budgets."""

    terms: Terms
    scope: Scope
    budgets: Sequence[Budget]
    reserved: Reserved
    usage: Usage | None = None
    over: bool = False


class BudgetMiddleware(Middleware):
    """Reserves the maximum cost of a call before it is sent, and books its actual cost afterwards.

    Args:
        books: Keeps the budgets.
        prices: Knows the prices of models.
        settings: Returns the ``rate_limit:`` settings of a domain.
        emit: Publishes marks, replaced models, and calls that cannot be counted.
        wall: Seconds since the epoch.
    """

    def __init__(
        self,
        books: Books,
        prices: Prices,
        settings: Callable[[Domain], Mapping[str, object]],
        emit: Callable[[Event], None],
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._books = books
        self._prices = prices
        self._settings = settings
        self._emit = emit
        self._wall = wall
        self._marks = Marks(emit, wall)
        self._cheaper = Replacements(self._marks, emit)
        self._terms: tuple[Mapping[str, object] | None, Terms | None] = None, None  # of the last block
        self._known: set[tuple[Domain, str]] = set()  # models whose price has been looked up
        self._runs: dict[Domain, str] = {}
        self._sentences: dict[tuple[object, ...], str] = {}
        self._attempts: WeakKeyDictionary[ModelCall, _Attempt] = WeakKeyDictionary()

    def model_for(self, agent_id: str, run: str, model: str) -> str | None:
        """The cheaper model, once enough of the agent's budget is spent."""
        return self._cheaper.model_for(agent_id, run, model)

    async def before_call(self, call: ModelCall) -> None:
        """Reserve the maximum cost of the call.

        Raises:
            CallRefused: A budget has no room for it, or its price is unknown.
        """
        block = self._settings(call.domain)
        known, terms = self._terms
        if known is not block:
            terms = Terms(block) if block.get("budget") else None
            self._terms = block, terms
        if terms is None:
            return
        # A call outside of any stream, such as one for memory, belongs to the last run of its account.
        run = call.run or self._runs.get(call.domain, "")
        self._runs[call.domain] = run
        scope = Scope(call.domain, run, call.agent_id)
        budgets = terms.budgets(scope, self._wall())
        bound = await self._bound(call, terms)
        if bound.micros is None:
            self._uncounted(call, terms)
        found = await self._books.reserve(terms.store, budgets, bound.micros or 0)
        if isinstance(found, Full):
            raise self._refusal(call, terms, found, bound)
        self._attempts[call] = _Attempt(terms, scope, budgets, found)
        self._cheaper.saw(terms, scope, budgets)
        self._marks.see(terms, scope, found.levels)

    async def after_call(self, call: ModelCall, outcome: CallOutcome) -> Action:
        """Release what was never sent, and what the provider refused: it costs nothing."""
        attempt = self._attempts.get(call)
        refused = outcome.refusal is not None or outcome.status >= _ERRORS_START
        if attempt is not None and (refused or not outcome.sent):
            attempt.reserved.release()
            attempt.over = True
        return Action.PASS

    def on_usage(self, call: ModelCall, usage: Usage) -> None:
        """Keep the last report; earlier ones may be too low."""
        attempt = self._attempts.get(call)
        if attempt is not None:
            attempt.usage = usage

    def on_finished(self, call: ModelCall) -> None:
        """Book the actual cost; if it is unknown, the reserved amount stays spent."""
        attempt = self._attempts.pop(call, None)
        if attempt is None or attempt.over or attempt.usage is None:
            return
        cost = self._prices.cost(call, attempt.usage)
        if cost is None:
            return
        attempt.reserved.settle(cost)
        self._learn(call, attempt)
        see = partial(self._marks.see, attempt.terms, attempt.scope)
        self._books.look_soon(attempt.terms.store, attempt.budgets, see)

    async def _bound(self, call: ModelCall, terms: Terms) -> Bound:
        """The maximum or expected cost of a call."""
        key = call.domain, call.model
        most = call.max_output
        if most is None and makes_output(call):
            learned = self._books.domain(terms.store, SHARED).amounts(_learned_as(call), forecast(call))
            most = SAFETY_FACTOR * learned[Kind.OUTPUT_TOKENS]
        asked = partial(self._prices.upper_bound, call, input_tokens(call), most or 0)
        if key in self._known:
            return Bound(asked(), call.max_output is not None)
        micros = await asyncio.get_running_loop().run_in_executor(None, asked)  # may load the price list
        self._known.add(key)
        return Bound(micros, call.max_output is not None)

    def _learn(self, call: ModelCall, attempt: _Attempt) -> None:
        if attempt.usage is not None and call.max_output is None:
            shared = self._books.domain(attempt.terms.store, SHARED)
            shared.used(_learned_as(call), forecast(call), attempt.usage.amounts)

    def _uncounted(self, call: ModelCall, terms: Terms) -> None:
        """Refuse or report a call whose price is unknown."""
        if terms.refuses_unknown:
            raise CallRefused(messages.unknown_price_message(call.domain.provider, call.requested_model))
        self._emit(Trouble(messages.uncounted_message(call.domain.provider, call.requested_model)))

    def _refusal(self, call: ModelCall, terms: Terms, full: Full, bound: Bound) -> CallRefused:
        """Use the same sentence for all calls refused by the same budget."""
        level, budget = full.level, full.level.budget
        instead = self._cheaper.instead(terms, call, level)
        sentence = messages.spent_message(level, call.requested_model, bound, full.by, self._wall())
        if instead is None:
            key = budget.pool, budget.name, budget.amount, level.resets
            sentence = self._sentences.setdefault(key, sentence)
        return CallRefused(sentence, resets_at=level.resets, pool=budget.pool, instead=instead)


def _learned_as(call: ModelCall) -> str:
    return f"{call.domain.provider}/{call.model}"
