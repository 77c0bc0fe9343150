"""Where agents are made: the switch works, and the caller's configuration comes back as it was given."""

from __future__ import annotations

import copy
from types import ModuleType, SimpleNamespace

import pytest
import yaml

from massgen_plugins.host import enabling
from massgen_plugins.host.attach import attach
from massgen_plugins.host.switch import INHERITED
from massgen_plugins.wrapping import is_wrapped

FLASH = "gemini-2.5-flash"
GEMINI = {"type": "gemini", "model": FLASH}
ON = {**GEMINI, "enable_rate_limit": True}


class Backend:
    def __init__(self, **config):
        self.config = config

    async def stream_with_tools(self):
        yield "chunk"


def fake_massgen():
    """What ``massgen.cli.backends`` does, as far as it concerns us."""
    module = ModuleType("massgen.cli.backends")

    def create_backend(backend_type, **kwargs):
        backend = Backend(**{key: value for key, value in kwargs.items() if key != "enable_rate_limit"})
        backend.own_limiter = bool(kwargs.get("enable_rate_limit"))
        return backend

    def create_agents_from_config(config, orchestrator_config=None, enable_rate_limit=False, **kwargs):
        entries = [config["agent"]] if "agent" in config else config.get("agents")
        if not entries:
            raise ValueError("no agents")
        made = {}
        for number, entry in enumerate(entries, start=1):
            backend = entry.get("backend", {})
            backend["enable_rate_limit"] = enable_rate_limit
            if backend.get("model") == "broken":
                raise ValueError("MassGen's own error")
            made[entry.get("id", f"agent{number}")] = SimpleNamespace(
                backend=module.create_backend(backend["type"], **backend),
                config=SimpleNamespace(backend_params={"model": backend.get("model", FLASH)}),
            )
        return made

    module.create_backend = create_backend
    module.create_agents_from_config = create_agents_from_config
    attach(module)
    return module


@pytest.fixture
def host(said, massgen):
    return fake_massgen()


def limited(made):
    return [name for name, agent in made.items() if "stream_with_tools" in vars(agent.backend)]


def test_attaching_twice_changes_nothing(host):
    first = host.create_agents_from_config
    attach(host)
    assert host.create_agents_from_config is first
    assert is_wrapped(host, "create_agents_from_config")
    assert not is_wrapped(SimpleNamespace(f=first.__wrapped__), "f")


def test_only_the_agents_that_say_so_are_limited(host):
    made = host.create_agents_from_config(
        {"agents": [{"id": "on", "backend": dict(ON)}, {"id": "off", "backend": dict(GEMINI)}]}
    )
    assert limited(made) == ["on"]
    assert INHERITED in made["on"].backend.config["enable_rate_limit"]
    assert "enable_rate_limit" not in made["off"].backend.config


@pytest.mark.parametrize("key", ["agent", "agents"])
def test_both_spellings_of_a_configuration(host, key):
    entry = {"backend": dict(ON)}
    made = host.create_agents_from_config({key: entry if key == "agent" else [entry]})
    assert limited(made) == ["agent1"]


def test_massgens_own_limiter_is_never_built_beside_ours(host):
    made = host.create_agents_from_config({"agent": {"backend": dict(ON)}}, None, True)
    assert not made["agent1"].backend.own_limiter


def test_the_configuration_comes_back_as_it_was_given_twice(host):
    shared = dict(ON)
    config = {"agents": [{"id": "one", "backend": shared}, {"id": "two", "backend": shared}]}
    given = copy.deepcopy(config)
    for _ in range(2):
        assert limited(host.create_agents_from_config(config)) == ["one", "two"]
        assert config == given
        assert config["agents"][0]["backend"] is config["agents"][1]["backend"] is shared


def test_yaml_anchors(host):
    config = yaml.safe_load(
        "agents:\n- backend: &b {type: gemini, model: gemini-2.5-flash, enable_rate_limit: true}\n"
        "- backend: *b\n"
    )
    assert limited(host.create_agents_from_config(config)) == ["agent1", "agent2"]
    assert config["agents"][1]["backend"]["enable_rate_limit"] is True


def test_it_comes_back_when_massgen_fails_too(host):
    config = {"agents": [{"backend": dict(ON)}, {"backend": {**ON, "model": "broken"}}]}
    given = copy.deepcopy(config)
    with pytest.raises(ValueError, match="MassGen's own error"):
        host.create_agents_from_config(config)
    assert config == given


def test_a_switch_that_was_not_there_is_not_left_behind(host):
    config = {"agents": [{"id": "a", "backend": dict(GEMINI)}]}
    given = copy.deepcopy(config)
    assert limited(host.create_agents_from_config(config, None, True)) == ["a"]
    assert config == given


def test_the_flag_holds_for_later_calls_that_lose_it(host):
    config = {"agents": [{"id": "a", "backend": dict(GEMINI)}]}
    assert limited(host.create_agents_from_config(config, None, True)) == ["a"]
    assert limited(host.create_agents_from_config(config)) == ["a"]


def test_the_environment_switches_everything_off(host, monkeypatch):
    monkeypatch.setenv("MASSGEN_RATE_LIMIT", "0")
    made = host.create_agents_from_config({"agent": {"backend": dict(ON)}}, None, True)
    assert limited(made) == []
    assert not made["agent1"].backend.own_limiter


def test_of_two_agents_with_one_name_massgen_keeps_the_last(host):
    def twins(*backends):
        return {"agents": [{"id": "twin", "backend": dict(backend)} for backend in backends]}

    assert limited(host.create_agents_from_config(twins(ON, GEMINI))) == []
    assert limited(host.create_agents_from_config(twins(GEMINI, ON))) == ["twin"]


def test_a_backend_that_names_only_its_model(host, monkeypatch):
    made = host.create_agents_from_config({"agent": {"backend": dict(ON)}})
    made["agent1"].backend.config = {"model": "gemini-2.5-pro"}
    assert enabling._type_of(made["agent1"].backend, "gemini-2.5-pro") == "gemini"


def test_the_default_model_is_what_massgen_will_send(host, said):
    backend = {"type": "gemini", "enable_rate_limit": True}
    made = host.create_agents_from_config({"agent": {"backend": backend}})
    assert limited(made) == ["agent1"]
    assert said == []


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"agent": {"backend": {**GEMINI, "enable_rate_limit": "false"}}}, "without quotes"),
        ({"agent": {"backend": ON}, "rate_limit": {"max_weight": 1}}, "max_wait"),
        ({"agent": {"backend": ON}, "rate_limit": {"disabled": ["gemini-seed"]}}, "switched off"),
    ],
)
def test_wrong_input_is_massgens_own_configuration_error(host, config, told):
    from massgen.cli.config_loading import ConfigurationError

    given = copy.deepcopy(config)
    with pytest.raises(ConfigurationError, match=f"^massgen-plugins: .*{told}"):
        host.create_agents_from_config(config)
    assert config == given


def test_an_agent_that_is_off_needs_no_profile(host):
    config = {
        "agents": [{"id": "on", "backend": ON}, {"id": "off", "backend": {**GEMINI, "model": "gemini-x"}}],
        "rate_limit": {
            "define": [{"provider": "gemini", "profiles": {"mine": {"models": {FLASH: {"rpm": 5}}}}}],
            "profile": "mine",
        },
    }
    assert limited(host.create_agents_from_config(copy.deepcopy(config))) == ["on"]
    config["agents"][1]["backend"]["enable_rate_limit"] = True
    with pytest.raises(Exception, match="gemini-x"):
        host.create_agents_from_config(config)


@pytest.mark.parametrize("seam", ["of", "enable"])
def test_a_fault_of_ours_is_said_loudly_and_the_run_goes_on(host, said, monkeypatch, seam):
    def fail(*args):
        raise RuntimeError("our own fault")

    monkeypatch.setattr(enabling.Plan, seam, fail)
    made = host.create_agents_from_config({"agent": {"backend": dict(ON)}})
    assert limited(made) == []
    (line,) = said
    assert "WITHOUT limits" in line
    assert "RuntimeError" in line
    assert "our own fault" not in line


def test_an_agent_of_an_unknown_provider_is_named(host, said):
    entries = [{"id": "a", "backend": {"type": "antigravity_cli", "enable_rate_limit": True}}]
    entries += [{"id": "b", "backend": {"type": "acme", "model": "x", "enable_rate_limit": True}}]
    assert limited(host.create_agents_from_config({"agents": entries})) == []
    assert [line for line in said if "agent a (antigravity_cli)" in line and "separate program" in line]
    assert [line for line in said if "agent b (acme)" in line and "without limits" in line]


@pytest.mark.parametrize("config", [{}, {"agents": None}, {"agents": "x"}, {"agents": [3]}, [], None])
def test_what_is_no_configuration_is_left_to_massgen(host, config):
    with pytest.raises((ValueError, TypeError, AttributeError)):
        host.create_agents_from_config(config)


class TestRealMassGen:
    @pytest.fixture
    def backends(self, massgen, said):
        attach(massgen.cli.backends)
        return massgen.cli.backends

    def test_every_route_holds_the_wrapped_function(self, massgen, backends):
        import massgen.cli.entrypoint
        import massgen.cli.plan_commands
        import massgen.cli.run

        cli = massgen.cli
        for module in (cli, cli.entrypoint, cli.plan_commands, cli.run):
            assert module.create_agents_from_config is backends.create_agents_from_config

    def test_the_default_model_and_a_backend_without_type(self, backends):
        config = {"agents": [{"backend": {"type": "gemini"}}, {"backend": {"model": FLASH}}]}
        for entry in config["agents"]:
            entry["backend"]["enable_rate_limit"] = True
        given = copy.deepcopy(config)
        assert limited(backends.create_agents_from_config(config)) == ["agent1", "agent2"]
        assert config == given

    def test_massgens_own_limiter_is_never_built(self, backends):
        (agent,) = backends.create_agents_from_config({"agent": {"backend": dict(ON)}}, None, True).values()
        assert agent.backend.rate_limiter is None

    def test_nor_in_the_clone_that_compresses_a_conversation(self, backends):
        from massgen.backend._compression_utils import COMPRESSION_EXCLUDED_KEYS

        (agent,) = backends.create_agents_from_config({"agent": {"backend": dict(ON)}}).values()
        config = {k: v for k, v in agent.backend.config.items() if k not in COMPRESSION_EXCLUDED_KEYS}
        assert INHERITED in config["enable_rate_limit"]
        clone = backends.create_backend(agent.backend.get_provider_name().lower(), **config)
        assert clone.rate_limiter is None
        assert "stream_with_tools" not in vars(clone)

    def test_massgens_own_limiter_is_built_when_somebody_asks_for_a_backend_with_it(self, backends):
        assert backends.create_backend("gemini", model=FLASH, enable_rate_limit=True).rate_limiter is not None

    def test_the_switch_never_reaches_the_provider(self, backends):
        (agent,) = backends.create_agents_from_config({"agent": {"backend": dict(ON)}}).values()
        assert "enable_rate_limit" in agent.backend.api_params_handler.get_excluded_params()
