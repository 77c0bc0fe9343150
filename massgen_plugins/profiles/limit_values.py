"""The limit keys (``rpm``, ``tpm``, ``rpd`` ...): as they are written, checked, and what they mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias

from massgen_plugins.profiles.checks import a_choice, a_list, a_mapping, a_number, a_text, a_whole_number
from massgen_plugins.profiles.conventions import Conventions, a_zone
from massgen_plugins.profiles.names import model_name
from massgen_plugins.profiles.tree import Entry, Place, wrong
from massgen_plugins.quota import MINUTE, NANOSECONDS, CalendarDay, Kind, Limit, Sliding, Window

__all__ = ["LIMIT_KEYS", "LimitValues", "ModelLimits", "limits_of", "read_limit_values", "read_models"]

LimitValues: TypeAlias = Mapping[str, Any]
"""Checked limit keys with plain values, as YAML writes them; None takes a limit away."""

ModelLimits: TypeAlias = Mapping[str, LimitValues]
"""A model's or family's name to its limits."""

_MOST = 10**12
_MOST_DOLLARS = 10**9
_MOST_COOLDOWN = 3600
_LONGEST_WINDOW = 31 * 86_400
_MILLIONTHS = 1_000_000
_SPAN = re.compile(r"([1-9][0-9]{0,6})([smh])")
_WINDOWS = "such as 60s, 10m, 24h (31 days at most) or day@America/Los_Angeles"
_UNITS = {"s": 1, "m": 60, "h": 3600}
_SECOND = Sliding(NANOSECONDS)

# Kind None: what the provider's tpm counts; window None: the provider's day.
_MEANING: Mapping[str, tuple[Kind | None, Window | None]] = {
    "rps": (Kind.REQUESTS, _SECOND),
    "rpm": (Kind.REQUESTS, MINUTE),
    "rpd": (Kind.REQUESTS, None),
    "tpm": (None, MINUTE),
    "tpd": (None, None),
    "itpm": (Kind.INPUT_TOKENS, MINUTE),
    "otpm": (Kind.OUTPUT_TOKENS, MINUTE),
    "usd_per_day": (Kind.COST, None),
}

LIMIT_KEYS = (*_MEANING, "limits", "cooldown")
"""All keys that may stand under a model."""


def read_models(entry: Entry, *, removable: bool = False) -> dict[str, dict[str, Any]]:
    """Check a mapping from names of models or families to limits."""
    return {
        model_name(name, item.place): read_limit_values(item, removable=removable)
        for name, item in a_mapping(entry).items()
    }


def read_limit_values(entry: Entry, *, removable: bool = False) -> dict[str, Any]:
    """Check the limits of one model.

    Args:
        entry: The mapping of limit keys.
        removable: Whether ``none`` may stand for "take this limit away".
    """
    values = {
        key: None if removable and item.value in (None, "none") else _value(key, item)
        for key, item in a_mapping(entry, LIMIT_KEYS).items()
    }
    if not values:
        raise wrong(entry.place, f"no limit stands here; write at least one of {', '.join(LIMIT_KEYS)}")
    return values


def _value(key: str, entry: Entry) -> Any:
    if key == "limits":
        return [_generic(item) for item in a_list(entry)]
    if key == "cooldown":
        return a_number(entry, _MOST_COOLDOWN, "seconds")
    if key == "usd_per_day":
        return _dollars(entry)
    return a_whole_number(entry, _MOST)


def _generic(entry: Entry) -> dict[str, Any]:
    fields = a_mapping(entry, ("kind", "amount", "window"))
    for needed in ("kind", "amount", "window"):
        if needed not in fields:
            raise wrong(entry.place, f"the key '{needed}' is missing; write kind, amount and window")
    kind = a_choice(fields["kind"], tuple(Kind))
    amount = _dollars(fields["amount"]) if kind == Kind.COST else a_whole_number(fields["amount"], _MOST)
    window = a_text(fields["window"], f"a window {_WINDOWS}")
    _window(window, fields["window"])
    return {"kind": kind, "amount": amount, "window": window}


def _dollars(entry: Entry) -> int | float:
    return a_number(entry, _MOST_DOLLARS, "US dollars")


def _window(text: str, entry: Entry) -> Window:
    if text.startswith("day@"):
        return CalendarDay(a_zone(entry, text.removeprefix("day@")))
    found = _SPAN.fullmatch(text)
    seconds = int(found[1]) * _UNITS[found[2]] if found else 0
    if not 1 <= seconds <= _LONGEST_WINDOW:
        raise wrong(entry.place, f"write a window {_WINDOWS}")
    return Sliding(seconds * NANOSECONDS)


def limits_of(values: LimitValues, conventions: Conventions, margin: float) -> tuple[Limit, ...]:
    """What checked limit keys mean; of two limits on the same kind and window the smaller holds.

    Args:
        values: Limit keys; those of None are left out.
        conventions: How the provider counts.
        margin: The fraction taken off every limit, 0 to below 1; what is not 0 stays at least 1.
    """
    chosen: dict[str, Limit] = {}
    for limit in _stated(values, conventions):
        reduced = Limit(limit.kind, _less(limit.amount, margin), limit.window)
        known = chosen.get(limit.key)
        if known is None or reduced.amount < known.amount:
            chosen[limit.key] = reduced
    return tuple(chosen.values())


def _stated(values: LimitValues, conventions: Conventions) -> list[Limit]:
    limits = []
    for key, (kind, window) in _MEANING.items():
        if (amount := values.get(key)) is not None:
            counted = kind or conventions.tpm_counts
            limits.append(Limit(counted, _amount(counted, amount), window or conventions.day))
    for generic in values.get("limits") or ():
        kind = Kind(generic["kind"])
        window = _window(generic["window"], Entry(generic["window"], Place("limits")))
        limits.append(Limit(kind, _amount(kind, generic["amount"]), window))
    return limits


def _amount(kind: Kind, written: float) -> int:
    """Dollars become millionths, which is how costs are counted."""
    if kind is not Kind.COST:
        return int(written)
    return max(int(Decimal(str(written)) * _MILLIONTHS), 1 if written else 0)


def _less(amount: int, margin: float) -> int:
    # As a fraction, since 100 * (1 - 0.07) is less than 93 in floating point.
    return max(int(amount * (1 - Fraction(str(margin)))), min(amount, 1))
