"""Plays scenes, prepared answers to known questions: for recordings, examples, and trying without a key."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

from massgen_plugins.sandbox.coordination import Conversation, Move, Reply, Text, ToolCall
from massgen_plugins.sandbox.scenes import Role, Scene, ScriptedCall, Vote

__all__ = ["Storyteller"]

_MOST_REPEATED = 10
"""Maximum number of repetitions of the same call in a row."""

_SHOWN = re.compile(r"<(agent\d+)[\d.]*> (.*?) <end of agent\d+[\d.]*>", re.DOTALL)
_BLOCK = re.compile(r"<CURRENT ANSWERS from the agents>(.*?)<END OF CURRENT ANSWERS>", re.DOTALL)
_PLACES = {
    "context": re.compile(r"\*\*Context Path\*\*: `([^`]+)`"),
    "target": re.compile(r"\*\*Target Path\*\*: `([^`]+)`"),
    "shared": re.compile(r"\*\*Shared Reference\*\*: `([^`]+)`"),
}
"""Patterns of the directories in MassGen's prompt that a call's arguments refer to."""


class Storyteller:
    """Plays scenes, keeping track of the next answer and vote."""

    def __init__(self, scenes: tuple[Scene, ...]) -> None:
        self._scenes = scenes
        self._given: Counter[tuple[str, str]] = Counter()
        self._repeated: dict[str, tuple[int, int]] = {}

    def retell(self, conversation: Conversation, reply: Reply) -> Reply:
        """Replace the content of a reply by that of a matching scene, if any.

        The scene changes the content, not the move: an answer stays an answer. Only an agent with a role
        always answers first, even if it already sees the others' answers.
        """
        scene = next((each for each in self._scenes if each.question in conversation.text), None)
        if scene is None or not isinstance(reply, Text | Move):
            return reply
        role = next((each for each in scene.roles if each.prompt in conversation.text), None)
        if role is None:
            return self._of_anybody(scene, conversation, reply)
        return self._of_role(scene, role, conversation, reply)

    def _of_anybody(self, scene: Scene, conversation: Conversation, reply: Text | Move) -> Reply:
        if call := self._due(scene.question, scene.calls, conversation):
            return call
        if isinstance(reply, Text):
            return Text(scene.final or scene.answers[0])
        if reply.name == "new_answer":
            return Move("new_answer", {"content": scene.text_of(self._next(scene, "answer"))})
        if reply.name == "vote" and scene.votes:
            vote = scene.votes[(self._next(scene, "vote") - 1) % len(scene.votes)]
            return Move("vote", _arguments(scene, vote, conversation.text, dict(reply.arguments)))
        return reply

    def _of_role(self, scene: Scene, role: Role, conversation: Conversation, reply: Text | Move) -> Reply:
        """The reply of an agent with a role: answer until its answer is shown, then vote or present."""
        answer = scene.text_of(role.answer)
        said: Reply = reply
        calls: tuple[ScriptedCall, ...] = ()
        if isinstance(reply, Text):
            calls, said = scene.closing, Text(scene.final or answer)
        elif "new_answer" in conversation.offers and answer.strip() not in _shown(conversation.text).values():
            calls, said = role.calls, Move("new_answer", {"content": answer})
        elif reply.name == "vote":
            usual = dict(reply.arguments)
            calls, said = role.checks, Move("vote", _arguments(scene, role.vote, conversation.text, usual))
        return self._due(role.prompt, calls, conversation) or said

    def _due(self, who: str, calls: tuple[ScriptedCall, ...], conversation: Conversation) -> ToolCall | None:
        """The next call; None after the last one, or after too many repetitions: there is no such tool."""
        number = conversation.tool_results
        if number >= len(calls):
            return None
        before, times = self._repeated.get(who, (-1, 0))
        times = times + 1 if before == number else 0
        self._repeated[who] = (number, times)
        return _filled(calls[number], conversation.text) if times < _MOST_REPEATED else None

    def _next(self, scene: Scene, kind: str) -> int:
        """Count up, starting at 1."""
        self._given[scene.question, kind] += 1
        return self._given[scene.question, kind]


def _shown(text: str) -> dict[str, str]:
    """The answers in the prompt, by agent."""
    blocks = _BLOCK.findall(text)
    return {agent: answer.strip() for agent, answer in _SHOWN.findall(blocks[-1])} if blocks else {}


def _arguments(scene: Scene, vote: Vote, text: str, usual: dict[str, Any]) -> dict[str, Any]:
    """Arguments of a vote for the agent that gave the scene's answer, else for the default agent."""
    wanted = scene.text_of(vote.answer).strip()
    agents = [agent for agent, answer in _shown(text).items() if answer == wanted]
    return {"agent_id": agents[0], "reason": vote.reason} if agents else usual


def _filled(call: ScriptedCall, text: str) -> ToolCall:
    """Fill in the directories from the prompt."""
    arguments = json.dumps(dict(call.arguments))
    for name, pattern in _PLACES.items():
        if found := pattern.search(text):
            arguments = arguments.replace(f"{{{name}}}", json.dumps(found[1])[1:-1])
    return ToolCall(call.tool, json.loads(arguments))
