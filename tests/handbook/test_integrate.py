"""What the pages under /integrate say of MassGen 0.1.97, one sentence for each test."""

from __future__ import annotations

import asyncio
import inspect
import sys
import warnings

import pytest


@pytest.fixture(scope="module", autouse=True)
def massgen():
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        import massgen
        import massgen.cli
    return massgen


@pytest.fixture
def asked(massgen, monkeypatch, tmp_path):
    """``massgen.run`` up to the point at which it has chosen its configuration."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "team.yaml").write_text(
        "agents: [{id: mine, backend: {type: gemini, model: gemini-2.5-flash}}]\n", encoding="utf-8"
    )

    def run(**arguments):
        chosen = []

        def stop(config, *_, **__):
            chosen.append(config)
            raise InterruptedError

        monkeypatch.setattr("massgen.cli.create_agents_from_config", stop)
        with pytest.raises(InterruptedError):
            asyncio.run(massgen.run("What is 2+2?", **arguments))
        config = chosen[0]
        agents = config.get("agents") or [config["agent"]]
        return [(agent["id"], agent["backend"]["model"]) for agent in agents]

    return run


# --- /integrate/python-api


def test_a_model_wins_over_a_configuration_file(asked):
    assert asked(config="team.yaml") == [("mine", "gemini-2.5-flash")]
    assert asked(config="team.yaml", model="gpt-5-mini") == [("agent_a", "gpt-5-mini")]
    assert asked(config="team.yaml", model="gpt-5-mini", enable_filesystem=False) == [
        ("mine", "gemini-2.5-flash")
    ]


def test_a_model_alone_is_one_agent_although_the_docstring_says_two(asked, massgen):
    assert len(asked(model="gpt-5-mini")) == 1
    assert "num_agents: Number of agents when using single model (default: 2)" in massgen.run.__doc__


def test_without_a_filesystem_the_number_of_agents_is_ignored(asked):
    assert len(asked(model="gpt-5-mini", num_agents=3)) == 3
    assert len(asked(model="gpt-5-mini", num_agents=3, enable_filesystem=False)) == 1


def test_models_win_over_a_model_and_a_dictionary_wins_over_all(asked):
    own = {"agents": [{"id": "own", "backend": {"type": "gemini", "model": "gemini-2.5-flash"}}]}
    assert asked(config_dict=own, models=["gpt-5"], model="gpt-5-mini") == [("own", "gemini-2.5-flash")]
    assert asked(models=["gpt-5"], model="gpt-5-mini") == [("agent_a", "gpt-5")]


def test_build_config_gives_every_agent_a_workspace(massgen):
    config = massgen.build_config(models=["gemini/gemini-2.5-flash", "openai/gpt-5-mini"])
    assert all("cwd" in agent["backend"] for agent in config["agents"])


def test_there_is_no_agent_class(massgen):
    assert not hasattr(massgen, "Agent")


def test_a_conversation_ends_with_an_exception_after_the_whole_run(massgen, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    ran = []

    async def run_question_with_history(*_, **__):
        ran.append("the team")
        return ("4", "session", 1, False)  # what the real one returns

    monkeypatch.setattr("massgen.cli.create_agents_from_config", lambda *_, **__: {"a": object()})
    monkeypatch.setattr("massgen.cli.run_question_with_history", run_question_with_history)
    history = [{"role": "user", "content": "What is 2+2?"}]
    config = {"agents": [{"id": "a", "backend": {"type": "gemini", "model": "gemini-2.5-flash"}}]}
    with pytest.raises(ValueError, match="too many values to unpack"):
        asyncio.run(massgen.run("And 3+3?", config_dict=config, conversation_history=history))
    assert ran == ["the team"]


# --- /integrate/frameworks


def test_the_litellm_provider_is_none(massgen):
    assert massgen.register_with_litellm is None
    assert massgen.MassGenLLM is None


@pytest.mark.parametrize("framework", ["langgraph", "openai_assistant", "smolagent"])
def test_the_shipped_tool_loads(framework):
    from massgen.tool import ToolManager

    manager = ToolManager()
    name = f"{framework}_lesson_planner"
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        manager.add_tool_function(path=f"massgen/tool/_extraframework_agents/{name}_tool.py", func=name)
    assert manager.fetch_tool_schemas()[0]["function"]["name"] == f"custom_tool__{name}"


def test_ag2_is_unsupported_without_the_module_autogen():
    if "autogen" in sys.modules:
        pytest.skip("an ag2 below 1 is installed here")
    from massgen.adapters import adapter_registry
    from massgen.cli.backends import create_backend

    assert "ag2" not in adapter_registry
    with pytest.raises(Exception, match="Unsupported backend type: ag2"):
        create_backend("ag2", agent_config={})


# --- /integrate/coding-agents


def test_headless_quickstart_says_how_it_went():
    from massgen.cli import quickstart

    source = inspect.getsource(quickstart)
    assert "STATUS: SUCCESS" in source
    assert "STATUS: NEEDS_CONFIG" in source


def test_a_steering_message_is_whole_when_it_appears(tmp_path):
    from massgen.steering import send_steering_message

    file = send_steering_message(tmp_path, "Leave the database out.")
    assert file.name.startswith("msg_")
    assert list(tmp_path.iterdir()) == [file]
