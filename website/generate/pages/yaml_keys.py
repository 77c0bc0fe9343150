"""The page ``/reference/yaml-keys``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from website.generate import notes
from website.generate.mdx import FILTER, code, fence, front_matter, page, prose, sentence, table, words
from website.generate.pages.backend_block import backend_section
from website.generate.reading.config_keys import (
    ConfigKey,
    read_coordination,
    read_orchestrator,
    read_timeouts,
)
from website.generate.reading.distribution import massgen_directory, massgen_version
from website.generate.reading.validator import verdict, words_allowed

__all__ = ["render"]

_NOTES = "keys"
_VERIFIED = (
    "massgen/agent_config.py#def valid_orchestrator_keys",
    "massgen/agent_config.py#def yaml_coordination_keys",
    "massgen/agent_config.py#def yaml_timeout_keys",
    "massgen/config_validator.py#VALID_VOTING_SENSITIVITY",
    "massgen/backend/_excluded_params.py#BASE_EXCLUDED_CONFIG_PARAMS",
    "massgen/cli/backends.py#persistent_memory",
    "massgen/cli/streaming.py#display_kwargs",
    "tests/handbook/test_generated.py",
)
_HEAD = ("Key", "What it does")


def render() -> str:
    """The page."""
    version = massgen_version()
    head = front_matter(
        "YAML keys of MassGen",
        f"Look up every key of a MassGen {version} configuration: type, default, values, what it does.",
        version,
        _VERIFIED,
    )
    return page(
        head,
        _opening(version),
        _how_to_read(),
        FILTER,
        _plain("The top level", "top", "The outermost keys of a file.", ()),
        "`rate_limit:` belongs here too if you have [the plugin](/limits/profiles).",
        _plain("An agent", "agent", "One entry of `agents:`, or what is under `agent:`.", ()),
        backend_section(),
        "## `orchestrator` {/* #orchestrator */}",
        *_grouped("orchestrator", read_orchestrator(), ("orchestrator",)),
        _context_paths(),
        "## `orchestrator: coordination` {/* #coordination */}",
        *_grouped("coordination", read_coordination(), ("orchestrator", "coordination")),
        _timeouts(),
        _plain("`ui` {/* #ui */}", "ui", "What you see. Options of the command line win.", ("ui",)),
        _plain(
            "`memory` {/* #memory */}",
            "memory",
            "At the top level for all agents, or in an agent for it alone. Dots stand for nesting.",
            ("memory",),
        ),
        _next(),
    )


def _opening(version: str) -> str:
    return f"""\
Every key of a MassGen configuration: what it does, what it accepts, and its default. Filter the tables by
a word; to learn how a configuration is built, begin with [Anatomy of a configuration](/configure/anatomy).

The lists come out of MassGen {version}: its declared fields with their defaults, its validator, and the code
that reads the rest. Sentences are ours where MassGen's source has none or where it misleads."""


def _how_to_read() -> str:
    example = """\
orchestrator:                  # a key of the top level
  voting_sensitivity: balanced # a key under "orchestrator"
  coordination:
    max_orchestration_restarts: 1   # a key under "orchestrator: coordination\""""
    return f"""\
## How to read the tables

* The first column has the key, the type of its value, and its default. No default means: nothing is set.
* "One of" lists every word that is allowed.
* "Checked" says what `massgen --validate` demands. **Where there is neither "One of" nor "Checked", the
  validator accepts anything**, a misspelt value included.
* A key that is misspelt is a warning under `orchestrator`, `coordination` and `timeout_settings`, and nothing
  at all anywhere else. [Validate before you run](/configure/validate) shows a stricter check.

{fence("yaml massgen-fragment", example)}"""


def _grouped(name: str, keys: Sequence[ConfigKey], path: Sequence[str]) -> Iterable[str]:
    section = notes.load(_NOTES)[name]
    by_name = {key.name: key for key in keys}
    notes.require_known(_NOTES, section["about"], by_name)
    for group, members in notes.groups_of(_NOTES, section["group"], by_name):
        rows = [
            _row(by_name[member], section["about"].get(member, ""), (*path, member)) for member in members
        ]
        yield f"### {group['title']}\n\n{group['about']}\n\n{table(_HEAD, rows)}"


def _timeouts() -> str:
    texts = notes.load(_NOTES)["timeout_settings"]["about"]
    rows = [_row(key, texts.get(key.name, ""), ("timeout_settings", key.name)) for key in read_timeouts()]
    return f"""\
## `timeout_settings` {{/* #timeout_settings */}}

All in seconds. This block is at the top level; a `timeout:` under `orchestrator` has no effect.

{table(_HEAD, rows)}"""


def _plain(title: str, name: str, about: str, path: Sequence[str]) -> str:
    section: Mapping[str, Any] = notes.load(_NOTES)[name]
    _require_in_source(name, section)
    keys = [
        (ConfigKey(key, entry["type"], entry.get("default", "")), entry["about"])
        for key, entry in section.items()
    ]
    rows = [_row(key, text, (*path, *key.name.split("."))) for key, text in keys]
    return f"## {title}\n\n{about}\n\n{table(_HEAD, rows)}"


def _context_paths() -> str:
    section: Mapping[str, Any] = notes.load(_NOTES)["context_paths"]
    _require_in_source("context_paths", section)
    rows = [
        _row(ConfigKey(key, entry["type"], entry.get("default", "")), entry["about"], ("context_paths", key))
        for key, entry in section.items()
    ]
    title = "### Entries of `context_paths` {/* #context_paths */}"
    return f"{title}\n\nEach is a mapping.\n\n{table(_HEAD, rows)}"


def _require_in_source(name: str, keys: Iterable[str]) -> None:
    """Keys that nothing declares have to occur, in quotation marks, in the files that read them."""
    package = massgen_directory().parent
    text = "".join((package / file).read_text("utf-8") for file in notes.load(_NOTES)["source"][name])
    found = set(re.findall(r"[\"'](\w+)[\"']", text))
    notes.require_known(_NOTES, {key.rpartition(".")[2] for key in keys}, found)


def _row(key: ConfigKey, ours: str, path: tuple[str, ...]) -> tuple[str, str]:
    allowed = (
        key.allowed or words_allowed(*path) or ("" if key.type in ("list", "any") else _listed(key.about))
    )
    demands = [] if allowed else [demand for demand in verdict(*path) if not demand.startswith("one of")]
    parts = [ours or sentence(prose(key.about))]
    if allowed:
        parts.append(f"One of {words(allowed)}.")
    if demands:
        parts.append(f"Checked: {prose(demands[0])}.")
    return _first(key), " ".join(part for part in parts if part)


def _first(key: ConfigKey) -> str:
    lines = [code(key.name), key.type]
    if key.default and len(key.default) <= 40:
        lines.append(f"default {code(key.default)}")
    elif key.default:
        lines.append("default: a text of MassGen's")
    return "<br/>".join(line for line in lines if line)


def _listed(about: str) -> tuple[str, ...]:
    """Words that a comment lists as ``"a" | "b"``, or a docstring as ``- "a": ...``."""
    return tuple(dict.fromkeys(re.findall(r'(?:^|\| |- )"(\w+)"(?= \||:| \(|$)', about)))


def _next() -> str:
    return """\
## Next

* [Patterns](/configure/patterns) and [templates](/configure/templates): files to begin with.
* [Validate before you run](/configure/validate): what the validator does not see.
* [Command line](/reference/cli#differences): where it says the same with other words."""
