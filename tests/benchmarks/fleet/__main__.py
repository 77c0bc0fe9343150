"""Simulates fleets: ``python -m tests.benchmarks.fleet``; ``--quick`` for small ones, in a minute."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks import machine, redis_server
from tests.benchmarks.fleet import plots
from tests.benchmarks.fleet.server import Network
from tests.benchmarks.fleet.simulation import Fleet, Outcome, simulate

GROWING = tuple(Fleet(machines, 30 * machines, minutes=1) for machines in (1, 5, 10, 20, 50, 100))
"""More and more machines, each with the same share: thirty calls a minute."""

LIMITS = tuple(Fleet(20, rpm, minutes=1) for rpm in (20, 200))
"""Twenty machines under smaller limits; the largest is in ``GROWING``."""

FAR = tuple(Fleet(20, 600, minutes=1, network=Network(trip / 1000)) for trip in (2, 10))
"""A Redis that is milliseconds away."""

QUICK = tuple(Fleet(machines, 30 * machines, agents=10, minutes=1) for machines in (1, 5, 20))

_COLUMNS = {
    "machines": "{:,.0f}",
    "rpm": "{:,.0f}",
    "trip": "{:.1f}",
    "utilisation": "{:.1%}",
    "refused": "{:,.0f}",
    "worst": "{:.2f}x",
    "least": "{:.2f}",
    "most": "{:.2f}",
    "fairness": "{:.3f}",
    "commands": "{:,.0f}",
    "per_call": "{:.1f}",
    "conflicts": "{:.1%}",
    "wakes": "{:,.0f}",
    "traffic": "{:,.0f}",
    "service": "{:.0f}",
    "load": "{:.1%}",
    "answer": "{:.2f}",
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Simulate, print, and write what was asked for."""
    asked = _parser().parse_args(arguments)
    console = Console(width=150)
    outcomes = []
    with nullcontext() if asked.model else redis_server.running() as port:
        for fleet in asked.only or (QUICK if asked.quick else (*GROWING, *LIMITS, *FAR)):
            began = time.perf_counter()
            outcomes.append(simulate(fleet, port))
            took = time.perf_counter() - began
            where = f"{fleet.network.trip * 1000:g} ms away"
            console.print(
                f"{fleet.machines} machines, {fleet.rpm} a minute, {where}: {took:.0f} s", style="dim"
            )
            _write(asked.json, outcomes)
    console.print(_table(outcomes))
    if asked.plots:
        asked.plots.mkdir(parents=True, exist_ok=True)
        for name, picture in plots.drawn([each.as_dict() for each in outcomes]).items():
            (asked.plots / name).write_text(picture, encoding="utf-8")


def _write(path: Path | None, outcomes: Sequence[Outcome]) -> None:
    """After each fleet anew, since the large ones take long; what the file says of other fleets stays."""
    if path is not None:
        new = {(each.machines, each.rpm, each.trip): each.as_dict() for each in outcomes}
        old = json.loads(path.read_text(encoding="utf-8"))["fleets"] if path.exists() else []
        fleets = {(each["machines"], each["rpm"], each["trip"]): each for each in old} | new
        results = {"machine": machine.describe(), "fleets": [fleets[key] for key in sorted(fleets)]}
        path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def _table(outcomes: Sequence[Outcome]) -> Table:
    table = Table(title="A fleet that shares one account through one Redis", title_justify="left")
    for name in _COLUMNS:
        table.add_column(name, justify="right")
    for each in outcomes:
        table.add_row(*(show.format(getattr(each, name)) for name, show in _COLUMNS.items()))
    return table


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.fleet", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small fleets only")
    parser.add_argument("--model", action="store_true", help="a model in place of a real Redis: quicker")
    parser.add_argument(
        "--only",
        type=_fleet,
        nargs="+",
        metavar="MACHINESxRPM",
        help="such as 100x3000; 100x3000x2 if Redis is 2 ms away",
    )
    parser.add_argument("--json", type=Path, help="write what came of it to this file")
    parser.add_argument("--plots", type=Path, help="draw fleet-*.svg into this folder")
    return parser


def _fleet(text: str) -> Fleet:
    machines, rpm, *trip = text.split("x")
    network = Network(float(trip[0]) / 1000) if trip else Network()
    return Fleet(int(machines), int(rpm), minutes=1, network=network)


if __name__ == "__main__":
    main()
