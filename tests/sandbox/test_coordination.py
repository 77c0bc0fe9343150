"""What is answered to which prompt."""

from __future__ import annotations

import json

from massgen_plugins.sandbox.coordination import (
    Conversation,
    Move,
    Text,
    ToolCall,
    Unfinished,
    answering_agents,
    reply_to,
)

BOTH = frozenset({"new_answer", "vote"})
EMPTY = "<CURRENT ANSWERS from the agents>\n(no answers available yet)\n<END OF CURRENT ANSWERS>"
TWO = (
    "<CURRENT ANSWERS from the agents>\n<agent10.1> later <end of agent10.1>\n"
    "<agent2.3> four <end of agent2.3>\n<END OF CURRENT ANSWERS>"
)


def reply(text: str, offers: frozenset[str] = frozenset(), **more: object) -> object:
    return reply_to(Conversation(text, offers, **more), serial=7, words=10)


def test_without_answers_it_gives_one() -> None:
    move = reply(EMPTY, BOTH)
    assert isinstance(move, Move)
    assert move.name == "new_answer"
    assert len(str(move.arguments["content"]).split()) == 10


def test_answers_differ_from_each_other() -> None:
    one, other = (reply_to(Conversation("", BOTH), serial=number, words=10) for number in (1, 2))
    assert one != other


def test_with_answers_it_votes_for_an_agent_that_is_shown() -> None:
    move = reply(TWO, BOTH)
    assert isinstance(move, Move)
    assert (move.name, move.arguments["agent_id"]) == ("vote", "agent2")


def test_only_the_latest_answers_count() -> None:
    assert answering_agents(TWO + EMPTY) == []
    assert answering_agents(EMPTY + TWO) == ["agent2", "agent10"]


def test_words_about_agents_elsewhere_are_not_answers() -> None:
    assert answering_agents("<agent1> is how an answer begins, <end of agent1> how it ends") == []


def test_an_agent_that_may_only_vote_votes() -> None:
    move = reply(EMPTY, frozenset({"vote"}))
    assert isinstance(move, Move)
    assert move.name == "vote"


def test_the_other_moves() -> None:
    names = {
        offers: reply(TWO, frozenset(offers)) for offers in (("stop", "new_answer"), ("submit", "restart"))
    }
    assert [move.name for move in names.values() if isinstance(move, Move)] == ["stop", "submit"]


def test_without_an_offer_it_speaks() -> None:
    assert isinstance(reply(TWO), Text)


def test_a_script_calls_tools_in_order_and_then_speaks() -> None:
    script = 'Please:\nSANDBOX: call_tool add {"a": 1}\nSANDBOX: call_tool sub {"b": 2}\nThanks.'
    assert reply(script) == ToolCall("add", {"a": 1})
    assert reply(script, tool_results=1) == ToolCall("sub", {"b": 2})
    assert isinstance(reply(script, tool_results=2), Text)


def test_a_script_with_broken_json_is_only_text() -> None:
    assert isinstance(reply("SANDBOX: call_tool add {a: 1}"), Text)
    assert isinstance(reply("SANDBOX: call_tool add " + '{"a":' * 100_000 + "1" + "}" * 100_000), Text)


def test_an_answer_that_must_be_continued_is_continued_once() -> None:
    assert isinstance(reply("SANDBOX: continue"), Unfinished)
    assert isinstance(reply("SANDBOX: continue", resumed=True), Text)


def test_a_marker_within_a_line_is_no_script() -> None:
    quoted = json.dumps("SANDBOX: continue")
    assert isinstance(reply(f"the text {quoted} is quoted"), Text)


SERVED = frozenset({"mcp__massgen_workflow_tools__new_answer", "mcp__massgen_workflow_tools__vote", "Read"})
TOLD = """--- Coordination Actions ---
    Usage: {"tool_name": "new_answer", "arguments": {"content": "your answer"}}
    Usage: {"tool_name": "vote", "arguments": {"agent_id": "agent1"}}
"""


def test_a_move_of_a_server_is_called_by_its_whole_name_and_once() -> None:
    call = reply(EMPTY, SERVED)
    assert isinstance(call, ToolCall)
    assert call.name == "mcp__massgen_workflow_tools__new_answer"
    after = Conversation(EMPTY, SERVED, tool_results=1, after_tool=True)
    assert isinstance(reply_to(after, serial=1, words=10), Text)


def test_a_move_that_the_prompt_describes_is_written() -> None:
    written = reply(TOLD + TWO, frozenset({"Read"}))
    assert isinstance(written, Text)
    assert json.loads(written.text) == {
        "tool_name": "vote",
        "arguments": {"agent_id": "agent2", "reason": "It is the first one shown."},
    }


def test_a_script_can_ask_for_a_written_move_where_none_is_on_offer() -> None:
    script = "\nSANDBOX: write new_answer vote\n"
    written = reply(script + EMPTY)
    assert isinstance(written, Text)
    assert json.loads(written.text)["tool_name"] == "new_answer"
    assert isinstance(reply(script, BOTH), Move)
    final = reply("You have been selected as the winning presenter." + script)
    assert isinstance(final, Text)
    assert not final.text.startswith("{")


def test_calls_of_each_turn_are_made_before_its_move_and_only_where_the_tool_is_on_offer() -> None:
    script = '\nSANDBOX: each_turn 2 Read {"file": "a"}\n'
    look, move = ToolCall("Read", {"file": "a"}), "mcp__massgen_workflow_tools__new_answer"

    def after(results: int, offers: frozenset[str] = SERVED) -> object:
        conversation = Conversation(EMPTY + script, offers, 5, after_tool=results > 0, turn_results=results)
        return reply_to(conversation, serial=1, words=10)

    assert [after(0), after(1)] == [look, look]
    moved = after(2)
    assert isinstance(moved, ToolCall)
    assert moved.name == move
    assert isinstance(after(3), Text)
    assert isinstance(after(0, BOTH), Move)
