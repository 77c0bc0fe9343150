"""Measures the limiter beside its peers: ``python -m tests.benchmarks``; ``--quick`` for two minutes."""

from __future__ import annotations

import argparse
import faulthandler
import gc
import sys
import time
import warnings
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from tests.benchmarks import machine, peers, results, table
from tests.benchmarks.figures import FULL, QUICK, Effort, Figure
from tests.benchmarks.measures import MEASURES
from tests.benchmarks.plots import utilisation

_WIDTH = 150


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, and write what was asked for."""
    asked = _parser().parse_args(arguments)
    warnings.simplefilter("ignore")  # of the peers' imports; ours are errors in the tests
    console = Console(width=None if sys.stdout.isatty() else _WIDTH)
    peers.find()
    gc.collect()
    gc.freeze()  # what the peers' imports left need not be looked at in every timed loop
    figures: list[Figure] = []
    for name in asked.only or MEASURES:
        found = _measure(name, QUICK if asked.quick else FULL, console)
        figures += found
        if asked.json:  # at once, since a whole run takes long
            results.write(asked.json, machine.describe(), name, found, quick=asked.quick)
    about = machine.describe()
    title = f"{about['processor']}, {about['cores']} cores, Python {about['python']}"
    console.print(table.render(figures, title))
    for peer, reason in about["missing"].items():
        console.print(f"{peer}: {reason}")
    if asked.plot:
        asked.plot.write_text(utilisation.draw(figures), encoding="utf-8")


def _measure(name: str, effort: Effort, console: Console) -> list[Figure]:
    began = time.perf_counter()
    faulthandler.dump_traceback_later(effort.patience, exit=True)  # says where, rather than hang
    figures = MEASURES[name](effort)
    faulthandler.cancel_dump_traceback_later()
    console.print(f"{name}: {time.perf_counter() - began:.0f} s", style="dim")
    return figures


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less of everything, in under two minutes")
    parser.add_argument(
        "--only", nargs="+", choices=list(MEASURES), metavar="MEASURE", help=", ".join(MEASURES)
    )
    parser.add_argument(
        "--json",
        type=Path,
        help="write the figures, with machine and versions, to this file; others that it holds stay",
    )
    parser.add_argument("--plot", type=Path, help="draw utilisation against refusals into this SVG file")
    return parser


if __name__ == "__main__":
    main()
