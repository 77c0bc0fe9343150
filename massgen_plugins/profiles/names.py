"""Finds the name in a profile that covers a model: exactly, by alias, or as a family of versions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, TypeAlias

from massgen_plugins.profiles.families import covers, matches
from massgen_plugins.profiles.validation import text
from massgen_plugins.quota import ACCOUNT_POOL

__all__ = ["ModelName", "Name", "PoolName", "best_match", "covers", "matches"]

_PART = r"[A-Za-z0-9._:/@+]+"
_MODEL = rf"{_PART}(?:-(?:{_PART}|\*))*"
_ACCOUNT = re.escape(ACCOUNT_POOL)
_MODEL_FORM = "a model's name such as gemini-2.5-flash, in which * may stand for one whole part"
_NAME = r"[a-z0-9][a-z0-9._-]{0,63}"
_NAME_FORM = "a name of a-z, 0-9, dot, hyphen and underscore, 64 characters at most"

ModelName: TypeAlias = Annotated[str, text(_MODEL_FORM, re.compile(rf"{_MODEL}|{_ACCOUNT}"), longest=128)]
"""A model, a family (``*`` matches one version-like part), or the account's pool."""

Name: TypeAlias = Annotated[str, text(_NAME_FORM, re.compile(_NAME))]
"""Name of a provider or a profile."""

PoolName: TypeAlias = Annotated[
    str,
    text(
        "a name of a-z, 0-9, dot, colon and hyphen, or *account",
        re.compile(rf"[a-z0-9][a-z0-9._:-]{{0,63}}|{_ACCOUNT}"),
    ),
]
"""Name of a pool shared by several models, or of the account's pool."""


def best_match(names: Iterable[str], model: str, aliases: Mapping[str, str]) -> str | None:
    """The name that covers a model: itself, its alias, or its closest family; None if there is none."""
    known = tuple(names)
    if model in known:
        return model
    for candidate in (aliases.get(model), model):
        if candidate is not None and (found := matches(known, candidate)):
            return found[-1]
    return None
