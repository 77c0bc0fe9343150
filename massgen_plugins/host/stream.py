"""The scope around an agent's stream: whose call is it, and what becomes of the turn when we refuse one."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from massgen_plugins.errors import CallRefused
from massgen_plugins.host.governor import Governor
from massgen_plugins.providers.base import Provider

__all__ = ["Agent", "Turn", "current_turn", "limited_stream"]


@dataclass(frozen=True, slots=True, eq=False)
class Agent:
    """An agent that is switched on.

    Attributes:
        agent_id: Its name in the MassGen configuration.
        run: Names the run that it belongs to.
        provider: Reads the traffic of its backend.
        requested_model: The model as configured.
        model: The resolved model of its backend: the pool its own turns are booked in.
        governor: Knows its settings.
        base_url: Of its backend, if one is set.
        backend: MassGen's backend, as a weak reference; None if it cannot be referred to.
    """

    agent_id: str
    run: str
    provider: Provider
    requested_model: str
    model: str
    governor: Governor
    base_url: str | None = None
    backend: Callable[[], Any] | None = None


@dataclass(eq=False, slots=True)
class Turn:
    """One ``stream_with_tools`` of an agent.

    Attributes:
        agent: Whose.
        refused: The refusal that ended it, if one did.
        calls: How many model calls were seen in it.
        replacement: The model that is used in place of the agent's own, if one is.
    """

    agent: Agent
    refused: CallRefused | None = None
    calls: int = 0
    replacement: str | None = None

    def arguments(self, given: dict[str, Any]) -> dict[str, Any]:
        """What the backend's stream is called with: MassGen hands the model over as one of the arguments."""
        return given if self.replacement is None else {**given, "model": self.replacement}

    def is_about(self, provider: str, model: str, requested_model: str) -> bool:
        """Whether a call is to the model that answers in this turn, and not to one of a tool."""
        if provider != self.agent.provider.name:
            return False
        return model == self.agent.model or requested_model == self.replacement

    @property
    def begins_anew(self) -> bool:
        """Whether it was refused before anything was answered, and another model may answer in its place."""
        return self.refused is not None and self.refused.instead is not None and self.calls == 1

    def begin_anew(self) -> None:
        """Go on as if nothing had been, with the other model."""
        assert self.refused is not None  # noqa: S101 - asked only then
        self.replacement, self.refused = self.refused.instead, None


current_turn: ContextVar[Turn | None] = ContextVar("massgen_plugins_turn", default=None)
"""The turn during which code runs; set step by step, so that an abandoned generator leaks nothing."""


def limited_stream(
    agent: Agent,
    original: Callable[..., Any],
    unseen: Callable[[Agent], None] = lambda _: None,
    model_for: Callable[[Agent], str | None] = lambda _: None,
) -> Callable[..., AsyncGenerator[Any, None]]:
    """Wrap a backend's ``stream_with_tools`` so that calls inside are known as the agent's.

    A refusal of ours ends the turn with one error chunk of status "fatal": MassGen then stops the agent,
    keeps the answers that were given, and puts our sentence neither into an answer nor into the history.

    Args:
        agent: Whose stream it is.
        original: The backend's.
        unseen: Told of an agent that has answered without any model call that we could see.
        model_for: Names the model for a turn that begins, if it is not to be the agent's own.
    """

    async def stream_with_tools(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, None]:
        outer = current_turn.get()
        # A backend may call itself, as Gemini's does to try again: that is the same turn.
        inner = outer is not None and outer.agent is agent
        turn = outer if inner and outer is not None else Turn(agent, replacement=model_for(agent))
        while True:
            async with aclosing(original(*args, **turn.arguments(kwargs))) as stream:
                while turn.refused is None and (chunk := await _step(stream, turn)) is not _END:
                    if turn.refused is None:
                        yield chunk
            if inner or not turn.begins_anew:
                break
            turn.begin_anew()
        if turn.refused is not None:
            yield _fatal(turn.refused)
        elif not turn.calls and not inner:
            unseen(agent)

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
