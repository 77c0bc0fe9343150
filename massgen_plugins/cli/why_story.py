"""Collects everything known about a past refusal: the message, the limits in force, and the reaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from massgen_plugins.cli.wording import clock
from massgen_plugins.errors import StoreUnavailable

if TYPE_CHECKING:
    from massgen_plugins.calls.query import Record
    from massgen_plugins.calls.rows import CallRow

__all__ = ["Story", "story_of"]

_TOGETHER = 5.0
"""Maximum seconds between a refusal and its consequences, or simultaneous refusals of other agents."""


@dataclass(frozen=True, slots=True)
class Story:
    """A refusal and its context.

    Attributes:
        provider: The provider.
        model: The model.
        kind: A ``RefusalKind``; ``turned away`` if we refused.
        said: The provider's message; ours if we refused.
        limits: The limits that it stated.
        retry_after: Seconds after which a retry is allowed; None if not stated.
        until: End of the refusal, in seconds since the epoch; None if not stated.
        advice: What to do, if the provider plugin knows.
        held: The limits in force at the time.
        profile: Their profile.
        did: The reactions, in a few words each.
        time: When, in seconds since the epoch; None for a pasted refusal.
        agent: The calling agent.
        account: The account.
        run: The run.
        doubts: Assumptions about a pasted refusal, and how to specify them.
    """

    provider: str
    model: str
    kind: str
    said: str = ""
    limits: Sequence[str] = ()
    retry_after: float | None = None
    until: float | None = None
    advice: str = ""
    held: Sequence[str] = ()
    profile: str = ""
    did: Sequence[str] = ()
    time: float | None = None
    agent: str = ""
    account: str = ""
    run: str = ""
    doubts: str = ""


def story_of(
    entries: Sequence[Mapping[str, Any]], record: Record | None, agent: str | None = None
) -> Story | None:
    """The last refusal, or the last one of an agent; None if there was none.

    Args:
        entries: The log, oldest first.
        record: The record, for the call's later attempts; None if there is none.
        agent: Only refusals of this agent.
    """
    wanted = [
        each
        for each in entries
        if each.get("what") in ("refused", "turned away") and agent in (None, each.get("agent"))
    ]
    if not wanted:
        return None
    entry = wanted[-1]
    turned_away = entry["what"] == "turned away"
    return Story(
        provider=_text(entry, "provider"),
        model=_text(entry, "model"),
        kind="turned away" if turned_away else _text(entry, "kind"),
        said=_text(entry, "message" if turned_away else "quote"),
        limits=_texts(entry, "limits"),
        retry_after=_number(entry, "retry_after"),
        until=_number(entry, "resets_at"),
        held=_texts(entry, "held"),
        profile=_text(entry, "profile"),
        did=[] if turned_away else [*_imposed(entry, entries), *_later_attempts(entry, record)],
        time=_number(entry, "time"),
        agent=_text(entry, "agent"),
        account=_text(entry, "account"),
        run=_text(entry, "run"),
    )


def _imposed(entry: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]) -> list[str]:
    """Limits learned and pauses started by a refusal, or by simultaneous ones."""
    did: list[str] = []
    for each in entries:
        together = abs(float(each["time"]) - float(entry["time"])) <= _TOGETHER
        if not together or _text(each, "account") != _text(entry, "account"):
            continue
        if each.get("what") == "learned" and "learned" not in "".join(did):
            did.append(f"learned {', '.join(_texts(each, 'limits'))} for everybody who uses the key")
        seconds = _number(each, "seconds")
        if each.get("what") == "paused" and seconds is not None and "no call" not in "".join(did):
            did.append(f"no call was sent for {clock(seconds)}")
    return did


def _later_attempts(entry: Mapping[str, Any], record: Record | None) -> list[str]:
    """The same call's later attempts, from the record."""
    if record is None:
        return []
    from massgen_plugins.calls.rows import Question

    rows: list[CallRow] = []
    with suppress(StoreUnavailable):
        question = Question(since=float(entry["time"]) - 3600, run=_text(entry, "run"))
        rows = [row for row in record.calls(question, newest_first=False) if row.number == entry.get("call")]
    last = next((row for row in reversed(rows) if row.attempt > 1), None)
    if last is None:
        return []
    return [f"waited {clock(last.waited)} and sent it again (attempt {last.attempt}): {last.outcome}"]


def _text(entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name)
    return value if isinstance(value, str) else ""


def _texts(entry: Mapping[str, Any], name: str) -> list[str]:
    value = entry.get(name)
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _number(entry: Mapping[str, Any], name: str) -> float | None:
    value = entry.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
