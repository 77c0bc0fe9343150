"""The sums shown by ``cost``, with MassGen's own figures for runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from massgen_plugins.calls.query import Record
from massgen_plugins.calls.rows import Question, RunRow, Totals
from massgen_plugins.cli.cost_difference import Difference, difference
from massgen_plugins.cli.money import DOLLAR
from massgen_plugins.host.own_costs import own_costs

__all__ = ["Group", "Sums", "document", "sums_of"]


@dataclass(frozen=True, slots=True)
class Group:
    """One row.

    Attributes:
        name: Name of the run, the agent, and so on; "" for calls outside of any.
        totals: Its sums.
        run: The run, if it is one.
        difference: The difference to MassGen's figure, if it is a run that has one.
    """

    name: str
    totals: Totals
    run: RunRow | None = None
    difference: Difference | None = None


@dataclass(frozen=True, slots=True)
class Sums:
    """All rows.

    Attributes:
        path: The record's file.
        by: The dimension.
        groups: The groups, most expensive last; runs, days and months in order of time.
        left_out: Number of omitted cheaper or earlier groups.
        total: Sums over all groups, including omitted ones.
        unpriced: Models without a known price, with the number of their calls.
    """

    path: Path
    by: str
    groups: Sequence[Group]
    left_out: int
    total: Totals
    unpriced: Mapping[str, int]


def sums_of(record: Record, by: str, question: Question, most: int) -> Sums:
    """Compute the sums.

    Args:
        record: The record of calls.
        by: A dimension.
        question: Which calls.
        most: Maximum number of groups, keeping the latest or most expensive.
    """
    order = _by_cost if by in {"agent", "model", "provider"} else _by_time
    found = sorted(record.totals(question, by=[by]), key=order)
    total = next(iter(record.totals(question)), Totals({}))
    shown = found[-most:]
    runs = {run.name: run for run in record.runs(question)} if by == "run" else {}
    shared = Counter(run.log_dir for run in runs.values() if run.log_dir)
    groups = [
        Group(
            each.key[by],
            each,
            runs.get(each.key[by]),
            _difference(record, each, runs.get(each.key[by]), shared),
        )
        for each in shown
    ]
    return Sums(record.path, by, groups, len(found) - len(shown), total, _unpriced(record, question, total))


def _by_cost(totals: Totals) -> tuple[object, ...]:
    return totals.cost, totals.last


def _by_time(totals: Totals) -> tuple[object, ...]:
    return totals.last, totals.key.get("run", "")


def _difference(
    record: Record, totals: Totals, run: RunRow | None, shared: Mapping[str, int]
) -> Difference | None:
    # MassGen's figure for a session with several runs does not belong to a single run.
    if run is None or not run.log_dir or shared[run.log_dir] > 1:
        return None
    own = own_costs(Path(run.log_dir))
    return None if own is None else difference(totals, record.calls(Question(run=run.name)), own)


def _unpriced(record: Record, question: Question, total: Totals) -> dict[str, int]:
    if total.unknown == total.unsaid:
        return {}
    models = record.totals(question, by=["provider", "model"])
    counts = {f"{each.key['model']} ({each.key['provider']})": each.unknown - each.unsaid for each in models}
    return {name: count for name, count in counts.items() if count}


def document(sums: Sums) -> dict[str, Any]:
    """The sums as a JSON document."""
    return {
        "record": str(sums.path),
        "currency": "USD",
        "by": sums.by,
        "total": _values(sums.total),
        "unknown": dict(sums.unpriced),
        "left_out": sums.left_out,
        "groups": [{sums.by: each.name, **_values(each.totals), **_of_run(each)} for each in sums.groups],
    }


def _values(totals: Totals) -> dict[str, Any]:
    values = asdict(replace(totals, key={}))
    del values["key"], values["tokens"], values["cost"], values["unknown"], values["unsaid"]
    tokens = totals.tokens
    counts = {
        name: getattr(tokens, name)
        for name in ("input", "cached", "cache_write", "output", "reasoning", "audio_input", "audio_output")
    }
    return {**values, "tokens": counts, "cost": dollars(totals.cost), "calls_of_unknown_cost": totals.unknown}


def _of_run(group: Group) -> dict[str, Any]:
    if group.run is None:
        return {}
    told = group.difference
    own = {"cost": told.theirs, "more": told.more, "reason": told.reason} if told else None
    return {"file": group.run.file, "started": group.run.started, "massgen": own}


def dollars(micro: Decimal) -> float:
    """Convert to US dollars as a JSON number."""
    return float(micro / DOLLAR)
