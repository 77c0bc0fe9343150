"""Plans (subscriptions that agents' programs log in with): their accounts, use and exhaustion.

A plan's limits are fractions of an unpublished amount: they are displayed to the user, but not enforced.
Sources: header names in the programs claude 2.1.71 and 2.1.197 and codex 0.130.0 and 0.171.0, and answers
quoted in public issues of anthropics/claude-code and openai/codex (2025 to 2026).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from massgen_plugins.middleware import Refusal, RefusalKind
from massgen_plugins.providers.harmless import harmless
from massgen_plugins.providers.text import quoted, read_json
from massgen_plugins.quota import ACCOUNT_POOL

__all__ = ["PlanUse", "claude_account", "openai_account", "plan_use", "spent_plan"]

_CLAUDE = "anthropic-ratelimit-unified-"
_CLAUDE_TOKEN = "sk-ant-oat"  # noqa: S105 - the beginning of every token of a plan
_CLAUDE_WINDOWS = {"5h": "five-hour limit", "7d": "weekly limit"}
_ACCOUNT = re.compile(r'account_+(?:uuid)?[\\": ]*([0-9a-f-]{36})')
_CODEX = "x-codex-"
_CODEX_SLOTS = ("primary", "secondary")
_LARGEST = 64 * 1024
_LATEST = 4_102_444_800.0
"""Timestamps after the year 2100 are invalid."""


@dataclass(frozen=True, slots=True)
class PlanUse:
    """The use of one window of a plan, from an answer's headers.

    Attributes:
        window: Its display name.
        used: The used fraction, 0 to 1, or more.
        resets_at: When it resets, in seconds since the epoch; None if unknown.
    """

    window: str
    used: float
    resets_at: float | None


def claude_account(headers: Mapping[str, str], metadata: object) -> str:
    """Identify a Claude plan's account, since its token changes every few hours; empty for an API key.

    Args:
        headers: Headers of the request, with lower-case names.
        metadata: ``metadata`` of its body, where the program puts the account's ID into ``user_id``.
    """
    if not headers.get("authorization", "").partition(" ")[2].startswith(_CLAUDE_TOKEN):
        return ""
    user = metadata.get("user_id") if isinstance(metadata, Mapping) else None
    found = _ACCOUNT.search(user) if isinstance(user, str) else None
    return f"claude plan {found[1] if found else ''}"


def openai_account(headers: Mapping[str, str]) -> str:
    """Identify a ChatGPT plan's account; empty for an API key."""
    account = headers.get("chatgpt-account-id", "")
    return f"chatgpt plan {account}" if account else ""


def plan_use(headers: Mapping[str, str]) -> list[PlanUse]:
    """The plan's use according to an answer's headers; empty for an API key."""
    return [*_claude_use(headers), *_codex_use(headers)]


def spent_plan(status: int, headers: Mapping[str, str], body: bytes) -> Refusal | None:
    """The refusal of a plan that is used up until a known time; None for other answers."""
    if status != 429:
        return None
    until = None
    if headers.get(f"{_CLAUDE}status", "").lower() == "rejected":
        until = _moment(headers.get(f"{_CLAUDE}reset"))
    document = read_json(body[:_LARGEST])
    error = document.get("error") if isinstance(document, dict) else None
    if not isinstance(error, dict):
        error = {}
    if "usage_limit_reached" in (error.get("type"), error.get("code")):
        until = _moment(error.get("resets_at"))
    if until is None:
        return None
    quote = harmless(quoted(str(error.get("message") or "")))
    return Refusal(RefusalKind.UNTIL, pool=ACCOUNT_POOL, until=until, quote=quote)


def _claude_use(headers: Mapping[str, str]) -> Iterator[PlanUse]:
    for name, window in _CLAUDE_WINDOWS.items():
        used = _number(headers.get(f"{_CLAUDE}{name}-utilization"))
        if used is not None:
            yield PlanUse(window, used, _moment(headers.get(f"{_CLAUDE}{name}-reset")))


def _codex_use(headers: Mapping[str, str]) -> Iterator[PlanUse]:
    for slot in _CODEX_SLOTS:
        used = _number(headers.get(f"{_CODEX}{slot}-used-percent"))
        minutes = _number(headers.get(f"{_CODEX}{slot}-window-minutes"))
        if used is not None and minutes:  # slots have no fixed window: its length identifies it
            reset = _moment(headers.get(f"{_CODEX}{slot}-reset-at"))
            yield PlanUse(_length(minutes), used / 100, reset)


def _length(minutes: float) -> str:
    hours = round(minutes / 60)
    return "weekly limit" if hours == 168 else f"{hours}-hour limit" if hours else f"{minutes:g}-minute limit"


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if 0 <= number < _LATEST else None  # also rejects NaN


def _moment(value: object) -> float | None:
    return _number(value) or None
