"""The scope around an agent's stream: whose call is it, and what becomes of the turn when we refuse one."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from massgen_plugins.errors import CallRefused
from massgen_plugins.host.governor import Governor

__all__ = ["Agent", "Turn", "current_turn", "limited_stream"]


@dataclass(frozen=True, slots=True, eq=False)
class Agent:
    """An agent that is switched on.

    Attributes:
        agent_id: Its name in the MassGen configuration.
        run: Names the run that it belongs to.
        provider: Name of its backend's provider.
        requested_model: The model as configured.
        model: The resolved model of its backend: the quota its own turns are booked on.
        governor: Knows its settings.
    """

    agent_id: str
    run: str
    provider: str
    requested_model: str
    model: str
    governor: Governor


@dataclass(eq=False, slots=True)
class Turn:
    """One ``stream_with_tools`` of an agent, and the refusal that ended it, if one did."""

    agent: Agent
    refused: CallRefused | None = None


current_turn: ContextVar[Turn | None] = ContextVar("massgen_plugins_turn", default=None)
"""The turn during which code runs; set step by step, so that an abandoned generator leaks nothing."""


def limited_stream(agent: Agent, original: Callable[..., Any]) -> Callable[..., AsyncGenerator[Any, None]]:
    """Wrap a backend's ``stream_with_tools`` so that calls inside are known as the agent's.

    A refusal of ours ends the turn with one error chunk of status "fatal": MassGen then stops the agent,
    keeps the answers that were given, and puts our sentence neither into an answer nor into the history.
    """

    async def stream_with_tools(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, None]:
        outer = current_turn.get()
        # A backend may call itself, as Gemini's does to try again: that is the same turn.
        turn = outer if outer is not None and outer.agent is agent else Turn(agent)
        async with aclosing(original(*args, **kwargs)) as stream:
            while turn.refused is None and (chunk := await _step(stream, turn)) is not _END:
                if turn.refused is None:
                    yield chunk
            if turn.refused is not None:
                yield _fatal(turn.refused)

    return stream_with_tools


_END = object()


async def _step(stream: AsyncGenerator[Any, None], turn: Turn) -> Any:
    """The next chunk; ``_END`` after the last one, and when the stream fails since we refused a call."""
    token = current_turn.set(turn)
    try:
        return await anext(stream, _END)
    except Exception:
        if turn.refused is None:
            raise
        return _END
    finally:
        current_turn.reset(token)


def _fatal(error: CallRefused) -> Any:
    from massgen.backend.base import StreamChunk

    return StreamChunk(type="error", error=str(error), status="fatal")
