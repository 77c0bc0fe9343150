"""What MassGen's validator says about a key: asked with values that no key allows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from website.generate.reading.host import massgen_module

__all__ = ["Verdict", "verdict"]

_PROBES: tuple[Any, ...] = ("no such word", -1, True, {"no": "such key"}, [None])
_LIST = re.compile(r"Use one of: (.+)|.*must be one of \[(.+)\], got .*")
_MUST = re.compile(r"must be (?:a |an )?(.+?)(?:, got .*|\.)?$")


class Verdict(tuple[str, ...]):
    """What has to hold, such as ``positive integer or null``; empty if the validator never looks."""

    __slots__ = ()


@cache
def verdict(*path: str) -> Verdict:
    """What the validator demands of a value at a path, such as ``("ui", "logging_enabled")``."""
    found: dict[str, None] = {}
    for probe in _PROBES:
        for demand in _demands(path, probe):
            found[demand] = None
    return Verdict(found)


def words_allowed(*path: str) -> tuple[str, ...]:
    """The words that the validator lists for a key; empty if it lists none."""
    for message in _messages(path, _PROBES[0]):
        if listed := _LIST.fullmatch(message):
            return tuple(word.strip(" '") for word in (listed[1] or listed[2]).split(","))
    return ()


def _demands(path: Sequence[str], probe: Any) -> Iterator[str]:
    for message in _messages(path, probe):
        if (must := _MUST.search(message)) and not message.startswith("Use"):
            yield must[1]


def _messages(path: Sequence[str], probe: Any) -> Iterator[str]:
    validator = massgen_module("config_validator").ConfigValidator()
    try:
        issues = validator.validate_config(_config(path, probe)).errors
    except TypeError:
        return  # it looks words up in a set, and a mapping or a list breaks that
    for issue in issues:
        if issue.location == ".".join(path):
            yield issue.message
            yield issue.suggestion or ""


def _config(path: Sequence[str], value: Any) -> dict[str, Any]:
    content: Any = value
    for key in reversed(path):
        content = {key: content}
    agent = {"id": "agent", "backend": {"type": "openai", "model": "gpt-5-mini"}}
    return {"agents": [agent], **content}
