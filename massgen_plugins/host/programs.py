"""Agents that run as separate programs: routes them to the gateway, and assigns their requests to turns."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import aclosing, contextmanager
from typing import Any

from massgen_plugins.errors import ConfigurationError, described
from massgen_plugins.gateway import PATIENCE, Entrance, Gateway
from massgen_plugins.host.plan_watch import PlanWatch
from massgen_plugins.host.pointers import POINTERS, NotPointed
from massgen_plugins.host.stream import Agent, Turn, current_turn

__all__ = ["ENVIRONMENT", "IN_PROGRAMS", "Programs", "choice"]

ENVIRONMENT = "MASSGEN_PLUGINS_GATEWAY"
"""Environment variable: the logins that pass through the gateway; overrides the settings."""

CHOICES = ("keys", "plans", "off")
IN_PROGRAMS = frozenset({*POINTERS, "antigravity_cli"})
"""Backends whose requests are sent by another process."""

_PLAN = (
    "agent {name} ({type}) logs in with a plan, which passes through the gateway only if you ask for it: it "
    "runs without limits. Read what the vendor's terms say, then write `gateway: plans` under `rate_limit:`."
)
_NOT = "agent {name} ({type}) runs without limits, its program is not pointed at the gateway: {why}."


def choice(settings: str) -> str:
    """Which logins pass through: ``keys``, ``plans`` (includes keys) or ``off``.

    Raises:
        ConfigurationError: The environment variable has another value.
    """
    value = os.environ.get(ENVIRONMENT, "").strip().lower()
    if value and value not in CHOICES:
        raise ConfigurationError(
            f"The environment variable {ENVIRONMENT} is {value[:40]!r}; set it to keys, plans or off, or "
            "remove it."
        )
    return value or settings


class Programs:
    """Points the programs of this process's agents to the gateway.

    Args:
        fault: Called with the place and the exception of an internal error.
        say: Shows a sentence to the user.
    """

    def __init__(
        self, fault: Callable[[str, BaseException], None], say: Callable[[str], object] = lambda _: None
    ) -> None:
        self._gateway = Gateway(fault)
        self._plans = PlanWatch(say)
        self._blind: Counter[Agent] = Counter()

    def is_blind(self, agent: Agent) -> bool:
        """Whether to report turns without requests; a few are normal, since MassGen ends some early."""
        self._blind[agent] += 1
        return self._blind[agent] > 1

    def point(self, agent: Agent, backend: Any) -> str | None:
        """Point an agent's program to the gateway; if impossible, returns the reason and changes nothing."""
        named = {"name": agent.agent_id, "type": agent.program}
        allowed = choice(agent.governor.settings.gateway)
        if allowed == "off":
            return _NOT.format(**named, why="the gateway is switched off")
        pointer = POINTERS[agent.program](backend)
        turns = LiveTurn(agent, self._blind)
        try:
            if pointer.runs_in_docker():
                return _NOT.format(**named, why="it runs in Docker, which cannot reach it")
            if pointer.uses_plan() and allowed != "plans":
                return _PLAN.format(**named)
            pointer.point(lambda upstream: self._enter(agent.program, upstream, turns))
        except Exception as error:
            why = str(error) if isinstance(error, NotPointed) else described(error)
            return _NOT.format(**named, why=why)
        backend.stream_with_tools = turns.followed(backend.stream_with_tools)
        return None

    def _enter(self, backend_type: str, upstream: Callable[[Mapping[str, str]], str], turns: LiveTurn) -> str:
        entrance = Entrance(upstream, turns.scope, PATIENCE[backend_type], self._plans.of(backend_type))
        return self._gateway.open(entrance)


class LiveTurn:
    """The current turn of an agent, since its program's requests carry no context.

    Args:
        agent: The agent.
        blind: By agent, the number of turns without requests since the last request.
    """

    def __init__(self, agent: Agent, blind: Counter[Agent]) -> None:
        self._agent = agent
        self._blind = blind
        self._turn: Turn | None = None

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Run code inside the turn; it is limited even after the last turn."""
        self._blind[self._agent] = 0
        token = current_turn.set(self._turn or Turn(self._agent))
        try:
            yield
        finally:
            current_turn.reset(token)

    def followed(self, original: Callable[..., Any]) -> Callable[..., AsyncGenerator[Any, None]]:
        """Wrap a backend's ``stream_with_tools`` to track its turn; applied inside ``limited_stream``."""

        async def stream_with_tools(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, None]:
            self._turn = current_turn.get()
            try:
                async with aclosing(original(*args, **kwargs)) as stream:
                    async for chunk in stream:
                        yield chunk
            finally:
                self._turn = None

        return stream_with_tools
