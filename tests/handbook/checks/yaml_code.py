"""YAML fences."""

from __future__ import annotations

from typing import Any

import yaml

from . import host, rate_limit, strict_config
from .fences import Fence
from .merging import whole
from .problem import Problem


class _Strict(yaml.SafeLoader):
    """As MassGen reads it, except that a key may not stand twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [
            self.construct_object(key, deep=True)
            for key, _ in node.value
            if key.tag != "tag:yaml.org,2002:merge"
        ]
        if twice := [key for i, key in enumerate(keys) if key in keys[:i]]:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {twice[0]!r} stands twice", node.start_mark
            )
        return super().construct_mapping(node, deep)


def full(fence: Fence) -> list[Problem]:
    """A complete MassGen configuration."""
    return _checked(fence, lambda config: config)


def fragment(fence: Fence) -> list[Problem]:
    """A part of one, from the top level down."""
    return _checked(fence, whole)


def invalid(fence: Fence) -> list[Problem]:
    """A configuration that MassGen must refuse with the message that the fence names; readers are told so."""
    wanted = fence.words["massgen-invalid"]
    if not wanted:
        return [_at(fence, "no message", 'write massgen-invalid="a part of the message"')]
    said = _refusals(fence)
    if any(wanted in sentence for sentence in said):
        return []
    heard = "; ".join(said) or "nothing: the configuration is valid"
    return [_at(fence, f"it is not refused with {wanted!r}", f"what is said is: {heard}")]


def other(fence: Fence) -> list[Problem]:
    """Any other YAML: it must parse."""
    try:
        list(yaml.safe_load_all(fence.code))
    except yaml.YAMLError as error:
        return [_broken(fence, error)]
    return []


def _refusals(fence: Fence) -> list[str]:
    try:
        config = yaml.load(fence.code, _Strict)
    except yaml.YAMLError as error:
        return [str(error)]
    if isinstance(config, dict) and not {"agents", "agent"} & set(config):
        return [*host.findings(config), *host.findings(whole(config))]
    return host.findings(config)


def complaints_of(config: Any, fence: Fence) -> list[str]:
    """What MassGen's validator, our stricter check and our plugin say of a configuration."""
    said = host.findings(config)
    if not isinstance(config, dict):
        return said
    said += strict_config.complaints(config, custom_model="custom-model" in fence.words)
    return said + rate_limit.complaints(config)


def _checked(fence: Fence, complete: Any) -> list[Problem]:
    try:
        config = yaml.load(fence.code, _Strict)
    except yaml.YAMLError as error:
        return [_broken(fence, error)]
    cure = 'mend the example; a deliberately bad one is `yaml massgen-invalid="message"`'
    return [_at(fence, said, cure) for said in complaints_of(complete(config), fence)]


def _broken(fence: Fence, error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None)
    line = fence.line + 1 + mark.line if mark else fence.line
    return Problem(fence.path, line, f"not YAML: {' '.join(str(error).split())}", "mend the example")


def _at(fence: Fence, what: str, cure: str) -> Problem:
    return Problem(fence.path, fence.line, what, cure)
