"""The keys of ``watch`` that pause, or change a limit for ten minutes."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from massgen_plugins.cli.looking import Looked
from massgen_plugins.errors import ConfigurationError
from massgen_plugins.quota import PoolRules, Sliding
from massgen_plugins.rate_limit.verdict import LimitView

if TYPE_CHECKING:
    from collections.abc import Callable

    from massgen_plugins.profiles.steering import Steering
    from massgen_plugins.rate_limit.viewing import PoolView

__all__ = ["pressed"]

_SPAN = 600
"""Duration of a changed limit, in seconds."""

_MINUTE = 60_000_000_000
_MOST_MARGIN = 5
"""Maximum ratio of the written value to the wanted one, to allow for the margin."""


def pressed(key: str, looked: Looked) -> str:
    """Handle a key; returns a sentence about the change, or "" if the key changes nothing."""
    try:
        if key == "p":
            return _pause(looked)
        if key in {"+", "-"}:
            return _shift(looked, 1 if key == "+" else -1)
    except ConfigurationError as error:
        return str(error)
    return ""


def _pause(looked: Looked) -> str:
    from massgen_plugins.profiles.steering import PAUSED, pause, resume

    if any(entry.key == PAUSED for entry in looked.steering.entries):
        resume()
        return "Resumed: calls are sent again."
    pause()
    return "Paused: no call is sent, and no turn ends. p resumes."


def _shift(looked: Looked, step: int) -> str:
    """Raise or lower the waiting pool's limit by one request per minute."""
    found = _pool(looked)
    if found is None:
        return "There is no limit of requests per minute to change."
    view, row = found
    wanted = row.cap + step
    if wanted < 1:
        return "A limit of 0 would end turns; p pauses, and no turn ends."
    name = view.pool.name
    value = _value(view, wanted, looked)
    if value is None:
        return f"{name}: {wanted:,} requests per minute cannot be set here; see `massgen-rl set --help`."
    from massgen_plugins.profiles.steering import set_values

    set_values(name, {"rpm": value}, until=time.time() + _SPAN)
    risk = " If the provider allows fewer, it refuses." if step > 0 else ""
    return (
        f"{name}: {row.cap:,} -> {wanted:,} requests per minute for 10 minutes, in all runs whose own YAML "
        f"does not set it.{risk} `massgen-rl unset {name}` undoes it."
    )


def _pool(looked: Looked) -> tuple[PoolView, LimitView] | None:
    rows = [
        (view, row)
        for view in looked.pools
        for row in view.limits
        if row.limit.kind == "requests" and isinstance(row.limit.window, Sliding)
        if row.limit.window.length == _MINUTE and row.cap
    ]
    return max(rows, key=lambda each: (each[0].waiting, each[1].used / each[1].cap), default=None)


def _value(view: PoolView, wanted: int, looked: Looked) -> int | None:
    """The value to write so that the wanted one remains after the safety margin."""
    from massgen_plugins.cli.settings_now import SettingsNow
    from massgen_plugins.profiles.steering import with_values

    settings = SettingsNow().settings()
    provider, name = view.pool.domain.provider, view.pool.name

    def rules(planned: Steering) -> PoolRules | None:
        return replace(settings, steering=planned).rules(provider, name)

    for value in range(wanted, wanted * _MOST_MARGIN + 1):
        if _amount(rules, with_values(looked.steering, name, {"rpm": value})) == wanted:
            return value
    return None


def _amount(rules: Callable[[Steering], PoolRules | None], planned: Steering) -> int | None:
    found = rules(planned)
    limits = found.limits if found else ()
    return next((each.amount for each in limits if each.key == "requests/60s"), None)
