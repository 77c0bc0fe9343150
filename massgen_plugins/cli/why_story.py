"""What is known of a refusal of the past: what was said, believed and done."""

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
"""Seconds between a refusal and what came of it, or of those of other agents at the same time."""


@dataclass(frozen=True, slots=True)
class Story:
    """A refusal.

    Attributes:
        provider: Whose.
        model: Of which model.
        kind: As of ``RefusalKind``; ``turned away`` if we refused.
        said: The provider's words; ours if we refused.
        limits: The limits that it named.
        retry_after: Seconds after which it invites to come again; None if it did not say.
        until: Seconds since the epoch until which it refuses; None if it did not say.
        advice: What to do, if the provider's reader knows.
        held: The limits in which we believed.
        profile: Where these came from.
        did: What was done, in a few words each.
        time: When, in seconds since the epoch; None of a pasted one.
        agent: Whose call it was.
        account: Of which account.
        run: Of which run.
        doubts: What was assumed about a pasted one, and how to say it better.
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
    """The last refusal, or the last of an agent; None if there was none.

    Args:
        entries: Of the log, the oldest first.
        record: Tells what became of the call; None if there is none.
        agent: Whose.
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
        did=[] if turned_away else [*_imposed(entry, entries), *_went_on(entry, record)],
        time=_number(entry, "time"),
        agent=_text(entry, "agent"),
        account=_text(entry, "account"),
        run=_text(entry, "run"),
    )


def _imposed(entry: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]) -> list[str]:
    """What was learned, and which pause began, by a refusal or by those that came together with it."""
    did: list[str] = []
    for each in entries:
        together = abs(float(each["time"]) - float(entry["time"])) <= _TOGETHER
        if not together or _text(each, "account") != _text(entry, "account"):
            continue
        if each.get("what") == "learned" and "learned" not in "".join(did):
            did.append(f"learned {', '.join(_texts(each, 'limits'))} for everybody who uses the key")
        seconds = _number(each, "seconds")
        if each.get("what") == "paused" and seconds is not None and "no call" not in "".join(did):
            did.append(f"no call left for {clock(seconds)}")
    return did


def _went_on(entry: Mapping[str, Any], record: Record | None) -> list[str]:
    """What the record says of the same call's later attempts."""
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
