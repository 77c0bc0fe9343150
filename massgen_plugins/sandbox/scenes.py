"""Scenes: prepared answers and tool calls for known questions, written in TOML."""

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
    """A vote for the agent that gave the answer of this number (from 1), with a reason."""

    answer: _Number
    reason: str


@dataclass(frozen=True, config=STRICT)
class ScriptedCall:
    """A call of a tool by its full name, ``mcp__SERVER__TOOL`` for a tool of an MCP server.

    ``{context}``, ``{target}`` and ``{shared}`` in its arguments stand for paths in the prompt: the first
    read-only context path, the first writable one, and the directory of the other agents' workspaces.
    """

    tool: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, config=STRICT)
class Role:
    """The role of one agent in a scene.

    ``prompt``: text that identifies the agent's prompt, usually from its ``system_message``.
    ``answer``: the number of its answer. ``vote``: its vote. ``calls``: tools that it calls, in order,
    before it answers; ``checks``: before it votes.
    """

    prompt: _Text
    answer: _Number
    vote: Vote
    calls: tuple[ScriptedCall, ...] = ()
    checks: tuple[ScriptedCall, ...] = ()


@dataclass(frozen=True, config=STRICT)
class Scene:
    """Prepared answers to a question.

    ``question``: the scene applies to prompts that contain this text. ``answers``: used in turn, cyclically.
    ``votes``: used in the same way. ``final``: what the winner presents; empty for its answer.
    ``calls``: tools that each agent calls, in order, before it answers. ``roles``: individual roles of
    agents; these answer before they vote, regardless of the others. ``closing``: tools that the winner calls
    before it presents.
    """

    question: _Text
    answers: Annotated[tuple[str, ...], Field(min_length=1)]
    votes: tuple[Vote, ...] = ()
    final: str = ""
    calls: tuple[ScriptedCall, ...] = ()
    roles: tuple[Role, ...] = ()
    closing: tuple[ScriptedCall, ...] = ()

    def text_of(self, number: int) -> str:
        """The answer of this number, cyclically."""
        return self.answers[(number - 1) % len(self.answers)]


_SCENES = TypeAdapter(tuple[Scene, ...])


def read_scenes(file: Path) -> tuple[Scene, ...]:
    """The scenes of a TOML file, each a table ``[[scene]]``.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is not valid TOML, or does not contain scenes.
    """
    return _SCENES.validate_python(tomllib.loads(file.read_text("utf-8")).get("scene", ()))


def shipped_scenes() -> tuple[Scene, ...]:
    """The scenes shipped with the package, for the handbook's first pages, examples and recordings."""
    files = sorted(Path(__file__).with_name("shipped_scenes").glob("*.toml"))
    return tuple(scene for file in files for scene in read_scenes(file))
