"""Events, delivered to plugins through the hook ``massgen_event``.

No event contains a key, a prompt or an answer. Events of one call share its number, which is unique within
the process. Outside of any agent's stream, ``agent_id`` is None and ``run`` is "". Durations are in seconds,
points in time in seconds since the epoch.
"""

from __future__ import annotations

from typing import TypeAlias

from massgen_plugins.events.budgets import BudgetMark, ModelReplaced
from massgen_plugins.events.calls import (
    CallAdmitted,
    CallAnswered,
    CallGivenUp,
    CallSettled,
    CallTurnedAway,
    CallWaits,
)
from massgen_plugins.events.limits import LimitLearned, LimitsChanged, PenaltyStarted, ProviderRefused
from massgen_plugins.events.problems import StoreChanged, Trouble

__all__ = [
    "BudgetMark",
    "CallAdmitted",
    "CallAnswered",
    "CallGivenUp",
    "CallSettled",
    "CallTurnedAway",
    "CallWaits",
    "Event",
    "LimitLearned",
    "LimitsChanged",
    "ModelReplaced",
    "PenaltyStarted",
    "ProviderRefused",
    "StoreChanged",
    "Trouble",
]

Event: TypeAlias = (
    CallWaits
    | CallGivenUp
    | CallAdmitted
    | CallAnswered
    | CallSettled
    | ProviderRefused
    | LimitLearned
    | PenaltyStarted
    | CallTurnedAway
    | StoreChanged
    | LimitsChanged
    | BudgetMark
    | ModelReplaced
    | Trouble
)
