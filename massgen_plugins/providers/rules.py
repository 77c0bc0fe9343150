"""The rule tables that interpret providers' errors: conditions and meanings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from massgen_plugins.middleware import RefusalKind
from massgen_plugins.providers.base import Conventions
from massgen_plugins.providers.errors import ErrorFacts

__all__ = ["BILLING", "Rule", "RuleBook", "rule"]

BILLING = (
    "The account of this API key at {label} has no credit left, or has reached its spending cap: "
    "add credit or raise the cap{place}, and start again."
)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: which errors it applies to, and what they mean. Empty conditions always hold.

    Attributes:
        kind: Kind of the refusal.
        codes: Any of these is among the error's codes, types and reasons; lower case.
        words: Any of these occurs in the error's text; lower case.
        statuses: The HTTP status is one of these.
        pool: The pool it applies to; None for the provider's usual one.
        limits: Kinds and windows in seconds of limits without an amount; 0 seconds for concurrency.
        advice: For PERMANENT and CALL; may contain ``{label}`` and ``{place}``.
        wait: Documented delay in seconds, used if the answer states none.
        needs_moment: Applies only if the answer states when the refusal ends.
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
        """Whether the rule's conditions match an error."""
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
    """Shorthand for tables, with ``codes`` separated by spaces; see :class:`Rule`."""
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
    """The rules for one provider's errors.

    Attributes:
        label: Display name of the provider, within a sentence.
        conventions: How it counts.
        rules: Its own rules, which take precedence over the shared ones.
        place: URL of its account management; may be empty.
        pool: The pool that its refusals apply to; None for the model's own.
        names_pools: Pattern whose group is the pool named in a refusal's prose; None if there is none.
        zero_headers: Limit headers that are zero if the account's plan does not include the model.
        exact_reset: Whether ``reset`` headers state when a limit has room again, rather than when it is full.
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
        """Fill in the provider's name and URL; begins with a capital even if the label does not."""
        text = advice.format(label=self.label, place=f" ({self.place})" if self.place else "")
        return text[:1].upper() + text[1:] if self.label.islower() else text
