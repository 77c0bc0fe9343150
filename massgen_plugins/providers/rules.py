"""How tables say what a provider's errors mean: rows of conditions, and what each row means."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from massgen_plugins.middleware import RefusalKind
from massgen_plugins.providers.base import Conventions
from massgen_plugins.providers.errors import ErrorFacts

__all__ = ["BILLING", "Rule", "RuleBook", "rule"]

BILLING = (
    "The {label} account of this API key has no credit left, or has reached its spending cap: "
    "add credit or raise the cap{place}, and start again."
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: which errors it is about, and what they mean. Conditions that are empty hold always.

    Attributes:
        kind: What helps.
        codes: Any of these is among the error's codes, types and reasons; lower case.
        words: Any of these is in the error's text; lower case.
        statuses: The HTTP status is one of these.
        pool: Of which pool it speaks; None: the provider's usual one.
        limits: Kinds and spans in seconds that it names without an amount; 0 seconds: calls at a time.
        advice: For PERMANENT and CALL; ``{label}`` and ``{place}`` are filled in.
        wait: Seconds, documented, where the answer itself names none.
        needs_moment: Only where the answer names the moment from which on it will not refuse.
    """

    kind: RefusalKind
    codes: frozenset[str] = frozenset()
    words: tuple[str, ...] = ()
    statuses: frozenset[int] = frozenset()
    pool: str | None = None
    limits: tuple[tuple[str, float], ...] = ()
    advice: str = ""
    wait: float | None = None
    needs_moment: bool = False

    def fits(self, error: ErrorFacts) -> bool:
        """Whether an error is of this row."""
        return (
            (not self.codes or not self.codes.isdisjoint(error.codes))
            and (not self.statuses or error.status in self.statuses)
            and (not self.words or any(word in error.text for word in self.words))
        )


def rule(  # noqa: PLR0913 - a row of a table
    kind: RefusalKind,
    *,
    codes: str = "",
    words: Sequence[str] = (),
    statuses: Sequence[int] = (),
    pool: str | None = None,
    limits: Sequence[tuple[str, float]] = (),
    advice: str = "",
    wait: float | None = None,
    needs_moment: bool = False,
) -> Rule:
    """A row as tables write it: ``codes`` separated by blanks; see :class:`Rule`."""
    if kind in (RefusalKind.PERMANENT, RefusalKind.CALL) and not advice:
        advice = BILLING
    return Rule(
        kind,
        codes=frozenset(codes.split()),
        words=tuple(words),
        statuses=frozenset(statuses),
        pool=pool,
        limits=tuple(limits),
        advice=advice,
        wait=wait,
        needs_moment=needs_moment,
    )


@dataclass(frozen=True, slots=True)
class RuleBook:
    """What one provider's errors mean.

    Attributes:
        label: Its name for people.
        conventions: How it counts.
        rules: Its own rows, asked first.
        place: Where its accounts are managed, a URL; may be empty.
        pool: Of which pool its refusals speak; None: the model's own.
        names_pools: A pattern whose group is the pool that a refusal names in prose; None: it names none.
        zero_headers: Headers with limits that are zero where the account's plan has not the model.
        exact_reset: Whether ``reset`` headers tell when a spent limit has room again, not when it is full.
    """

    label: str
    conventions: Conventions
    rules: tuple[Rule, ...] = ()
    place: str = ""
    pool: str | None = None
    names_pools: re.Pattern[str] | None = None
    zero_headers: tuple[str, ...] = ()
    exact_reset: bool = False

    def say(self, advice: str) -> str:
        """Advice with the provider's name and place in it."""
        return advice.format(label=self.label, place=f" ({self.place})" if self.place else "")
