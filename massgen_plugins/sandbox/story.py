"""Prepared answers to known questions, for recordings and for trying without a key."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter
from pydantic.dataclasses import dataclass

from massgen_plugins.sandbox.coordination import Conversation, Move, Reply, Text, ToolCall
from massgen_plugins.sandbox.limits import STRICT

__all__ = ["Scene", "Storyteller", "Vote", "read_scenes", "shipped_scenes"]

_MOST_REPEATED = 10
"""Maximum number of repetitions of the same call in a row."""

_SHOWN = re.compile(r"<(agent\d+)[\d.]*> (.*?) <end of agent\d+[\d.]*>", re.DOTALL)
_BLOCK = re.compile(r"<CURRENT ANSWERS from the agents>(.*?)<END OF CURRENT ANSWERS>", re.DOTALL)


@dataclass(frozen=True, config=STRICT)
class Vote:
    """A vote for the agent that gave the answer of this number (from 1), with a reason."""

    answer: Annotated[int, Field(ge=1)]
    reason: str


@dataclass(frozen=True, config=STRICT)
class ScriptedCall:
    """A call of a tool by its full name, ``mcp__SERVER__TOOL`` for a tool of an MCP server."""

    tool: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, config=STRICT)
class Scene:
    """Prepared answers to a question.

    ``question``: the scene applies to prompts that contain this text. ``answers``: used in turn, cyclically.
    ``votes``: likewise. ``final``: what the winner presents; empty for its answer.
    ``calls``: tools that each agent calls, in order, before it answers.
    """

    question: Annotated[str, Field(min_length=1)]
    answers: Annotated[tuple[str, ...], Field(min_length=1)]
    votes: tuple[Vote, ...] = ()
    final: str = ""
    calls: tuple[ScriptedCall, ...] = ()


class Storyteller:
    """Plays scenes, keeping track of the next answer and vote."""

    def __init__(self, scenes: tuple[Scene, ...]) -> None:
        self._scenes = scenes
        self._given: Counter[tuple[str, str]] = Counter()
        self._due = ("", 0)
        self._repeated = 0

    def retell(self, conversation: Conversation, reply: Reply) -> Reply:
        """Replace the content of a reply by that of a matching scene, if any.

        The scene changes the content, not the move: an answer stays an answer.
        """
        scene = next((each for each in self._scenes if each.question in conversation.text), None)
        if scene is None:
            return reply
        if isinstance(reply, Text | Move) and self._may_call(scene, conversation.tool_results):
            call = scene.calls[conversation.tool_results]
            return ToolCall(call.tool, call.arguments)
        if isinstance(reply, Text):
            return Text(scene.final or scene.answers[0])
        if isinstance(reply, Move) and reply.name == "new_answer":
            answer = scene.answers[self._next(scene, "answer") % len(scene.answers)]
            return Move("new_answer", {"content": answer})
        if isinstance(reply, Move) and reply.name == "vote" and scene.votes:
            vote = scene.votes[self._next(scene, "vote") % len(scene.votes)]
            return Move("vote", self._vote(scene, vote, conversation.text, dict(reply.arguments)))
        return reply

    def _may_call(self, scene: Scene, number: int) -> bool:
        """Whether a call is due; not after too many repetitions, which mean that there is no such tool."""
        if number >= len(scene.calls):
            return False
        due = (scene.question, number)
        self._repeated = self._repeated + 1 if due == self._due else 0
        self._due = due
        return self._repeated < _MOST_REPEATED

    def _next(self, scene: Scene, kind: str) -> int:
        number = self._given[scene.question, kind]
        self._given[scene.question, kind] += 1
        return number

    def _vote(self, scene: Scene, vote: Vote, text: str, usual: dict[str, Any]) -> dict[str, Any]:
        """Arguments of a vote for the agent that gave the scene's answer, else for the default agent."""
        wanted = scene.answers[(vote.answer - 1) % len(scene.answers)].strip()
        blocks = _BLOCK.findall(text)
        shown = _SHOWN.findall(blocks[-1]) if blocks else []
        agents = [agent for agent, answer in shown if answer.strip() == wanted]
        return {"agent_id": agents[0], "reason": vote.reason} if agents else usual


_SCENES = TypeAdapter(tuple[Scene, ...])


def read_scenes(file: Path) -> tuple[Scene, ...]:
    """The scenes of a TOML file, each a table ``[[scene]]``.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is not valid TOML, or does not contain scenes.
    """
    return _SCENES.validate_python(tomllib.loads(file.read_text("utf-8")).get("scene", ()))


def shipped_scenes() -> tuple[Scene, ...]:
    """The scenes shipped with the package, for the handbook's first pages and recordings."""
    return read_scenes(Path(__file__).with_name("scenes.toml"))
