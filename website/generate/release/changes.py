"""Two snapshots compared, in words for readers of the handbook."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from website.generate.release.snapshot import Snapshot

__all__ = ["changes_text"]

_TOPICS: Mapping[str, str] = {
    "backends": "Backends",
    "options": "Options of the command line",
    "keys": "YAML keys",
    "environment": "Environment variables",
    "exit_codes": "Exit codes",
    "status_fields": "Fields of status.json",
    "examples": "Shipped examples",
    "extras": "Extras",
}
_SHOWN = 12


def changes_text(old: Snapshot, new: Snapshot) -> str:
    """What a reader would notice, as Markdown; says so if there is nothing."""
    parts = [f"# From MassGen {old['version']} to {new['version']}"]
    if old["python"] != new["python"]:
        parts.append(f"Needs Python {new['python']} or newer (before: {old['python']}).")
    for topic, title in _TOPICS.items():
        lines = list(_lines(old[topic], new[topic]))
        if lines:
            parts.append(f"## {title}\n\n" + "\n".join(f"* {line}" for line in lines))
    if len(parts) == 1:
        parts.append("Nothing that the reference pages show has changed.")
    return "\n\n".join(parts) + "\n"


def _lines(old: Any, new: Any) -> Iterator[str]:
    yield from _came_and_went(old, new)
    if isinstance(old, Mapping):
        for name in sorted(set(old) & set(new)):
            if old[name] != new[name]:
                yield f"`{name}`: {'; '.join(_differences(old[name], new[name]))}."


def _came_and_went(
    old: Sequence[str] | Mapping[str, Any], new: Sequence[str] | Mapping[str, Any]
) -> Iterator[str]:
    for word, names in (("New", set(new) - set(old)), ("Gone", set(old) - set(new))):
        if names:
            yield f"{word}: {_listed(names)}."


def _differences(old: Any, new: Any) -> Iterator[str]:
    """What is different about one thing, field by field."""
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        yield f"was {_shown(old)}, is {_shown(new)}"
        return
    for field in sorted(set(old) | set(new)):
        before, after = old.get(field), new.get(field)
        if before == after:
            continue
        if isinstance(before, list) and isinstance(after, list):
            yield from (f"{field}: {line[0].lower()}{line[1:-1]}" for line in _came_and_went(before, after))
        else:
            yield f"{field} was {_shown(before)}, is {_shown(after)}"


def _listed(names: set[str]) -> str:
    shown = [f"`{name}`" for name in sorted(names)[:_SHOWN]]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "nothing" if value in (None, "", []) else f"`{value}`"
