"""Scenes: what a model says to known questions, and which tools it calls, written beforehand as TOML."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter
from pydantic.dataclasses import dataclass

from massgen_plugins.sandbox.limits import STRICT

__all__ = ["Role", "Scene", "ScriptedCall", "Vote", "read_scenes", "shipped_scenes"]

_Text = Annotated[str, Field(min_length=1)]
_Number = Annotated[int, Field(ge=1)]


@dataclass(frozen=True, config=STRICT)
class Vote:
    """A vote for the agent that gave the answer of that number (1 is the first), with its reason."""

    answer: _Number
    reason: str


@dataclass(frozen=True, config=STRICT)
class ScriptedCall:
    """A call of a tool by its full name, ``mcp__SERVER__TOOL`` for a tool of an MCP server.

    ``{context}``, ``{target}`` and ``{shared}`` in its arguments stand for the first read-only and the first
    writable context path, and for the directory of the others' workspaces, as the prompt names them.
    """

    tool: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, config=STRICT)
class Role:
    """What one agent of a team does in a scene.

    ``prompt``: it is the agent whose prompt holds this text, most often of its ``system_message``.
    ``answer``: the number of its answer. ``vote``: whom it votes for. ``calls``: tools that it calls, in
    order, before it answers; ``checks``: before it votes.
    """

    prompt: _Text
    answer: _Number
    vote: Vote
    calls: tuple[ScriptedCall, ...] = ()
    checks: tuple[ScriptedCall, ...] = ()


@dataclass(frozen=True, config=STRICT)
class Scene:
    """What the model says to one question.

    ``question``: the scene is played for prompts that hold this text. ``answers``: given in turn, and
    from the start again. ``votes``: in turn, too. ``final``: what the winner presents; empty: its answer.
    ``calls``: tools that each agent calls, in order, before it answers. ``roles``: what agents do who each
    have a part of their own; they answer before they vote, whatever the others have said. ``closing``: tools
    that the winner calls before it presents.
    """

    question: _Text
    answers: Annotated[tuple[str, ...], Field(min_length=1)]
    votes: tuple[Vote, ...] = ()
    final: str = ""
    calls: tuple[ScriptedCall, ...] = ()
    roles: tuple[Role, ...] = ()
    closing: tuple[ScriptedCall, ...] = ()

    def text_of(self, number: int) -> str:
        """The answer of that number; from the start again after the last."""
        return self.answers[(number - 1) % len(self.answers)]


_SCENES = TypeAdapter(tuple[Scene, ...])


def read_scenes(file: Path) -> tuple[Scene, ...]:
    """The scenes of a TOML file, each a table ``[[scene]]``.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is no TOML, or no scenes.
    """
    return _SCENES.validate_python(tomllib.loads(file.read_text("utf-8")).get("scene", ()))


def shipped_scenes() -> tuple[Scene, ...]:
    """The scenes that come with the package: questions of the handbook's first pages, examples and films."""
    files = sorted(Path(__file__).with_name("shipped_scenes").glob("*.toml"))
    return tuple(scene for file in files for scene in read_scenes(file))
