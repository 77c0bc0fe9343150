"""What happened, as values; plugins hear of it through the hook ``massgen_event``. None carries a secret."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from massgen_plugins.quota import Pool

__all__ = ["CallTurnedAway", "CallWaits", "Event", "LimitLearned", "ProviderRefused", "Trouble"]


@dataclass(frozen=True, slots=True)
class CallWaits:
    """A call has to wait for its quota.

    Attributes:
        pool: Whose quota it is.
        agent_id: Whose call it is; None outside of any agent's stream.
        seconds: How long it will take, estimated from below.
        place: How many calls of the same event loop go before it.
        message: The same in one sentence.
    """

    pool: Pool
    agent_id: str | None
    seconds: float
    place: int
    message: str


@dataclass(frozen=True, slots=True)
class ProviderRefused:
    """A provider answered "no"; the call waits and is sent again if that can help.

    Attributes:
        pool: Whose quota it was.
        kind: ``window``, ``until``, ``call``, ``permanent`` or ``overload``.
        retry_after: Seconds after which the provider invites to come again; None if it did not say.
    """

    pool: Pool
    kind: str
    retry_after: float | None


@dataclass(frozen=True, slots=True)
class LimitLearned:
    """A provider named a lower limit than ours; it holds from now on, for everybody."""

    pool: Pool
    message: str


@dataclass(frozen=True, slots=True)
class CallTurnedAway:
    """We refused a call, since no wait within its bounds would help; its agent's turn ends."""

    pool: Pool
    agent_id: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something of ours does not work as it should; the run goes on."""

    message: str


Event: TypeAlias = CallWaits | ProviderRefused | LimitLearned | CallTurnedAway | Trouble
