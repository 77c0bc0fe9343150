"""The checks of YAML fences: each can fail, and says what is wrong."""

from __future__ import annotations

import pytest

GOOD = """
agents:
  - id: analyst
    backend:
      type: gemini
      model: gemini-2.5-flash
"""


def test_a_good_configuration_passes(said):
    assert said("yaml massgen", GOOD) == ""


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("id: analyst", "idd: analyst", "missing required field 'id'"),
        ("id: analyst", "id: analyst\n    role: boss", "agents[0].role: MassGen reads no such key"),
        ("type: gemini", "type: google", "Unknown backend type: 'google'"),
        ("type: gemini", "type: gemini\n      temprature: 1", "(did you mean 'temperature'?)"),
        ("type: gemini", "type: gemini\n      enable_rate_limit: 'true'", "is not a boolean"),
        ("type: gemini", "type: gemini\n      api_key: sk-abcdefghijklmnopqrstuvwx", "looks like an API key"),
        ("type: gemini", "type: gemini\n      api_key: my-key", "api_key: a key has no place in a file"),
        ("type: gemini", "type: gemini\n      api_key: ${MY_KEY}", "api_key: a key has no place in a file"),
        ("gemini-2.5-flash", "gemini-9-flash", "is not among MassGen's models of gemini"),
        ("agents:", "agent_list: 1\nagents:", "agent_list: MassGen reads no such key"),
        ("agents:", "ui: {display: rich}\nagents:", "ui.display: MassGen reads no such key"),
        ("agents:", "ui: {display_type: rich}\nagents:", "Invalid display_type"),
        ("agents:", "memory: {enabeld: true}\nagents:", "memory.enabeld: MassGen reads no such key"),
        ("agents:", "orchestrator: {votes: 1}\nagents:", "Unknown orchestrator config key: 'votes'"),
        ("agents:", "orchestrator: {coordination: {x: 1}}\nagents:", "Unknown coordination config key: 'x'"),
        ("agents:", "timeout_settings: {agent_timeout: 1}\nagents:", "Unknown timeout_settings key"),
        ("agents:", "rate_limit: {profil: x}\nagents:", "did you mean 'profile'?"),
        ("agents:", "rate_limit: {profile: nobody-knows}\nagents:", "nobody-knows"),
        ("agents:", "agents:\nagents:", "stands twice"),
        ("agents:", "agents: [", "not YAML"),
    ],
)
def test_a_bad_configuration_is_refused_with_its_fault(said, old, new, complaint):
    assert complaint in said("yaml massgen", GOOD.replace(old, new))


def test_a_model_of_the_readers_own_is_marked(said):
    assert said("yaml massgen custom-model", GOOD.replace("gemini-2.5-flash", "gemini-9-flash")) == ""


def test_agents_of_subagents_are_checked_too(said):
    below = "\n    subagent_agents:\n      - {id: s, bakend: {}, backend: {type: gemini, modell: x}}\n"
    text = said("yaml massgen", GOOD + below.lstrip("\n"))
    assert "agents[0].subagent_agents[0].bakend" in text
    assert "agents[0].subagent_agents[0].backend.modell" in text


def test_a_fragment_is_checked_inside_a_whole_configuration(said):
    assert said("yaml massgen-fragment", "orchestrator:\n  voting_sensitivity: strict") == ""
    assert "Invalid voting_sensitivity" in said(
        "yaml massgen-fragment", "orchestrator: {voting_sensitivity: x}"
    )
    assert "tempo" in said("yaml massgen-fragment", "agents:\n  - backend: {tempo: 1}")


def test_a_bad_example_must_be_bad_in_the_way_that_it_says(said):
    bad = "orchestrator: {voting_sensitivity: x}"
    assert said('yaml massgen-invalid="Invalid voting_sensitivity"', bad) == ""
    assert "is not refused with" in said('yaml massgen-invalid="something else"', bad)
    assert "the configuration is valid" in said('yaml massgen-invalid="anything"', GOOD)
    assert "no message" in said("yaml massgen-invalid", bad)
    ours = GOOD.replace("type: gemini", "type: gemini\n      temprature: 1")
    assert "the configuration is valid" in said('yaml massgen-invalid="did you mean"', ours)


def test_settings_and_profiles_are_read_by_our_own_loader(said):
    assert said("yaml rate-limit", "rate_limit:\n  max_wait: 900") == ""
    assert said("yaml rate-limit", "max_wait: 900\nprofile: my-own") == ""
    assert "max_wait" in said("yaml rate-limit", "max_wait: soon")
    assert said("yaml rate-limit-profile", "name: x\nprovider: gemini\n") != ""


def test_a_yaml_fence_needs_a_class_that_exists(said):
    assert "no class" in said("yaml", GOOD)
    assert "no class" in said('yaml title="team.yaml"', GOOD)
    assert "unknown class 'masgen'" in said("yaml masgen", GOOD)
    assert "not YAML" in said("yaml other", "a: [")


@pytest.mark.parametrize("language", ["", "sh", "yml", "py"])
def test_a_fence_needs_a_language_that_is_checked(said, language):
    assert "use one of" in said(language, "x")
