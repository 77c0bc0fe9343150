"""Merges budgets from several layers: all amounts apply, so the smallest of each wins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from massgen_plugins.profiles.budget import BudgetBlock

__all__ = ["merge_budgets"]

_REPLACED = {"warn", "cheaper", "cheaper_from", "run_id"}


def merge_budgets(strongest_first: Sequence[BudgetBlock], own: BudgetBlock | None) -> BudgetBlock | None:
    """Merge the budgets of several layers; None if none of them sets an amount.

    Other layers can lower the user's own budget, but neither raise it nor switch it off.

    Args:
        strongest_first: The budgets of all layers, the user's own included.
        own: The user's own budget; only this one can contain raises.
    """
    limiting = [block for block in strongest_first if block.limits_anything]
    if not limiting:
        return None
    merged: dict[str, Any] = {}
    for block in reversed(strongest_first):
        merged |= block.model_dump(include=_REPLACED, exclude_unset=True)
    for key in ("run", "day", "month"):
        merged[key] = _least(getattr(block, key) for block in strongest_first)
    merged["agents"] = _least_of_each(block.agents for block in strongest_first)
    merged["accounts"] = _merged_accounts(strongest_first)
    merged["at"] = _at(limiting, bool(merged.get("cheaper")))
    allowed = all(block.unknown_price == "allow" or block.at == "warn" for block in limiting)
    merged["unknown_price"] = "allow" if allowed else "refuse"
    zones = (block.zone for block in strongest_first if block.zone)
    merged["zone"] = own.zone if own and own.limits_anything else next(zones, None)
    if own and own.raised:
        merged["raised"] = [each.model_dump() for each in own.raised]
    return BudgetBlock.model_validate({key: value for key, value in merged.items() if value is not None})


def _at(limiting: Sequence[BudgetBlock], replaceable: bool) -> str:
    """The reaction of the strongest layer that demands more than a warning; else a warning."""
    at = next((block.at for block in limiting if block.at != "warn"), "warn")
    return "stop" if at == "cheaper" and not replaceable else at


def _least(amounts: Iterable[float | None]) -> float | None:
    return min((amount for amount in amounts if amount is not None), default=None)


def _least_of_each(rows: Iterable[Mapping[str, float | None]]) -> dict[str, float]:
    merged: dict[str, float] = {}
    for row in rows:
        for name, amount in row.items():
            if amount is not None:
                merged[name] = min(amount, merged.get(name, amount))
    return merged


def _merged_accounts(blocks: Iterable[BudgetBlock]) -> dict[str, dict[str, float]]:
    merged: dict[str, dict[str, float]] = {}
    for block in blocks:
        for name, periods in block.accounts.items():
            merged[name] = _least_of_each([dict(merged.get(name, {})), periods.model_dump()])
    return {name: periods for name, periods in merged.items() if periods}
