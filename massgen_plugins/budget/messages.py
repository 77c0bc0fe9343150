"""User-facing sentences about budgets. None may contain words that make MassGen retry or compress."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from massgen_plugins.budget.pricing import Bound
from massgen_plugins.budget.terms import RUN, Budget
from massgen_plugins.quota import CalendarMonth
from massgen_plugins.rate_limit.messages import describe_span

__all__ = [
    "Level",
    "cheaper_message",
    "dollars",
    "mark_message",
    "resets_sentence",
    "spent_message",
    "title",
    "uncounted_message",
    "unknown_price_message",
]

_PREFIX = "massgen-plugins"
_MOST_NAMED = 3
_CENT = 10_000


@dataclass(frozen=True, slots=True)
class Level:
    """The state of a budget.

    Attributes:
        budget: The budget.
        used: Micro-dollars spent, or reserved by calls in flight.
        spent: Micro-dollars spent.
        resets: When it resets, in seconds since the epoch; None if it does not.
    """

    budget: Budget
    used: int
    spent: int
    resets: float | None

    @property
    def percent(self) -> float:
        """The percentage that is spent."""
        return _share(self.spent, self.budget.amount)

    @property
    def percent_used(self) -> float:
        """The percentage that is spent or reserved."""
        return _share(self.used, self.budget.amount)


def _share(part: int, whole: int | None) -> float:
    if whole is None:
        return 0.0
    return 100 * part / whole if whole else 100.0


def dollars(micros: int) -> str:
    """Format an amount, never rounded to zero: ``2.00``, ``0.0125``, ``0.000003``."""
    if micros >= 1_000_000:
        return f"{micros / 1e6:,.2f}"
    digits = f"{micros / 1e6:.6f}"
    return digits[:4] + digits[4:].rstrip("0")


def title(budget: Budget) -> str:
    """A budget's name for use in a sentence."""
    kind, _, rest = budget.name.partition(".")
    if kind == "agents":
        return f"the budget of agent {rest} in this run"
    if kind == "accounts":
        name, _, period = rest.rpartition(".")
        return f"the budget of {name} for the {period}"
    return "the budget of this run" if kind == "run" else f"the budget of the {kind}"


def spent_message(level: Level, model: str, bound: Bound, by: Mapping[str, int], now: float) -> str:
    """A call exceeds a budget.

    Args:
        level: The state of the budget.
        model: The call's model.
        bound: The cost that would be reserved for the call.
        by: Micro-dollars spent, by agent.
        now: Seconds since the epoch.
    """
    amount = level.budget.amount or 0
    state = "used up" if level.used >= amount else f"not enough for a call to {model}"
    parts = [f"{dollars(level.spent)} is spent{_by(by)}"]
    if level.used > level.spent:
        parts.append(f"{dollars(level.used - level.spent)} is reserved by calls in progress or lost")
    could = "could cost" if bound.exact else "is expected to cost up to"
    parts.append(f"this call to {model} {could} {dollars(bound.micros or 0)}")
    missing = max(amount, bound.micros or 0, _CENT)
    key = level.budget.name.removesuffix(".day").removesuffix(".month")
    return (
        f"{_PREFIX}: {title(level.budget)}, {dollars(amount)} US dollars, is {state}: {_joined(parts)}. "
        f"{resets_sentence(level, now)} `massgen-rl budget raise {key}={dollars(missing).replace(',', '')} "
        "--for 2h` allows more."
    )


def mark_message(level: Level, now: float) -> str:
    """Spending has reached a mark."""
    amount = dollars(level.budget.amount or 0)
    return (
        f"{_PREFIX}: {int(level.percent)} % of {title(level.budget)} is spent: {dollars(level.spent)} of "
        f"{amount} US dollars. {resets_sentence(level, now)}"
    )


def cheaper_message(level: Level, agent_id: str, before: str, after: str) -> str:
    """An agent switches to a different model, or back to its own."""
    change = "its own model" if before == after else f"in place of {before}"
    return (
        f"{_PREFIX}: agent {agent_id} goes on with {after}, {change}, as set by at: cheaper: "
        f"{level.percent_used:.0f} % of {title(level.budget)}, {dollars(level.budget.amount or 0)} US "
        "dollars, is spent or reserved."
    )


def unknown_price_message(provider: str, model: str) -> str:
    """A call is refused because its price is unknown."""
    return (
        f"{_PREFIX}: there is no known price for {model} of {provider}, so no budget can be enforced for its "
        "calls. Add its price to your profile, under prices, use another model, or set unknown_price: allow "
        "under budget: to let such calls pass without being counted."
    )


def uncounted_message(provider: str, model: str) -> str:
    """Calls pass that no budget can count."""
    return f"{_PREFIX}: there is no known price for {model} of {provider}: no budget counts its calls."


def resets_sentence(level: Level, now: float) -> str:
    """When a budget resets."""
    window = level.budget.limit.window
    if level.resets is None or window == RUN:
        return "It does not reset."
    zone = getattr(window, "zone", "UTC")
    moment = datetime.fromtimestamp(level.resets, ZoneInfo(zone))
    what = "month" if isinstance(window, CalendarMonth) else "day"
    return f"The next {what} begins at {moment:%H:%M %Z on %d %B}, in {describe_span(level.resets - now)}."


def _by(by: Mapping[str, int]) -> str:
    spenders = sorted(((amount, name) for name, amount in by.items() if amount), reverse=True)
    if not spenders:
        return ""
    named = [f"{name} {dollars(amount)}" for amount, name in spenders[:_MOST_NAMED]]
    rest = spenders[_MOST_NAMED:]
    if rest:
        named.append(f"{len(rest)} more {dollars(sum(amount for amount, _ in rest))}")
    return f" ({', '.join(named)})"


def _joined(parts: Sequence[str]) -> str:
    return f"{', '.join(parts[:-1])}, and {parts[-1]}" if len(parts) > 1 else parts[0]
