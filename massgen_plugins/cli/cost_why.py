"""``cost why``: explains a call's cost, component by component."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import Any

from massgen_plugins.calls.query import Record
from massgen_plugins.calls.rows import CallRow, Question
from massgen_plugins.cli.cost_sums import dollars
from massgen_plugins.cli.money import clock, exact
from massgen_plugins.cli.output import as_home, console, plain_table, text
from massgen_plugins.errors import ConfigurationError

__all__ = ["document", "named", "show"]

_LAST = "last"


def named(written: str, record: Record) -> CallRow:
    """Find the specified call.

    Raises:
        ConfigurationError: There is no such call, or none at all.
    """
    if written == _LAST:
        found = next(record.calls(Question(), limit=1), None)
    elif written.isascii() and written.isdigit() and len(written) <= 18:
        found = record.call(int(written))
    else:
        raise ConfigurationError(
            f"cost why: {written[:40]!a} is not a call; give its number in the record, as shown by `cost "
            "export`, or last."
        )
    if found is None:
        place = as_home(str(record.path))
        if written == _LAST:
            raise ConfigurationError(f"cost why: no call has been recorded yet ({place}).")
        raise ConfigurationError(
            f"cost why: there is no call {written} in {place}; give another number, or last."
        )
    return found


def document(call: CallRow) -> dict[str, Any]:
    """The explanation as a JSON document."""
    tokens = asdict(call.tokens) if call.tokens is not None else None
    parts = [
        {"what": name, "count": count, "dollars_per_million": float(rate), "cost": dollars(count * rate)}
        for name, count, rate in call.parts
    ]
    values = {key: value for key, value in asdict(call).items() if key not in {"tokens", "parts", "cost"}}
    return {
        **values,
        "tokens": tokens,
        "cost": None if call.cost is None else dollars(call.cost),
        "parts": parts,
    }


def show(call: CallRow) -> None:
    """Print the explanation."""
    from rich.padding import Padding

    def line(words: str) -> None:
        page.print(Padding(text(words), (0, 0, 0, 2)))

    page = console()
    page.print(text(f"Call {call.id}: {call.model} of {call.provider}", "bold"))
    line(f"{clock(call.time)}, {_whose(call)}")
    line(f"{call.outcome} ({call.status}) after {call.seconds:.1f} s, waited {call.waited:.1f} s before")
    if call.parts:
        table = plain_table("", "tokens", "dollars per million", "US dollars")
        for column in table.columns[1:]:
            column.justify = "right"
        for name, count, rate in call.parts:
            table.add_row(
                text(f"  {name}"), text(f"{count:,}"), text(_plain(rate)), text(exact(count * rate))
            )
        page.print(table)
    line(_sum(call))


def _whose(call: CallRow) -> str:
    who = f"agent {call.agent}" if call.agent else "outside of any agent's turn"
    return f"{who}, run {call.run}" if call.run else who


def _plain(rate: Decimal) -> str:
    return f"{rate.normalize():f}"


def _sum(call: CallRow) -> str:
    if call.cost is None:
        if call.tokens is None:
            return "The cost is unknown: the answer reported no usage."
        taken = f"{call.tokens.input:,} tokens in, {call.tokens.output:,} out"
        return f"The cost is unknown: {taken}, and there is no known price for {call.model}."
    if not call.source:
        return "0.00 US dollars: there was no answer to pay for."
    of = f", as of {call.dated}" if call.dated else ""
    return f"{exact(call.cost)} US dollars, by the prices of: {call.source}{of}."
