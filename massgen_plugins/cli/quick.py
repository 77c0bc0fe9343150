"""A fast path for frequently used commands, which avoids importing typer.

Everything that it does not fully understand (help, errors, other commands) is left to typer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from types import MappingProxyType
from typing import Any, NamedTuple

import massgen_plugins
from massgen_plugins.cli.exits import CHECK_FAILED, INTERRUPTED, WRONG_INPUT
from massgen_plugins.cli.output import emit_json, say, tell
from massgen_plugins.errors import ConfigurationError, MassgenPluginsError

__all__ = ["code_of", "failed", "quick"]

_VERSION = (["--version"], ["-V"], ["version"])
_JSON = {"--json": "as_json"}
_YES = {"--yes": "yes", "-y": "yes"}
_SPAN = {"--for": "span"}


class _Command(NamedTuple):
    """The syntax of a command.

    Attributes:
        module: The module of this package that implements it.
        switches: Flags to names of parameters.
        options: Options with a value to names of parameters.
        words: Names of positional parameters; one that ends with * takes all remaining arguments.
        least: Minimum number of positional arguments.
        function: The function that implements it and returns the exit code.
    """

    module: str
    switches: Mapping[str, str] = _JSON
    options: Mapping[str, str] = MappingProxyType({})
    words: Sequence[str] = ()
    least: int = 0
    function: str = "answer"


_BY = {"--by": "by", "--since": "since", "--run": "run", "--model": "model", "--agent": "agent"}
_COMMANDS: Mapping[str, _Command] = {
    "history": _Command("history", _JSON, _BY),
    "limits": _Command("limits_answer", {**_JSON, "--origin": "origin"}, {"--team": "team"}, ("model",)),
    "line": _Command("line", _JSON, {"--store": "store"}),
    "pause": _Command("steering_do", {**_JSON, **_YES}, _SPAN, ("model",), function="pause"),
    "profiles": _Command("profiles_table", _JSON, {"--provider": "provider"}),
    "resume": _Command("steering_do", words=("model",), function="resume"),
    "set": _Command(
        "steering_do",
        {**_JSON, **_YES, "--over-yaml": "over_yaml"},
        _SPAN,
        ("model", "limits*"),
        2,
        "change",
    ),
    "status": _Command("status_answer", {**_JSON, "--exit-code": "exit_code"}, {"--store": "store"}),
    "unset": _Command("steering_do", words=("model", "keys*"), least=1, function="take_back"),
}


def quick(words: Sequence[str]) -> int | None:
    """Run a command.

    Args:
        words: The command line without the program's name.

    Returns:
        Its exit code; None if it was not understood and nothing was done.
    """
    if [*words] in _VERSION:
        tell(f"massgen-plugins {massgen_plugins.__version__}")
        return 0
    command = _COMMANDS.get(words[0]) if words else None
    values = _read(words[1:], command) if command is not None else None
    if command is None or values is None:
        return None
    try:
        module = import_module(f"massgen_plugins.cli.{command.module}")
        code: int = getattr(module, command.function)(**values)
    except MassgenPluginsError as error:
        return failed(error, as_json=bool(values.get("as_json")))
    except KeyboardInterrupt:
        say("\nmassgen-rl: interrupted.")
        return INTERRUPTED
    return code


def _read(words: Sequence[str], command: _Command) -> dict[str, Any] | None:
    values: dict[str, Any] = {}
    left, named = list(words), []
    while left:
        word, equals, value = left.pop(0).partition("=")
        if word in command.switches and not equals:
            values[command.switches[word]] = True
        elif word in command.options and (equals or (left and not left[0].startswith("-"))):
            values[command.options[word]] = value if equals else left.pop(0)
        elif word.startswith("-") or not command.words:
            return None
        else:
            named.append(f"{word}{equals}{value}")
    return values if _name(named, command, values) else None


def _name(named: Sequence[str], command: _Command, values: dict[str, Any]) -> bool:
    """Assign positional arguments to parameters; False if there are too few or too many."""
    several = bool(command.words) and command.words[-1].endswith("*")
    single = command.words[:-1] if several else command.words
    if len(named) < command.least or (len(named) > len(single) and not several):
        return False
    values.update(zip(single, named, strict=False))
    if several and named[len(single) :]:
        values[command.words[-1].rstrip("*")] = list(named[len(single) :])
    return True


def failed(error: MassgenPluginsError, *, as_json: bool) -> int:
    """Report an expected error, in one sentence or as JSON; returns the exit code."""
    code = code_of(error)
    if as_json:
        emit_json({"error": str(error), "exit_code": code})
    say(f"massgen-rl: {error}")
    return code


def code_of(error: MassgenPluginsError) -> int:
    """The exit code of an error."""
    return WRONG_INPUT if isinstance(error, ConfigurationError) else CHECK_FAILED
