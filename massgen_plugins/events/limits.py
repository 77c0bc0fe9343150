"""Refusals of providers, and changes of limits."""

from __future__ import annotations

from dataclasses import dataclass

from massgen_plugins.quota import Pool

__all__ = ["LimitLearned", "LimitsChanged", "PenaltyStarted", "ProviderRefused"]


@dataclass(frozen=True, slots=True)
class ProviderRefused:
    """A provider refused a call; it is sent again later if that can help.

    Attributes:
        pool: The pool that the refusal applies to.
        kind: ``window``, ``until``, ``call``, ``permanent`` or ``overload``.
        retry_after: Seconds after which the provider allows a retry; None if it did not say.
        agent_id: The calling agent.
        run: The MassGen run within this process.
        call: The call's number.
        limits: The limits that the provider stated, such as ``9 requests per minute``.
        quote: The provider's message, at most 200 characters.
    """

    pool: Pool
    kind: str
    retry_after: float | None
    agent_id: str | None = None
    run: str = ""
    call: int = 0
    limits: tuple[str, ...] = ()
    quote: str = ""


@dataclass(frozen=True, slots=True)
class LimitLearned:
    """A provider stated a lower limit than the profile; it applies to all calls from now on.

    Attributes:
        pool: The pool that the limit belongs to.
        message: The same in one sentence.
        limits: The limits that the provider stated, such as ``9 requests per minute``.
    """

    pool: Pool
    message: str
    limits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PenaltyStarted:
    """All calls of a pool pause after a refusal.

    Attributes:
        pool: The paused pool.
        seconds: Duration of the pause.
        kind: Kind of the refusal.
    """

    pool: Pool
    seconds: float
    kind: str


@dataclass(frozen=True, slots=True)
class LimitsChanged:
    """The limits of a pool have changed.

    Attributes:
        pool: The pool.
        before: The previous limits, such as ``9 requests per minute``, or ``paused``.
        after: The new limits.
        origin: Source of the new limits: a file, a profile's name, ``steering``, or the provider.
        by: The user who changed them at the command line, if any.
    """

    pool: Pool
    before: tuple[str, ...]
    after: tuple[str, ...]
    origin: str
    by: str = ""
