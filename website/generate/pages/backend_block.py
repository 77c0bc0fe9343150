"""The keys of a backend block, as a section of ``/reference/yaml-keys``."""

from __future__ import annotations

from website.generate import notes
from website.generate.mdx import code, prose, sentence, table
from website.generate.reading.backend_keys import BackendKey, read_backend_keys
from website.generate.reading.distribution import massgen_directory

__all__ = ["backend_section"]

_NOTES = "keys"
_SHOWN = 4
_HEAD = ("Key", "What it does", "In examples")


def backend_section() -> str:
    """The section with its groups."""
    section = notes.load(_NOTES)["backend"]
    keys = {key.name: key for key in read_backend_keys(massgen_directory())}
    notes.require_known(_NOTES, section["about"], keys)
    parts = [_INTRODUCTION]
    for group, members in notes.groups_of(_NOTES, section["group"], keys):
        if group["title"] == "Internal":
            names = ", ".join(code(name) for name in members)
            parts.append(f"### {group['title']}\n\n{group['about']}\n\n{names}")
            continue
        rows = [_row(keys[name], section["about"].get(name, "")) for name in members]
        parts.append(f"### {group['title']}\n\n{group['about']}\n\n{table(_HEAD, rows)}")
    return "\n\n".join(parts)


_INTRODUCTION = """\
## An agent's `backend` {/* #backend */}

MassGen takes the keys below for itself, and here is the surprise of this page: **a key that it does not know
is not an error. It is sent to the provider** as a parameter of the call. So `temprature: 0.2` passes the
validator, and the provider refuses it, or ignores it.
{/* verified: massgen/api_params_handler/_chat_completions_api_params_handler.py#get_excluded_params */}

The last column says which backends have the key in the examples that MassGen ships, with the number of
agents; "-" means that no example has it. A key in no group below may still be right: it is a parameter of
your provider then."""


def _row(key: BackendKey, ours: str) -> tuple[str, ...]:
    text = ours or sentence(prose(key.comment)) or "The source says nothing of it."
    return code(key.name), text, _used(key)


def _used(key: BackendKey) -> str:
    ranked = sorted(key.used.items(), key=lambda item: (-item[1], item[0]))
    shown = [f"{code(name)} {count}" for name, count in ranked[:_SHOWN]]
    if len(ranked) > _SHOWN:
        shown.append(f"{len(ranked) - _SHOWN} more")
    return ", ".join(shown) or "-"
