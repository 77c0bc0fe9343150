"""The demo as a program: options, progress, comparison and exit code."""

from __future__ import annotations

import json
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.text import Text

from massgen_plugins.demo.comparison import Comparison
from massgen_plugins.demo.examples import DEFAULT_EXAMPLE, Example, find_example
from massgen_plugins.demo.failure import DemoError
from massgen_plugins.demo.progress import Progress
from massgen_plugins.demo.race import compare

__all__ = ["main"]

_PASSED, _FAILED, _WRONG_INPUT, _INTERRUPTED = 0, 1, 2, 130


def main(*, example: str = DEFAULT_EXAMPLE, rpm: int | None = None, as_json: bool = False) -> int:
    """Run one of MassGen's examples against the sandbox, without and with the switch, and compare.

    Takes about two minutes. Reads no API key and reaches no network beyond this machine.

    Args:
        example: Its path below MassGen's ``configs``; every agent must be a Gemini one and need no tools.
        rpm: Requests per minute, 1 to 1,000, that the sandbox grants each model and that the limiter is
            told; None for what the free tier once granted (Flash 10, Pro 2), under the default profile.
        as_json: Print one JSON document on standard output; the progress goes to standard error.

    Returns:
        The exit code: 0 if the server refused nothing in the run with the switch, 1 if it did or if
        MassGen did not finish, 2 for a wrong option, 130 when interrupted.
    """
    console = Console(stderr=as_json)
    if rpm is not None and not 1 <= rpm <= 1_000:
        console.print(f"--rpm: {rpm} is not between 1 and 1000.", highlight=False)
        return _WRONG_INPUT
    try:
        chosen = find_example(example)
    except DemoError as error:
        console.print(Text(str(error)))
        return _WRONG_INPUT
    try:
        with _ended_like_interrupted():
            comparison = _run(chosen, rpm, console)
    except DemoError as error:
        console.print(Text(str(error)))
        return _FAILED
    except KeyboardInterrupt:
        console.print("Interrupted; everything that was started has been stopped.")
        return _INTERRUPTED
    _print(comparison, console, as_json=as_json)
    return _PASSED if comparison.passed else _FAILED


def _run(example: Example, rpm: int | None, console: Console) -> Comparison:
    console.print(
        f"MassGen's own example {example.name}: {example.agents} agents on {', '.join(example.models)}.\n"
        "The second run differs in one line for each agent:",
        highlight=False,
    )
    console.print(Text(example.first_change(), style="dim"))
    console.print("Both run now, each against a sandbox of its own on this machine.")
    with tempfile.TemporaryDirectory(prefix="massgen-plugins-demo-") as folder, Progress(console) as progress:
        return compare(example, rpm, Path(folder), progress)


def _print(comparison: Comparison, console: Console, *, as_json: bool) -> None:
    if as_json:
        json.dump(comparison.to_mapping(), sys.stdout, indent=2)
        sys.stdout.write("\n")
        return
    console.print()
    console.print(comparison.to_table())
    console.print(comparison.verdict, style="green" if comparison.passed else "red", highlight=False)


@contextmanager
def _ended_like_interrupted() -> Iterator[None]:
    """Make SIGTERM stop the children as Ctrl-C does."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
