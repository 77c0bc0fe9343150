"""Converts events about refusals and their consequences to log entries."""

from __future__ import annotations

import atexit
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, TypeAlias

from massgen_plugins.calls.refusals import RefusalLog, refusals_file
from massgen_plugins.events import CallTurnedAway, LimitLearned, PenaltyStarted, ProviderRefused
from massgen_plugins.hookspecs import MiddlewareContext
from massgen_plugins.quota import Pool

__all__ = ["REFUSALS", "Keeper", "keeper"]

Refused: TypeAlias = ProviderRefused | LimitLearned | PenaltyStarted | CallTurnedAway
REFUSALS = (ProviderRefused, LimitLearned, PenaltyStarted, CallTurnedAway)
"""The events that are logged."""


class Keeper:
    """Logs events about refusals.

    Attributes:
        context: Context of the current middleware chain; None before there is one.
    """

    def __init__(self) -> None:
        self.context: MiddlewareContext | None = None
        self._log: RefusalLog | None = None

    def take(self, event: Refused) -> None:
        """Log an event, unless the settings disable the record."""
        settings = self._settings(event.pool)
        record: Any = settings.get("record") or {}
        path = refusals_file()
        if path is None or (isinstance(record, Mapping) and record.get("keep") is False):
            return
        self._log = self._log or RefusalLog(path)
        self._log.add({"time": time.time(), **_where(event.pool), **self._what(event)})

    def close(self) -> None:
        """Write the remaining entries."""
        if self._log is not None:
            self._log.write()

    def _what(self, event: Refused) -> dict[str, Any]:
        match event:
            case ProviderRefused():
                return {
                    "what": "refused",
                    **_call(event),
                    "kind": event.kind,
                    "retry_after": event.retry_after,
                    "limits": list(event.limits),
                    "quote": event.quote,
                    **self._held(event.pool),
                }
            case LimitLearned():
                return {"what": "learned", "limits": list(event.limits), "message": event.message}
            case PenaltyStarted():
                return {"what": "paused", "seconds": event.seconds, "kind": event.kind}
            case CallTurnedAway():
                told = {"message": event.message, "resets_at": event.resets_at}
                return {"what": "turned away", **_call(event), **told}

    def _held(self, pool: Pool) -> dict[str, Any]:
        """The limits in force at the time."""
        rules = self.context.rules(pool) if self.context is not None else None
        if rules is None:
            return {"held": [], "profile": ""}
        return {"held": [str(limit) for limit in rules.limits], "profile": rules.profile}

    def _settings(self, pool: Pool) -> Mapping[str, object]:
        if self.context is None:
            return {}
        try:
            return self.context.settings(pool.domain)
        except KeyError:  # a budget's pool, which has no settings
            return {}


def _where(pool: Pool) -> dict[str, str]:
    domain = pool.domain
    return {
        "provider": domain.provider,
        "account": domain.account,
        "endpoint": domain.endpoint,
        "model": pool.name,
    }


def _call(event: ProviderRefused | CallTurnedAway) -> dict[str, Any]:
    return {"agent": event.agent_id or "", "run": event.run, "call": event.call}


keeper = Keeper()
"""The keeper of this process."""


@atexit.register
def _close() -> None:
    with suppress(Exception):  # nobody to report to during shutdown
        keeper.close()
