"""What the sandbox answers: a decision read from the prompt, in the protocol's neutral terms.

A MassGen agent is asked to end a turn with one of the moves on offer: give a new answer, vote for an answer
it was shown, stop, or submit. The moves are tools of the request, tools of an MCP server of MassGen's, or
JSON that the prompt asks for, as agents in programs of their own get them. The sandbox gives an answer while
the prompt shows none, and votes for the first one shown as soon as there are any, so that every coordination
ends. Without a move on offer it gives plain text.

A test writes what it wants on lines of its own: ``SANDBOX: call_tool NAME {json}`` (one per call, in order;
a line that comes again is the same call, since clients repeat their system messages), ``SANDBOX: continue``
(an answer that must be continued once), ``SANDBOX: write MOVE MOVE`` (to write one of these as JSON where no
move is on offer, as when a program's servers start too slowly on a busy machine), and ``SANDBOX: each_turn N
NAME {json}`` (N calls of a tool in each turn before its move, if the request offers it).
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
"""With one of these an agent of MassGen's ends its turn."""

_OF_A_SERVER = re.compile(r".*workflow.*_(new_answer|vote|stop|submit)")
_CALL_TOOL = re.compile(r"^SANDBOX: call_tool (\S+) (\{.*\})[ \t\r]*$", re.MULTILINE)
_EACH_TURN = re.compile(r"^SANDBOX: each_turn (\d) (\S+) (\{.*\})[ \t\r]*$", re.MULTILINE)
_WRITE = re.compile(r"^SANDBOX: write ([a-z_ ]+)", re.MULTILINE)
_FINAL = "selected as the winning presenter"
_CONTINUE = re.compile(r"^SANDBOX: continue[ \t\r]*$", re.MULTILINE)
_FILLER = "This text was written by a rule and not by a model, so there is nothing to learn from it."


@dataclass(frozen=True)
class Conversation:
    """What a request says, whatever its protocol.

    ``text``: all the text of the prompt. ``offers``: names of the moves or tools on offer.
    ``tool_results``: results of earlier tool calls in it, ``turn_results``: of these, those since the user's
    last words; ``after_tool``: it ends with one. ``resumed``: it continues an unfinished answer.
    """

    text: str
    offers: frozenset[str] = frozenset()
    tool_results: int = 0
    resumed: bool = False
    after_tool: bool = False
    turn_results: int = 0


@dataclass(frozen=True)
class Text:
    """A plain answer."""

    text: str


@dataclass(frozen=True)
class Unfinished:
    """The first half of an answer, to be continued in another request."""

    text: str


@dataclass(frozen=True)
class ToolCall:
    """A call of one of the client's own tools, asked for by the script in the prompt."""

    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Move:
    """A coordination move: ``new_answer``, ``vote``, ``stop`` or ``submit``, with its arguments."""

    name: str
    arguments: Mapping[str, Any]


Reply = Text | Unfinished | ToolCall | Move


def reply_to(conversation: Conversation, *, serial: int, words: int) -> Reply:
    """The reply; ``serial`` makes answers differ from each other, ``words`` is the length of an answer."""
    scripted = _scripted(conversation)
    if scripted is not None:
        return scripted
    text = _essay(serial, words)
    if each_turn := _calls_of_each_turn(conversation):
        if conversation.turn_results > len(each_turn):  # the move, too: some programs go on after it
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
    # A tool of a server's: the program goes on after its result.
    return Text(text) if conversation.after_tool else ToolCall(offers[move.name], move.arguments)


def answering_agents(text: str) -> list[str]:
    """Ids of the agents whose answers the prompt shows, in the order of their numbers."""
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
    """Moves that the prompt asks to write as JSON; after the result of a tool the turn is over."""
    text = conversation.text
    asked = _WRITTEN.findall(text.rpartition(_ACTIONS)[2])
    if not asked and _FINAL not in text and not conversation.after_tool:
        asked = " ".join(_WRITE.findall(text)).split()
    return set(asked)


def _plain(offer: str) -> str:
    """The move that a tool is, whatever its server; its own name if it is none."""
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
