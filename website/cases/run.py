"""``python website/cases/run.py NAME``: run a case of the handbook for real, and write down what came of it.

Nothing here needs an API key or the network: the provider is a server on this machine that enforces quotas.
"""

from __future__ import annotations

import argparse
import runpy
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from lab import Lab, format_figure
from lab.pages import update_pages


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; 0, or 2 with one line on what is wrong."""
    options = _parser().parse_args(arguments)
    # A shell's background job ignores Ctrl-C, and so would every program that a case starts and interrupts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    cases = {file.parent.name: file for file in sorted(HERE.glob("*/case.py"))}
    if options.list:
        _say("\n".join(f"{name:28} {_summary(file)}" for name, file in cases.items()))
    if options.pages:
        _say("\n".join(f"updated {page}" for page in update_pages(HERE)) or "all pages are up to date")
    unknown = [name for name in options.names if name not in cases]
    if unknown:
        _say(f"There is no case {unknown[0]!r}; there are: {', '.join(cases)}.")
        return 2
    for name in options.names:
        _run(cases[name], None if options.dry else cases[name].with_name("result.json"))
    return 0


def _run(file: Path, result: Path | None) -> None:
    run = runpy.run_path(str(file))["run"]
    started = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="massgen-case-", ignore_cleanup_errors=True) as scratch,
        Lab(file.parent, Path(scratch)) as lab,
    ):
        run(lab)
    seconds = time.monotonic() - started
    for name, value in lab.story.figures.items():
        _say(f"{name:36} {format_figure(value)}")
    if result is not None:
        lab.story.write(result, f"python website/cases/run.py {file.parent.name}", seconds)
        _say(f"\nwritten: {result.relative_to(HERE)} ({seconds:.0f} s)")


def _summary(file: Path) -> str:
    return file.read_text("utf-8").splitlines()[0].strip('"')


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python website/cases/run.py", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="a case; see --list")
    parser.add_argument("--list", action="store_true", help="list the cases")
    parser.add_argument("--dry", action="store_true", help="print the figures, and leave result.json alone")
    parser.add_argument("--pages", action="store_true", help="bring the figures of the pages up to date")
    return parser


if __name__ == "__main__":
    sys.exit(main())
