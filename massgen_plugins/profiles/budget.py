"""The ``budget:`` block: spending limits for runs, agents, accounts, days and months."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainValidator, model_validator

from massgen_plugins.profiles.local_zone import local_zone
from massgen_plugins.profiles.names import ModelName
from massgen_plugins.profiles.validation import Expected, Strict, choice, number, problem, text
from massgen_plugins.profiles.windows import ROLLING, Zone

__all__ = ["MOST_DOLLARS", "BudgetBlock", "PeriodBudget", "Raise"]

MOST_DOLLARS = 1_000_000
"""The largest budget that the books can hold."""

_DOLLARS = number(MOST_DOLLARS, "US dollars")
_PERCENT = Expected(
    "a whole number of percent from 1 to 100", lambda value: type(value) is int and 1 <= value <= 100
)
_AGENT = text("the name of an agent", longest=200)
_ACCOUNT = text("a provider such as openai, or the name of an account", re.compile(r"[A-Za-z0-9._-]{1,64}"))
_RUN_NAME = text("a name of letters, digits, dots and hyphens", re.compile(r"[A-Za-z0-9._-]{1,80}"))
_RAISED = text("all, run, day, month, agents.NAME or accounts.NAME", longest=300)


def _dollars(value: Any) -> Any:
    return None if value in (None, "none") else _DOLLARS.check(value)


Dollars = Annotated[float | None, BeforeValidator(_dollars)]
"""US dollars; None: no budget."""


def _zone(value: Any) -> Any:
    if value == ROLLING:
        raise problem("a budget's day begins at midnight; write a time zone such as Europe/Berlin")
    return value


def _moment(value: Any) -> str:
    try:
        if datetime.fromisoformat(value).tzinfo is not None:
            return str(value)
    except (TypeError, ValueError):
        pass
    raise problem("write a time with its UTC offset, such as '2026-01-31T18:00:00+00:00', in quotes")


class PeriodBudget(Strict):
    """What an account may cost.

    Attributes:
        day: Dollars for each day.
        month: Dollars for each month.
    """

    day: Dollars = None
    month: Dollars = None

    @model_validator(mode="after")
    def _says_something(self) -> PeriodBudget:
        if not self.model_fields_set:
            raise problem("there is no budget here; write day, month or both")
        return self


class Raise(Strict):
    """More money for a while; written by ``massgen-rl budget raise``.

    Attributes:
        budget: Which: ``all``, ``run``, ``day``, ``month``, ``agents.NAME`` or ``accounts.NAME``.
        by: Dollars.
        until: When it ends, as ISO 8601 with an offset.
    """

    MISSING = "the key '{}' is missing; write budget, by and until"
    budget: Annotated[str, _RAISED]
    by: Annotated[float, _DOLLARS]
    until: Annotated[str, PlainValidator(_moment)]

    @property
    def ends(self) -> float:
        """Seconds since the epoch."""
        return datetime.fromisoformat(self.until).timestamp()


class BudgetBlock(Strict):
    """The keys of ``budget:``.

    Attributes:
        run: Dollars for one run of MassGen, its sub-agents included.
        day: Dollars for a day, of all runs that share the store.
        month: Dollars for a month, of all runs that share the store.
        agents: Agent to dollars for it in one run.
        accounts: Provider, or name of an account, to what all its calls may cost.
        at: What happens when a budget is spent: ``stop``, ``warn``, or ``cheaper`` models before it is.
        warn: Percent of a budget at which it is said once how much is spent.
        cheaper: Model to the one that takes its place from ``cheaper_from`` on.
        cheaper_from: Percent of a budget from which on calls go to cheaper models.
        zone: Where days and months begin; None: this machine's own zone.
        unknown_price: Whether calls whose price nobody knows are refused or allowed.
        run_id: Runs of the same name share the budget of a run; set for sub-agents.
        raised: What was added for a while; in the user's own settings only.
    """

    run: Dollars = None
    day: Dollars = None
    month: Dollars = None
    agents: dict[Annotated[str, _AGENT], Dollars] = Field(default_factory=dict)
    accounts: dict[Annotated[str, _ACCOUNT], PeriodBudget] = Field(default_factory=dict)
    at: Annotated[str, choice(("stop", "warn", "cheaper"))] = "stop"
    warn: tuple[Annotated[int, _PERCENT], ...] = (50, 80, 95)
    cheaper: dict[ModelName, ModelName] = Field(default_factory=dict)
    cheaper_from: Annotated[int, _PERCENT] = 80
    zone: Annotated[Zone, BeforeValidator(_zone)] = None
    unknown_price: Annotated[str, choice(("refuse", "allow"))] = "refuse"
    run_id: Annotated[str, _RUN_NAME] | None = None
    raised: tuple[Raise, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _infer_cheaper(cls, value: Any) -> Any:
        if isinstance(value, dict) and value.get("cheaper") and "at" not in value:
            return {**value, "at": "cheaper"}
        return value

    @model_validator(mode="after")
    def _require_cheaper_models(self) -> BudgetBlock:
        if self.at == "cheaper" and not self.cheaper:
            raise problem("name the cheaper models, such as cheaper: {gpt-5.4: gpt-5.4-mini}", at="at")
        itself = next((model for model, other in self.cheaper.items() if model == other), None)
        if itself is not None:
            raise problem(f"the model '{itself}' is not cheaper than itself; name another one", at="cheaper")
        return self

    @property
    def limits_anything(self) -> bool:
        """Whether any amount is set."""
        periods = [amount for each in self.accounts.values() for amount in (each.day, each.month)]
        amounts = [self.run, self.day, self.month, *self.agents.values(), *periods]
        return any(amount is not None for amount in amounts)

    def to_mapping(self) -> dict[str, Any]:
        """The block as in YAML, with the effective time zone."""
        return {**self.model_dump(mode="json", exclude_unset=True), "zone": self.zone or local_zone()}
