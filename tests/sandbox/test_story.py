"""Answers and votes that were written beforehand, for known questions only."""

from __future__ import annotations

from pathlib import Path

import pytest

from massgen_plugins.sandbox import SandboxConfig
from massgen_plugins.sandbox.coordination import Conversation, Move, Reply, Text, ToolCall, reply_to
from massgen_plugins.sandbox.scenes import Role, Scene, ScriptedCall, Vote, read_scenes, shipped_scenes
from massgen_plugins.sandbox.story import Storyteller

BOTH = frozenset({"new_answer", "vote"})
SCENE = Scene(
    question="Tea or coffee?",
    answers=("Tea.", "Coffee."),
    votes=(Vote(2, "It wakes."), Vote(1, "It warms.")),
    final="Coffee, then tea.",
)
SHOWN = (
    "Tea or coffee?\n<CURRENT ANSWERS from the agents>\n<agent1.1> Tea. <end of agent1.1>\n"
    "<agent2.1> Coffee. <end of agent2.1>\n<END OF CURRENT ANSWERS>"
)


def told(teller: Storyteller, text: str, offers: frozenset[str] = frozenset(), **more: int) -> Reply:
    conversation = Conversation(text, offers, **more)
    return teller.retell(conversation, reply_to(conversation, serial=1, words=5))


def test_answers_come_in_turn_and_from_the_start_again() -> None:
    teller = Storyteller((SCENE,))
    given = [told(teller, "Tea or coffee?", BOTH) for _ in range(3)]
    assert given == [Move("new_answer", {"content": text}) for text in ("Tea.", "Coffee.", "Tea.")]


def test_a_vote_is_for_whoever_gave_that_answer() -> None:
    teller = Storyteller((SCENE,))
    votes = [told(teller, SHOWN, BOTH) for _ in range(2)]
    assert votes == [
        Move("vote", {"agent_id": "agent2", "reason": "It wakes."}),
        Move("vote", {"agent_id": "agent1", "reason": "It warms."}),
    ]


def test_a_vote_for_an_answer_that_nobody_shows_is_the_usual_one() -> None:
    shown = SHOWN.replace("Coffee.", "Water.")
    assert told(Storyteller((SCENE,)), shown, BOTH) == Move(
        "vote", {"agent_id": "agent1", "reason": "It is the first one shown."}
    )


def test_the_winner_presents_the_final_text_or_else_the_first_answer() -> None:
    assert told(Storyteller((SCENE,)), "Tea or coffee?") == Text("Coffee, then tea.")
    brief = Scene(question="Tea", answers=("Tea.",))
    assert told(Storyteller((brief,)), "Tea or coffee?") == Text("Tea.")


def test_tools_are_called_in_order_before_the_answer() -> None:
    calls = (ScriptedCall("boil", {"litres": 1}), ScriptedCall("pour", {}))
    teller = Storyteller((Scene(question="Tea", answers=("Tea.",), calls=calls),))
    assert told(teller, "Tea?", BOTH) == ToolCall("boil", {"litres": 1})
    assert told(teller, "Tea?", BOTH, tool_results=1) == ToolCall("pour", {})
    assert told(teller, "Tea?", BOTH, tool_results=2) == Move("new_answer", {"content": "Tea."})


def test_a_tool_that_does_not_exist_is_not_asked_for_without_end() -> None:
    teller = Storyteller((Scene(question="Tea", answers=("Tea.",), calls=(ScriptedCall("boil", {}),)),))
    replies = [told(teller, "Tea?", BOTH) for _ in range(12)]
    assert replies[0] == ToolCall("boil", {})
    assert replies[-1] == Move("new_answer", {"content": "Tea."})


COOK = Role("You boil.", 2, Vote(1, "It is quick."), (ScriptedCall("boil", {}),), (ScriptedCall("sip", {}),))
TEAM = Scene(question="Tea or coffee?", answers=("Tea.", "Coffee."), roles=(COOK,), closing=COOK.checks)


def test_an_agent_with_a_role_answers_first_though_it_is_shown_an_answer() -> None:
    shown = "You boil. " + SHOWN.replace("<agent2.1> Coffee. <end of agent2.1>\n", "")
    teller = Storyteller((TEAM,))
    assert told(teller, shown, BOTH) == ToolCall("boil", {})
    assert told(teller, shown, BOTH, tool_results=1) == Move("new_answer", {"content": "Coffee."})


def test_an_agent_with_a_role_checks_before_it_votes_and_the_winner_before_it_presents() -> None:
    teller = Storyteller((TEAM,))
    assert told(teller, "You boil. " + SHOWN, BOTH) == ToolCall("sip", {})
    assert told(teller, "You boil. " + SHOWN, BOTH, tool_results=1) == Move(
        "vote", {"agent_id": "agent1", "reason": "It is quick."}
    )
    assert told(teller, "You boil. Tea or coffee?") == ToolCall("sip", {})
    assert told(teller, "You boil. Tea or coffee?", tool_results=1) == Text("Coffee.")


def test_a_team_without_that_role_is_played_as_before() -> None:
    assert told(Storyteller((TEAM,)), "Tea or coffee?", BOTH) == Move("new_answer", {"content": "Tea."})


def test_a_call_has_the_directories_that_the_prompt_names() -> None:
    call = ScriptedCall("run", {"command": "cp -r {shared}/agent1 {context} {target}", "list": ["{shared}"]})
    teller = Storyteller((Scene(question="Tea", answers=("Tea.",), calls=(call,)),))
    prompt = "Tea?\n**Context Path**: `/a b` (read-only)\n**Shared Reference**: `C:\\t` - Contains"
    command = "cp -r C:\\t/agent1 /a b {target}"
    assert told(teller, prompt, BOTH) == ToolCall("run", {"command": command, "list": ["C:\\t"]})


def test_other_questions_are_answered_by_rule() -> None:
    conversation = Conversation("Water?", BOTH)
    rule = reply_to(conversation, serial=1, words=5)
    assert Storyteller((SCENE,)).retell(conversation, rule) is rule


def test_the_shipped_scenes_can_be_read_and_travel_with_a_configuration() -> None:
    config = SandboxConfig(scenes=shipped_scenes())
    assert SandboxConfig.from_json(config.to_json()) == config
    for scene in config.scenes:
        votes = [*scene.votes, *(role.vote for role in scene.roles)]
        numbers = [*(vote.answer for vote in votes), *(role.answer for role in scene.roles)]
        assert all(number <= len(scene.answers) for number in numbers)


def test_a_file_that_says_something_else_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "scenes.toml"
    file.write_text('[[scene]]\nquestion = "a"\nanswrs = []\n')
    with pytest.raises(ValueError, match="answrs"):
        read_scenes(file)
