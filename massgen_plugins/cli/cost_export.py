"""``cost export``: exports calls as rows, for spreadsheets and programs."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from massgen_plugins.calls.query import Record
from massgen_plugins.calls.rows import CallRow, Question
from massgen_plugins.cli.money import DOLLAR
from massgen_plugins.cli.output import private
from massgen_plugins.errors import ConfigurationError
from massgen_plugins.profiles.document import shown

__all__ = ["COLUMNS", "write"]

_PLAIN = (
    "run",
    "file",
    "agent",
    "provider",
    "account",
    "endpoint",
    "model",
    "requested_model",
    "number",
    "attempt",
)
_TOKENS = ("input", "cached", "cache_write", "output", "reasoning", "audio_input", "audio_output")
COLUMNS = (
    *("id", "time", *_PLAIN, "waited", "seconds", "status", "outcome"),
    *(f"{name}_tokens" for name in _TOKENS),
    *("cost_usd", "price_source", "price_dated"),
)
"""Columns of the rows; unknown values are empty (CSV) or null (JSON, Parquet)."""

_BEGINNINGS = (f"{COLUMNS[0]},{COLUMNS[1]},".encode(), b'[\n{"id": ', b"[\n]", b"PAR1")
_LOOKED_AT = 100


def write(record: Record, question: Question, form: str, output: Path | None) -> int:
    """Write the selected calls, oldest first; returns their number.

    Raises:
        ConfigurationError: They cannot be written there, or in this format.
    """
    if output is not None:
        _check(output)
    rows = map(_row, record.calls(question, newest_first=False))
    if form == "parquet":
        return _parquet(rows, output)
    with _opened(output) as file:
        return _csv(rows, file) if form == "csv" else _json(rows, file)


def _csv(rows: Iterator[dict[str, Any]], file: IO[str]) -> int:
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
    writer.writeheader()
    count = 0
    for row in rows:
        writer.writerow({name: _harmless(value) for name, value in row.items()})
        count += 1
    return count


def _harmless(value: Any) -> Any:
    """Escape text that a spreadsheet would interpret as a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t"} else value


def _json(rows: Iterator[dict[str, Any]], file: IO[str]) -> int:
    count = 0
    file.write("[")
    for count, row in enumerate(rows, start=1):
        file.write(",\n" if count > 1 else "\n")
        json.dump(row, file)
    file.write("\n]\n")
    return count


def _parquet(rows: Iterator[dict[str, Any]], output: Path | None) -> int:
    if output is None:
        raise ConfigurationError("--format parquet is a binary format; name a file with --output.")
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        from massgen_plugins.installation import install_command

        raise ConfigurationError(
            f"--format parquet needs one more package; run `{install_command('pyarrow')}`."
        ) from None
    columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    for row in rows:
        for name, value in row.items():
            columns[name].append(value)
    whole, real = {"id", "number", "attempt", "status"}, {"waited", "seconds", "cost_usd"}
    kinds = {
        name: pa.int64()
        if name in whole or name.endswith("_tokens")
        else pa.float64()
        if name in real
        else pa.string()
        for name in COLUMNS
    }
    table = pa.table({name: pa.array(values, kinds[name]) for name, values in columns.items()})
    try:
        with private(output) as file:
            parquet.write_table(table, file)
    except OSError as error:
        raise _unwritable(output, error) from error
    return len(columns["id"])


def _row(call: CallRow) -> dict[str, Any]:
    tokens = {f"{name}_tokens": getattr(call.tokens, name, None) for name in _TOKENS}
    return {
        "id": call.id,
        "time": datetime.fromtimestamp(call.time, UTC).isoformat(timespec="milliseconds"),
        **{name: getattr(call, name) for name in _PLAIN},
        "waited": round(call.waited, 3),
        "seconds": round(call.seconds, 3),
        "status": call.status,
        "outcome": call.outcome,
        **tokens,
        "cost_usd": None if call.cost is None else float(call.cost / DOLLAR),
        "price_source": call.source,
        "price_dated": call.dated,
    }


def _check(output: Path) -> None:
    """Refuse to overwrite a file that is not an export."""
    try:
        with output.open("rb") as file:
            begins = file.read(_LOOKED_AT)
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        raise _unwritable(output, error) from error
    if begins and not begins.startswith(_BEGINNINGS):
        raise ConfigurationError(
            f"--output: {shown(str(output))} exists and is not an export of calls; name another file."
        )


@contextmanager
def _opened(output: Path | None) -> Iterator[IO[str]]:
    if output is None:
        yield sys.stdout
        return
    try:
        with private(output) as binary, io.TextIOWrapper(binary, encoding="utf-8", newline="") as file:
            yield file
    except OSError as error:
        raise _unwritable(output, error) from error


def _unwritable(output: Path, error: OSError | ValueError) -> ConfigurationError:
    reason = getattr(error, "strerror", None) or "the path is not valid"
    return ConfigurationError(f"--output: {shown(str(output))}: {reason}; name a file that can be written.")
