"""Edits the user's budgets: amounts, the reaction when they are spent, and temporary raises."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from massgen_plugins.profiles.budget import BudgetBlock, Raise
from massgen_plugins.profiles.document import Place, document_of, suggestion, wrong
from massgen_plugins.profiles.edit import Edits, edit_settings
from massgen_plugins.profiles.layers import SettingsBlock, read_layer
from massgen_plugins.profiles.local_zone import local_zone
from massgen_plugins.profiles.places import Places, exists
from massgen_plugins.profiles.strict_yaml import load_yaml
from massgen_plugins.profiles.validation import checked

__all__ = ["Planned", "add_raise", "allows_more", "own_budget", "plan_budget", "set_budget"]

_KEYS = ("run", "day", "month", "at", "warn", "cheaper_from", "zone", "unknown_price")
_FORMS = (*_KEYS, "agents.NAME", "accounts.NAME.day", "accounts.NAME.month", "cheaper.MODEL")
_BUDGET = "budget"


class Planned(NamedTuple):
    """New values by their keys under ``budget:``, and the resulting budget."""

    values: Mapping[tuple[str, ...], Any]
    before: BudgetBlock
    after: BudgetBlock


def own_budget(places: Places) -> BudgetBlock:
    """The budget in the user's own settings.

    Raises:
        ConfigurationError: The settings are invalid.
    """
    path = places.user_file
    return read_layer(load_yaml(path), "user").block.budget if path and exists(path) else BudgetBlock()


def plan_budget(words: Mapping[str, Any], places: Places) -> Planned:
    """Compute the result of a change without writing it.

    Args:
        words: Keys such as ``day`` or ``agents.researcher`` to values; ``none`` removes an amount.
        places: Locations of the settings.

    Raises:
        ConfigurationError: A key or value is invalid.
    """
    before = own_budget(places)
    values = {_path(key): _value(key, value) for key, value in words.items()}
    if {"day", "month"} & {path[-1] for path in values} and before.zone is None and ("zone",) not in values:
        values["zone",] = local_zone()  # the same for every process that reads it
    document: dict[str, Any] = before.model_dump(mode="json", exclude_unset=True)
    for path, value in values.items():
        inner = document
        for part in path[:-1]:
            inner = inner.setdefault(part, {})
        inner[path[-1]] = value
    return Planned(values, before, checked(BudgetBlock, document_of(document, "budget set", (_BUDGET,))))


def set_budget(planned: Planned, places: Places) -> Path:
    """Write a change; returns the user's settings file.

    Raises:
        ConfigurationError: The file cannot be read or written.
    """

    def edits(block: SettingsBlock) -> Edits:
        del block
        return {(_BUDGET, *path): value for path, value in planned.values.items()}

    return edit_settings(places, edits)


def add_raise(budgets: Mapping[str, float], until: float, places: Places, now: float) -> Path:
    """Add a temporary raise, and drop expired ones.

    Args:
        budgets: ``all`` or names such as ``run`` or ``agents.researcher`` to dollars.
        until: End of the raise, in seconds since the epoch.
        places: Locations of the settings.
        now: Seconds since the epoch.

    Raises:
        ConfigurationError: A name or amount is invalid, or the file cannot be read or written.
    """
    moment = datetime.fromtimestamp(until, UTC).isoformat(timespec="seconds")
    added = [{"budget": name, "by": dollars, "until": moment} for name, dollars in budgets.items()]
    for each in added:
        _check_name(str(each["budget"]))
        checked(Raise, document_of(each, "budget raise"))

    def edits(block: SettingsBlock) -> Edits:
        lasting = [each.model_dump() for each in block.budget.raised if each.ends > now]
        return {(_BUDGET, "raised"): [*lasting, *added]}

    return edit_settings(places, edits)


def allows_more(before: BudgetBlock, after: BudgetBlock) -> bool:
    """Whether a change allows more spending than before."""
    amounts = zip(_amounts(before, after), _amounts(after, before), strict=True)
    return (
        any(old is not None and (new is None or new > old) for old, new in amounts)
        or (before.limits_anything and after.at == "warn" != before.at)
        or (before.limits_anything and after.unknown_price == "allow" != before.unknown_price)
    )


def _amounts(block: BudgetBlock, other: BudgetBlock) -> list[float | None]:
    """All amounts of a block, in an order that two blocks share."""
    agents = sorted({*block.agents, *other.agents})
    accounts = sorted({*block.accounts, *other.accounts})
    rows = [block.run, block.day, block.month, *(block.agents.get(name) for name in agents)]
    for name in accounts:
        periods = block.accounts.get(name)
        rows += [periods.day if periods else None, periods.month if periods else None]
    return rows


def _value(key: str, value: Any) -> Any:
    """What stands on the command line, as YAML would have it."""
    if key == "warn":
        parts = [] if value == "none" else str(value).split(",")
        return [int(part) if part.isdecimal() and len(part) < 4 else part for part in parts]
    return None if value == "none" else value


def _path(key: str) -> tuple[str, ...]:
    first, _, rest = key.partition(".")
    if key in _KEYS:
        return (key,)
    if first in ("agents", "cheaper") and rest:
        return first, rest
    name, _, period = rest.rpartition(".")
    if first == "accounts" and name and period in ("day", "month"):
        return first, name, period
    raise wrong(Place("budget set"), f"the key {key[:40]!a} is unknown; {suggestion(key, _FORMS)}")


def _check_name(name: str) -> None:
    first, _, rest = name.partition(".")
    if name in ("all", "run", "day", "month") or (first in ("agents", "accounts") and rest):
        return
    known: Iterable[str] = ("all", "run", "day", "month", "agents.NAME", "accounts.NAME")
    raise wrong(Place("budget raise"), f"there is no budget {name[:40]!a}; {suggestion(name, known)}")
