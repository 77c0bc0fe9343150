"""Agents in programs of their own: whose turn their requests are, and whether they may be pointed at all."""

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
"""Environment variable that says which logins pass through the gateway, whatever the settings say."""

CHOICES = ("keys", "plans", "off")
IN_PROGRAMS = frozenset({*POINTERS, "antigravity_cli"})
"""Backends whose requests leave another process."""

_PLAN = (
    "agent {name} ({type}) logs in with a plan, which passes through the gateway only if you ask for it: it "
    "runs without limits. Read what the vendor's terms say, then write `gateway: plans` under `rate_limit:`."
)
_NOT = "agent {name} ({type}) runs without limits, its program is not pointed at the gateway: {why}."


def choice(settings: str) -> str:
    """Which logins pass: ``keys``, ``plans`` (keys, too) or ``off``.

    Raises:
        ConfigurationError: The environment variable says something else.
    """
    value = os.environ.get(ENVIRONMENT, "").strip().lower()
    if value and value not in CHOICES:
        raise ConfigurationError(
            f"The environment variable {ENVIRONMENT} is {value[:40]!r}; set it to keys, plans or off, or "
            "remove it."
        )
    return value or settings


class Programs:
    """Points the programs of this process's agents.

    Args:
        fault: Told of an error of ours at a place.
        say: Told a sentence for the user.
    """

    def __init__(
        self, fault: Callable[[str, BaseException], None], say: Callable[[str], object] = lambda _: None
    ) -> None:
        self._gateway = Gateway(fault)
        self._plans = PlanWatch(say)
        self._blind: Counter[Agent] = Counter()

    def is_blind(self, agent: Agent) -> bool:
        """Whether a turn without any request is worth a word: MassGen ends some before the first one."""
        self._blind[agent] += 1
        return self._blind[agent] > 1

    def point(self, agent: Agent, backend: Any) -> str | None:
        """Point one; returns why it is not done, as a sentence, and leaves the backend as it was then."""
        named = {"name": agent.agent_id, "type": agent.program}
        allowed = choice(agent.governor.settings.gateway)
        if allowed == "off":
            return _NOT.format(**named, why="the gateway is switched off")
        pointer = POINTERS[agent.program](backend)
        turns = LiveTurn(agent, self._blind)
        try:
            if pointer.runs_in_docker():
                return _NOT.format(**named, why="it runs in Docker, from where it is not reached")
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
    """The turn of an agent that goes on now: its program's requests come from outside of any context.

    Args:
        agent: Whose.
        blind: By agent, how many turns have ended without a request since the last one.
    """

    def __init__(self, agent: Agent, blind: Counter[Agent]) -> None:
        self._agent = agent
        self._blind = blind
        self._turn: Turn | None = None

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Code inside belongs to the turn; after the last turn it is limited all the same."""
        self._blind[self._agent] = 0
        token = current_turn.set(self._turn or Turn(self._agent))
        try:
            yield
        finally:
            current_turn.reset(token)

    def followed(self, original: Callable[..., Any]) -> Callable[..., AsyncGenerator[Any, None]]:
        """A backend's ``stream_with_tools``, known while it runs; it goes inside ``limited_stream``."""

        async def stream_with_tools(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, None]:
            self._turn = current_turn.get()
            try:
                async with aclosing(original(*args, **kwargs)) as stream:
                    async for chunk in stream:
                        yield chunk
            finally:
                self._turn = None

        return stream_with_tools
