"""All that the reference pages know of one version of MassGen, as values to store and compare."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from website.generate.reading import (
    backends,
    config_keys,
    distribution,
    environment,
    examples,
    parsers,
    run_files,
)

__all__ = ["Snapshot", "snapshot", "snapshot_text"]

Snapshot = dict[str, Any]
"""Keys are the topics of :mod:`website.generate.release.changes`, and ``version``."""


def snapshot_text() -> str:
    """The file ``website/generate/snapshot.json``."""
    return json.dumps(snapshot(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


@cache
def snapshot() -> Snapshot:
    """Take down the MassGen that is installed."""
    package = distribution.massgen_directory()
    reads = environment.environment_reads(package, "massgen")
    return {
        "version": distribution.massgen_version(),
        "python": distribution.oldest_python(),
        "extras": distribution.extras(),
        "backends": {each.type: _backend(each) for each in backends.read_backends(package)},
        "options": dict(option for command in parsers.read_commands() for option in _options(command)),
        "keys": _keys(),
        "environment": sorted({read.name for read in reads}),
        "examples": [example.path for example in examples.read_examples(package)],
        "exit_codes": run_files.exit_codes(),
        "status_fields": sorted(run_files.status_fields()),
    }


def _backend(backend: backends.Backend) -> dict[str, Any]:
    return {
        "models": sorted(backend.models),
        "default": backend.default_model,
        "without model": backend.fallback_model,
        "key": backend.variable,
        "abilities": list(backend.capabilities),
        "can be run": backend.creatable,
    }


def _options(command: parsers.Command) -> list[tuple[str, dict[str, Any]]]:
    return [
        (
            f"{command.name} {option.name}",
            {"takes": option.value, "default": option.default, "choices": sorted(option.choices)},
        )
        for option in command.options
    ]


def _keys() -> dict[str, dict[str, Any]]:
    levels = {
        "orchestrator.": config_keys.read_orchestrator(),
        "orchestrator.coordination.": config_keys.read_coordination(),
        "timeout_settings.": config_keys.read_timeouts(),
    }
    return {
        f"{prefix}{key.name}": {"type": key.type, "default": key.default, "allowed": sorted(key.allowed)}
        for prefix, keys in levels.items()
        for key in keys
    }
