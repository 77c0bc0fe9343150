"""Detects unwanted effects of a change of limits: ending waiting turns, or causing refusals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from massgen_plugins.cli.model_names import ModelNames
from massgen_plugins.profiles.steering import NO_STEERING, Number
from massgen_plugins.quota import NANOSECONDS, CalendarDay, CalendarMonth, Limit, PoolRules, Sliding
from massgen_plugins.rate_limit.viewing import PoolView

__all__ = ["Risk", "risks"]


@dataclass(frozen=True, slots=True)
class Risk:
    """A risk that needs confirmation.

    Attributes:
        sentence: Description of the effect.
        ends_turns: Whether waiting turns would end, so that a pause may be preferable.
    """

    sentence: str
    ends_turns: bool = False


def risks(
    names: ModelNames, model: str, values: Mapping[str, Number | str], after: Mapping[str, PoolRules | None]
) -> list[Risk]:
    """The risks of new limits.

    Args:
        names: The state before the change.
        model: The model.
        values: The new limits as written.
        after: The resulting rules, by provider.
    """
    found = [_nothing(key) for key, value in values.items() if value == 0 and key != "cooldown"]
    if found:
        return found
    pools = names.pools_of(model)
    declared = names.steered_by(NO_STEERING).rules(model)
    for provider, rules in after.items():
        found += _bolder(declared.get(provider), rules)
        for view in pools:
            if rules and view.pool.domain.provider == provider:
                found += _risks_for_waiting(view, rules)
    return list(dict.fromkeys(found))


def _nothing(key: str) -> Risk:
    return Risk(f"{key}=0 blocks every call, and ends every turn that waits", ends_turns=True)


def _bolder(before: PoolRules | None, after: PoolRules | None) -> Sequence[Risk]:
    """Risks of limits above the current ones."""
    now = {limit.key: limit for limit in after.limits} if after else {}
    rows = []
    for limit in before.limits if before else ():
        new = now.get(limit.key)
        if new is None:
            rows.append(Risk(f"without the limit of {limit}, the provider may refuse calls"))
        elif new.amount > limit.amount:
            rows.append(Risk(f"{new} are more than your settings state ({limit}): the provider may refuse"))
    return rows


def _risks_for_waiting(view: PoolView, rules: PoolRules) -> Sequence[Risk]:
    used = {row.limit.key: row.used for row in view.limits}
    rows = []
    for limit in rules.limits:
        learned = view.penalties.learned.get(limit.key)
        if learned and learned.amount < limit.amount:
            rows.append(Risk(f"the provider has said that it allows {learned} only: it may refuse calls"))
        if not view.waiting or not limit.amount:
            continue
        if isinstance(limit.window, CalendarDay | CalendarMonth):
            if used.get(limit.key, 0) >= limit.amount:
                rows.append(Risk(f"{used[limit.key]:,} are used already: {_ends(view)}", ends_turns=True))
        elif limit.kind == "requests" and isinstance(limit.window, Sliding) and _longer(view, limit, rules):
            rows.append(
                Risk(
                    f"with {limit}, the last waiting call would wait too long: {_ends(view)}",
                    ends_turns=True,
                )
            )
    return rows


def _longer(view: PoolView, limit: Limit, rules: PoolRules) -> bool:
    assert isinstance(limit.window, Sliding)  # noqa: S101 - asked before
    return (view.waiting // limit.amount) * limit.window.length > max(rules.max_wait, NANOSECONDS)


def _ends(view: PoolView) -> str:
    return f"turns of the {view.waiting} calls that wait may end"
