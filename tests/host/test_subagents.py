"""Sub-agents: the YAML that the real MassGen writes for them carries switch, settings and store."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
import yaml

from massgen_plugins.host import subagents
from massgen_plugins.host.attach import attach
from massgen_plugins.host.switch import INHERITED
from massgen_plugins.profiles import load_settings
from massgen_plugins.quota import MINUTE, Kind, Limit
from massgen_plugins.wrapping import is_wrapped

FLASH = "gemini-2.5-flash"


@pytest.fixture
def parents(massgen, said, store):
    """What MassGen hands to the server that starts sub-agents, after its way through a JSON file."""

    def build(switch, **block):
        attach(massgen.cli.backends)
        backends = [{"type": "gemini", "model": FLASH, "enable_rate_limit": on} for on in switch]
        config = {
            "agents": [{"id": f"a{n}", "backend": backend} for n, backend in enumerate(backends)],
            "rate_limit": {"store": str(store), **block},
        }
        made = massgen.cli.backends.create_agents_from_config(config)
        return json.loads(
            json.dumps([{"id": name, "backend": agent.backend.config} for name, agent in made.items()])
        )

    return build


@pytest.fixture
def child_of(massgen, tmp_path):
    """The configuration that MassGen writes for a sub-agent of these parents."""
    attach(massgen.subagent.manager)
    from massgen.subagent.models import SubagentConfig

    def generate(parent_configs, spawner="a0", **options):
        manager = massgen.subagent.manager.SubagentManager(
            parent_workspace=str(tmp_path),
            parent_agent_id=spawner,
            orchestrator_id="o",
            parent_agent_configs=parent_configs,
            **options,
        )
        task = SubagentConfig.create("think", "a0")
        written = yaml.dump(manager._generate_subagent_yaml_config(task, tmp_path / "child"))
        return yaml.safe_load(written)

    return generate


def test_switch_settings_and_store_go_with_the_child(parents, child_of, store):
    child = child_of(parents([True], max_wait=77, account="team", models={FLASH: {"rpm": 3}}))
    assert [agent["backend"]["enable_rate_limit"] for agent in child["agents"]] == [True]
    settings = load_settings(child)
    assert settings.store == str(store)
    assert settings.max_wait == 77
    assert settings.account("gemini") == "team"
    assert Limit(Kind.REQUESTS, 3, MINUTE) in settings.rules("gemini", FLASH).limits


def test_the_child_has_the_parents_rules_for_every_model_whatever_files_it_finds(parents, child_of, tmp_path):
    child = child_of(parents([True]))
    before = load_settings(None)
    (tmp_path / ".massgen").mkdir(exist_ok=True)
    (tmp_path / ".massgen" / "rate_limit.yaml").write_text("models: {gemini-2.5-pro: {rpm: 99}}\n")
    for model in (FLASH, "gemini-2.5-pro", "gemini-2.5-flash-lite"):
        assert load_settings(child).rules("gemini", model) == before.rules("gemini", model)


def test_also_where_massgen_copies_nothing_from_the_parents(parents, child_of, store):
    """Its origin "legacy": the spawner is not among the parents."""
    child = child_of(parents([True]), spawner="somebody else")
    assert child["agents"][0]["backend"]["enable_rate_limit"] is True
    assert child["rate_limit"]["store"] == str(store)


def test_and_in_a_team_that_is_common_to_all_children(massgen, parents, child_of):
    from massgen.subagent.models import SubagentOrchestratorConfig

    common = SubagentOrchestratorConfig(
        enabled=True,
        agents=[{"id": "judge", "backend": {"type": "gemini", "model": "gemini-2.5-pro"}}],
        shared_child_team_types=["*"],
    )
    child = child_of(parents([True]), subagent_orchestrator_config=common)
    assert [agent["id"] for agent in child["agents"]] == ["judge"]
    assert child["agents"][0]["backend"]["enable_rate_limit"] is True


def test_children_of_a_mixed_team_are_on_since_they_spend_the_same_key(parents, child_of):
    child = child_of(parents([False, True]))
    assert child["agents"][0]["backend"]["enable_rate_limit"] is True


def test_children_of_a_team_that_is_off_are_massgens_own(parents, child_of):
    child = child_of(parents([False]))
    assert "rate_limit" not in child
    assert not child["agents"][0]["backend"].get("enable_rate_limit")


def test_no_trace_of_our_inner_form_is_left(parents, child_of):
    assert INHERITED not in yaml.safe_dump(child_of(parents([True])))


def test_a_child_whose_yaml_was_written_without_us_still_finds_its_parents_settings(massgen, parents, store):
    """Such as by a server whose Python does not load start-up files: MassGen copies our switch as it is."""
    (parent,) = parents([True], max_wait=55)
    backend = {key: value for key, value in parent["backend"].items() if key != "agent_id"}
    config = {"agents": [{"id": "child", "backend": backend}]}
    child = massgen.cli.backends.create_agents_from_config(config)["child"]
    settings = child.backend.config["enable_rate_limit"][INHERITED]
    assert (settings["max_wait"], settings["store"]) == (55, str(store))


def test_attaching_twice_changes_nothing(massgen):
    attach(massgen.subagent.manager)
    manager = massgen.subagent.manager.SubagentManager
    first = manager._generate_subagent_yaml_config
    subagents.attach_when_imported()
    assert manager._generate_subagent_yaml_config is first
    assert not is_wrapped(SimpleNamespace(f=first.__wrapped__), "f")


def test_a_fault_of_ours_does_not_keep_a_sub_agent_from_starting(parents, child_of, said, monkeypatch):
    def fail(*args):
        raise RuntimeError("our own fault")

    configs = parents([True])
    monkeypatch.setattr(subagents, "_pass_on", fail)
    assert child_of(configs)["agents"]
    (line,) = said
    assert "WITHOUT limits" in line


def test_a_child_shares_the_budget_of_its_run(parents, child_of, massgen):
    budget = {"run": 2, "agents": {"a0": 1}, "unknown_price": "allow"}
    one, two = parents([True], budget=budget), parents([True], budget=budget)
    settings = [load_settings(child_of(each)).budget for each in (one, one, two)]
    assert {(each.run, each.agents["a0"]) for each in settings} == {(2, 1)}
    assert settings[0].run_id
    assert settings[0].run_id == settings[1].run_id != settings[2].run_id
    # And the child's own children do, too.
    made = massgen.cli.backends.create_agents_from_config(child_of(one))
    again = [{"id": name, "backend": agent.backend.config} for name, agent in made.items()]
    assert load_settings(child_of(json.loads(json.dumps(again)))).budget.run_id == settings[0].run_id


def test_a_run_does_not_start_without_a_price(parents):
    with pytest.raises(
        Exception, match=r"There is no known price for the model .*, so no budget can be enforced"
    ):
        parents([True], budget={"run": 2, "cheaper": {FLASH: "gemini-unheard-of"}})


def test_a_budget_of_an_agent_that_is_nearly_there_is_told(parents, said):
    parents([True, True], budget={"run": 2, "agents": {"a00": 1}, "unknown_price": "allow"})
    assert [line for line in said if "no agent of this run is named 'a00'; did you mean 'a" in line]


def test_a_budget_that_nobody_holds_is_told(parents, said, monkeypatch):
    monkeypatch.setenv("MASSGEN_PLUGINS_BLOCK", "budget")
    parents([True], budget={"run": 2})
    assert any("agents run WITHOUT budgets" in line for line in said)
