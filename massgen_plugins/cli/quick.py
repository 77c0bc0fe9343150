"""Commands that are looked at all day, answered before anything is imported that parses command lines.

Whatever is not plainly understood here (help, a mistake, another command) is typer's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import massgen_plugins
from massgen_plugins.cli.exits import CHECK_FAILED, INTERRUPTED, WRONG_INPUT
from massgen_plugins.cli.output import emit_json, say, tell
from massgen_plugins.errors import ConfigurationError, MassgenPluginsError

__all__ = ["code_of", "failed", "quick"]

_VERSION = (["--version"], ["-V"], ["version"])
_JSON = {"--json": "as_json"}
_COMMANDS: Mapping[str, tuple[str, Mapping[str, str], Mapping[str, str]]] = {
    # command: its module, its switches, its options with a value
    "history": (
        "history",
        _JSON,
        {"--by": "by", "--since": "since", "--run": "run", "--model": "model", "--agent": "agent"},
    ),
    "line": ("line", _JSON, {"--store": "store"}),
    "profiles": ("profiles_table", _JSON, {"--provider": "provider"}),
    "status": ("status_answer", {**_JSON, "--exit-code": "exit_code"}, {"--store": "store"}),
}


def quick(words: Sequence[str]) -> int | None:
    """Run a command.

    Args:
        words: The command line without the program's name.

    Returns:
        Its exit code; None if it is not understood here, and nothing was done.
    """
    if [*words] in _VERSION:
        tell(f"massgen-plugins {massgen_plugins.__version__}")
        return 0
    if not words or words[0] not in _COMMANDS:
        return None
    module, switches, options = _COMMANDS[words[0]]
    values = _read(words[1:], switches, options)
    if values is None:
        return None
    try:
        code: int = import_module(f"massgen_plugins.cli.{module}").answer(**values)
    except MassgenPluginsError as error:
        return failed(error, as_json=bool(values.get("as_json")))
    except KeyboardInterrupt:
        say("\nmassgen-rl: interrupted.")
        return INTERRUPTED
    return code


def _read(
    words: Sequence[str], switches: Mapping[str, str], options: Mapping[str, str]
) -> dict[str, Any] | None:
    values: dict[str, Any] = {}
    left = list(words)
    while left:
        word, equals, value = left.pop(0).partition("=")
        if word in switches and not equals:
            values[switches[word]] = True
        elif word in options and (equals or (left and not left[0].startswith("-"))):
            values[options[word]] = value if equals else left.pop(0)
        else:
            return None
    return values


def failed(error: MassgenPluginsError, *, as_json: bool) -> int:
    """Say in one sentence what went wrong on purpose, and for programs in a document; the exit code."""
    code = code_of(error)
    if as_json:
        emit_json({"error": str(error), "exit_code": code})
    say(f"massgen-rl: {error}")
    return code


def code_of(error: MassgenPluginsError) -> int:
    """The exit code of an error."""
    return WRONG_INPUT if isinstance(error, ConfigurationError) else CHECK_FAILED
