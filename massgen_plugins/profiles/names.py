"""Which of a profile's names covers a model: exactly, or as a family in which only versions differ."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from massgen_plugins.profiles.checks import a_text
from massgen_plugins.profiles.tree import Entry, Place

__all__ = ["MODEL_NAME", "best_match", "covers", "matches", "model_name"]

_VERSION_LIKE = re.compile(r"preview|latest|exp|[0-9]+(?:\.[0-9]+)*")
_PART = r"[A-Za-z0-9._:/@+]+"
MODEL_NAME = re.compile(rf"{_PART}(?:-(?:{_PART}|\*))*")
"""A model's name, or a family's, in which ``*`` stands for one version-like part."""


def model_name(name: str, place: Place) -> str:
    """Check a model's or family's name.

    Raises:
        ConfigurationError: It cannot be one.
    """
    what = "a model's name such as gemini-2.5-flash, in which * may stand for one whole part"
    return a_text(Entry(name, place), what, MODEL_NAME, longest=128)


def covers(family: str, model: str) -> bool:
    """Whether a model is the family itself, or differs from it in version-like parts only.

    Parts are what hyphens separate. Version-like are numbers (``2.5``, ``001``, each half of
    ``09-2025``), ``preview``, ``latest`` and ``exp``: they stand in for ``*``, or follow the family.
    So ``gemini-*-flash`` covers ``gemini-2.5-flash-preview-09-2025`` but not ``gemini-2.5-flash-lite``.
    """
    wanted, parts = family.split("-"), model.split("-")
    head, tail = parts[: len(wanted)], parts[len(wanted) :]
    if len(head) < len(wanted) or not all(map(_VERSION_LIKE.fullmatch, tail)):
        return False
    return all(
        _VERSION_LIKE.fullmatch(part) if want == "*" else part == want
        for want, part in zip(wanted, head, strict=True)
    )


def matches(names: Iterable[str], model: str) -> list[str]:
    """The names that cover a model, the closest last: more parts are closer, then fewer ``*``."""
    return sorted((name for name in names if covers(name, model)), key=_closeness)


def _closeness(name: str) -> tuple[int, int]:
    return name.count("-"), -name.count("*")


def best_match(names: Iterable[str], model: str, aliases: Mapping[str, str]) -> str | None:
    """The name under which a model is found: itself, its alias, its closest family; None if there is none."""
    known = tuple(names)
    if model in known:
        return model
    for candidate in (aliases.get(model), model):
        if candidate is not None and (found := matches(known, candidate)):
            return found[-1]
    return None
