"""What tests of budgets share: prices that are easy to reckon with, and a middleware over a store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from massgen_plugins.budget.books import Books
from massgen_plugins.budget.middleware import BudgetMiddleware
from massgen_plugins.events import Event
from massgen_plugins.hookspecs import MiddlewareContext
from massgen_plugins.middleware import CallOutcome, ModelCall, Usage
from massgen_plugins.quota import Charge, Domain, Kind
from massgen_plugins.rate_limit.limiters import Limiters

DOMAIN = Domain("openai", "my-project")
MODEL = "gpt-5.4"
MINI = "gpt-5.4-mini"
NOON = 1_796_040_000.0
"""Noon of 30 November 2026, in Greenwich."""

PER_TOKEN = {MODEL: (10, 100), MINI: (1, 10)}
"""Model to micro-dollars for a token of input and of output."""


class FixedPrices:
    """Knows the prices of two models."""

    def upper_bound(self, call: ModelCall, input_tokens: int, max_output: int) -> int | None:
        """All of it at its price."""
        prices = PER_TOKEN.get(call.model)
        return None if prices is None else input_tokens * prices[0] + max_output * prices[1]

    def cost(self, call: ModelCall, usage: Usage) -> int | None:
        """By the same prices."""
        if usage.cost is not None:
            return usage.cost
        amounts = usage.amounts
        return self.upper_bound(call, amounts.get(Kind.INPUT_TOKENS, 0), amounts.get(Kind.OUTPUT_TOKENS, 0))


@dataclass
class Bench:
    """A middleware, and all that it told."""

    middleware: BudgetMiddleware
    limiters: Limiters
    events: list[Event]
    block: dict[str, object]
    now: list[float] = field(default_factory=lambda: [NOON])

    @classmethod
    def of(cls, budget: Mapping[str, object], store: Path | str = "memory") -> Bench:
        """One with such a ``budget:`` block."""
        events: list[Event] = []
        block: dict[str, object] = {"budget": dict(budget), "store": str(store)}
        held = [block]
        context = MiddlewareContext(events.append, lambda _: None, lambda _: held[0])
        limiters = Limiters(context)
        now = [NOON]
        middleware = BudgetMiddleware(
            Books(limiters.at), FixedPrices(), context.settings, events.append, lambda: now[0]
        )
        bench = cls(middleware, limiters, events, block, now)
        bench._held = held
        return bench

    def change(self, budget: Mapping[str, object]) -> None:
        """Another block holds from now on."""
        self._held[0] = {**self.block, "budget": dict(budget)}

    async def call(self, used: int | None = 10, **how: object) -> ModelCall:
        """One call from its beginning to its end, with so many tokens of output; None: nobody says."""
        call = a_call(**how)
        await self.middleware.before_call(call)
        await self.middleware.after_call(call, CallOutcome(200))
        self.end(call, used)
        return call

    def end(self, call: ModelCall, used: int | None) -> None:
        """A call is over."""
        if used is not None:
            usage = Usage(
                {Kind.INPUT_TOKENS: call.charges[Kind.INPUT_TOKENS].amount, Kind.OUTPUT_TOKENS: used}
            )
            self.middleware.on_usage(call, usage)
        self.middleware.on_finished(call)

    def of_kind(self, kind: type[Event]) -> list[Event]:
        """The events of a kind."""
        return [event for event in self.events if isinstance(event, kind)]


def a_call(  # noqa: PLR0917 - what a test does not name is as usual
    agent: str | None = "a",
    tokens: int = 0,
    most: int | None = 100,
    model: str = MODEL,
    run: str = "run1",
    domain: Domain = DOMAIN,
    charges: Callable[[], Mapping[str, Charge]] | None = None,
) -> ModelCall:
    """A call that costs at most ``10 * tokens + 100 * most`` micro-dollars of the dear model."""
    booked = charges() if charges else {Kind.INPUT_TOKENS: Charge(tokens), Kind.OUTPUT_TOKENS: Charge(50)}
    return ModelCall(domain, (model,), model, model, booked, agent, run, max_output=most)
