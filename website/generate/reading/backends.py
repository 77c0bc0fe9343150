"""The registry of backends, and which of its types MassGen's command line can really make."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from website.generate.reading.host import massgen_module

__all__ = ["Backend", "read_backends"]

_CUSTOM = "custom"
"""How the registry writes "any model": it is no model's name."""


@dataclass(frozen=True, slots=True)
class Backend:
    """One backend type.

    Attributes:
        type: What stands behind ``type:`` in a configuration.
        provider: Name of the provider or program.
        models: Names of models in the registry's order, without ``custom``.
        any_model: Whether the registry says that any other model's name may stand there too.
        default_model: What the registry calls the default; empty if it has none.
        fallback_model: What a run really asks for when ``model:`` is left out; empty if that is not decided
            by MassGen's command line.
        variable: The environment variable that the registry names for its key; empty if there is none.
        capabilities: Names of what it supports, in order.
        builtin_tools: Names of the tools that the provider itself runs.
        filesystem: ``native``, ``mcp`` or ``none``.
        base_url: Where its requests go when the configuration does not say; empty if the client decides.
        notes: The registry's own remark.
        released: Model to the month of its release, ``YYYY-MM``.
        creatable: Whether ``create_backend`` knows the type.
    """

    type: str
    provider: str
    models: tuple[str, ...]
    any_model: bool
    default_model: str
    fallback_model: str
    variable: str
    capabilities: tuple[str, ...]
    builtin_tools: tuple[str, ...]
    filesystem: str
    base_url: str
    notes: str
    released: Mapping[str, str]
    creatable: bool


def read_backends(package: Path) -> list[Backend]:
    """All types of the registry, in its order."""
    registry = massgen_module("backend.capabilities").BACKEND_CAPABILITIES
    tree = _source_of_makers(package)
    known, fallbacks = _creatable_types(tree), _fallback_models(tree)
    return [_backend(name, entry, fallbacks.get(name, ""), name in known) for name, entry in registry.items()]


def _backend(name: str, entry: object, fallback: str, creatable: bool) -> Backend:
    fields = vars(entry)
    default = fields["default_model"]
    return Backend(
        type=name,
        provider=fields["provider_name"],
        models=tuple(model for model in fields["models"] if model != _CUSTOM),
        any_model=_CUSTOM in fields["models"],
        default_model="" if default == _CUSTOM else default,
        fallback_model=fallback,
        variable=fields["env_var"] or "",
        capabilities=tuple(sorted(fields["supported_capabilities"])),
        builtin_tools=tuple(fields["builtin_tools"]),
        filesystem=fields["filesystem_support"],
        base_url=fields.get("base_url") or "",
        notes=" ".join(fields["notes"].split()),
        released=dict(fields.get("model_release_dates") or {}),
        creatable=creatable,
    )


def _source_of_makers(package: Path) -> ast.Module:
    """The module that makes backends and agents, wherever this version has it."""
    paths = (package / "cli" / "backends.py", package / "cli.py")
    return ast.parse(next(path.read_text("utf-8") for path in paths if path.is_file()))


def _creatable_types(tree: ast.Module) -> set[str]:
    """The types that ``create_backend`` compares with, or takes from the registry of frameworks.

    Read, not tried: making some backends starts a download.
    """
    frameworks = {"ag2"} if "adapter_registry" in ast.dump(tree) else set()
    return frameworks | set().union(*(words for words, _ in _branches(tree, "backend_type")))


def _fallback_models(tree: ast.Module) -> dict[str, str]:
    """Type to the model that its agents get when the configuration names none.

    It is the default of the method that makes the agent's configuration, not that of the registry.
    """
    config = massgen_module("agent_config").AgentConfig
    found = {}
    for types, body in _branches(tree, "backend_type_lower"):
        makers = [node.attr for node in ast.walk(body) if isinstance(node, ast.Attribute)]
        for maker in (name for name in makers if name.startswith("create_")):
            parameters = inspect.signature(getattr(config, maker)).parameters
            named = parameters.get("model") or parameters.get("deployment_name")
            if named is not None and isinstance(named.default, str):
                found.update(dict.fromkeys(types, named.default))
    return found


def _branches(tree: ast.Module, variable: str) -> Iterator[tuple[set[str], ast.Module]]:
    """Each ``if variable == "a"`` or ``in ["a", "b"]`` with the words, and what happens then."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Compare):
            test = node.test
            if ast.unparse(test.left) == variable:
                leaves = [leaf for side in test.comparators for leaf in ast.walk(side)]
                words = {leaf.value for leaf in leaves if isinstance(leaf, ast.Constant)}
                yield {word for word in words if isinstance(word, str)}, ast.Module(node.body, [])
