"""What a store must do. Every operation is one atomic step, at a moment that the store itself reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from massgen_plugins.middleware import Refusal
from massgen_plugins.quota import Amounts, Scope, ScopeRules
from massgen_plugins.rate_limit.hold import Hold
from massgen_plugins.rate_limit.lessons import Lessons
from massgen_plugins.rate_limit.line import Bid
from massgen_plugins.rate_limit.scope_state import Decision, Usage

__all__ = ["ScopeUnknown", "ScopeView", "Store", "StoreBusy"]


class StoreBusy(Exception):
    """Another process holds the store at this instant; the operation did not happen."""


class ScopeUnknown(Exception):
    """The store knows nothing of this scope (any more): configure it, and ask again. Nothing happened."""


@dataclass(frozen=True, slots=True)
class ScopeView:
    """A scope for people to look at."""

    scope: Scope
    rules: ScopeRules
    usage: Sequence[Usage]
    waiting: int
    """Calls in the queue, of all processes."""
    in_flight: int
    """Calls that were admitted and whose answers are waited for; of one process the number may lag behind."""
    lessons: Lessons
    now: int
    """The tick at which this was read; ``lessons`` speaks in ticks."""


class Store(Protocol):
    """Keeps the state of all scopes.

    Every method may raise :class:`StoreBusy` (nothing happened; ask again) and
    :class:`massgen_plugins.errors.StoreUnavailable` (it cannot be used at all), and every method that takes a
    scope but ``configure`` and ``forget`` may raise :class:`ScopeUnknown`: a scope without rules admits
    nothing. Methods are called from any thread and return within milliseconds.
    """

    @property
    def description(self) -> str:
        """For people: what and where, such as ``sqlite /home/x/.local/state/.../scopes.sqlite3``."""

    def tick(self) -> int:
        """The store's clock: nanoseconds that never jump, the same for all who share the store."""

    def fingerprint_key(self) -> bytes:
        """A secret of this store, with which API keys are fingerprinted: equal for all who share it."""

    def configure(self, scope: Scope, rules: ScopeRules) -> None:
        """Let these rules hold in a scope, for everybody; makes the scope if there is none."""

    def take(self, scope: Scope, amounts: Amounts) -> Hold | None:
        """Grant a call at once if nobody waits and all is well; None: ask with :meth:`admit`."""

    def admit(self, scope: Scope, lane: str, bids: Sequence[Bid], news: Sequence[Hold] = ()) -> Decision:
        """Rebook ``news``, then grant the lane's bids from the first on until one cannot leave now."""

    def leave(self, scope: Scope, lane: str) -> None:
        """The lane waits no more."""

    def rebook(self, scope: Scope, news: Sequence[Hold]) -> None:
        """Take note of what is true of these calls by now: stamp, settle or release them."""

    def refused(self, scope: Scope, refusal: Refusal, begun: int) -> bool:
        """Learn from the refusal of a call that left at tick ``begun``; True if a limit was lowered by it."""

    def succeeded(self, scope: Scope, begun: int) -> None:
        """Learn from the answer to a call that left at tick ``begun``."""

    def forecast(self, scope: Scope, lane: str, ahead: Sequence[Amounts], own: Amounts) -> int:
        """The tick at which ``own`` can leave after all ``ahead`` of its lane; an estimate from below."""

    def view(self) -> list[ScopeView]:
        """All scopes, for people to look at."""

    def unlearn(self, scope: Scope) -> None:
        """Forget what refusals have taught about a scope; what was spent stays spent."""

    def forget(self, scope: Scope) -> None:
        """Drop everything known of a scope."""

    def close(self) -> None:
        """Release what the store holds open; it opens again when it is used again."""
