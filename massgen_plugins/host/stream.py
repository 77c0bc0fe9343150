"""Wraps an agent's stream: assigns calls to its turn, and ends the turn when a call is refused."""

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
    """A limited agent.

    Attributes:
        agent_id: Its name in the MassGen configuration.
        run: Name of its run.
        provider: The provider of its backend.
        requested_model: The model as configured.
        model: The resolved model of its backend: the pool that its turns book in.
        governor: Provides its settings.
        base_url: Base URL of its backend, if set.
        program: MassGen's backend type if it runs as a separate program, else empty.
        backend: Weak reference to MassGen's backend; None if not possible.
    """

    agent_id: str
    run: str
    provider: Provider
    requested_model: str
    model: str
    governor: Governor
    base_url: str | None = None
    program: str = ""
    backend: Callable[[], Any] | None = None


@dataclass(eq=False, slots=True)
class Turn:
    """One call of an agent's ``stream_with_tools``.

    Attributes:
        agent: The agent.
        refused: The refusal that ended it, if any.
        calls: Number of observed model calls.
        replacement: The model used instead of the agent's own, if any.
    """

    agent: Agent
    refused: CallRefused | None = None
    calls: int = 0
    replacement: str | None = None

    def arguments(self, given: dict[str, Any]) -> dict[str, Any]:
        """Arguments for the backend's stream, among which MassGen passes the model."""
        return given if self.replacement is None else {**given, "model": self.replacement}

    def is_about(self, provider: str, model: str, requested_model: str) -> bool:
        """Whether a call goes to the model that answers in this turn, rather than to one used by a tool.

        Separate programs choose models themselves: all of them count.
        """
        if provider != self.agent.provider.name:
            return False
        return bool(self.agent.program) or model == self.agent.model or requested_model == self.replacement

    @property
    def begins_anew(self) -> bool:
        """Whether the turn can restart with another model, since it was refused before any answer."""
        if self.refused is None or self.agent.program:  # a program has already received the refusal
            return False
        return self.refused.instead is not None and self.calls == 1

    def begin_anew(self) -> None:
        """Restart the turn with the other model."""
        assert self.refused is not None  # noqa: S101 - asked only then
        self.replacement, self.refused = self.refused.instead, None


current_turn: ContextVar[Turn | None] = ContextVar("massgen_plugins_turn", default=None)
"""The current turn; set for each step of a stream, so that an abandoned generator cannot leak it."""


def limited_stream(
    agent: Agent,
    original: Callable[..., Any],
    unseen: Callable[[Agent], None] = lambda _: None,
    model_for: Callable[[Agent], str | None] = lambda _: None,
) -> Callable[..., AsyncGenerator[Any, None]]:
    """Wrap a backend's ``stream_with_tools`` so that calls inside are assigned to the agent.

    A refused call ends the turn with one error chunk of status "fatal": MassGen then stops the agent, keeps
    the answers given so far, and puts the message neither into an answer nor into the history.

    Args:
        agent: The agent.
        original: The backend's method.
        unseen: Called for an agent that has answered without any observed model call.
        model_for: Returns a replacement for the agent's model in a new turn, or None.
    """

    async def stream_with_tools(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, None]:
        outer = current_turn.get()
        # A backend may call itself, as Gemini's does to retry: that is the same turn.
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
    """The next chunk; ``_END`` after the last one, or if the stream fails because a call was refused."""
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
