"""What a store must do. Every operation is one atomic step, at a moment that the store itself reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from massgen_plugins.middleware import Refusal
from massgen_plugins.quota import Amounts, Scope, ScopeRules
from massgen_plugins.rate_limit.decision import Decision, Usage
from massgen_plugins.rate_limit.hold import Hold, News
from massgen_plugins.rate_limit.lessons import Lessons
from massgen_plugins.rate_limit.line import Bid

__all__ = ["LocalStore", "ScopeUnknown", "ScopeView", "Store", "StoreBusy", "Taker"]


Taker = Callable[[Amounts], Hold | None]


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


class _Common(Protocol):
    """What can be asked of every store, from any thread, without waiting.

    Every operation on a scope but ``configure`` and ``forget`` may raise :class:`ScopeUnknown`: a scope
    without rules admits nothing. Every operation may raise :class:`massgen_plugins.errors.StoreUnavailable`.
    """

    @property
    def description(self) -> str:
        """For people: what and where, such as ``sqlite /home/x/.local/state/.../scopes.sqlite3``."""

    def tick(self) -> int:
        """The store's clock: nanoseconds that never jump, the same for all who share the store."""

    def fingerprint_key(self) -> bytes:
        """A secret of this store, with which API keys are fingerprinted: equal for all who share it."""

    def view(self) -> list[ScopeView]:
        """All scopes, for people to look at."""

    def unlearn(self, scope: Scope) -> None:
        """Forget what refusals have taught about a scope; what was spent stays spent."""

    def forget(self, scope: Scope) -> None:
        """Drop everything known of a scope."""

    def close(self) -> None:
        """Release what the store holds open; it opens again when it is used again."""


@runtime_checkable
class LocalStore(_Common, Protocol):
    """Keeps the state of all scopes in this process or in a file: every operation takes microseconds.

    Every operation may raise :class:`StoreBusy` unless it is done :meth:`patiently`.
    """

    on_room: Callable[[Scope | None], None] | None
    """Called, in any thread, when another process has set something free."""

    shared: bool
    """Whether other processes use it too, so that it may be held by one of them."""

    def patiently(self) -> AbstractContextManager[None]:
        """For threads that may stand still: within it, operations wait for their turn."""

    @property
    def wants_upkeep(self) -> bool:
        """Whether it is time for :meth:`upkeep`."""

    def upkeep(self) -> None:
        """Do, in a thread that may stand still, what would hold up others."""

    def configure(self, scope: Scope, rules: ScopeRules) -> None:
        """Let these rules hold in a scope, for everybody; makes the scope if there is none."""

    def take(self, scope: Scope, amounts: Amounts, news: Sequence[Hold] = ()) -> Hold | None:
        """Rebook ``news``, then grant a call if nobody waits and all is well; None: ask :meth:`admit`."""

    def taker(self, scope: Scope, news: News) -> Taker:
        """What does :meth:`take` for this scope alone, until it is forgotten; hears news when it must."""

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

    def hear(self, scope: Scope, date: int, asked: int) -> None:
        """Learn what time it is where the scope's days begin.

        Args:
            scope: Whose provider has answered.
            date: What its answer's ``Date`` says, in nanoseconds since the epoch.
            asked: Tick from which the request may have been written.
        """

    def forecast(self, scope: Scope, lane: str, ahead: Amounts, own: Amounts) -> int:
        """The tick at which ``own`` can leave after ``ahead`` of its lane; an estimate from below."""


class Store(_Common, Protocol):
    """What a limiter uses: as :class:`LocalStore`, but what may take longer is awaited.

    An awaited operation of a store that cannot be reached raises ``StoreUnavailable`` within seconds.
    """

    on_room: Callable[[Scope | None], None] | None
    """Called, in any thread, when somebody else has set something free."""

    def taker(self, scope: Scope, news: News) -> Taker:
        """What grants calls of a configured scope at once if nobody waits and all is well.

        Where it returns None, ask with :meth:`admit`. It is good until the scope is forgotten. It may take
        out what is in the news, or leave it for :meth:`post`.
        """

    @property
    def batch(self) -> int:
        """How much news may pile up before it is worth a :meth:`post`."""

    def post(self, scope: Scope, news: News) -> None:
        """Take note, soon, of what is true of these calls by then; returns at once."""

    def leave(self, scope: Scope, lane: str) -> None:
        """The lane waits no more; returns at once."""

    def flush(self) -> None:
        """Wait, for seconds at most, until everything that was posted is kept."""

    async def configure(self, scope: Scope, rules: ScopeRules) -> None:
        """Let these rules hold in a scope, for everybody; makes the scope if there is none."""

    async def admit(self, scope: Scope, lane: str, bids: Sequence[Bid], news: Sequence[Hold]) -> Decision:
        """Rebook ``news``, then grant the lane's bids from the first on until one cannot leave now."""

    async def refused(self, scope: Scope, refusal: Refusal, begun: int) -> bool:
        """Learn from the refusal of a call that left at tick ``begun``; True if a limit was lowered by it."""

    async def succeeded(self, scope: Scope, begun: int) -> None:
        """Learn from the answer to a call that left at tick ``begun``."""

    async def hear(self, scope: Scope, date: int, asked: int) -> None:
        """Learn what time it is where the scope's days begin; see :meth:`LocalStore.hear`.

        A store whose days are those of a server of its own has nothing to learn.
        """

    async def forecast(self, scope: Scope, lane: str, ahead: Amounts, own: Amounts) -> int:
        """The tick at which ``own`` can leave after ``ahead`` of its lane; an estimate from below."""
