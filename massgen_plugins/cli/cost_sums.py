"""The sums that ``cost`` shows, beside what MassGen says of each run."""

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
        name: Of the run, the agent, and so on; "" for calls outside of any.
        totals: Its sums.
        run: What is known of it, if it is one.
        difference: What MassGen says of it, if it is one and MassGen says something.
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
        groups: The dearest last; runs, days and months in their order.
        left_out: How many cheaper, or earlier, ones there are.
        total: Over all, those that are left out included.
        unpriced: Models whose price nobody knows, with the number of their calls.
    """

    path: Path
    by: str
    groups: Sequence[Group]
    left_out: int
    total: Totals
    unpriced: Mapping[str, int]


def sums_of(record: Record, by: str, question: Question, most: int) -> Sums:
    """The sums in question.

    Args:
        record: Where calls are recorded.
        by: A dimension.
        question: Which calls.
        most: At most so many groups, the latest or dearest.
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
    # MassGen's figure of a session with several runs is not that of one of them.
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
    """The same for programs."""
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
    """US dollars as JSON knows numbers."""
    return float(micro / DOLLAR)
