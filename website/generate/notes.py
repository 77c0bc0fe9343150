"""What we say of a backend, a flag, a key or a variable: sentences of ours in TOML files, kept true by names.

A note about something that MassGen no longer has is an error, so that no sentence outlives its subject.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["StaleNote", "groups", "groups_of", "load", "require_known"]

_HERE = Path(__file__).parent / "notes"


class StaleNote(Exception):
    """A note speaks of something that is no longer there."""


@cache
def load(name: str) -> dict[str, Any]:
    """A file of notes."""
    return tomllib.loads((_HERE / f"{name}.toml").read_text("utf-8"))


def groups(name: str, known: Collection[str]) -> list[tuple[dict[str, Any], list[str]]]:
    """The groups of a file of notes: see :func:`groups_of`."""
    return groups_of(name, load(name)["group"], known)


def groups_of(
    name: str, listed: Iterable[dict[str, Any]], known: Collection[str]
) -> list[tuple[dict[str, Any], list[str]]]:
    """Groups with their members, and a last one with those that no group names.

    A group is a table with ``title``, ``members`` and what else the page wants.

    Raises:
        StaleNote: A member is not known.
    """
    found = []
    left = dict.fromkeys(known)
    for group in listed:
        members = group["members"]
        require_known(name, members, known)
        found.append((group, members))
        for member in members:
            left.pop(member, None)
    if left:
        found.append(({"title": "Not sorted yet", "about": "New in this version of MassGen."}, list(left)))
    return found


def require_known(name: str, mentioned: Collection[str], known: Collection[str]) -> None:
    """Check that notes speak of what is there.

    Raises:
        StaleNote: They do not.
    """
    if gone := sorted(set(mentioned) - set(known)):
        raise StaleNote(f"website/generate/notes/{name}.toml speaks of what is not there: {', '.join(gone)}")
