"""Matches models against names: the model itself, or a family of versions. Does not import pydantic."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["covers", "matches"]

_VERSION_LIKE = re.compile(r"preview|latest|exp|[0-9]+(?:\.[0-9]+)*")


def covers(family: str, model: str) -> bool:
    """Whether a model equals the family, or differs from it only in version-like parts.

    Parts are separated by hyphens. Numbers (``2.5``, ``001``, each half of ``09-2025``), ``preview``,
    ``latest`` and ``exp`` are version-like: they match ``*``, or may follow the family's name.
    ``gemini-*-flash`` covers ``gemini-2.5-flash-preview-09-2025`` but not ``gemini-2.5-flash-lite``.
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
    """The names that cover a model, closest last: more parts are closer, then fewer ``*``."""
    return sorted((name for name in names if covers(name, model)), key=_closeness)


def _closeness(name: str) -> tuple[int, int]:
    return name.count("-"), -name.count("*")
