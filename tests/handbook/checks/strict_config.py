"""What MassGen's validator lets pass, and readers would copy: unknown keys and models, keys in the clear."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from massgen_plugins.profiles.document import looks_like_key

from . import backend_keys, host, known_keys
from .near import nearest

_ENVIRONMENT = "leave the line out, and MassGen takes the key from the environment"


def complaints(config: Mapping[str, Any], *, custom_model: bool = False) -> list[str]:
    """Sentences, each with the place in the configuration and the value."""
    found = [*_unknown("", config, known_keys.top_level()), *_sections(config), *_secrets("", config)]
    for where, agent in _agents(config):
        found += _unknown(where, agent, known_keys.agent())
        found += _backend(f"{where}.backend", agent.get("backend"), custom_model=custom_model)
    return found


def _sections(config: Mapping[str, Any]) -> Iterator[str]:
    allowed = {"ui": known_keys.ui, "memory": known_keys.memory, "checkpoint": known_keys.checkpoint}
    for name, keys in allowed.items():
        if isinstance(config.get(name), Mapping):
            yield from _unknown(name, config[name], keys())


def _agents(config: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    listed = config.get("agents")
    entries = [(f"agents[{i}]", entry) for i, entry in enumerate(listed if isinstance(listed, list) else [])]
    for where, entry in [*entries, ("agent", config.get("agent"))]:
        if isinstance(entry, Mapping):
            yield where, entry
            yield from _agents_below(where, entry)


def _agents_below(where: str, agent: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    below = agent.get("subagent_agents")
    for i, entry in enumerate(below if isinstance(below, list) else []):
        if isinstance(entry, Mapping):
            yield f"{where}.subagent_agents[{i}]", entry


def _backend(where: str, backend: Any, *, custom_model: bool) -> Iterator[str]:
    if not isinstance(backend, Mapping) or backend.get("type") not in host.capabilities():
        return
    yield from _unknown(where, backend, backend_keys.known(backend["type"]))
    switch = backend.get("enable_rate_limit", False)
    if not isinstance(switch, bool):
        cure = "write true or false without quotes"
        yield f"{where}.enable_rate_limit is {switch!r}, which is not a boolean; {cure}"
    if "api_key" in backend:
        yield f"{where}.api_key: a key has no place in a file, and most backends break on it; {_ENVIRONMENT}"
    if not custom_model:
        yield from _model(where, backend)


def _model(where: str, backend: Mapping[str, Any]) -> Iterator[str]:
    models = host.capabilities()[backend["type"]].models
    model = backend.get("model")
    if model is None or model in models or set(models) <= {"custom"}:
        return
    meant = nearest(str(model), models)
    yield (
        f"{where}.model {model!r} is not among MassGen's models of {backend['type']}{meant}; "
        "a fence with another one says `custom-model`"
    )


def _unknown(where: str, held: Mapping[str, Any], known: frozenset[str]) -> Iterator[str]:
    for key in held:
        if key not in known:
            place = f"{where}.{key}" if where else str(key)
            yield f"{place}: MassGen reads no such key here{nearest(str(key), known)}"


def _secrets(where: str, value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _secrets(f"{where}.{key}".lstrip("."), inner)
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from _secrets(f"{where}[{i}]", inner)
    elif isinstance(value, str) and looks_like_key(value):
        yield f"{where} looks like an API key; take it from the environment"
