"""``website/facts.json``: numbers and words that pages show through ``<Fact name="..."/>``."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping

from website.generate.reading import (
    backends,
    config_keys,
    distribution,
    environment,
    examples,
    parsers,
    plugin,
)
from website.generate.reading.host import massgen_module

__all__ = ["facts", "facts_text"]


def facts_text() -> str:
    """The file."""
    return json.dumps(facts(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def facts() -> dict[str, int | str]:
    """Name to value: numbers stay numbers, everything else is text."""
    return {**_package(), **_backends(), **_command_line(), **_configuration(), **_plugin()}


def _package() -> dict[str, int | str]:
    names = distribution.extras()
    package = distribution.massgen_directory()
    reads = environment.environment_reads(package, "massgen")
    return {
        "massgen_version": distribution.massgen_version(),
        "python_minimum": distribution.oldest_python(),
        "extras": len(names),
        "extra_names": ", ".join(names),
        "install_packages": distribution.count_of_packages(),
        "environment_variables": len({read.name for read in reads}),
    }


def _backends() -> dict[str, int | str]:
    found = backends.read_backends(distribution.massgen_directory())
    by_type = {backend.type: backend for backend in found}
    names = {model for backend in found for model in backend.models}
    return {
        "backends": len(found),
        "models": len(names),
        "model_entries": sum(len(backend.models) + backend.any_model for backend in found),
        "openai_default_model": by_type["openai"].default_model,
        "claude_default_model": by_type["claude"].default_model,
        "gemini_default_model": by_type["gemini"].default_model,
        "grok_default_model": by_type["grok"].default_model,
    }


def _command_line() -> dict[str, int | str]:
    commands = {command.name: command for command in parsers.read_commands()}
    options = {option.name: option for option in commands["massgen"].options if not option.positional}
    server = massgen_module("server.settings").ServerSettings()
    codes = {
        name: value
        for name, value in vars(massgen_module("cli._constants")).items()
        if name.startswith("EXIT_")
    }
    return {
        "flags": len(options),
        "sub_commands": len({name.split()[1] for name in commands if " " in name}),
        "exit_codes": len(codes),
        "serve_host": server.host,
        "serve_port": server.port,
        "web_host": options["--web-host"].default,
        "web_port": int(options["--web-port"].default),
    }


def _configuration() -> dict[str, int | str]:
    config = massgen_module("agent_config")
    orchestrator = {key.name: key for key in config_keys.read_orchestrator()}
    coordination = {key.name: key for key in config_keys.read_coordination()}
    timeouts = {key.name: key for key in config_keys.read_timeouts()}
    shipped = examples.read_examples(distribution.massgen_directory())
    return {
        "orchestrator_keys": len(orchestrator),
        "coordination_keys": len(coordination),
        "coordination_fields": len(dataclasses.fields(config.CoordinationConfig)),
        "voting_sensitivities": len(orchestrator["voting_sensitivity"].allowed),
        "voting_sensitivity_default": orchestrator["voting_sensitivity"].default,
        "coordination_mode_default": orchestrator["coordination_mode"].default,
        "orchestrator_timeout_seconds": int(timeouts["orchestrator_timeout_seconds"].default),
        "round_timeout_grace_seconds": int(timeouts["round_timeout_grace_seconds"].default),
        "subagent_default_timeout_seconds": int(coordination["subagent_default_timeout"].default),
        "subagent_max_timeout_seconds": int(coordination["subagent_max_timeout"].default),
        "subagent_max_concurrent": int(coordination["subagent_max_concurrent"].default),
        "broadcast_timeout_seconds": int(coordination["broadcast_timeout"].default),
        "write_mode_default": coordination["write_mode"].default,
        "criteria_presets": len(massgen_module("evaluation_criteria_generator").VALID_CRITERIA_PRESETS),
        "examples": len(shipped),
        "run_examples": sum(example.valid for example in shipped),
    }


def _plugin() -> Mapping[str, int | str]:
    profiles = plugin.shipped_profiles()
    return {
        "plugin_version": plugin.plugin_version(),
        "plugin_profiles": len(profiles),
        "plugin_hooks": len(plugin.hook_names()),
        "plugin_events": len(plugin.event_names()),
        "plugin_setting_keys": len(plugin.setting_keys()),
        "plugin_limit_keys": len(plugin.limit_keys()),
        "max_wait_seconds": massgen_plugins_default("max_wait"),
    }


def massgen_plugins_default(name: str) -> int:
    """A default of the plugin's settings that is a whole number."""
    from massgen_plugins.profiles.settings import Settings

    defaults: dict[str, object] = {field.name: field.default for field in dataclasses.fields(Settings)}
    return int(str(defaults[name]))
