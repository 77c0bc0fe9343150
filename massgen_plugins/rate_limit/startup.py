"""The cooldown when agents start, once for each run in each pool. Pure: ticks are arguments.

``probe``: after a run's first call in a pool, no other call of that run leaves until its answer begins or the
cooldown has passed, so that a dead key or a lower limit costs one refusal, not one per agent.
``space``: the first calls of a run's agents are a cooldown apart.
Restarts of agents repeat neither. Where no limit is known, a slow start follows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from massgen_plugins.quota import NANOSECONDS, PoolRules
from massgen_plugins.rate_limit.reservation import Ask, Reservation
from massgen_plugins.rate_limit.slow_start import SlowStart
from massgen_plugins.rate_limit.verdict import Blocker, Reason

__all__ = ["UNKNOWN_LIMIT_COOLDOWN", "Startups"]

UNKNOWN_LIMIT_COOLDOWN = 10 * NANOSECONDS
"""Nanoseconds that the first call is alone where no limit is known: its answer may announce one."""

_MOST = 2000


@dataclass(slots=True)
class _Startup:
    """The start-up of one run in one pool.

    Attributes:
        first: The call that left first.
        open_at: Tick from which others may leave; in ``space``, the next agent's first call.
        done: Whether it has ended.
        agents: In ``space``: the agents that have made their first call.
        slow: Whether a slow start follows, since no limit paced calls at the beginning.
    """

    first: object = None
    open_at: int = 0
    done: bool = False
    agents: set[str | None] = field(default_factory=set)
    slow: bool = False


class Startups:
    """The start-up cooldowns of a process's runs in one domain.

    Attributes:
        slow: The slow start of pools without known limits.

    Args:
        rules_of: The current rules of a pool, if any.
        is_paced: Whether a limit of any of the pools paces calls.
    """

    def __init__(
        self,
        rules_of: Callable[[str], PoolRules | None],
        is_paced: Callable[[Sequence[str]], bool] = lambda _: True,
    ) -> None:
        self.slow = SlowStart(is_paced)
        self._rules_of = rules_of
        self._is_paced = is_paced
        self._known: dict[tuple[str, str], _Startup] = {}

    def blocker(self, ask: Ask, now: int) -> Blocker | None:
        """What start-up keeps a call waiting for, if anything."""
        name = ask.pools[0]
        startup = self._known.get((name, ask.run))
        if startup is None or startup.done or now >= startup.open_at or startup.first is ask.call:
            return self.slow.blocker(ask, now) if startup is None or startup.slow else None
        if self._mode(name)[0] == "space" and ask.agent_id in startup.agents:
            return None
        return Blocker(Reason.STARTUP, name, startup.open_at)

    def granted(self, call: Reservation, now: int) -> None:
        """Record that a call leaves."""
        ask = call.ask
        startup = self._known.get((ask.pools[0], ask.run)) or self._begin(ask)
        if startup.slow:
            self.slow.granted(call, now)
        if startup.done:
            return
        mode, cooldown = self._mode(ask.pools[0])
        if mode == "space":
            if ask.agent_id not in startup.agents:
                startup.agents.add(ask.agent_id)
                startup.open_at = now + cooldown
        elif startup.first is None:
            startup.first, startup.open_at = ask.call, now + cooldown
        elif startup.first is not ask.call:
            startup.done = True

    def ended(self, ask: Ask, *, answered: bool) -> bool:
        """Record that a call was answered or failed; True if others may leave now.

        If the first call failed, the next one takes its role.
        """
        startup = self._known.get((ask.pools[0], ask.run))
        if startup is None:
            return False
        slow = startup.slow and self.slow.ended(ask)
        if startup.done or startup.first is not ask.call:
            return slow
        startup.first, startup.open_at, startup.done = None, 0, answered
        return True

    def _begin(self, ask: Ask) -> _Startup:
        while len(self._known) >= _MOST:  # a long-lived server sees many runs
            del self._known[next(iter(self._known))]
        done = self._mode(ask.pools[0])[0] == "off"
        startup = _Startup(done=done, slow=not self._is_paced(ask.pools))
        self._known[ask.pools[0], ask.run] = startup
        return startup

    def _mode(self, name: str) -> tuple[str, int]:
        rules = self._rules_of(name)
        if rules is None or not rules.limits:
            return "probe", UNKNOWN_LIMIT_COOLDOWN
        return (rules.cooldown_mode, rules.cooldown) if rules.cooldown else ("off", 0)
