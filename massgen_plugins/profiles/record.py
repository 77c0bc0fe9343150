"""The setting ``record``: whether to keep a record of calls, where, for how long, and up to which size."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainValidator

from massgen_plugins.profiles.document import shown
from massgen_plugins.profiles.places import absolute_path, default_store_path
from massgen_plugins.profiles.validation import Also, Expected, Flag, Strict, problem

__all__ = ["FILE_NAME", "MOST_DAYS", "MOST_MEGABYTES", "RecordSettings", "WrittenRecord", "record_of"]

FILE_NAME = "calls.sqlite3"
MOST_DAYS = 3_650
MOST_MEGABYTES = 100_000


def _whole(most: int, what: str) -> Expected:
    said = f"a whole number of {what} from 1 to {most:,}, without quotes"
    schema = {"type": "integer", "minimum": 1, "maximum": most}
    return Expected(said, lambda value: type(value) is int and 1 <= value <= most, schema)


def _file(value: Any) -> str | None:
    if value is None:
        return None
    path = absolute_path(value) if isinstance(value, str) and value.strip() else None
    if path is None:
        raise problem(f"write the path of a file that begins with / or ~/, not {shown(value)}")
    return str(path)


class RecordSettings(Strict):
    """What is kept of calls that are over.

    In settings of others than the user only ``keep`` may stand: days and megabytes remove what was kept.

    Attributes:
        keep: Whether anything is.
        days: Calls older than this are removed. 1 to 3,650.
        megabytes: The oldest calls are removed when the file is larger. 1 to 100,000.
        file: Absolute path; None: ``calls.sqlite3`` beside the user's own store.
    """

    keep: Flag = True
    days: Annotated[int, _whole(MOST_DAYS, "days")] = 30
    megabytes: Annotated[int, _whole(MOST_MEGABYTES, "megabytes")] = 256
    file: Annotated[str | None, PlainValidator(_file)] = None


def _written(value: Any) -> Any:
    if isinstance(value, bool):
        return {"keep": value}
    if isinstance(value, dict | RecordSettings):
        return value
    raise problem(f"expected true, false, or a mapping with days and megabytes, found {shown(value)}")


WrittenRecord = Annotated[RecordSettings, BeforeValidator(_written), Also({"type": "boolean"})]
"""As written in settings: true, false, or a mapping."""


def record_of(written: RecordSettings, store: str) -> RecordSettings:
    """Fill in the file; disables the record if there is no location for it.

    Args:
        written: The setting.
        store: The store in the user's own settings; the record is kept next to its file.
    """
    if written.file is not None:
        return written
    beside = Path(store) if store.startswith("/") or Path(store).is_absolute() else default_store_path()
    if beside is None:
        return written.model_copy(update={"keep": False})
    return written.model_copy(update={"file": str(beside.with_name(FILE_NAME))})
