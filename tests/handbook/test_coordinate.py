"""How agents decide, in the MassGen that /coordinate/* describes."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from massgen_plugins import sandbox

from .checks import host
from .checks.places import ROOT
from .massgen_run import massgen

DOCS = ROOT / "website" / "docs" / "coordinate"
FLASH = {"type": "gemini", "model": "gemini-2.5-flash"}
QUESTION = '"What is 2+2?"'


def prompt(sensitivity, **more):
    return (
        host.module("massgen.system_prompt_sections").EvaluationSection(sensitivity, **more).build_content()
    )


def page(name):
    return (DOCS / f"{name}.mdx").read_text(encoding="utf-8")


def source(name):
    return (Path(host.module("massgen").__file__).parent / name).read_text(encoding="utf-8")


def run(folder, config, *arguments, latency=0.1, files=None):
    """Run the team in a sandbox; how it ended, and what the sandbox saw."""
    network = sandbox.Network(latency=latency)
    with sandbox.SandboxProcess(sandbox.SandboxConfig(network=network)) as server:
        text = yaml.safe_dump(config, sort_keys=False).replace("@URL@", server.url)
        around = {"GEMINI_API_KEY": "k", "OPENAI_API_KEY": "k", "GOOGLE_GEMINI_BASE_URL": server.url}
        command = " ".join(["--automation --config t.yaml", *arguments, QUESTION])
        ended = massgen(folder, command, {"t.yaml": text, **(files or {})}, **around)
        return ended, server.report()


def team(count, *agents, backend=None, **top):
    more = [*agents, *([{}] * (count - len(agents)))]
    entries = [{"id": f"a{n}", "backend": dict(backend or FLASH), **more[n]} for n in range(count)]
    return {"agents": entries, **top}


# --- sensitivities


def test_the_page_lists_every_sensitivity_and_no_other():
    table = page("voting").partition("## The sensitivities")[2].partition("Details of the last three")[0]
    listed = {
        word
        for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
        for word in re.findall(r"`(\w+)`", row)
    }
    assert listed == host.validator().VALID_VOTING_SENSITIVITY


def test_each_sensitivity_but_the_aliases_has_words_of_its_own():
    texts = {name: prompt(name) for name in host.validator().VALID_VOTING_SENSITIVITY}
    assert texts["roi"] == texts["roi_balanced"]
    assert len(set(texts.values())) == len(texts) - 1
    assert prompt("nonsense") == prompt("lenient")


def test_sequential_follows_turns_of_the_conversation_and_not_rounds():
    assert "EXPLORATION (Round 1)" in prompt("sequential")
    line = "round_number = len(previous_turns) + 1 if previous_turns else 1"
    assert line in source("system_message_builder.py")


@pytest.mark.parametrize(
    ("name", "threshold", "bar"),
    [("roi", None, 9.2), ("roi_conservative", None, 8.5), ("roi_aggressive", None, 9.8), ("roi", 60, 7.0)],
)
def test_under_roi_a_higher_threshold_is_a_lower_bar(name, threshold, bar):
    assert f"Your quality bar is **{bar}/10**" in prompt(name, voting_threshold=threshold)


def test_a_threshold_of_3_means_hardly_any_answer_under_roi():
    assert "Your quality bar is **9.8/10**" in prompt("roi", voting_threshold=3)


def test_the_table_of_bars_for_five_criteria_is_right():
    gate = host.module("massgen.system_prompt_sections").ChecklistGate
    rows = re.findall(r"^\| (\d+) \| (.+?) \| (.+?) \|$", page("checklists-and-criteria"), re.MULTILINE)
    assert len(rows) == 5
    for threshold, *cells in rows:
        for left, cell in zip((5, 2), cells, strict=True):
            bar = gate.from_budget(int(threshold), left, 5, num_items=5)
            said = [int(number) for number in re.findall(r"\d+", cell)[:2]]
            assert said == [bar.required_true, bar.confidence_cutoff]


# --- votes


def test_the_first_in_the_file_wins_a_tie():
    decide = host.module("massgen.orchestrator").Orchestrator._determine_final_agent_from_votes
    votes = {"x": {"agent_id": "b"}, "y": {"agent_id": "a"}}
    assert decide(SimpleNamespace(_final_presentation_runner=_runner()), votes, {"b": "1", "a": "2"}) == "b"


def _runner():
    return host.module("massgen.orchestrator_collaborators.final_presentation_runner").FinalPresentationRunner


def test_agents_are_numbered_by_the_alphabet():
    tracker = host.module("massgen.coordination_tracker").CoordinationTracker()
    tracker.agent_ids = ["writer", "checker"]
    assert tracker.get_anonymous_agent_mapping() == {"agent1": "checker", "agent2": "writer"}


def test_a_tie_in_a_run_is_marked_and_the_first_wins(tmp_path):
    backend = {"type": "chatcompletion", "model": "m", "base_url": "@URL@/v1"}
    script = 'Second.\nSANDBOX: call_tool vote {"agent_id": "agent2", "reason": "It is mine."}\n'
    config = team(2, {}, {"system_message": script}, backend=backend)
    ended, _ = run(tmp_path, config | {"orchestrator": {"max_new_answers_per_agent": 1}})
    assert "a0: 1 vote (winner) (tie-broken)" in ended.text
    assert "a1: 1 vote" in ended.text


@pytest.mark.parametrize(
    ("orchestrator", "requests"),
    [
        ({"disable_injection": True}, 7),
        ({"disable_injection": True, "skip_final_presentation": True}, 6),
        ({"final_answer_strategy": "synthesize", "max_new_answers_per_agent": 1}, 4),
        ({"skip_voting": True}, 4),
    ],
)
def test_three_agents_take_these_requests(tmp_path, orchestrator, requests):
    _, report = run(tmp_path, team(3, orchestrator=orchestrator))
    assert report.arrived == requests


# --- differences


def novelty(requirement, answer, existing):
    module = host.module("massgen.orchestrator_collaborators.answer_text_normalizer")
    config = SimpleNamespace(answer_novelty_requirement=requirement, coordination_mode="voting")
    normalizer = module.AnswerTextNormalizer(SimpleNamespace(config=config))
    return normalizer.check_answer_novelty(answer, existing)[0]


def test_novelty_compares_words():
    six_of_ten = "a b c d e f x y", {"other": "a b c d e f g h"}
    assert novelty("balanced", *six_of_ten)
    assert not novelty("strict", *six_of_ten)
    assert novelty("lenient", "same", {"other": "same"})


def test_unknown_words_for_personas_become_the_defaults():
    config = host.module("massgen.persona_generator").PersonaGeneratorConfig
    made = config(diversity_mode="wild", after_first_answer="forget")
    assert (made.diversity_mode, made.after_first_answer) == ("perspective", "drop")


# --- criteria


def test_the_table_of_presets_is_right():
    presets = host.module("massgen.evaluation_criteria_generator")._CRITERIA_PRESETS
    rows = dict(re.findall(r"^\| `(\w+)` \| (\d+) \|", page("checklists-and-criteria"), re.MULTILINE))
    assert rows == {name: str(len(criteria)) for name, criteria in presets.items()}


@pytest.mark.parametrize(
    ("word", "category"), [("must", "standard"), ("could", "stretch"), ("x", "standard")]
)
def test_other_words_for_categories_are_understood(word, category):
    made = host.module("massgen.evaluation_criteria_generator").criteria_from_inline(
        [{"name": "It works.", "category": word}]
    )
    assert (made[0].text, made[0].category) == ("It works.", category)


def test_criteria_stand_in_the_instructions_of_checklists_only():
    told = {
        name
        for name in host.validator().VALID_VOTING_SENSITIVITY
        if "A peculiar wish" in prompt(name, custom_checklist_items=["A peculiar wish"])
    }
    assert told == {"checklist", "checklist_scored", "checklist_gated"}


# --- decomposition and sub-agents


def test_the_last_agent_presents_if_none_is_named(tmp_path):
    subtasks = [{"subtask": f"Part {number}."} for number in range(3)]
    ended, report = run(tmp_path, team(3, *subtasks, orchestrator={"coordination_mode": "decomposition"}))
    assert "WINNER: a2" in ended.text
    assert "[VOTE]" not in ended.text
    assert report.arrived in {7, 8}


def test_in_a_container_an_isolated_subagent_is_refused(tmp_path):
    manager = host.module("massgen.subagent.manager").SubagentManager(
        parent_workspace=str(tmp_path), parent_agent_id="a", orchestrator_id="o", parent_agent_configs=[]
    )
    manager._running_inside_container = True
    with pytest.raises(RuntimeError, match="Subagent runtime isolation requested"):
        manager._resolve_effective_runtime_mode()
    manager._running_inside_container = False
    assert manager._resolve_effective_runtime_mode() == ("isolated", None)


@pytest.mark.parametrize(
    "name",
    ["task_decomposer.py", "persona_generator.py", "evaluation_criteria_generator.py", "prompt_improver.py"],
)
def test_runs_before_the_run_do_not_pass_on_the_runtime_mode(name):
    calls = [
        node
        for node in ast.walk(ast.parse(source(name)))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "SubagentManager"
    ]
    assert calls
    assert not any(word.arg == "subagent_runtime_mode" for call in calls for word in call.keywords)


def test_these_subagent_types_are_on_by_default():
    types = host.module("massgen.subagent.type_scanner").DEFAULT_SUBAGENT_TYPES
    table = page("decomposition-and-subagents")
    assert all(re.search(rf"^\| `{name}` \| .* \| yes \|$", table, re.MULTILINE) for name in types)
    assert table.count("| yes |") == len(types)


# --- finals, timeouts, plans, steering


def test_a_timeout_below_orchestrator_is_never_read(tmp_path):
    config = team(2, orchestrator={"timeout": {"orchestrator_timeout_seconds": 1}})
    ended, _ = run(tmp_path, config, latency=0.6)
    seconds = float(re.search(r"COMPLETED: 2 agents, ([\d.]+)s", ended.text)[1])
    assert seconds > 1.5
    assert "[RESULTS]" in ended.text


def test_a_timeout_before_the_first_answer_ends_with_code_0(tmp_path):
    config = team(1, timeout_settings={"orchestrator_timeout_seconds": 1})
    ended, _ = run(tmp_path, config, latency=5)
    assert "No answers available from any agents due to timeout" in ended.text
    assert "\nANSWER: " not in ended.text
    assert ended.code == 0


def test_restarts_are_read_from_coordination_only():
    config = host.module("massgen.agent_config")
    assert "max_orchestration_restarts" in config.AgentConfig.valid_orchestrator_keys()
    assert "max_orchestration_restarts" not in config.AgentConfig.orchestrator_runtime_keys()


def test_a_plan_from_a_script_is_not_kept(tmp_path):
    ended, _ = run(tmp_path, team(1), "--plan")
    assert "\nANSWER: " in ended.text
    assert not (ended.project / ".massgen" / "plans").exists()


def test_a_message_to_agents_without_tools_stays_in_the_inbox(tmp_path):
    message = json.dumps({"content": "Leave the old table in place.", "source": "test"})
    ended, _ = run(tmp_path, team(2), "--inbox-dir inbox", files={"inbox/msg_1.json": message})
    assert "RUNTIME_INBOX: " in ended.text
    assert (ended.project / "inbox" / "msg_1.json").exists()
