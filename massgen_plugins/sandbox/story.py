"""Plays scenes: what a model says to known questions, for films, examples, and trying without a key."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

from massgen_plugins.sandbox.coordination import Conversation, Move, Reply, Text, ToolCall
from massgen_plugins.sandbox.scenes import Role, Scene, ScriptedCall, Vote

__all__ = ["Storyteller"]

_MOST_REPEATED = 10
"""So often in a row the same call is asked for."""

_SHOWN = re.compile(r"<(agent\d+)[\d.]*> (.*?) <end of agent\d+[\d.]*>", re.DOTALL)
_BLOCK = re.compile(r"<CURRENT ANSWERS from the agents>(.*?)<END OF CURRENT ANSWERS>", re.DOTALL)
_PLACES = {
    "context": re.compile(r"\*\*Context Path\*\*: `([^`]+)`"),
    "target": re.compile(r"\*\*Target Path\*\*: `([^`]+)`"),
    "shared": re.compile(r"\*\*Shared Reference\*\*: `([^`]+)`"),
}
"""Where MassGen's prompt names the directories that a call's arguments mean."""


class Storyteller:
    """Plays scenes; it remembers which answer and which vote are next."""

    def __init__(self, scenes: tuple[Scene, ...]) -> None:
        self._scenes = scenes
        self._given: Counter[tuple[str, str]] = Counter()
        self._repeated: dict[str, tuple[int, int]] = {}

    def retell(self, conversation: Conversation, reply: Reply) -> Reply:
        """The reply of the rule in the words of the scene; the reply itself if no scene fits.

        The scene changes what is said, not which move is made: a rule's answer stays an answer. Only an agent
        with a role answers first, even if it is shown the others' answers already.
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
        """What the agent's part is: to answer while its answer is not shown, to vote, or to present."""
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
        """The next call; None after the last, and if it was asked for too often: there is no such tool."""
        number = conversation.tool_results
        if number >= len(calls):
            return None
        before, times = self._repeated.get(who, (-1, 0))
        times = times + 1 if before == number else 0
        self._repeated[who] = (number, times)
        return _filled(calls[number], conversation.text) if times < _MOST_REPEATED else None

    def _next(self, scene: Scene, kind: str) -> int:
        """1 at first, then one more each time."""
        self._given[scene.question, kind] += 1
        return self._given[scene.question, kind]


def _shown(text: str) -> dict[str, str]:
    """The answers that the prompt shows, by agent."""
    blocks = _BLOCK.findall(text)
    return {agent: answer.strip() for agent, answer in _SHOWN.findall(blocks[-1])} if blocks else {}


def _arguments(scene: Scene, vote: Vote, text: str, usual: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a vote for whoever gave the scene's answer; the usual agent if nobody did."""
    wanted = scene.text_of(vote.answer).strip()
    agents = [agent for agent, answer in _shown(text).items() if answer == wanted]
    return {"agent_id": agents[0], "reason": vote.reason} if agents else usual


def _filled(call: ScriptedCall, text: str) -> ToolCall:
    """The call with the directories that the prompt names."""
    arguments = json.dumps(dict(call.arguments))
    for name, pattern in _PLACES.items():
        if found := pattern.search(text):
            arguments = arguments.replace(f"{{{name}}}", json.dumps(found[1])[1:-1])
    return ToolCall(call.tool, json.loads(arguments))
