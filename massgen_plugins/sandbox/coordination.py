"""Decides what the sandbox answers, based on the prompt and independent of the protocol.

A MassGen agent ends a turn with one of the offered moves: give a new answer, vote for an answer in the
prompt, stop, or submit. Moves are tools of the request, tools of a MassGen MCP server, or, for separate
programs, JSON that the prompt asks for. The sandbox gives an answer if the prompt shows none, and otherwise
votes for the first one, so that every coordination ends. Without offered moves it answers in plain text.

Tests control it by separate lines in the prompt: ``SANDBOX: call_tool NAME {json}`` (one per call, in order;
a repeated line is the same call, since clients repeat their system messages), ``SANDBOX: continue`` (an
answer that must be continued once), ``SANDBOX: write MOVE MOVE`` (write one of these as JSON if no move is
offered, as when a program's servers start too slowly on a busy machine), and ``SANDBOX: each_turn N NAME
{json}`` (N calls of a tool in each turn before its move, if the request offers it).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

__all__ = [
    "MOVES",
    "Conversation",
    "Move",
    "Reply",
    "Text",
    "ToolCall",
    "Unfinished",
    "answering_agents",
    "reply_to",
]

_ANSWERS = "<CURRENT ANSWERS from the agents>"
_END = "<END OF CURRENT ANSWERS>"
_ANSWERED = re.compile(r"<end of (agent\d+)[\d.]*>")
_ACTIONS = "--- Coordination Actions ---"
_WRITTEN = re.compile(r'"tool_name": "(\w+)"')
MOVES = {"new_answer", "vote", "stop", "submit"}
"""The moves that end a MassGen agent's turn."""

_OF_A_SERVER = re.compile(r".*workflow.*_(new_answer|vote|stop|submit)")
_CALL_TOOL = re.compile(r"^SANDBOX: call_tool (\S+) (\{.*\})[ \t\r]*$", re.MULTILINE)
_EACH_TURN = re.compile(r"^SANDBOX: each_turn (\d) (\S+) (\{.*\})[ \t\r]*$", re.MULTILINE)
_WRITE = re.compile(r"^SANDBOX: write ([a-z_ ]+)", re.MULTILINE)
_FINAL = "selected as the winning presenter"
_CONTINUE = re.compile(r"^SANDBOX: continue[ \t\r]*$", re.MULTILINE)
_FILLER = "This text was written by a rule and not by a model, so there is nothing to learn from it."


@dataclass(frozen=True)
class Conversation:
    """The content of a request, independent of the protocol.

    ``text``: all text of the prompt. ``offers``: names of the offered moves or tools.
    ``tool_results``: number of results of earlier tool calls; ``turn_results``: those since the user's last
    message; ``after_tool``: it ends with one. ``resumed``: it continues an unfinished answer.
    """

    text: str
    offers: frozenset[str] = frozenset()
    tool_results: int = 0
    resumed: bool = False
    after_tool: bool = False
    turn_results: int = 0


@dataclass(frozen=True)
class Text:
    """A plain text answer."""

    text: str


@dataclass(frozen=True)
class Unfinished:
    """The first half of an answer, to be continued in another request."""

    text: str


@dataclass(frozen=True)
class ToolCall:
    """A call of one of the client's own tools, requested by the prompt's script."""

    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Move:
    """A coordination move: ``new_answer``, ``vote``, ``stop`` or ``submit``, with its arguments."""

    name: str
    arguments: Mapping[str, Any]


Reply = Text | Unfinished | ToolCall | Move


def reply_to(conversation: Conversation, *, serial: int, words: int) -> Reply:
    """The reply; ``serial`` makes answers distinct, ``words`` is the length of an answer."""
    scripted = _scripted(conversation)
    if scripted is not None:
        return scripted
    text = _essay(serial, words)
    if each_turn := _calls_of_each_turn(conversation):
        if conversation.turn_results > len(each_turn):  # including the move: some programs continue
            return Text(text)
        conversation = replace(conversation, after_tool=False)
    offers = {_plain(offer): offer for offer in conversation.offers}
    asked = set(offers) & MOVES or _to_be_written(conversation)
    move = _move(answering_agents(conversation.text), asked, text)
    if move is None:
        return Text(text)
    if move.name not in offers:
        return Text(json.dumps({"tool_name": move.name, "arguments": dict(move.arguments)}))
    if offers[move.name] == move.name:
        return move
    # A server's tool: the program continues after its result.
    return Text(text) if conversation.after_tool else ToolCall(offers[move.name], move.arguments)


def answering_agents(text: str) -> list[str]:
    """IDs of the agents whose answers are in the prompt, in order of their numbers."""
    block = text.rpartition(_ANSWERS)[2] if _ANSWERS in text else ""
    shown = set(_ANSWERED.findall(block.partition(_END)[0]))
    return sorted(shown, key=lambda agent: int(agent.removeprefix("agent")))


def _scripted(conversation: Conversation) -> Reply | None:
    calls = list(dict.fromkeys(_CALL_TOOL.findall(conversation.text)))
    if conversation.tool_results < len(calls):
        name, arguments = calls[conversation.tool_results]
        try:
            return ToolCall(name, json.loads(arguments))
        except (ValueError, RecursionError):
            return None
    if _CONTINUE.search(conversation.text) and not conversation.resumed:
        return Unfinished("The first half of an answer, ")
    each_turn = _calls_of_each_turn(conversation)[conversation.turn_results :]
    return each_turn[0] if each_turn else None


def _calls_of_each_turn(conversation: Conversation) -> list[ToolCall]:
    calls: list[ToolCall] = []
    for count, name, arguments in dict.fromkeys(_EACH_TURN.findall(conversation.text)):
        if name in conversation.offers:
            with suppress(ValueError, RecursionError):
                calls += [ToolCall(name, json.loads(arguments))] * int(count)
    return calls


def _to_be_written(conversation: Conversation) -> set[str]:
    """Moves to write as JSON according to the prompt; after a tool's result the turn is over."""
    text = conversation.text
    asked = _WRITTEN.findall(text.rpartition(_ACTIONS)[2])
    if not asked and _FINAL not in text and not conversation.after_tool:
        asked = " ".join(_WRITE.findall(text)).split()
    return set(asked)


def _plain(offer: str) -> str:
    """The move of a tool, regardless of its server; the tool's name if it is not a move."""
    found = _OF_A_SERVER.fullmatch(offer)
    return found[1] if found else offer


def _move(agents: list[str], offers: set[str], text: str) -> Move | None:
    if "submit" in offers:
        return Move("submit", {"confirmed": True})
    if "vote" in offers and (agents or "new_answer" not in offers):
        return Move("vote", {"agent_id": (agents or ["agent1"])[0], "reason": "It is the first one shown."})
    if "stop" in offers and (agents or "new_answer" not in offers):
        return Move("stop", {"summary": text, "status": "complete"})
    if "new_answer" in offers:
        return Move("new_answer", {"content": text})
    return None


def _essay(serial: int, words: int) -> str:
    opening = f"Answer number {serial} of the sandbox."
    filler = _FILLER.split()
    missing = max(0, words - len(opening.split()))
    return " ".join([opening, *(filler[index % len(filler)] for index in range(missing))])
